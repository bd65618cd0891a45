"""The heat map as its widget draws it; loaded with its screen, not with the console."""

from __future__ import annotations

import numpy as np

from lobterm.app.present import FORCED
from lobterm.view.heat import HeatView
from widgets import heatmap

BOUGHT, SOLD = np.array([" ", "∙", "•", "●"]), np.array([" ", "∘", "○", "◯"])
MARKS = {"fill+": ("◆", "own"), "fill-": ("◇", "own"), "trigger+": ("▲", "warn"), "trigger-": ("▼", "warn")}


def no_heat(columns: int, rows: int, why: str) -> heatmap.Heatmap:
    """Return the heat map while there is no engine to draw one."""
    nothing = np.full((2 * rows, columns), heatmap.UNKNOWN, np.uint8)
    return heatmap.Heatmap(heatmap.HeatTitle("HEATMAP"), nothing, unknown=why)


def heat(view: HeatView) -> heatmap.Heatmap:
    """Return the heat map: later layers lie over earlier ones."""
    rows, columns = view.bought.shape
    blank = np.full((rows, columns), " ")
    layers = [
        heatmap.Layer(np.where(view.own == side, glyph, blank), "own-away") for side, glyph in ((1, "╴"), (-1, "╶"))
    ]
    mid = blank.copy()
    seen = np.flatnonzero(view.mid >= 0)
    mid[view.mid[seen], seen] = "─"
    layers.append(heatmap.Layer(mid, "strong"))
    layers.append(heatmap.Layer(BOUGHT[view.bought], "bid-strong"))
    layers.append(heatmap.Layer(SOLD[np.where(view.sold >= view.bought, view.sold, 0)], "ask-strong"))
    for name, (glyph, paint) in MARKS.items():
        marks = blank.copy()
        for mark in view.marks:
            if mark.what == name and 0 <= mark.column < columns:
                marks[mark.row, mark.column] = glyph
        layers.append(heatmap.Layer(marks, paint))
    strip = tuple(
        heatmap.Layer(np.where(view.forced == side, glyph, " ")[None, :], paint)
        for side, (glyph, paint) in FORCED.items()
    )
    prices = [heatmap.Label(row, label) for row, label in view.prices]
    if view.last:
        prices = [label for label in prices if label.at != view.last[0]]
        prices.append(heatmap.Label(*view.last, "strong"))
    return heatmap.Heatmap(
        heatmap.HeatTitle("HEATMAP", view.note, full=view.full), view.heat, tuple(layers), strip, tuple(prices),
        tuple(heatmap.Label(column, label) for column, label in view.times), "FORCED", view.unknown,
    )  # fmt: skip
