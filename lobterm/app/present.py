"""How a frame looks: meanings of the view become glyphs and paints of the widgets, and nothing is computed."""

from __future__ import annotations

from functools import lru_cache

from msgspec.structs import replace

from lobterm.engine.rows import Label
from lobterm.view.candles import CandlesView
from lobterm.view.models import (
    Checked,
    Frame,
    GaugeView,
    HeaderView,
    LadderRow,
    LadderView,
    LogLine,
    Own,
    OwnState,
    PressureView,
    RunState,
    SidePressure,
    Tone,
    TradeRow,
    TransportView,
    Truth,
    Value,
    Zone,
)
from lobterm.view.series import ChartView
from lobterm.view.timeline import Mark, Part, TimelineView
from widgets import candles, gauge, ladder, meter, panel, status_line, table, tape, transport
from widgets import chart as charts
from widgets import timeline as time_line

TONES = {Tone.PLAIN: "text", Tone.GOOD: "good", Tone.WARN: "warn", Tone.BAD: "bad", Tone.UNKNOWN: "none"}
OWN = {OwnState.RESTING: ("◆", "own"), OwnState.TRAVELLING: ("◇", "own-away"), OwnState.LEAVING: ("×", "own-away")}
LABELS = {
    Label.OPPORTUNISTIC: ("opportunistic", "OPP", "opp"),
    Label.DIRECTIONAL: ("directional", "DIR", "dir"),
    Label.PASSIVE: ("passive", "PAS", "pas"),
    Label.UNASSIGNED: ("unassigned", "---", "none"),
    Label.UNCLASSIFIED: ("?", "?", "none"),
}
"""Name in full, tag, paint."""
ZONES = {
    Zone.ASK: ("text", "text"),
    Zone.ASK_TOUCH: ("ask-strong", "text"),
    Zone.SPREAD: ("dim", "spread"),
    Zone.BID_TOUCH: ("bid-strong", "text"),
    Zone.BID: ("text", "text"),
    Zone.BEYOND: ("faint", "text"),
    Zone.BLANK: ("text", "spread"),
}
"""Paint of the price, ground of the row."""
STATES = {
    RunState.LOADING: ("LOADING", "warn"),
    RunState.PLAYING: ("▶ PLAYING", "good"),
    RunState.PAUSED: ("❚❚ PAUSED", "warn"),
    RunState.ENDED: ("■ END OF TAPE", "warn"),
    RunState.SEEKING: ("◌ SEEKING", "warn"),
    RunState.FAILED: ("✗ STOPPED", "bad"),
    RunState.LIVE: ("● LIVE", "good"),
}
BADGES = {"LIVE": "badge-live", "INSTANT REPLAY": "badge-past"}
SHORT = {
    "inventory": "inv", "PnL spread": "spread", "PnL inventory": "moved", "PnL fees": "fees",
    "PnL slippage": "slip", "PnL funding": "fund"}  # fmt: skip
"""Labels where room is short."""
EMPTY_LEVEL = "·"
LARGE = "●"
"""Beside a size much larger than the others in sight."""
NO_OWN = ("", " ", "own")


def _paint(value: Value, plain: str = "text") -> str:
    return plain if value.tone is Tone.PLAIN else TONES[value.tone]


def header(view: HeaderView) -> tuple[status_line.StatusRow, ...]:
    """Return the two rows of the header; a failure takes the place of health and source."""
    who = ((view.symbol, "strong"), (" PAPER ", "badge"), _mode(view))
    funding = view.funding
    right = ((f"{funding.label} {funding.text}", _paint(funding, "dim")),) if funding else ()
    speed = ((view.speed, "strong"),) if view.speed else ()
    first = status_line.StatusRow((*who, (view.clock, "text"), *speed), right)
    source = tuple((word, "dim") for word in view.source.split(" · "))
    if view.failure:
        return first, status_line.StatusRow(((f"STOPPED: {view.failure}", "bad"),))
    if view.loading:
        return first, status_line.StatusRow(((view.loading, "warn"),), source)
    if view.beside:
        words = tuple((f"{value.label} {value.text}", _paint(value, "strong")) for value in view.beside)
        return first, status_line.StatusRow((*_seek(view), *words), (*source, ("i: now", "strong")))
    health = tuple((f"{value.label} {value.text}", _paint(value, "dim")) for value in view.health)
    return first, status_line.StatusRow((*_seek(view), *health), source)


