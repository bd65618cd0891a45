"""lobterm tape simulate: a tape of a simple market, decided by a seed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lobterm.cli import output

EPILOG = """\
  lobterm tape simulate --seed 7 --seconds 900 --out replays/demo.parquet

The market is made up: good for trying the console, worthless for judging a strategy.
"""


def register(commands: Any) -> None:
    """Add `tape simulate`."""
    make = commands.add_parser(
        "simulate",
        help="make a tape of a simple simulated market",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    make.add_argument("--seed", type=int, default=7, help="decides every row (default 7)")
    make.add_argument("--seconds", type=int, default=900, help="length (default 900)")
    make.add_argument("--out", type=Path, required=True, metavar="TAPE", help="the tape to write")
    output.add_json(make)
    make.set_defaults(run=run_simulate)


def run_simulate(arguments: argparse.Namespace) -> int:
    """Write the tape, read it back and verify it."""
    from lobterm import __version__
    from lobterm.simulator import simple
    from lobterm.tape import parquet
    from lobterm.tape.verify import verify

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
    result = verify(parquet.open_tape(arguments.out))
    output.show(result, arguments.json)
    for problem in result["problems"]:
        output.warn(f"{arguments.out}: {problem}")
    return 1 if result["problems"] else 0
