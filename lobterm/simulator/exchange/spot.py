"""The spot market's streams: depth, bookTicker, and trade or aggTrade as the tape has them.

What: see market.py. Spot tells a book's send time alone and a best price's not at all.
Units: as the tape.
"""

from __future__ import annotations

from lobterm.events import Flag, Kind
from lobterm.simulator.exchange import frames
from lobterm.simulator.exchange.ids import Ids
from lobterm.simulator.exchange.market import MAKER, Market, Message, Path
from lobterm.simulator.exchange.steps import FLAGS, PX, QTY, SEQ, SIDE, Row, Step

AGG = int(Flag.AGG)


class Spot(Market):
    """The spot market beside the perpetual."""

    path = Path.SPOT

    def take(self, step: Step) -> list[Message]:
        """Return what goes out for one step."""
        match step.kind:
            case Kind.TOUCH:
                return self.change_touch(step)
            case Kind.TRADE:
                return [self._trade(step, row) for row in step.rows]
            case Kind.BOOK | Kind.BOOK_CLEAR:
                return self.change_book(step)
        return []

    def depth_text(self, ids: Ids, sent_ms: int, matched_ms: int, bids: str, asks: str) -> str:
        """Return the frame of a book's message: the tape's time of it is the send time."""
        return frames.spot_depth(self.symbol, matched_ms, ids, bids, asks)

    def touch_text(self, ident: int, sent_ms: int, matched_ms: int) -> str:
        """Return the frame of the best prices."""
        return frames.spot_book_ticker(self.symbol, ident, *self.touch)

    def _trade(self, step: Step, row: Row) -> Message:
        exch_us = self.exch_us(row, step)
        self.count_trade(exch_us, row[PX], row[QTY], row[SIDE])
        ident = self.trade_ids.of(row[SEQ], step.lap_us) or self.trade_ids.highest + 1
        self.trade_ids.highest = max(self.trade_ids.highest, ident)
        sent_ms = self.stamps.ms(self.sent_us(exch_us, step.ts_us))
        matched_ms, price, size = self.stamps.ms(exch_us), self.prices[row[PX]], self.sizes[row[QTY]]
        maker = MAKER[row[SIDE]]
        if row[FLAGS] & AGG:
            self.aggregates += 1
            raw = (self.aggregates, self.aggregates)
            text = frames.spot_agg_trade(self.symbol, sent_ms, matched_ms, ident, price, size, raw, maker)
            return Message(Path.SPOT, f"{self.stream}@aggTrade", text)
        text = frames.spot_trade(self.symbol, sent_ms, matched_ms, ident, price, size, maker)
        return Message(Path.SPOT, f"{self.stream}@trade", text)
