"""lobterm tape …: make tapes of recordings, look into them, prove them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lobterm.cli import output, score, simulate

IMPORT_EPILOG = """\
understood: lobterm's own recordings, collector lines (`<stamp> <json>`, .gz .zst plain), cryptofeed captures (frames
and REST answers together), CSV with payload_json, Tardis CSV (incremental_book_L2, book_snapshot_5/25, trades, quotes, book_ticker,
derivative_ticker, liquidations), Binance bulk CSV (bookTicker, trades, aggTrades), hftbacktest npz.

  lobterm tape import BTCUSDT_*_20261121_*.jsonl.zst --out day.parquet    (a session recorded by lobterm: all its files)
  lobterm tape import btcusdt_20240808.gz --spot spot/*.gz --out day.parquet
  lobterm tape import BINANCE_FUTURES.ws BINANCE_FUTURES.http --symbol SUSHIUSDT --exchange-info info.json --out s.parquet
  lobterm tape import L2.csv.gz trades.csv.gz quotes.csv.gz --out tardis.parquet
"""


REPAIR_EPILOG = """\
After a crash or a power cut the last frame of a recording is torn. Repair cuts it off; the perpetual's and the spot market's
file of one day are cut to the last second that both hold. A whole file is not touched.

  lobterm tape repair recordings/BTCUSDT_perp_20261121_*.jsonl.zst
"""


def register(commands: Any) -> None:
    """Add `tape` and its commands."""
    tape = commands.add_parser("tape", help="make, inspect and verify tapes")
    group = tape.add_subparsers(title="commands", metavar="COMMAND", required=True)
    raw = argparse.RawDescriptionHelpFormatter

    make = group.add_parser("import", help="make a tape of recordings", epilog=IMPORT_EPILOG, formatter_class=raw)
    make.add_argument("perp", nargs="*", type=Path, metavar="PERP", help="recordings of the perpetual")
    make.add_argument("--spot", nargs="+", type=Path, default=[], metavar="SPOT", help="recordings of its spot market")
    make.add_argument(
        "--out", type=Path, metavar="TAPE", help="the tape to write (default: named after the first file)"
    )
    make.add_argument("--symbol", help="which symbol, where a recording holds several")
    make.add_argument("--tick", help="quote per tick, where it is not known or was another then")
    make.add_argument("--lot", help="base per lot")
    make.add_argument(
        "--exchange-info", type=Path, metavar="FILE", help="ticks and lots from a saved exchangeInfo answer"
    )
    output.add_json(make)
    make.set_defaults(run=run_import)

    info = group.add_parser("info", help="what a tape says of itself")
    verify = group.add_parser("verify", help="recount a tape's rows and rebuild its book")
    for command, run in ((info, run_info), (verify, run_verify)):
        command.add_argument("tape", type=Path, metavar="TAPE")
        output.add_json(command)
        command.set_defaults(run=run)

    mend = group.add_parser(
        "repair",
        help="cut a torn recording to its last whole second",
        epilog=REPAIR_EPILOG,
        formatter_class=raw,
    )
    mend.add_argument("paths", nargs="+", type=Path, metavar="RECORDING")
    output.add_json(mend)
    mend.set_defaults(run=run_repair)

    export = group.add_parser("export", help="write a tape for other programs")
    export.add_argument("tape", type=Path, metavar="TAPE")
    export.add_argument(
        "--npz", type=Path, required=True, metavar="FILE", help="hftbacktest events of the traded market"
    )
    output.add_json(export)
    export.set_defaults(run=run_export)
    simulate.register(group)
    score.register(group)


def default_out(first: Path) -> Path:
    """Return a tape's name for a recording, in the current folder."""
    stem = first.name
    for suffix in (".gz", ".zst", ".csv", ".npz", ".jsonl"):
        stem = stem.removesuffix(suffix)
    return Path(stem + ".parquet")


def run_import(arguments: argparse.Namespace) -> int:
    """Make a tape, then verify it: what is reported was read back from the file."""
    from lobterm import config
    from lobterm.errors import InputError
    from lobterm.feeds.binance import replayed
    from lobterm.tape import convert, parquet
    from lobterm.tape.importers.cryptofeed import exchange_info_sizes
    from lobterm.tape.verify import verify

    if not arguments.perp and not arguments.spot:
        raise InputError("nothing to import", mend="name a recording: lobterm tape import FILE")
    given = arguments.perp + arguments.spot
    own = [path for path in given if path.is_file() and replayed.hello_of(path)]
    if own and len(own) < len(given):
        other = next(path for path in given if path not in own)
        raise InputError("is not of the recording named beside it", file=other, mend="import it on its own")
    info = exchange_info_sizes(arguments.exchange_info) if arguments.exchange_info else {}
    sizes = convert.Sizes(config.load(arguments.config), arguments.tick, arguments.lot, info)
    out = arguments.out or default_out(given[0])
    progress = output.Progress(f"importing to {out.name}")
    try:
        if own:
            replayed.import_recording(own, out, progress)
        else:
            convert.import_tape(arguments.perp, arguments.spot, out, sizes, symbol=arguments.symbol, progress=progress)
    finally:
        progress.close()
    return _report(verify(parquet.open_tape(out)), arguments.json)


def run_info(arguments: argparse.Namespace) -> int:
    """Print a tape's counts and where it came from."""
    from lobterm.tape import parquet
    from lobterm.tape.verify import verify

    tape = parquet.open_tape(arguments.tape)
    result = verify(tape) | {"exch_ts_kind": {str(k): v for k, v in tape.meta.exch_ts_kind.items()}}
    output.show(result | {"provenance": tape.meta.provenance}, arguments.json)
    return 0


def run_verify(arguments: argparse.Namespace) -> int:
    """Recount a tape; exit 1 if something does not hold."""
    from lobterm.tape import parquet
    from lobterm.tape.verify import verify

    return _report(verify(parquet.open_tape(arguments.tape)), arguments.json)


def _report(result: dict[str, Any], as_json: bool) -> int:
    output.show(result, as_json)
    for problem in result["problems"]:
        output.warn(f"{result['path']}: {problem}")
    return 1 if result["problems"] else 0


def run_repair(arguments: argparse.Namespace) -> int:
    """Mend recordings and say what was cut."""
    from lobterm.tape.recording.repair import repair

    progress = output.Progress("looking for whole seconds", unit="bytes")
    try:
        done = repair(arguments.paths, progress)
    finally:
        progress.close()
    files = [{"path": str(one.path), "cut_bytes": one.cut_bytes, "last_ts_us": one.last_us} for one in done]
    if arguments.json:
        output.show({"files": files}, True)
    else:
        for one in files:
            output.show(one | {"was": "torn" if one["cut_bytes"] else "whole"}, False)
    return 0


def run_export(arguments: argparse.Namespace) -> int:
    """Write hftbacktest's npz."""
    from lobterm.tape import parquet
    from lobterm.tape.importers.npz import export_npz

    tape = parquet.open_tape(arguments.tape)
    rows = export_npz(tape.read(), tape.meta.instruments[0], arguments.npz)
    output.show({"path": str(arguments.npz), "events": rows}, arguments.json)
    return 0
