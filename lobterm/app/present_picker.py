"""How the picker looks: entries as items of a catalogue, in columns that the width has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lobterm.app import present
from lobterm.library.entries import Entry, Group
from lobterm.view import format as fmt
from lobterm.view.timeline import TimelineView
from widgets import catalogue
from widgets.table import Cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lobterm.library.sparks import Spark

HEADINGS = {
    Group.LIVE: ("LIVE", "recorded as it comes; type a symbol for another"),
    Group.TAPE: ("TAPES", "pressure from first to last row"),
    Group.RECORDING: ("RECORDINGS", "raw, as they came off the wire"),
    Group.SESSION: ("PAST SESSIONS", "opened where they stood"),
}
WIDE = 110
LONGEST_NAME = 200
MISSING = Cell(fmt.NOTHING, "none")


def size(count: int) -> str:
    """Return bytes with one digit after the point."""
    for scale, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} B"


def name(entry: Entry) -> str:
    """Return what an entry is called, as text that steers nothing."""
    return fmt.printable(entry.name)[:LONGEST_NAME]


def _when(entry: Entry, wide: bool) -> Cell:
    if entry.when_us is None or not 0 <= entry.when_us < 1 << 57:
        return Cell("") if entry.group is Group.LIVE else MISSING
    return Cell(f"{fmt.date(entry.when_us)} {fmt.clock(entry.when_us)[:5]}" if wide else fmt.date(entry.when_us), "dim")


def _cells(entry: Entry, wide: bool) -> tuple[Cell, ...]:
    long = Cell("" if entry.length_us is None else fmt.age(entry.length_us), "dim")
    large = Cell("" if entry.size_bytes is None else size(entry.size_bytes), "dim")
    paint = "none" if entry.problem else "strong"
    cells = (Cell(name(entry), paint), Cell(fmt.printable(entry.symbol)[:40], "dim"), _when(entry, wide), long)
    return (*cells, large) if wide else cells


def catalogue_of(
    entries: Sequence[Entry], lit: int | None, sparks: Mapping[Path, Spark], width: int, empty: str
) -> catalogue.Catalogue:
    """Return entries under the headings of their groups, each with its pressure, where it is known, or its note."""
    wide = width >= WIDE
    rows: list[catalogue.Heading | catalogue.Item] = []
    group = None
    for entry in entries:
        if entry.group is not group:
            group = entry.group
            rows.append(catalogue.Heading(*HEADINGS[group]))
        spark = sparks.get(entry.tape) if entry.tape is not None else None
        strip = present.timeline(TimelineView(0, 0, spark), 1)[0] if spark else ()
        problem = fmt.printable(entry.problem)
        note = Cell(problem, "warn") if problem else Cell(fmt.printable(entry.note), "dim")
        rows.append(catalogue.Item(_cells(entry, wide), strip, note))
    widths = (max(24, width - 86), 12, 16, 7, 9) if wide else (max(16, width - 60), 9, 10, 6)
    return catalogue.Catalogue(tuple(rows), widths, "<<<>>" if wide else "<<<>", lit, empty)


def about(entry: Entry | None) -> str:
    """Return what opening an entry does: the command, or why it cannot be opened."""
    if entry is None:
        return ""
    if entry.problem:
        return fmt.printable(entry.problem)
    if entry.first:
        return f"enter makes a tape of it and opens that: lobterm tape import … --out {fmt.printable(entry.first[-1])}"
    at = " at the place where the session stood" if entry.group is Group.SESSION else ""
    return f"enter: lobterm {fmt.printable(' '.join(entry.words))}{at}"