def _mode(view: HeaderView) -> status_line.Word:
    """Return the mode; live is green no longer than a book that speaks and an engine that keeps up."""
    silent = view.failure or view.loading or any(value.tone is not Tone.PLAIN for value in view.health[:1])
    if view.mode == "LIVE" and (silent or any(value.tone is Tone.BAD for value in view.health)):
        return " LIVE? ", "badge-past"
    return f" {view.mode} ", BADGES.get(view.mode, "badge")


def _seek(view: HeaderView) -> tuple[status_line.Word, ...]:
    return ((view.seek, "warn"),) if view.seek else ()


def _own(own: Own | None) -> tuple[str, str, str]:
    return (own.text, *OWN[own.state]) if own else NO_OWN


@lru_cache(maxsize=1024)
def _ladder_row(row: LadderRow, stale: bool) -> ladder.LadderRow:
    price_paint, ground = ZONES[row.zone]
    touch_bid, touch_ask = row.zone is Zone.BID_TOUCH, row.zone is Zone.ASK_TOUCH
    own_bid, own_bid_glyph, own_bid_paint = _own(row.own_bid)
    own_ask, own_ask_glyph, own_ask_paint = _own(row.own_ask)
    mark, mark_paint = {1: ("▲", "bid-strong"), -1: ("▼", "ask-strong")}.get(row.last_side, (" ", "text"))
    if row.pinned:
        mark, mark_paint, price_paint = "⋮", "own", "own"
    if row.cursor:
        mark, mark_paint, price_paint, ground = "▸", "own", "own", "track"
    return ladder.LadderRow(
        price=row.price,
        bid=(f"{LARGE}{row.bid}" if row.large and row.bid else row.bid)
        or (EMPTY_LEVEL if row.zone is Zone.BID else ""),
        bid_bar=0.0 if stale else row.bid_share,
        ask=(f"{row.ask}{LARGE}" if row.large and row.ask else row.ask)
        or (EMPTY_LEVEL if row.zone is Zone.ASK else ""),
        ask_bar=0.0 if stale else row.ask_share,
        own_bid=own_bid,
        own_bid_glyph=own_bid_glyph,
        own_bid_paint=own_bid_paint,
        own_ask=own_ask,
        own_ask_glyph=own_ask_glyph,
        own_ask_paint=own_ask_paint,
        price_paint="dim" if stale else price_paint,
        bid_paint="faint" if stale or not row.bid else "bid-strong" if touch_bid or row.large else "bid",
        ask_paint="faint" if stale or not row.ask else "ask-strong" if touch_ask or row.large else "ask",
        ground=ground,
        mark=mark,
        mark_paint=mark_paint,
        sold=row.sold,
        bought=row.bought,
        traded_bar=row.traded_share,
        traded_paint={1: "bid", -1: "ask"}.get(row.delta, "dim"),
    )


