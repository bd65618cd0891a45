"""lobterm live and lobterm record: the exchange as it happens, in the console, without one, or on disk alone."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lobterm.cli import output
from lobterm.errors import InputError

if TYPE_CHECKING:
    from lobterm.feeds.binance.addresses import Bases
    from lobterm.live.setup import LiveSetup

EPILOG = """\
  lobterm live BTCUSDT                                        the console on the live market, recorded
  lobterm live BTCUSDT ETHUSDT --headless --seconds 3600 --json
  lobterm live BTCUSDT --resume                               with yesterday's position, profit and funding owed since
  lobterm live BTCUSDT --ws ws://127.0.0.1:8765 --rest http://127.0.0.1:8765     an emulated exchange (lobterm emulate)

Paper only: no key is asked for, no order leaves this machine. Ctrl-C ends the session; everything so far is kept, and
`lobterm session verify last` runs it again from its recording and compares every row.
"""
RECORD_EPILOG = """\
  lobterm record BTCUSDT ETHUSDT                              until Ctrl-C
  lobterm record BTCUSDT --no-spot --seconds 3600 --json
"""
PUMP_US, PAUSE_S = 50_000, 0.02


def register(commands: Any) -> None:
    """Add `live` and `record`."""
    raw = argparse.RawDescriptionHelpFormatter
    live = commands.add_parser("live", help="follow the live market", epilog=EPILOG, formatter_class=raw)
    _add_source(live)
    live.add_argument(
        "--model",
        metavar="FILE",
        help="cluster model (default: the newest of the models folder for the symbol); none for none",
    )
    live.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a parameter for this run")
    live.add_argument("--sessions", type=Path, metavar="FILE", help="the session log's file")
    live.add_argument("--no-record", action="store_true", help="keep no recording: the session cannot be verified")
    live.add_argument(
        "--resume",
        action="store_true",
        help="go on with the paper account of the symbol's last recorded session: position, profit, fees, funding owed since "
        "(default: afresh, flat)",
    )
    live.add_argument("--headless", action="store_true", help="no console")
    live.set_defaults(run=run_live)

    record = commands.add_parser("record", help="record the live market", epilog=RECORD_EPILOG, formatter_class=raw)
    _add_source(record)
    record.set_defaults(run=run_record)


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbol", nargs="+", metavar="SYMBOL", help="perpetuals as the exchange writes them: BTCUSDT")
    parser.add_argument("--no-spot", action="store_true", help="leave the spot market out")
    parser.add_argument("--ws", metavar="URL", help="websockets of an exchange that serves both markets there")
    parser.add_argument("--rest", metavar="URL", help="its REST address")
    parser.add_argument("--seconds", type=_seconds, metavar="N", help="end after so long (default: when stopped)")
    parser.add_argument("--recordings", type=Path, metavar="FOLDER", help="where recordings are kept")
    output.add_json(parser)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def _bases(arguments: argparse.Namespace, settings: Any) -> Bases:
    from lobterm.feeds.binance.addresses import Bases

    if bool(arguments.ws) != bool(arguments.rest):
        raise InputError("--ws and --rest belong together", mend="give both, or neither for the config's addresses")
    if arguments.ws:
        return Bases.single(arguments.ws, arguments.rest)
    names = ("perp_ws", "spot_ws", "perp_rest", "spot_rest")
    return Bases(**{name: str(settings.setting(f"exchange.{name}")).rstrip("/") for name in names})


def _symbols(arguments: argparse.Namespace) -> tuple[str, ...]:
    symbols = tuple(symbol.upper() for symbol in arguments.symbol)
    for symbol in symbols:
        if not symbol.isprintable() or len(symbol) > 40 or any(letter in symbol for letter in '@/\\"?&= .'):
            raise InputError(f"{symbol!r} is no symbol", mend="write it as the exchange does, for example BTCUSDT")
    if len(set(symbols)) < len(symbols):
        raise InputError("a symbol is named twice", mend="name each one once")
    return symbols


def _setup(arguments: argparse.Namespace) -> LiveSetup:
    from lobterm import config
    from lobterm.live import status
    from lobterm.live.setup import LiveSetup
    from lobterm.models import model
    from lobterm.session import log

    settings = config.load(arguments.config)
    for text in arguments.set:
        settings = settings.with_override(text)
    symbols = _symbols(arguments)
    return LiveSetup(
        symbols,
        settings,
        model.load(Path(arguments.model)) if arguments.model not in (None, "none") else None,
        _bases(arguments, settings),
        models={} if arguments.model else _models(symbols, settings),
        spot=not arguments.no_spot,
        log=arguments.sessions or log.default_path(str(settings.setting("paths.sessions"))),
        recordings=None if arguments.no_record else recordings_folder(arguments, settings),
        resume=arguments.resume,
        status=status.folder(),
    )


def _models(symbols: tuple[str, ...], settings: Any) -> dict[str, Any]:
    """Return the newest model of each symbol that has one, and say which."""
    from lobterm.models import build, choose

    shelf = choose.shelf(build.folder(str(settings.setting("paths.models"))))
    found = {}
    for problem in shelf.problems:
        output.warn(problem)
    for symbol in symbols:
        path = shelf.newest(symbol)
        if path is not None:
            found[symbol] = shelf.models[path]
            differs = choose.mismatch(found[symbol])
            output.warn(
                f"{symbol}: model {path}" + (f"; it was trained on other sources: {differs}" if differs else "")
            )
    return found


def recordings_folder(arguments: argparse.Namespace, settings: Any) -> Path:
    """Return where recordings are kept: as asked, as configured, or in the user's data folder."""
    import platformdirs

    named = arguments.recordings or str(settings.setting("paths.recordings"))
    if named:
        return Path(named).expanduser()
    return platformdirs.user_data_path("lobterm", appauthor=False) / "recordings"


