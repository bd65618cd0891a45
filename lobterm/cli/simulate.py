"""lobterm tape simulate and tape realism: make a market that a seed decides, and hold it against a real one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lobterm.cli import output

SIMPLE = "simple"
EPILOG = """\
  lobterm tape simulate --seed 7 --seconds 900 --out replays/demo.parquet
  lobterm tape simulate --scenario long-cascade --seed 7 --seconds 1260 --out cascade.parquet
  lobterm tape simulate --scenario normal --seed 3 --seconds 3600 --thin --out null.parquet

scenarios: simple (the default: a small market for trying the console), and the agent market as normal, long-cascade,
short-squeeze, informed-selloff, quiet-night or gap-and-reconnect. Beside an agent market's tape x.parquet lies
x.truth.parquet: who sent the order behind each trade, and when flow was forced. Nothing that reads tapes reads it.
"""
REALISM_EPILOG = """\
  lobterm tape realism day.parquet
  lobterm tape realism day.parquet --scenario quiet-night --seed 2 --json
"""


def register(commands: Any) -> None:
    """Add `tape simulate` and `tape realism`."""
    raw = argparse.RawDescriptionHelpFormatter
    make = commands.add_parser("simulate", help="make a tape of a simulated market", epilog=EPILOG, formatter_class=raw)
    make.add_argument("--scenario", default=SIMPLE, metavar="NAME", help="which market (default simple)")
    make.add_argument("--seed", type=int, default=7, help="decides every row (default 7)")
    make.add_argument("--seconds", type=int, default=900, help="length (default 900)")
    make.add_argument("--out", type=Path, required=True, metavar="TAPE", help="the tape to write")
    make.add_argument("--thin", action="store_true", help="tell touch and trades, no depth")
    make.add_argument("--book-ms", type=int, default=100, metavar="N", help="time between depth messages (default 100)")
    make.add_argument(
        "--touch-ms", type=int, default=0, metavar="N", help="least time between touches (default 0: every change)"
    )
    make.add_argument(
        "--far-ms", type=int, default=0, metavar="N", help="tell levels far from the touch no oftener (default 0)"
    )
    make.add_argument(
        "--warm",
        type=int,
        default=0,
        metavar="SECONDS",
        help="live through a quiet market before, and put its window samples into the head (default 0)",
    )
    output.add_json(make)
    make.set_defaults(run=run_simulate)

    real = commands.add_parser(
        "realism", help="print a simulated market beside a real one", epilog=REALISM_EPILOG, formatter_class=raw
    )
    real.add_argument("tape", type=Path, metavar="REAL", help="a tape of a recording, with spot or without")
    real.add_argument("--scenario", default="normal", metavar="NAME", help="which market (default normal)")
    real.add_argument("--seed", type=int, default=1, help="decides the market (default 1)")
    output.add_json(real)
    real.set_defaults(run=run_realism)


def run_simulate(arguments: argparse.Namespace) -> int:
    """Write the tape, read it back and verify it."""
    from lobterm.tape import parquet
    from lobterm.tape.verify import verify

    extra = _simple(arguments) if arguments.scenario == SIMPLE else _agents(arguments)
    result = verify(parquet.open_tape(arguments.out)) | extra
    output.show(result, arguments.json)
    for problem in result["problems"]:
        output.warn(f"{arguments.out}: {problem}")
    return 1 if result["problems"] else 0


def _simple(arguments: argparse.Namespace) -> dict[str, Any]:
    """Write the simple market's tape."""
    from lobterm import __version__
    from lobterm.errors import InputError
    from lobterm.simulator import simple
    from lobterm.tape import parquet

    if arguments.thin or arguments.book_ms != 100 or arguments.touch_ms or arguments.far_ms or arguments.warm:
        raise InputError(
            "the simple market has one pace", mend="leave --thin, --warm and the --…-ms options, or name a scenario"
        )
    rows = simple.simulate(arguments.seed, arguments.seconds)
    provenance = {
        "simulated": True,
        "generator": simple.NAME,
        "generator_version": simple.VERSION,
        "seed": arguments.seed,
        "seconds": arguments.seconds,
        "lobterm": __version__,
    }
    parquet.write_tape(
        arguments.out, (simple.PERP,), [rows], exch_ts_kind={int(simple.PERP.market): "T"}, provenance=provenance
    )
    return {}


def _agents(arguments: argparse.Namespace) -> dict[str, Any]:
    """Write the agent market's tape and truth; say how fast, and what was forced."""
    from lobterm import config
    from lobterm.errors import InputError
    from lobterm.simulator import agents, record, scenarios, truth
    from lobterm.simulator.agents import Options

    if arguments.warm < 0:
        raise InputError(f"--warm {arguments.warm}", mend="seconds, 0 or more")

    scenario = scenarios.named(arguments.scenario)
    options = Options(arguments.book_ms, arguments.touch_ms, arguments.far_ms, arguments.thin)
    params = config.load(arguments.config).params(agents.INSTRUMENTS[0].symbol)
    warm = record.Warm(arguments.warm, params) if arguments.warm else None
    progress = output.Progress(f"simulating {scenario.name}")
    try:
        made = record.record(
            arguments.out, scenario, arguments.seed, arguments.seconds, options, warm=warm, progress=progress
        )
    finally:
        progress.close()
    return {
        "truth": str(truth.beside(arguments.out)),
        "market_events_per_s": made.market_events_per_s,
        "bytes": arguments.out.stat().st_size,
        "stretches": [
            {"regime": s.regime, "start_us": s.start_us, "end_us": s.end_us, "forced_lots": s.lots, "side": s.side}
            for s in made.stretches
            if s.regime != "calm"
        ],
    }


def run_realism(arguments: argparse.Namespace) -> int:
    """Simulate as long as the real tape lasts and print both markets' numbers side by side."""
    from lobterm.simulator import realism, scenarios
    from lobterm.tape import parquet

    tape = parquet.open_tape(arguments.tape)
    scenario = scenarios.named(arguments.scenario)
    progress = output.Progress("measuring")
    try:
        table = realism.compare(tape, scenario, arguments.seed, progress)
    finally:
        progress.close()
    if arguments.json:
        output.show(table, as_json=True)
    else:
        print(realism.as_text(table))
    return 0