def book(view: LadderView, was: LadderView | None = None, shown: ladder.Ladder | None = None) -> ladder.Ladder:
    """Return the ladder. `shown` is what `was` became: a row that is the same one still becomes what it was."""
    note = (
        f"STALE {view.stale}"
        if view.stale
        else " · ".join(part for part in (view.spread, view.scale, view.bar, view.traded) if part)
    )
    name = " ".join(["BOOK", *(["SUM"] if view.cumulative else []), *([view.unit] if view.unit else [])])
    title = ladder.LadderTitle(name, note, "warn" if view.stale else "note")
    if view.entry:
        title = ladder.LadderTitle("ORDER", view.entry + (f" · {note}" if view.stale else ""), "own")
    stale = bool(view.stale)
    if was is None or shown is None or len(was.rows) != len(view.rows) or bool(was.stale) != stale:
        return ladder.Ladder(title, tuple(_ladder_row(row, stale) for row in view.rows), view.unknown)
    kept = zip(view.rows, was.rows, shown.rows, strict=True)
    rows = tuple(same if row is before else _ladder_row(row, stale) for row, before, same in kept)
    return ladder.Ladder(title, rows, view.unknown)


def _trade(row: TradeRow) -> tape.TapeRow:
    name, tag, paint = LABELS[row.label]
    if row.why:
        name, tag = f"? {row.why}", f"?{row.why.removeprefix('no ').removesuffix('-up')}"
    if row.liquidation:
        name, tag, paint = f"{'SHORT' if row.side > 0 else 'LONG'} LIQUIDATED", "LIQ", "warn"
    sweep = f"×{row.prints}" if row.prints > 1 else ""
    return tape.TapeRow(row.time, row.side, row.price, row.size, row.size_share, name, tag, paint, sweep, row.large)


def trades(frame: Frame) -> tape.Tape:
    """Return the trade tape."""
    note = " · ".join(part for part in (frame.least_size, frame.liquidated, frame.trades_note) if part)
    title = tape.TapeTitle("TRADES", note, "warn" if frame.liquidated or frame.least_size else "note")
    return tape.Tape(title, tuple(map(_trade, frame.trades)), frame.waits or "no trade yet")


def _gauge(name: str, view: GaugeView, bipolar: bool) -> gauge.Gauge:
    paint = "warn" if view.over else "good"
    if bipolar:
        paint = "bid" if view.share > 0 else "ask" if view.share < 0 else "text"
    return gauge.Gauge(
        name=name,
        value=view.value,
        note=view.note,
        aside=view.takers,
        fraction=view.share,
        bipolar=bipolar,
        threshold=view.threshold_share,
        paint=paint,
        unknown=view.unknown,
    )


def signals(frame: Frame) -> gauge.Gauges:
    """Return both gauges."""
    title = gauge.GaugeTitle("SIGNALS", f"{frame.mapping} mapping" if frame.mapping else "")
    return gauge.Gauges(title, (_gauge("skew", frame.skew, True), _gauge("hazard", frame.hazard, False)))


def _item(value: Value) -> panel.Item:
    paint = _paint(value, {1: "bid", -1: "ask"}.get(value.side, "text"))
    return panel.Item(value.label, value.text, paint, short=SHORT.get(value.label, ""))


def maker(frame: Frame) -> panel.Panel:
    """Return the maker's panel."""
    if frame.by_hand:
        title = panel.PanelTitle(f"OWN {frame.quote_coin}", "by hand", "own")
        return panel.Panel(title, tuple(map(_item, frame.maker)))
    state = (frame.maker_state, "warn") if frame.maker_state else ("quoting", "good")
    return panel.Panel(panel.PanelTitle(f"MAKER {frame.quote_coin}", *state), tuple(map(_item, frame.maker)))


def market(frame: Frame) -> panel.Panel:
    """Return the market's panel."""
    return panel.Panel(panel.PanelTitle("MARKET"), tuple(map(_item, frame.market)))


WHERE = {OwnState.RESTING: "resting", OwnState.TRAVELLING: "sent", OwnState.LEAVING: "leaving"}
TRUTHS = {Truth.YES: ("✓", "good"), Truth.NO: ("✗", "dim"), Truth.UNKNOWN: ("?", "none")}
SIDES = {-1: ("▼", "ask"), 0: (" ", "text"), 1: ("▲", "bid")}


