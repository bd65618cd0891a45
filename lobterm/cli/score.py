"""lobterm tape score: what FORCED and E_t are worth on markets whose truth is known."""

from __future__ import annotations

import argparse
from typing import Any

from lobterm.cli import output

EPILOG = """\
  lobterm tape score                                    20 seeds of each scenario, both sets of thresholds
  lobterm tape score --seeds 5 --json
  lobterm tape score --scenario long-cascade --set exhaustion.rule=section_8_4

Simulates every market (nothing is written), runs the engine over it, warm from a quiet market, and holds its FORCED ticks
and its triggers against who really traded. "seeds": the research documents' thresholds; "looser": thresholds chosen on
other seeds (101 to 104) of the same simulator, so that E_t can be true at all; "set": yours. A market that we made
ourselves shows whether a detector finds what it claims to find. It shows nothing about what trading on it would earn.
"""


def register(commands: Any) -> None:
    """Add `tape score`."""
    score = commands.add_parser(
        "score",
        help="hold the engine's states and triggers against a simulated truth",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    score.add_argument("--scenario", action="append", metavar="NAME", help="which market, repeatable (default: three)")
    score.add_argument("--seeds", type=int, default=20, metavar="N", help="markets of each scenario (default 20)")
    score.add_argument("--first-seed", type=int, default=1, metavar="SEED", help="the first of them (default 1)")
    score.add_argument("--seconds", type=int, default=1_260, help="length of each (default 1260)")
    score.add_argument(
        "--warm", type=int, default=7_300, metavar="SECONDS", help="of quiet market before (default 7300)"
    )
    score.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="score these thresholds as well")
    output.add_json(score)
    score.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    from lobterm import config, warm
    from lobterm.errors import InputError
    from lobterm.simulator import agents, scenarios, score

    if arguments.seeds < 1 or arguments.seconds < 1 or arguments.warm < 1 or arguments.first_seed < 0:
        raise InputError("nothing to score", mend="--seeds, --seconds and --warm 1 or more, --first-seed 0 or more")
    names = arguments.scenario or list(score.SCENARIOS)
    for name in names:
        scenarios.named(name)
    settings = config.load(arguments.config)
    sets = {"seeds": score.SEEDS, "looser": score.LOOSER} | ({"set": tuple(arguments.set)} if arguments.set else {})
    variants = []
    for label, overrides in sets.items():
        layered = settings
        for override in overrides:
            layered = layered.with_override(override)
        variants.append(score.Variant(label, layered.params(agents.INSTRUMENTS[0].symbol)))
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    progress = output.Progress("scoring", unit="markets")
    warm.load()
    try:
        found = score.run(variants, names, seeds, seconds=arguments.seconds, warm_s=arguments.warm, progress=progress)
    finally:
        progress.close()
    table = {label: {name: scored.report() for name, scored in rows.items()} for label, rows in found.items()}
    if arguments.json:
        output.show({"seeds": list(seeds), "thresholds": {k: list(v) for k, v in sets.items()}, "scores": table}, True)
    else:
        print(as_text(table, {label: ", ".join(overrides) for label, overrides in sets.items()}))
    return 0


def as_text(table: dict[str, dict[str, dict[str, Any]]], sets: dict[str, str]) -> str:
    """Return the table as markdown: a row for each figure, a column for each scenario and set of thresholds."""
    columns = [(label, name) for label, rows in table.items() for name in rows]
    lines = [f"- {label}: {overrides or 'the defaults'}" for label, overrides in sets.items()]
    lines += ["", "| | " + " | ".join(f"{name}, {label}" for label, name in columns) + " |"]
    lines.append("|---|" + "---:|" * len(columns))
    first_label, first_name = columns[0]
    for key in table[first_label][first_name]:
        cells = [_cell(table[label][name][key]) for label, name in columns]
        lines.append(f"| {key.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.2f}"
