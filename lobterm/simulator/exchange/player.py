"""Plays a tape as the exchange: messages in the order and at the tape times in which they go out, and the books they make.

What: `until` yields what is due up to a tape time and applies it to the markets, so that REST answers what the streams
have told. Memory is bounded: one row group, a slice of steps, the hashes of the newest books.
Units: tape time in µs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from lobterm.errors import InputError
from lobterm.events import Kind, empty
from lobterm.events import Market as MarketId
from lobterm.simulator.exchange.market import Market, Message
from lobterm.simulator.exchange.perp import Perp
from lobterm.simulator.exchange.spot import Spot
from lobterm.simulator.exchange.stamps import Stamps
from lobterm.simulator.exchange.steps import NEVER, Step, laps, touching
from lobterm.tape.parquet import Tape

AHEAD = 1_024
"""Steps known ahead of time: enough to see a book's next message."""
HASHES = 250_000


class Hashes:
    """The hash of a market's book at its newest update ids."""

    def __init__(self) -> None:
        self.by_id: dict[int, str] = {}
        self.forgotten = 0

    def add(self, book_id: int, value: str) -> None:
        """Keep one, and forget the oldest beyond HASHES."""
        self.by_id[book_id] = value
        if len(self.by_id) > HASHES:
            del self.by_id[next(iter(self.by_id))]
            self.forgotten += 1


class Player:
    """The exchange's markets, moved along by a tape."""

    def __init__(self, tape: Tape, stamps: Stamps, *, loop: bool = False, symbol: str = "") -> None:
        """`symbol` is what the tape's markets are told as, where that is not their own."""
        meta = tape.meta
        self.stamps = stamps
        self.markets: dict[int, Market] = {}
        self.hashes: dict[int, Hashes] = {}
        self.perp: Perp | None = None
        self.spot: Spot | None = None
        options = meta.provenance.get("options")
        thinned = isinstance(options, dict) and bool(options.get("touch_ms"))
        touched = touching(next(tape.chunks(), empty(0)))
        for held in meta.instruments:
            instrument = replace(held, symbol=symbol) if symbol else held
            from_book = int(instrument.market) not in touched
            if instrument.market == MarketId.PERP:
                self.perp = Perp(instrument, stamps, touch_from_book=from_book, thinned=thinned)
                self.markets[0] = self.perp
            elif instrument.market == MarketId.SPOT:
                self.spot = Spot(instrument, stamps, touch_from_book=from_book, thinned=thinned)
                self.markets[1] = self.spot
        self.hashes = {market: Hashes() for market in self.markets}
        if not self.markets or not meta.rows:
            raise InputError(
                "has nothing to tell", file=tape.path, mend="a tape of a perpetual or spot market is needed"
            )
        self._steps = laps(tape.chunks, meta.last_ts_us - meta.first_ts_us, loop=loop)
        self._ahead: deque[Step] = deque()
        self._out: deque[Message] = deque()
        self._fill()
        self._open()

    @property
    def symbols(self) -> set[str]:
        """Return what its markets are called."""
        return {market.symbol for market in self.markets.values()}

    def next_due_us(self) -> int | None:
        """Return when the next message or step is due, or None after the last."""
        due_us = min(NEVER if self.perp is None else self.perp.due_us, self._ahead[0].ts_us if self._ahead else NEVER)
        return None if due_us == NEVER else due_us

    def until(self, ts_us: int) -> Iterator[Message]:
        """Yield what goes out up to a tape time, in order; what is not taken comes first the next time."""
        while True:
            while self._out:
                yield self._out.popleft()
            step = self._ahead[0] if self._ahead else None
            if self.perp is not None and self.perp.due_us <= (ts_us if step is None else min(step.ts_us, ts_us)):
                self._out.append(self.perp.release())
                continue
            if step is None or step.ts_us > ts_us:
                return
            self._ahead.popleft()
            if len(self._ahead) < AHEAD // 2:
                self._fill()
            told = self.markets.get(step.market)
            for message in told.take(step) if told is not None else ():
                if message.book_id:
                    self.hashes[step.market].add(message.book_id, self.markets[step.market].book.hash())
                self._out.append(message)

    def snapshot_id(self, market: Market) -> int:
        """Return the update id of a snapshot of `market` taken now."""
        number = int(market.instrument.market)
        lap_us = self._ahead[0].lap_us if self._ahead else 0
        return market.snapshot_id([step for step in self._ahead if step.market == number and step.lap_us == lap_us])

    def _open(self) -> None:
        """Take the books that the tape opens with: the exchange had them before anyone asked."""
        opened: set[int] = set()
        while self._ahead and self._ahead[0].kind == Kind.BOOK_CLEAR and self._ahead[0].market not in opened:
            step = self._ahead.popleft()
            opened.add(step.market)
            if step.market in self.markets:
                self.markets[step.market].take(step)

    def _fill(self) -> None:
        self._ahead.extend(islice(self._steps, AHEAD - len(self._ahead)))