def orders(frame: Frame) -> table.Table:
    """Return our orders with the queue ahead of each."""
    rows = []
    for order in frame.orders:
        side, paint = SIDES[order.side]
        glyph, own = OWN[order.state]
        state = f"{glyph} {WHERE[order.state]}"
        cells = (order.whose, f"{side} {order.price}", order.size, order.ahead, state, order.why)
        paints = ("dim", paint, "text", "none" if order.ahead == "—" else "text", own, "dim")
        rows.append(tuple(table.Cell(text, name) for text, name in zip(cells, paints, strict=True)))
    note = f"{len(rows)} · left · ahead · why there" if rows else "left · ahead · why there"
    return table.Table(table.TableTitle("OWN ORDERS", note), tuple(rows), "<>>><<", 5, frame.waits or "none")


def _said(values: tuple[Value, ...]) -> tuple[tuple[table.Cell, ...], ...]:
    return tuple(
        (table.Cell(v.label, SIDES[v.side][1] if v.side else "dim"), table.Cell(v.text, _paint(v))) for v in values
    )


def why(frame: Frame) -> table.Table:
    """Return why the quotes stand where they stand, and what the triggers lack."""
    return table.Table(
        table.TableTitle("WHY", "ticks · what the next requote would do"), _said(frame.why), "<<", 1, frame.waits
    )


def edge(frame: Frame) -> table.Table:
    """Return what fees take and what is left."""
    return table.Table(table.TableTitle("BREAK-EVEN", "markout by z Z"), _said(frame.edge), "<<", 1, frame.waits)


def candle_chart(view: CandlesView) -> candles.CandleChart:
    """Return the candles."""
    return candles.CandleChart(
        candles.CandlesTitle("1m", view.note), tuple(None if c is None else candles.Candle(*c) for c in view.candles),
        view.times, view.top, view.bottom, view.last, view.unknown,
    )  # fmt: skip


def ledgers(frame: Frame) -> table.Table:
    """Return what each strategy holds and has earned, and all together."""
    head = tuple(table.Cell(text, "dim") for text in ("", "maker", "fade", "own", "all"))
    rows = [
        head,
        *(
            (table.Cell(row.name, "dim"), *(table.Cell(value.text, _paint(value)) for value in row.values))
            for row in frame.ledgers
        ),
    ]
    title = table.TableTitle("PROFIT", f"{frame.quote_coin} · PnL is the sum of its parts, each rounded")
    return table.Table(title, tuple(rows) if frame.ledgers else (), "<>>>>", 0, frame.waits)


def _checked(checked: Checked) -> tuple[table.Cell, table.Cell]:
    glyph, paint = TRUTHS[checked.truth]
    return table.Cell(glyph, paint), table.Cell(checked.text, "text" if checked.truth is not Truth.UNKNOWN else "none")


def exhaustion(frame: Frame) -> table.Table:
    """Return the conditions of exhaustion, each true, false or not known, with the value it was judged by."""
    view = frame.pressure
    rows = []
    if view.conditions:
        sells, buys = view.sides
        rows.append(
            (
                table.Cell(view.rule, "dim"), table.Cell(""), table.Cell("▼"), table.Cell(_met(sells), _met_paint(sells)),
                table.Cell("▲"), table.Cell(_met(buys), _met_paint(buys)),
            )
        )  # fmt: skip
    for condition in view.conditions:
        name = (table.Cell(condition.name, "dim"), table.Cell(condition.rule, "faint"))
        rows.append((*name, *_checked(condition.sells), *_checked(condition.buys)))
    title = table.TableTitle("EXHAUSTION", view.triggers, "note")
    return table.Table(title, tuple(rows), "<<<<<<", 5, frame.waits)


def _met(side: SidePressure) -> str:
    return f"{side.met} of {side.needed}" + (f": {side.missing}" if side.missing else "")


def _met_paint(side: SidePressure) -> str:
    return "warn" if side.met == side.needed else "strong" if side.met == side.needed - 1 else "text"