def run_live(arguments: argparse.Namespace) -> int:
    """Follow the live market, in the console or without one."""
    from lobterm.live import memory
    from lobterm.live.session import Live

    memory.give_back_large_pieces()
    if arguments.resume and arguments.no_record:
        raise InputError(
            "--resume with --no-record", mend="the account lies beside the recordings: leave one of them out"
        )
    setup = _setup(arguments)
    without = [symbol for symbol in setup.symbols if setup.model_of(symbol) is None]
    if without:
        output.warn(
            f"no cluster model for {', '.join(without)}: trades stay unclassified and the maker does not quote; "
            "train one: lobterm model train TAPE"
        )
    live = Live(setup)
    if arguments.headless:
        return _follow(live, arguments)
    if arguments.seconds is not None:
        raise InputError("--seconds without --headless", mend="leave it out: q ends the console")
    from lobterm import app

    settings = setup.config
    code = app.run(
        live, fps=int(settings.setting("app.fps")), keys=settings.keys, alerts=str(settings.setting("app.alerts")),
        alert_command=settings.alert_command,
    )  # fmt: skip
    if arguments.json:
        output.show(live.report(), as_json=True)
    return code


def run_record(arguments: argparse.Namespace) -> int:
    """Record, until stopped."""
    from lobterm import config
    from lobterm.live import memory
    from lobterm.live.record import Record

    memory.give_back_large_pieces()
    settings = config.load(arguments.config)
    record = Record(
        _symbols(arguments),
        _bases(arguments, settings),
        recordings_folder(arguments, settings),
        spot=not arguments.no_spot,
    )
    return _follow(record, arguments)


def _follow(what: Any, arguments: argparse.Namespace) -> int:
    """Pump a session without a screen until its time is over, a person stops it, or it fails."""
    import gc
    import signal
    import threading
    import time

    stop = threading.Event()
    before = {name: signal.signal(name, lambda *_: stop.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    progress = output.Progress("following")
    try:
        what.load()
        # what is loaded by now stays: without this, each full collection walks all of numba, and every thread waits for it
        gc.collect()
        gc.freeze()
        until_s = time.monotonic() + (arguments.seconds or float("inf"))
        while not stop.is_set() and not what.stopped and time.monotonic() < until_s:
            what.pump(time.monotonic_ns() // 1_000, PUMP_US)
            progress(what.position_rows)
            if not what.lag_us:
                stop.wait(PAUSE_S)
    finally:
        progress.close()
        what.close()
        for name, handler in before.items():
            signal.signal(name, handler)
    report = what.report()
    output.show(report if arguments.json else _in_short(report), arguments.json)
    if what.stopped:
        output.warn(what.stopped)
        return 1
    failures = [said["failure"] for said in report["symbols"].values() if said["failure"]]
    if failures:
        output.warn("; ".join(failures))
        return 1
    return 130 if stop.is_set() else 0


def _in_short(report: dict[str, Any]) -> dict[str, Any]:
    """Return what a person wants to see of a report."""
    names = ("session_id", "recording", "gaps", "resyncs", "reconnects", "queue_max", "lost_frames", "complaints")
    frames = {name: value["frames"] for name, value in report["streams"].items()}
    return {"frames": frames} | {name: report[name] for name in names}
