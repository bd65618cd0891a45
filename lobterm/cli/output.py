"""What every headless command shares: JSON on stdout, words on stderr, a line of progress when somebody watches."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from typing import Any

import msgspec

CLEAR = "\r\x1b[K"


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the --json option."""
    parser.add_argument(
        "--json", action="store_true", help="one object on stdout, numbers unrounded, units in the keys"
    )


def show(result: Mapping[str, Any], as_json: bool) -> None:
    """Print a result as JSON, or as aligned lines for people."""
    if as_json:
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
        return
    width = max((len(key) for key in result), default=0)
    for key, value in result.items():
        print(f"{key:<{width}}  {_plain(value)}")


def _plain(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        return "  ".join(f"{key} {_plain(part)}" for key, part in value.items()) or "-"
    if isinstance(value, list | tuple):
        return "; ".join(_plain(part) for part in value) or "-"
    return f"{value:,.12g}" if isinstance(value, float) else str(value)


class Progress:
    """One line on stderr, rewritten, after the first second, and only where a person can see it."""

    def __init__(self, what: str, total: int | None = None, unit: str = "rows") -> None:
        self._what, self._total, self._unit = what, total, unit
        self._started = self._shown = time.monotonic()
        self._alive = sys.stderr.isatty()
        self._wrote = False

    def __call__(self, done: int, total: int | None = None) -> None:
        """Say how far it is."""
        now = time.monotonic()
        if not self._alive or now - self._started < 1.0 or now - self._shown < 0.2:
            return
        self._shown, self._wrote = now, True
        total = total or self._total
        share = f" {100 * done / total:.0f}%" if total else ""
        rate = done / (now - self._started)
        speed = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
        sys.stderr.write(f"{CLEAR}{self._what}{share}  {done:,} {self._unit}  {speed}/s")
        sys.stderr.flush()

    def close(self) -> None:
        """Take the line away."""
        if self._wrote:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()


def warn(text: str) -> None:
    """Say something on stderr that a person should know."""
    if text:
        print(f"lobterm: {text}", file=sys.stderr)