def scores(frame: Frame) -> table.Table:
    """Return every z with its value, and what it stands on."""
    rows = [tuple(table.Cell(text, "dim") for text in ("", "value", "z", "samples", "over"))]
    for row in frame.scores:
        paint = {-1: "ask", 1: "bid"}.get(row.side, "text")
        z_paint = "none" if row.z == "—" else "warn" if row.warming else "strong"
        tail = "warn" if row.warming else "dim"
        rows.append(
            (
                table.Cell(row.name, paint), table.Cell(row.value, "none" if row.value == "—" else "text"),
                table.Cell(row.z, z_paint), table.Cell(row.samples, tail), table.Cell(row.span, tail),
            )
        )  # fmt: skip
    title = table.TableTitle("Z-SCORES", frame.pressure.window, "warn" if frame.pressure.warming else "note")
    return table.Table(title, tuple(rows), "<>>>>", 0, frame.waits)


def pressure(view: PressureView, height: int) -> meter.Meters:
    """Return LPI and state of both sides, and the conditions of exhaustion in short where rows are left."""
    title = meter.MeterTitle("PRESSURE LPI", view.window, "warn" if view.warming else "note")
    rows: list[meter.Meter | meter.Words] = []
    for side in view.sides:
        glyph, paint = SIDES[side.side]
        state = f"{side.state} {view.by}" + (f" {side.latch}" if side.latch else "")
        rows.append(
            meter.Meter(
                name=glyph, value=side.lpi, fraction=side.share, marks=(side.exit_share, side.panic_share),
                paint="warn" if side.panic else paint, name_paint=paint, tail=f"{state:<17}",
                tail_paint="warn" if side.forced else "dim" if side.state == "unknown" else "text", unknown=side.unknown,
            )
        )  # fmt: skip
    if height > 3:
        for side in view.sides:
            glyph, paint = SIDES[side.side]
            words = [(glyph, paint)]
            for condition in view.conditions:
                checked = condition.sells if side.side < 0 else condition.buys
                mark, tone = TRUTHS[checked.truth]
                words.append((f"{condition.short}{mark}", tone))
            words.append((f"{side.met}/{side.needed}", _met_paint(side)))
            rows.append(meter.Words(tuple(words)))
    if height > 5:
        rows.append(meter.Words(((view.source, "dim"), (view.triggers, "dim"))))
    return meter.Meters(title, tuple(rows))


LINES = {-1: ("ask", SIDES[-1][0]), 1: ("bid", SIDES[1][0], "dotted")}
"""Paint, name and stroke of a side's line."""


GROUNDS = {-1: "band", 0: "text", 1: "band-mirror"}
FORCED = {-1: ("▾", "ask"), 1: ("▴", "bid")}
"""What a side that is FORCED is told by beside its ground, which is not seen without colour."""


def chart(view: ChartView) -> charts.Chart:
    """Return lines over time."""
    bands = {paint: view.forced[side] for side, paint in ((1, "band-mirror"), (-1, "band")) if side in view.forced}
    return charts.Chart(
        charts.ChartTitle(view.name, view.note),
        tuple(charts.Series(line.values, *LINES.get(line.side, ("strong",))) for line in view.lines),
        view.low, view.high,
        f"{view.high:.4g}" if view.top is None else view.top, f"{view.low:.4g}" if view.bottom is None else view.bottom,
        tuple(charts.Level(value, label) for value, label in view.levels),
        tuple(charts.Event(column, SIDES[side][0], "own") for column, side in view.triggers),
        bands, view.times, view.unknown,
        {GROUNDS[side]: FORCED[side] for side in view.forced} if view.named else {},
    )  # fmt: skip


