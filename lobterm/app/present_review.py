"""How the review looks: its views become curves, tables and lines of the widgets, and nothing is computed."""

from __future__ import annotations

import numpy as np

from lobterm.app.present import SIDES, TONES
from lobterm.view.models import Value
from lobterm.view.review import CurvesView, FillRow, GroupRow, MinuteRow, PanelView, ProfitView
from widgets import chart as charts
from widgets import curves, table

LINES = {"total": "strong", "spread": "bid", "moved": "own", "fees": "ask", "slip": "dim"}
"""Paint of each part of profit."""
STROKES = {"total": "solid", "spread": "dotted", "moved": "dashed", "fees": "sparse"}
"""And its stroke, of those that are drawn."""
DRAWN = ("fees", "spread", "moved", "total")
"""Which of them are drawn, the last over the others."""
WIDE = 98
"""Columns from which on a fill has room for everything."""


def _cell(value: Value) -> table.Cell:
    return table.Cell(value.text, TONES[value.tone])


def _scale(view: PanelView) -> curves.Scale:
    places = tuple(
        curves.Place(
            name, count,
            tuple(curves.Mark(p.mark, p.mean, p.low, p.high, "own" if p.chosen else "dim", p.chosen) for p in points),
        )
        for name, count, points in zip(view.horizons, view.counts, view.points, strict=True)
    )  # fmt: skip
    return curves.Scale(view.low, view.high, places)


def markouts(view: CurvesView) -> curves.Curves:
    """Return the curves."""
    scales = tuple(map(_scale, view.panels))
    return curves.Curves(curves.CurvesTitle(view.title, view.note), scales, view.level, view.unknown)


def groups(rows: tuple[GroupRow, ...], horizon: str) -> table.Table:
    """Return the groups as a list; the one in front is marked."""
    head = tuple(table.Cell(text, "dim") for text in ("", "", "rows", "mean", "95 %", "n", "5th pct", "median"))
    lines = [head] + [
        (
            table.Cell(f"▶{row.mark}" if row.chosen else f" {row.mark}", "own" if row.chosen else "dim"),
            table.Cell(row.name, "strong" if row.chosen else "text"),
            table.Cell(row.rows, "dim"),
            table.Cell(row.mean, "text" if row.sure else "none"),
            table.Cell(row.interval, "text" if row.sure else "none"),
            table.Cell(row.n),
            table.Cell(row.tail, "none" if row.tail == "—" else "text"),
            table.Cell(row.median, "none" if row.median == "—" else "text"),
        )
        for row in rows
    ]
    return table.Table(
        table.TableTitle("GROUPS", f"at {horizon}, bps"), tuple(lines) if rows else (), "<<>>>>>>", 1, "none"
    )


def fills(rows: tuple[FillRow, ...], note: str, width: int) -> table.Table:
    """Return the fills; a narrow list leaves out fee, queue and cluster."""
    names = ("time", "whose", "", "price", "size", "at once", "markout", "reason", "fee", "ahead", "cluster", "state")
    head = tuple(table.Cell(text, "dim") for text in names)
    lines = [head]
    for row in rows:
        glyph, paint = SIDES[row.side]
        lines.append(
            (
                table.Cell(row.time, "dim"), table.Cell(row.strategy), table.Cell(glyph, paint), table.Cell(row.price, paint),
                table.Cell(row.size), _cell(row.at_once), _cell(row.markout), table.Cell(row.reason), table.Cell(row.fee, "dim"),
                table.Cell(row.ahead, "none" if row.ahead == "—" else "dim"), table.Cell(row.cluster, "dim"),
                table.Cell(row.state, "dim"),
            )
        )  # fmt: skip
    aligns = "<<<>>>><>><<"
    if width < WIDE:
        lines = [(*line[:8], line[11]) for line in lines]
        aligns = aligns[:8] + aligns[11]
    title = table.TableTitle("FILLS", note)
    return table.Table(title, tuple(lines) if rows else (), aligns, len(aligns) - 1, "no fill")


def profit(view: ProfitView, dots: int) -> charts.Chart:
    """Return profit by minute and its parts as lines; a minute is as wide as there is room for."""
    lines = dict(zip(view.names, view.lines, strict=True))
    wide = max(1, dots // max(1, len(view.lines[0]))) if view.lines else 1
    series = tuple(
        charts.Series(np.repeat(lines[name], wide), LINES[name], stroke=STROKES[name])
        for name in DRAWN
        if name in lines
    )
    levels = (charts.Level(0.0, "0", "dim"),) if view.lines else ()
    names = tuple(
        (f"{charts.STROKES[STROKES[name]][1] if name in STROKES else ''}{name} {end}", LINES[name])
        for name, end in zip(view.names, view.ends, strict=True)
    )
    return charts.Chart(
        charts.ChartTitle("PnL BY MINUTE", view.note, names=names), series, view.low, view.high,
        f"{view.high:+.3g}" if view.lines else "", f"{view.low:+.3g}" if view.lines else "", levels, unknown=view.unknown,
    )  # fmt: skip


def minutes(rows: tuple[MinuteRow, ...]) -> table.Table:
    """Return the minutes, newest first."""
    head = tuple(
        table.Cell(text, "dim")
        for text in ("minute", "PnL", "spread", "moved", "fees", "slip", "fills", "PnL at end", "holds", "")
    )
    lines = [head] + [
        (
            table.Cell(row.time, "dim"), _cell(row.total), *(table.Cell(part) for part in row.parts), table.Cell(row.fills),
            table.Cell(row.pnl), table.Cell(row.holds), table.Cell(""),
        )
        for row in rows
    ]  # fmt: skip
    title = table.TableTitle("MINUTES", "change of PnL and its parts, quote coin · moved with funding")
    return table.Table(title, tuple(lines) if rows else (), "<>>>>>>>><", 9, "none")


def waiting(name: str, words: str) -> table.Table:
    """Return what a list says while there is no reading: none that is on the screen is empty without a word."""
    return table.Table(table.TableTitle(name), empty=words)
