"""How a frame looks: meanings of the view become glyphs and paints of the widgets, and nothing is computed."""

from __future__ import annotations

from lobterm.engine.rows import Label
from lobterm.view.models import (
    Frame,
    GaugeView,
    HeaderView,
    LadderRow,
    LadderView,
    Own,
    OwnState,
    RunState,
    Tone,
    TradeRow,
    Value,
    Zone,
)
from widgets import gauge, ladder, panel, status_line, tape, transport

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
    RunState.FAILED: ("✗ STOPPED", "bad"),
}
SHORT = {
    "inventory": "inv", "PnL spread": "spread", "PnL inventory": "moved", "PnL fees": "fees",
    "PnL slippage": "slip", "PnL funding": "fund"}  # fmt: skip
"""Labels where room is short."""
EMPTY_LEVEL = "·"
NO_OWN = ("", " ", "own")


def _paint(value: Value, plain: str = "text") -> str:
    return plain if value.tone is Tone.PLAIN else TONES[value.tone]


def header(view: HeaderView) -> tuple[status_line.StatusRow, ...]:
    """Return the two rows of the header; a failure takes the place of health and source."""
    mode = (f" {view.mode} ", "badge-live" if view.mode == "LIVE" else "badge")
    who = ((view.symbol, "strong"), (" PAPER ", "badge"), mode)
    first = status_line.StatusRow((*who, (view.clock, "text"), (view.speed, "strong")))
    source = tuple((word, "dim") for word in view.source.split(" · "))
    if view.failure:
        return first, status_line.StatusRow(((f"STOPPED: {view.failure}", "bad"),))
    if view.loading:
        return first, status_line.StatusRow(((view.loading, "warn"),), source)
    health = tuple((f"{value.label} {value.text}", _paint(value, "dim")) for value in view.health)
    return first, status_line.StatusRow(health, source)


def _own(own: Own | None) -> tuple[str, str, str]:
    return (own.text, *OWN[own.state]) if own else NO_OWN


def _ladder_row(row: LadderRow, stale: bool) -> ladder.LadderRow:
    price_paint, ground = ZONES[row.zone]
    touch_bid, touch_ask = row.zone is Zone.BID_TOUCH, row.zone is Zone.ASK_TOUCH
    own_bid, own_bid_glyph, own_bid_paint = _own(row.own_bid)
    own_ask, own_ask_glyph, own_ask_paint = _own(row.own_ask)
    mark, mark_paint = {1: ("▲", "bid-strong"), -1: ("▼", "ask-strong")}.get(row.last_side, (" ", "text"))
    if row.pinned:
        mark, mark_paint, price_paint = "⋮", "own", "own"
    return ladder.LadderRow(
        price=row.price,
        bid=row.bid or (EMPTY_LEVEL if row.zone is Zone.BID else ""),
        bid_bar=0.0 if stale else row.bid_share,
        ask=row.ask or (EMPTY_LEVEL if row.zone is Zone.ASK else ""),
        ask_bar=0.0 if stale else row.ask_share,
        own_bid=own_bid,
        own_bid_glyph=own_bid_glyph,
        own_bid_paint=own_bid_paint,
        own_ask=own_ask,
        own_ask_glyph=own_ask_glyph,
        own_ask_paint=own_ask_paint,
        price_paint="dim" if stale else price_paint,
        bid_paint="faint" if stale or not row.bid else "bid-strong" if touch_bid else "bid",
        ask_paint="faint" if stale or not row.ask else "ask-strong" if touch_ask else "ask",
        ground=ground,
        mark=mark,
        mark_paint=mark_paint,
    )


def book(view: LadderView) -> ladder.Ladder:
    """Return the ladder."""
    note = (
        f"STALE {view.stale}"
        if view.stale
        else " · ".join(part for part in (view.spread, view.scale, view.bar) if part)
    )
    title = ladder.LadderTitle("BOOK", note, "warn" if view.stale else "note")
    stale = bool(view.stale)
    return ladder.Ladder(title, tuple(_ladder_row(row, stale) for row in view.rows), view.unknown)


def _trade(row: TradeRow) -> tape.TapeRow:
    name, tag, paint = LABELS[row.label]
    if row.why:
        name, tag = f"? {row.why}", f"?{row.why.removeprefix('no ').removesuffix('-up')}"
    return tape.TapeRow(row.time, row.side, row.price, row.size, row.size_share, name, tag, paint)


def trades(frame: Frame) -> tape.Tape:
    """Return the trade tape."""
    title = tape.TapeTitle("TRADES", frame.trades_note)
    return tape.Tape(title, tuple(map(_trade, frame.trades)), "no trade yet")


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
    state = (frame.maker_state, "warn") if frame.maker_state else ("quoting", "good")
    return panel.Panel(panel.PanelTitle(f"MAKER {frame.quote_coin}", *state), tuple(map(_item, frame.maker)))


def market(frame: Frame) -> panel.Panel:
    """Return the market's panel."""
    return panel.Panel(panel.PanelTitle("MARKET"), tuple(map(_item, frame.market)))


def orders(frame: Frame) -> panel.Panel:
    """Return our orders' panel."""
    items = tuple(map(_item, frame.orders)) or (panel.Item("none", "", "dim"),)
    return panel.Panel(panel.PanelTitle("OWN ORDERS", "left, where it is"), items)


def ledgers(frame: Frame) -> panel.Panel:
    """Return what each strategy holds and has earned."""
    return panel.Panel(panel.PanelTitle(f"STRATEGIES {frame.quote_coin}"), tuple(map(_item, frame.ledgers)))


def sums(frame: Frame) -> panel.Panel:
    """Return the panel of raw signal sums."""
    return panel.Panel(panel.PanelTitle("SIGNAL SUMS", "base units, decayed"), tuple(map(_item, frame.sums)))


def clusters(frame: Frame) -> panel.Panel:
    """Return counts and shares of the labels."""
    items = []
    for share in frame.clusters:
        name, _, paint = LABELS[share.label]
        name = "unclassified" if share.label is Label.UNCLASSIFIED else name
        text = share.count if share.share is None else f"{share.count} {share.share:6.1%}"
        items.append(panel.Item(name, text, paint, share.share or 0.0))
    return panel.Panel(panel.PanelTitle("CLUSTERS", "of all trades so far"), tuple(items))


def transport_bar(frame: Frame) -> transport.Transport:
    """Return the transport."""
    view = frame.transport
    state, paint = STATES[view.state]
    return transport.Transport(state, paint, view.speed, view.clock, view.end, view.progress)