def log_lines(title: str, lines: tuple[LogLine, ...], note: str, empty: str = "") -> table.Table:
    """Return what happened, newest first, each with its kind; `empty` is said where nothing can have."""
    rows = []
    for line in lines:
        glyph, paint = SIDES[line.side]
        paint = TONES[line.tone] if line.tone is not Tone.PLAIN else paint
        rows.append(
            (
                table.Cell(line.time, "dim"), table.Cell(line.kind, "dim"), table.Cell(glyph, SIDES[line.side][1]),
                table.Cell(line.text, paint),
            )
        )  # fmt: skip
    return table.Table(table.TableTitle(title, note), tuple(rows), "<<<<", 3, empty or "nothing yet")


def strip(title: str, lines: tuple[LogLine, ...], note: str = "", empty: str = "") -> table.Table:
    """Return what happened where there is little room: the words alone say of what kind it is."""
    whole = log_lines(title, lines, note, empty)
    return replace(whole, rows=tuple((time, glyph, text) for time, _, glyph, text in whole.rows), aligns="<<<", grow=2)


def events(frame: Frame) -> table.Table:
    """Return the strip of what happened."""
    return strip("EVENTS", frame.log, frame.log_note, frame.waits)


def clusters(frame: Frame) -> panel.Panel:
    """Return counts and shares of the labels."""
    items = []
    for share in frame.clusters:
        name, _, paint = LABELS[share.label]
        name = "unclassified" if share.label is Label.UNCLASSIFIED else name
        text = share.count if share.share is None else f"{share.count} {share.share:6.1%}"
        items.append(panel.Item(name, text, paint, share.share or 0.0))
    return panel.Panel(panel.PanelTitle("CLUSTERS", "of all trades so far"), tuple(items))


LEVELS = "▁▂▃▄▅▆▇█"
MARKED = {
    Mark.TRIGGER_SELLS: ("▼", "own"), Mark.TRIGGER_BUYS: ("▲", "own"), Mark.LOOP: ("↻", "strong"),
    Mark.BOOKMARK: ("◆", "good"), Mark.HERE: ("┃", "own"),
}  # fmt: skip


def _pressed(part: Part) -> time_line.Cell:
    """Return the pressure of one part of the tape."""
    if not part.indexed:
        return time_line.Cell("╌", "faint")
    ground = GROUNDS[part.forced]
    if part.share is None:
        return time_line.Cell("░", "bad") if part.gap else time_line.Cell("·", "faint", ground)
    level = min(max(round(8 * part.share), 1), 8)
    side = SIDES[part.side][1]
    return time_line.Cell(LEVELS[level - 1], f"{side}-strong" if part.panic else side, ground)


def timeline(view: TimelineView, rows: int) -> tuple[time_line.Row, ...]:
    """Return the tape from afar: marks above the pressure, or on it where there is but one row."""
    pressed = [_pressed(part) for part in view.parts]
    marked = [
        time_line.Cell(*MARKED[part.mark], GROUNDS[part.forced]) if part.mark is not Mark.NONE else None
        for part in view.parts
    ]
    if rows < 2:
        return (tuple(mark or cell for mark, cell in zip(marked, pressed, strict=True)),)
    broken = [
        time_line.Cell("░", "bad")
        if part.gap
        else time_line.Cell(*FORCED.get(part.forced, (" ", "text")), GROUNDS[part.forced])
        for part in view.parts
    ]
    return (
        tuple(mark or cell for mark, cell in zip(marked, broken, strict=True)),
        tuple(pressed),
    )  # fmt: skip


def here(rows: tuple[time_line.Row, ...], view: TimelineView, column: int) -> tuple[time_line.Row, ...]:
    """Return the rows of a timeline with the place at which the market stands."""
    cell = time_line.Cell(*MARKED[Mark.HERE], GROUNDS[view.parts[column].forced])
    return tuple((*row[:column], cell, *row[column + 1 :]) for row in rows)


def transport_bar(view: TransportView) -> transport.Transport:
    """Return the transport."""
    state, paint = STATES[view.state]
    if view.trouble:
        paint = _paint(view.trouble)
    trouble = view.trouble.text if view.trouble else ""
    return transport.Transport(state, paint, view.speed, view.clock, view.end, view.progress, trouble)
