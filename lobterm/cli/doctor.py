"""lobterm doctor: what the console stands on, looked at one by one: terminal, clock, config, paths, compiled engine, addresses."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from lobterm.cli import output
from lobterm.errors import LobtermError

if TYPE_CHECKING:
    from lobterm.config import Config

EPILOG = """\
  lobterm doctor                       everything that can be looked at without a network
  lobterm doctor --network             asks the configured exchange too: does it answer, what is this clock's offset
  lobterm doctor --keys                every key of the config: value, bounds, unit, which layer it comes from

exit code: 0 nothing is wrong, 2 something is
"""
OK, NOTE, WRONG = "ok", "note", "wrong"
LEAST_SIZE = (80, 24)
LEAST_FREE = 1_000_000_000
"""Bytes below which a recording is not worth beginning."""
LEAST_YEAR = 2024
MOST_OFFSET_MS = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing; `mend` says what to do about it."""

    what: str
    verdict: str
    says: str
    mend: str = ""


def register(commands: Any) -> None:
    """Add `doctor`."""
    doctor = commands.add_parser(
        "doctor",
        help="look whether everything is as it should be",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    doctor.add_argument("--network", action="store_true", help="ask the configured exchange too")
    doctor.add_argument("--keys", action="store_true", help="list every key of the config instead")
    output.add_json(doctor)
    doctor.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Look, say what was found, and return 2 if something is wrong."""
    if arguments.keys:
        return _keys(arguments)
    findings = list(_findings(arguments))
    wrong = any(finding.verdict == WRONG for finding in findings)
    if arguments.json:
        output.show({"wrong": wrong, "findings": [asdict(finding) for finding in findings]}, as_json=True)
    else:
        width = max(len(finding.what) for finding in findings)
        for finding in findings:
            mend = f"; {finding.mend}" if finding.mend else ""
            print(f"{finding.verdict:<5}  {finding.what:<{width}}  {finding.says}{mend}")
    return 2 if wrong else 0


def _findings(arguments: argparse.Namespace) -> Iterator[Finding]:
    yield from terminal(os.environ, sys.stdout)
    settings, finding = configured(arguments.config)
    yield finding
    yield clock(datetime.now(UTC), network=arguments.network)
    yield compiled()
    if settings is None:
        return
    yield from paths(settings)
    yield from addresses(settings, network=arguments.network)


def terminal(environment: Mapping[str, str], stream: TextIO) -> Iterator[Finding]:
    """Yield what is known of the terminal: size, colours, letters."""
    if not stream.isatty():
        yield Finding("terminal", NOTE, "there is none here: no size, no colours to look at")
    else:
        size = shutil.get_terminal_size()
        small = size.columns < LEAST_SIZE[0] or size.lines < LEAST_SIZE[1]
        yield Finding(
            "terminal", NOTE if small else OK, f"{size.columns}x{size.lines}",
            "below 80x24 panels are left out; 200x60 shows everything" if small else "",
        )  # fmt: skip
    yield colours(environment)
    encoding = (stream.encoding or "").lower().replace("-", "")
    if encoding == "utf8":
        yield Finding("letters", OK, "UTF-8")
    else:
        yield Finding("letters", WRONG, f"{stream.encoding} lacks the console's glyphs", "set LANG to one with UTF-8")


def colours(environment: Mapping[str, str]) -> Finding:
    """Say how many colours the terminal says that it has."""
    kind = environment.get("TERM", "")
    if environment.get("NO_COLOR"):
        return Finding("colours", NOTE, "NO_COLOR is set: sides are told by place and glyph alone")
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return Finding("colours", OK, f"all (TERM {kind or 'not set'})")
    if "256" in kind or "direct" in kind:
        mend = "COLORTERM=truecolor, if the terminal can, shows the heat map's shades"
        return Finding("colours", NOTE, f"256 (TERM {kind})", mend)
    if kind in ("", "dumb", "unknown"):
        return Finding(
            "colours", WRONG, f"TERM is {kind or 'not set'}", "start it in a terminal, with TERM=xterm-256color"
        )
    return Finding("colours", NOTE, f"few (TERM {kind})", "a terminal with 256 colours or more shows the heat map")


def clock(now: datetime, *, network: bool) -> Finding:
    """Say what time it is here; how far that is off, only the exchange can say."""
    words = f"{now:%Y-%m-%d %H:%M:%S} UTC" + ("" if network else ", offset to the exchange not asked (--network)")
    if now.year < LEAST_YEAR:
        return Finding("clock", WRONG, words, "set it: recordings are named by it")
    return Finding("clock", OK, words)


def configured(path: Path | None) -> tuple[Config | None, Finding]:
    """Return the config, None if it cannot be read, and what was found of its file."""
    from lobterm import config
    from lobterm.app.keys import named

    chosen = path or config.user_file()
    try:
        settings = config.load(path)
        named(settings.keys)
    except LobtermError as error:
        return None, Finding("config", WRONG, str(error))
    said = str(chosen) if chosen.is_file() else f"the defaults; {chosen} is not there"
    return settings, Finding("config", OK, said)


def compiled() -> Finding:
    """Say whether the engine of these sources is compiled, and where."""
    from lobterm import jit_cache, warm

    folder = jit_cache.directory()
    if warm.is_warm():
        return Finding("engine", OK, f"compiled, in {folder}")
    return Finding("engine", NOTE, f"not compiled yet, will be in {folder}", "the first start takes a minute longer")


def paths(settings: Config) -> Iterator[Finding]:
    """Yield what was found of the places that are written to."""
    import platformdirs

    from lobterm.models import build
    from lobterm.session import log

    recordings = str(settings.setting("paths.recordings"))
    data = platformdirs.user_data_path("lobterm", appauthor=False)
    yield place("sessions", log.default_path(str(settings.setting("paths.sessions"))), folder=False)
    yield place("recordings", Path(recordings).expanduser() if recordings else data / "recordings")
    yield place("models", build.folder(str(settings.setting("paths.models"))))


def place(what: str, path: Path, *, folder: bool = True) -> Finding:
    """Say whether a file or a folder is there, can be written, and how much room there is."""
    there = path.exists()
    if there and path.is_dir() != folder:
        return Finding(what, WRONG, f"{path} is {'no folder' if folder else 'a folder'}", f"change paths.{what}")
    within = path if there else next(parent for parent in path.absolute().parents if parent.exists())
    if not within.is_dir() and not there:
        return Finding(what, WRONG, f"{path} cannot be made: {within} is no folder", f"change paths.{what}")
    if not os.access(within, os.W_OK):
        return Finding(what, WRONG, f"{within} cannot be written", f"change its rights, or paths.{what}")
    free = shutil.disk_usage(within).free
    said = f"{path}{'' if there else ', not there yet'}, {free / 1e9:,.1f} GB free"
    if free < LEAST_FREE:
        return Finding(what, WRONG, said, "make room, or change paths." + what)
    return Finding(what, OK, said)


def addresses(settings: Config, *, network: bool) -> Iterator[Finding]:
    """Yield the exchange's addresses; with `network` whether they answer, and this clock's offset to the exchange's."""
    names = ("perp_ws", "perp_rest", "spot_ws", "spot_rest")
    bases = {name: str(settings.setting(f"exchange.{name}")).rstrip("/") for name in names}
    if not network:
        for name, base in bases.items():
            yield Finding(name, OK, f"{base}, not asked (--network)")
        return
    import asyncio

    from lobterm.cli.reach import reached

    answers = asyncio.run(reached(bases))
    for name, base in bases.items():
        answer = answers[name]
        if answer.trouble:
            yield Finding(
                name, WRONG, f"{base} does not answer: {answer.trouble}", f"check exchange.{name} and the network"
            )
            continue
        yield Finding(name, OK, f"{base} answers in {answer.took_ms:.0f} ms")
        if answer.offset_ms is not None:
            off = abs(answer.offset_ms) > MOST_OFFSET_MS + answer.took_ms
            said = f"{answer.offset_ms:+.0f} ms ± {answer.took_ms / 2:.0f} ms from {name}"
            yield Finding("clock offset", WRONG if off else OK, said, "set this machine's clock" if off else "")


def _keys(arguments: argparse.Namespace) -> int:
    from lobterm import config
    from lobterm.engine.params import BY_KEY

    settings, packaged = config.load(arguments.config), config.load(config.PACKAGED)
    values = settings.params("")
    told: dict[str, Any] = {}
    for key, param in BY_KEY.items():
        value = float(values[param.id])
        told[key] = {
            "value": param.choices[int(value)] if param.choices else value,
            "allowed": "|".join(param.choices) if param.choices else f"{param.low:g} to {param.high:g} {param.unit}".rstrip(),
            "layer": settings.origin("", key),
            "source": param.source,
        }  # fmt: skip
    for key, (default, low, high) in config.SETTINGS.items():
        allowed = "|".join(config.WORDS.get(key, ("a text",))) if isinstance(default, str) else f"{low:g} to {high:g}"
        layer = "defaults" if settings.setting(key) == packaged.setting(key) else "file"
        told[key] = {"value": settings.setting(key), "allowed": allowed, "layer": layer, "source": "ours"}
    output.show(told, arguments.json)
    return 0
