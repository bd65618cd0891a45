"""lobterm model …: train cluster models, list them, look into one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lobterm.cli import output

EPILOG = """\
  lobterm model train day.parquet --out day.model.json
  lobterm model train mon.parquet tue.parquet wed.parquet

A live session takes the newest model of the models folder that was trained on its symbol, by the end of what it was trained
on: `lobterm model list` marks it `live`. A running session goes on with the model that it began with.

A model named like its tape and lying beside it (day.parquet, day.model.json) is found by itself.
"""


def register(commands: Any) -> None:
    """Add `model` and its commands."""
    model = commands.add_parser("model", help="train and inspect cluster models")
    group = model.add_subparsers(title="commands", metavar="COMMAND", required=True)

    train = group.add_parser(
        "train",
        help="learn trade clusters from tapes",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.add_argument("tape", nargs="+", type=Path, metavar="TAPE")
    train.add_argument("--out", type=Path, metavar="FILE", help="the model to write (default: the models folder)")
    train.add_argument("--k", type=int, default=3, help="clusters (default 3)")
    train.add_argument("--seed", type=int, help="decides the starts (default: config, clusters.seed)")
    output.add_json(train)
    train.set_defaults(run=run_train)

    listing = group.add_parser("list", help="models in the models folder")
    output.add_json(listing)
    listing.set_defaults(run=run_list)

    show = group.add_parser("show", help="one model, all of it")
    show.add_argument("model", type=Path, metavar="FILE")
    output.add_json(show)
    show.set_defaults(run=run_show)


def run_train(arguments: argparse.Namespace) -> int:
    """Train a model and say what came out."""
    from lobterm import config
    from lobterm.models import build
    from lobterm.tape import parquet

    settings = config.load(arguments.config)
    tapes = [parquet.open_tape(path) for path in arguments.tape]
    model = build.build(
        tapes,
        k=arguments.k,
        n_init=int(settings.setting("clusters.n_init")),
        seed=int(settings.setting("clusters.seed")) if arguments.seed is None else arguments.seed,
        min_separation=float(settings.setting("clusters.min_separation")),
    )
    name = f"{arguments.tape[0].stem}.model.json"
    out = arguments.out or build.folder(str(settings.setting("paths.models"))) / name
    model.save(out)
    if "unassigned" in model.roles:
        output.warn(
            f"roles do not separate by {model.min_separation}: trades of the clusters concerned stay unassigned"
        )
    plain = model.to_json()
    keys = ("centroids", "roles", "shares", "separation", "inertia_by_start", "sha256")
    result = {"path": str(out), "rows": model.training["rows"]} | {key: plain[key] for key in keys}
    output.show(result if arguments.json else _for_people(result), arguments.json)
    return 0


def _for_people(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result with one line a cluster in place of parallel lists."""
    from lobterm.engine.rows import FEATURES

    shown = {key: result[key] for key in ("path", "rows")}
    for role, share, centroid in zip(result["roles"], result["shares"], result["centroids"], strict=True):
        name = role if role not in shown else f"{role} {sum(key.startswith(role) for key in shown) + 1}"
        shown[name] = {"share": f"{share:.1%}"} | {
            f"z {feature}": f"{value:+.2f}" for feature, value in zip(FEATURES, centroid, strict=True)
        }
    return shown | {key: result[key] for key in ("separation", "inertia_by_start", "sha256")}


def run_list(arguments: argparse.Namespace) -> int:
    """List the models folder; a file that cannot be read says why."""
    from lobterm import config
    from lobterm.errors import InputError
    from lobterm.models import build, choose, model

    folder = build.folder(str(config.load(arguments.config).setting("paths.models")))
    found: dict[str, Any] = {}
    shelf = choose.shelf(folder)
    for path in sorted(folder.glob("*.model.json")):
        try:
            held = model.load(path)
        except InputError as error:
            found[path.name] = {"problem": error.what}
            continue
        found[path.name] = {
            "symbol": held.training.get("symbol"),
            "rows": held.training.get("rows"),
            "trained_to_us": held.training.get("last_ts_us"),
            "live": shelf.newest(str(held.training.get("symbol"))) == path,
            "roles": list(held.roles),
            "sha256": held.sha256,
        }
    output.show({"folder": str(folder), "models": found}, arguments.json)
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    """Print one model."""
    from lobterm.models import model

    output.show({"path": str(arguments.model)} | model.load(arguments.model).to_json(), arguments.json)
    return 0
