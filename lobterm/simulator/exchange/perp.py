"""The perpetual's streams: /public (depth, bookTicker, trade) and /market (aggTrade, markPrice, forceOrder).

What: see market.py. A tape of raw trades is told as `trade` and, some time later and merged, as `aggTrade`; a tape of
aggregates as `aggTrade` alone. What goes out later than the step that caused it waits until `due_us`.
Units: as the tape; mark, index and rate in 1e-8.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from lobterm.events import Flag, Kind
from lobterm.instrument import Instrument
from lobterm.simulator.exchange import frames
from lobterm.simulator.exchange.aggregate import DELAY_US, Aggregate, Aggregator
from lobterm.simulator.exchange.ids import Ids
from lobterm.simulator.exchange.liquidations import Liquidation, Thinner
from lobterm.simulator.exchange.market import MAKER, Market, Message, Path
from lobterm.simulator.exchange.numbers import decimal_text
from lobterm.simulator.exchange.stamps import Stamps
from lobterm.simulator.exchange.steps import FLAGS, KIND, NEVER, PX, QTY, SEQ, SIDE, Step

SECOND_US = 1_000_000
PERIOD_MS = 300_000
HISTORY = 8_640
"""Five-minute samples of open interest in a month: what openInterestHist reaches back."""
SETTLEMENTS = 1_000
AGG, RPI = int(Flag.AGG), int(Flag.RPI)


@dataclass(slots=True)
class Told:
    """What REST answers from beside book and bars; None while the tape has not said it."""

    mark_e8: int | None = None
    index_e8: int | None = None
    rate_e8: int | None = None
    next_funding_us: int = 0
    marked_us: int = 0
    interest_lots: int | None = None
    interest_us: int = 0


class Perp(Market):
    """The perpetual."""

    path = Path.PUBLIC

    def __init__(self, instrument: Instrument, stamps: Stamps, *, touch_from_book: bool, thinned: bool = False) -> None:
        super().__init__(instrument, stamps, touch_from_book=touch_from_book, thinned=thinned)
        self.told = Told()
        self.interest: deque[tuple[int, int, int]] = deque(maxlen=HISTORY)  # end of period ms, lots, mark
        self.settled: deque[tuple[int, int, int]] = deque(maxlen=SETTLEMENTS)  # ms, rate, mark
        self._aggregator, self._thinner = Aggregator(), Thinner()
        self.due_us = NEVER  # when the next aggregate or liquidation goes out
        self._marked_second = -1
        self._fills = 0

    def take(self, step: Step) -> list[Message]:
        """Return what goes out for one step."""
        match step.kind:
            case Kind.TOUCH:
                return self.change_touch(step)
            case Kind.TRADE:
                return [self._trade(step)]
            case Kind.BOOK | Kind.BOOK_CLEAR:
                return self.change_book(step)
            case Kind.LIQUIDATION:
                self._liquidation(step)
                return []
            case Kind.OPEN_INTEREST:
                self._open_interest(step)
                return []
            case Kind.FUNDING_SETTLED:
                row = step.rows[-1]
                self.settled.append((self.stamps.ms(self.exch_us(row, step)), row[PX], self.told.mark_e8 or 0))
                return []
            case _:
                return self._mark(step)

    def release(self) -> Message:
        """Return the aggregate or liquidation that was due at `due_us`."""
        if self._aggregator.due_us <= self._thinner.due_us:
            message = self._tell_aggregate(self._aggregator.pop())
        else:
            due_us = self._thinner.due_us
            message = self._tell_liquidation(self._thinner.pop(), due_us)
        self._look_ahead()
        return message

    def _look_ahead(self) -> None:
        self.due_us = min(self._aggregator.due_us, self._thinner.due_us)

    def depth_text(self, ids: Ids, sent_ms: int, matched_ms: int, bids: str, asks: str) -> str:
        """Return the frame of a book's message."""
        return frames.depth(self.symbol, sent_ms, matched_ms, ids, bids, asks)

    def touch_text(self, ident: int, sent_ms: int, matched_ms: int) -> str:
        """Return the frame of the best prices."""
        return frames.book_ticker(self.symbol, sent_ms, matched_ms, ident, *self.touch)

    def _trade(self, step: Step) -> Message:
        row = step.rows[0]
        lots = sum(part[QTY] for part in step.rows)
        plain = sum(part[QTY] for part in step.rows if not part[FLAGS] & RPI)
        exch_us = self.exch_us(row, step)
        self.count_trade(exch_us, row[PX], lots, row[SIDE])
        ident = self.trade_ids.of(row[SEQ], step.lap_us) or self.trade_ids.highest + 1
        self.trade_ids.highest = max(self.trade_ids.highest, ident)
        if row[FLAGS] & AGG:
            self._fills += 1
            raw = self._fills
            told = Aggregate(step.ts_us, exch_us, row[PX], row[SIDE], lots, plain, raw, raw, step.lap_us)
            return self._aggregate_message(told, ident)
        fill = Aggregate(step.ts_us, exch_us, row[PX], row[SIDE], lots, plain, ident, ident, step.lap_us)
        self._aggregator.add(fill)
        self._look_ahead()
        sent_ms = self.stamps.ms(self.sent_us(exch_us, step.ts_us))
        how = "MARKET" if plain else "RPI"
        price, size = self.prices[row[PX]], self.sizes[lots]
        matched_ms = self.stamps.ms(exch_us)
        text = frames.trade(self.symbol, sent_ms, matched_ms, ident, price, size, how, MAKER[row[SIDE]])
        return Message(Path.PUBLIC, f"{self.stream}@trade", text)

    def _tell_aggregate(self, run: Aggregate) -> Message:
        self.aggregates += 1
        return self._aggregate_message(run, self.aggregates)

    def _aggregate_message(self, run: Aggregate, ident: int) -> Message:
        sent_us = max(run.exch_us, min(run.exch_us + DELAY_US, run.due_us + self.stamps.offset_us))
        sent_ms = self.stamps.ms(sent_us)
        text = frames.agg_trade(
            self.symbol, sent_ms, self.stamps.ms(run.exch_us), ident, self.prices[run.ticks], self.sizes[run.lots],
            self.sizes[run.plain_lots], (run.first_id, run.last_id), MAKER[run.side],
        )  # fmt: skip
        return Message(Path.MARKET, f"{self.stream}@aggTrade", text)

    def _mark(self, step: Step) -> list[Message]:
        told = self.told
        for row in step.rows:
            if row[KIND] == Kind.MARK:
                told.mark_e8 = row[PX]
            elif row[KIND] == Kind.INDEX:
                told.index_e8 = row[PX]
            else:
                told.rate_e8 = row[PX]
                told.next_funding_us = row[QTY] + step.lap_us if row[QTY] else 0
        told.marked_us = self.exch_us(step.rows[-1], step)
        second = told.marked_us // SECOND_US
        if told.mark_e8 is None or second == self._marked_second:
            return []
        self._marked_second = second
        mark, index, rate = (
            "" if e8 is None else decimal_text(e8, 8) for e8 in (told.mark_e8, told.index_e8, told.rate_e8)
        )
        next_ms = self.stamps.ms(told.next_funding_us) if told.next_funding_us else 0
        text = frames.mark_price(self.symbol, self.stamps.ms(told.marked_us), mark, index, rate, next_ms)
        return [Message(Path.MARKET, f"{self.stream}@markPrice@1s", text)]

    def _liquidation(self, step: Step) -> None:
        row = step.rows[-1]
        exch_us = self.exch_us(row, step)
        order = Liquidation(exch_us, row[PX], row[QTY], row[SIDE])
        self._thinner.add(step.ts_us, exch_us - self.stamps.offset_us, order)
        self._look_ahead()

    def _tell_liquidation(self, order: Liquidation, due_us: int) -> Message:
        # the order's own price is not on a tape: the tick on the worse side of the average stands in for it
        tick = self.instrument.tick_e8
        ticks = order.average_e8 // tick if order.side < 0 else -(-order.average_e8 // tick)
        sent_ms = self.stamps.ms(max(due_us + self.stamps.offset_us, order.exch_us))
        text = frames.force_order(
            self.symbol, sent_ms, self.stamps.ms(order.exch_us), "BUY" if order.side > 0 else "SELL",
            self.sizes[order.lots], self.prices[ticks], decimal_text(order.average_e8, self.prices.places),
        )  # fmt: skip
        return Message(Path.MARKET, f"{self.stream}@forceOrder", text)

    def _open_interest(self, step: Step) -> None:
        row = step.rows[-1]
        self.told.interest_lots, self.told.interest_us = row[QTY], self.exch_us(row, step)
        at_ms = self.stamps.ms(self.told.interest_us)
        period_ms = at_ms - at_ms % PERIOD_MS
        if not self.interest or period_ms > self.interest[-1][0]:
            self.interest.append((period_ms, row[QTY], self.told.mark_e8 or 0))
