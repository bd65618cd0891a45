"""From view models to what the widgets of the dialogues draw: desk, parameters, what-if."""

from __future__ import annotations

from lobterm.app import present
from lobterm.view import desk
from lobterm.view.models import LogLine
from lobterm.view.robots import Robot
from lobterm.view.settings import Setting
from lobterm.view.what_if import Compared
from widgets import chart as charts
from widgets import table
from widgets.line_widget import pad

LIT = "▸ "
UNIT = 13
"""Cells of a unit where the list of parameters is narrow."""
PNL = {1: "good", -1: "bad", 0: "text"}


def robots(found: tuple[Robot, ...], chosen: int, coin: str) -> table.Table:
    """Return the ladders."""
    head = tuple(table.Cell(text, "dim") for text in ("", "state", "holds", "orders", "fills", f"PnL {coin}"))
    rows = [
        (
            table.Cell(f"{LIT if at == chosen else '  '}{robot.name}", "own" if at == chosen else "strong"),
            table.Cell(robot.state, "text" if robot.armed is None else "good" if robot.armed else "warn"),
            table.Cell(robot.holds, "dim" if robot.is_flat else "own"),
            table.Cell(f"{robot.orders}", "text" if robot.orders else "dim"),
            table.Cell(robot.fills),
            table.Cell(robot.pnl, "warn" if robot.pnl in (desk.UNMARKED, desk.UNPRICED) else PNL[robot.pnl_sign]),
        )
        for at, robot in enumerate(found)
    ]
    title = table.TableTitle("DESK", "paper only")
    return table.Table(title, (head, *rows), "<<>>>>", 1, chosen=1 + chosen)


def last(lines: tuple[LogLine, ...]) -> table.Table:
    """Return what hands and ladders did last."""
    return present.strip("LATELY", lines)


def settings(
    found: tuple[Setting, ...], first: int, chosen: int, rows: int, note: str, narrow: bool = False
) -> table.Table:
    """Return the parameters from number `first` on; `chosen` counts from the first of all.

    `narrow`: what is allowed counts for more than a long unit and than where a value came from; the line below tells both.
    """
    columns = 4 if narrow else 5
    head = tuple(table.Cell(text, "dim") for text in ("parameter", "value", "unit", "allowed", "from")[:columns])
    shown = found[first : first + rows]
    cells = [
        (
            table.Cell(f"{LIT if at == chosen else '  '}{setting.key}", "own" if setting.was else "text"),
            table.Cell(f"{setting.value} (was {setting.was})" if setting.was else setting.value,
                       "own" if setting.was else "dim" if setting.fixed else "strong"),
            table.Cell(pad(setting.unit, UNIT) if narrow else setting.unit, "dim"),
            table.Cell(setting.allowed, "dim"), table.Cell(setting.layer, "own" if setting.was else "dim"),
        )[:columns]
        for at, setting in enumerate(shown, first)
    ]  # fmt: skip
    title = table.TableTitle("PARAMETERS", note)
    if not shown:
        return table.Table(title, (), "", 0, "none has these words")
    return table.Table(title, (head, *cells), "<" * columns, 3, chosen=1 + chosen - first)


def what_if(found: Compared | None, words: str) -> tuple[charts.Chart, table.Table]:
    """Return the chart and the figures; without any, `words` say how far it is."""
    if found is None:
        empty = table.Table(table.TableTitle("", ""), (), "<>>>", 0, "")
        return charts.Chart(charts.ChartTitle("WHAT IF"), unknown=words), empty
    title = charts.ChartTitle("WHAT IF", found.note, names=(("as begun", "dim"), ("as now", "own")))
    chart = charts.Chart(
        title, (charts.Series(found.lines[0], "dim", "as begun", "dotted"), charts.Series(found.lines[1], "own", "as now")),
        found.low, found.high,
        f"{found.high:,.4g}", f"{found.low:,.4g}",
    )  # fmt: skip
    head = (
        table.Cell("", "dim"),
        table.Cell("as begun", "dim"),
        table.Cell("as now", "own"),
        table.Cell("more", "dim"),
    )
    rows = [tuple(table.Cell(text, paint) for text, paint in zip(row, ("dim", "text", "own", "text"), strict=True))
            for row in found.rows]  # fmt: skip
    return chart, table.Table(table.TableTitle("BOTH", "same rows, same state at the start"), (head, *rows), "<>>>", 0)
