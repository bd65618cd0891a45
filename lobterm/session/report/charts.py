"""The report's charts, drawn as SVG: no script, no network, nothing that a mail program or a strict browser would strip.

What: Vega-Lite says what is drawn, vl-convert draws it. Colours differ in lightness as well as in hue; every chart has a
description for those who do not see it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import polars as pl
import vl_convert

from lobterm.engine.rows import HORIZONS_US
from lobterm.session.report.marks import Split
from lobterm.session.report.quality import Stretch

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444", "#999999")
WIDTH, HEIGHT = 1_010, 180
INK, FAINT, AXIS, UNKNOWN = "#333333", "#e3e3e3", "#888888", "#bbbbbb"
HORIZONS = [f"{horizon_us / 1e6:g} s" for horizon_us in HORIZONS_US]
SHORT, LONG = HORIZONS[:4], HORIZONS[4:]
CONFIG = {
    "font": "Helvetica, Arial, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": FAINT,
        "domainColor": AXIS,
        "titleFontWeight": "normal",
    },
    "legend": {"labelColor": INK, "labelLimit": 240},
}

Spec = dict[str, Any]

TIMES = ((1_200_000, "%H:%M:%S"), (72_000_000, "%H:%M"), (math.inf, "%d %b %H:%M"))
"""How a time is written on an axis of less than so many ms."""


def svg(spec: Spec, said: str) -> str:
    """Return a chart as an SVG element that says in words what it shows."""
    drawn: str = vl_convert.vegalite_to_svg(spec | {"description": said, "config": CONFIG})
    return drawn


def _zero() -> Spec:
    return {"data": {"values": [{"y": 0}]}, "mark": {"type": "rule", "color": AXIS}, "encoding": {"y": _number("y")}}


def _number(name: str, **more: Any) -> Spec:
    return {"field": name, "type": "quantitative", **more}


def _time(name: str, written: str) -> Spec:
    return {"field": name, "type": "temporal", "title": None, "scale": {"type": "utc"}, "axis": {"format": written}}


def course(ticks: pl.DataFrame, unknown: Sequence[Stretch], quote: str, base: str) -> str:
    """Draw profit and inventory over time, the stretches without a book shaded."""
    told = ticks.select(ms=pl.col("ts_us") / 1e3, pnl="pnl_quote", held="inventory_base")
    # a line must not run across a stretch in which nothing was known
    breaks = pl.DataFrame(
        {"ms": [(s.from_us + 1) / 1e3 for s in unknown], "pnl": None, "held": None}, schema=told.schema
    )
    rows = pl.concat([told, breaks]).sort("ms").to_dicts()
    written = next(form for most_ms, form in TIMES if rows[-1]["ms"] - rows[0]["ms"] < most_ms)
    shade = {
        "data": {"values": [{"from": s.from_us / 1e3, "to": s.to_us / 1e3} for s in unknown]},
        "mark": {"type": "rect", "color": UNKNOWN, "opacity": 0.55},
        "encoding": {"x": _time("from", written), "x2": {"field": "to"}},
    }

    def panel(name: str, title: str, height: int, mark: Spec) -> Spec:
        line = {
            "data": {"values": rows},
            "mark": {"type": "line", "strokeWidth": 1.4, "invalid": "break-paths-show-domains", **mark},
            "encoding": {"x": _time("ms", written), "y": _number(name, title=title)},
        }
        return {"layer": [shade, _zero(), line], "width": WIDTH, "height": height}

    panels = [
        panel("pnl", f"PnL, {quote}", 220, {"color": COLOURS[0]}),
        panel("held", f"inventory, {base}", 110, {"color": COLOURS[1], "interpolate": "step-after"}),
    ]
    return svg({"vconcat": panels, "resolve": {"scale": {"x": "shared"}}}, "profit and inventory over the session")


def curves(split: Split) -> str:
    """Draw one split: a mean and its interval for each group and horizon; hollow where there is no interval.

    Short and long horizons have scales of their own: what happens within seconds is small beside what happens in minutes.
    """
    groups = [f"{curve.group} (n {curve.n:,})" for curve in split.curves]
    rows = [
        {
            "group": group,
            "horizon": horizon,
            "mean": estimate.mean,
            "low": estimate.low,
            "high": estimate.high,
        }
        for group, curve in zip(groups, split.curves, strict=True)
        for horizon, estimate in zip(HORIZONS, curve.means, strict=True)
        if estimate.mean is not None
    ]
    spec = {"data": {"values": rows}, "hconcat": [_panel(groups, horizons) for horizons in (SHORT, LONG)]}
    return svg(spec, f"mean markout in bps by horizon, by {split.title}")


def _panel(groups: Sequence[str], horizons: Sequence[str]) -> Spec:
    legend = {"title": None, "orient": "bottom", "columns": 4, "symbolType": "square"} if len(groups) > 1 else None
    colour = {
        "field": "group", "type": "nominal", "legend": legend,
        "scale": {"domain": list(groups), "range": list(COLOURS[: max(1, len(groups))])},
    }  # fmt: skip
    where = {
        "x": {
            "field": "horizon", "type": "nominal", "title": None, "sort": None,
            "scale": {"domain": list(horizons)}, "axis": {"labelAngle": 0, "grid": False},
        },
        "xOffset": {"field": "group", "type": "nominal", "sort": list(groups)},
    }  # fmt: skip
    bars = {
        "transform": [{"filter": "datum.low != null"}],
        "mark": {"type": "rule", "strokeWidth": 1.6},
        "encoding": {**where, "y": _number("low", title="bps"), "y2": {"field": "high"}, "color": colour},
    }
    points = {
        "mark": {"type": "point", "size": 34, "opacity": 1},
        "encoding": {
            **where,
            "y": _number("mean", title="bps"),
            "stroke": colour,
            "fill": {"condition": {"test": "datum.low != null", **colour}, "value": "white"},
        },
    }
    return {
        "transform": [{"filter": {"field": "horizon", "oneOf": list(horizons)}}],
        "layer": [_zero(), bars, points],
        "width": 130 * len(horizons),
        "height": HEIGHT,
    }


def scenarios(names: Sequence[str], totals: Sequence[float | None], title: str, quote: str) -> str:
    """Draw one bar a scenario: what the session would have earned."""
    spec = {
        "data": {"values": [{"name": name, "total": total} for name, total in zip(names, totals, strict=True)]},
        "mark": {"type": "bar", "size": 18},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": list(names), "title": None},
            "x": _number("total", title=f"total PnL, {quote}"),
            "color": {"condition": {"test": "datum.total >= 0", "value": COLOURS[0]}, "value": COLOURS[1]},
        },
        "width": 420,
        "height": 30 * len(names),
    }
    return svg(spec, title)
