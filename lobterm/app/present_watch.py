"""How the followed symbols look: as tabs, and as lines of the watch list."""

from __future__ import annotations

from lobterm.app.present import TONES
from lobterm.view.models import Tone, Value
from lobterm.view.watch import Health, Tab, WatchRow
from widgets import table, tabs

HEALTH = {
    Health.OK: ("●", "good"),
    Health.STALE: ("◌", "warn"),
    Health.BEHIND: ("◔", "warn"),
    Health.GAP: ("░", "bad"),
    Health.WAITING: ("·", "dim"),
    Health.FAILED: ("✗", "bad"),
}
HERE = "▸"
WIDE = 120
"""Columns from which on the mid and the names of the states have room."""


def tab_row(view: tuple[Tab, ...]) -> tuple[tabs.Tab, ...]:
    """Return the tabs; a symbol whose data is good needs no word."""
    return tuple(
        tabs.Tab(HEALTH[tab.health][0], tab.symbol, "" if tab.health is Health.OK else tab.health.value,
                 HEALTH[tab.health][1], tab.shown)
        for tab in view
    )  # fmt: skip


def _cell(value: Value) -> table.Cell:
    paint = TONES[value.tone] if value.tone is not Tone.PLAIN else {-1: "ask", 1: "bid"}.get(value.side, "text")
    return table.Cell(value.text, paint)


def watch_list(rows: tuple[WatchRow, ...], chosen: int, width: int, empty: str = "") -> table.Table:
    """Return the watch list; a narrow one leaves out the mid, the units that the head says, and words for states."""
    wide = width >= WIDE
    names = ["", "symbol", "data", "▼ sells LPI", "▲ buys LPI", "mid", "spread ticks", "basis", "funding", "OI", ""]
    if not wide:
        names = ["", "symbol", "data", "▼ LPI", "▲ LPI", "spread tk", "basis bp", "funding", "OI"]
    lines = [tuple(table.Cell(text, "dim") for text in names)]
    for row in rows:
        glyph, paint = HEALTH[row.health]
        why = f": {row.why}" if row.why and not wide else ""
        who = (table.Cell(HERE if row.shown else " ", "own"), table.Cell(row.symbol, "strong"),
               table.Cell(f"{glyph} {row.state}{why}", paint))  # fmt: skip
        figures: tuple[Value, ...]
        if wide:
            figures = (row.sells, row.buys, row.mid, row.spread, row.basis, row.funding, row.interest)
            lines.append((*who, *map(_cell, figures), table.Cell(row.why, paint)))
        else:
            figures = (_short(row.sells), _short(row.buys), _ticks(row.spread), _bare(row.basis), _rate(row.funding),
                       _rate(row.interest))  # fmt: skip
            lines.append((*who, *map(_cell, figures)))
    note = "enter: this symbol · basis: mid against the index of spot" if wide else "enter: this symbol"
    aligns, grow = ("<<<>>>>>>><", 10) if wide else ("<<<>>>>>>", 2)
    title = table.TableTitle("WATCH LIST", note)
    return table.Table(title, tuple(lines) if rows else (), aligns, grow, empty, chosen + 1 if rows else None)


def _short(value: Value) -> Value:
    """Return an LPI with the first letter of its state."""
    number, _, state = value.text.partition(" ")
    return Value("", f"{number} {state[:1]}".rstrip() if state else number, value.tone, value.side)


def _ticks(value: Value) -> Value:
    return Value("", value.text.partition(" ")[0], value.tone)


def _bare(value: Value) -> Value:
    return Value("", value.text.removesuffix(" bps"), value.tone)


def _rate(value: Value) -> Value:
    """Return a rate without the time that stands behind it."""
    return Value("", "".join(value.text.split(" ")[:2]), value.tone)
