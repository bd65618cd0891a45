"""The one inbox of a symbol: frames, answers and what people do get their stamp here, and reach ring and recording in one order.

What: `wire` and `control` stamp a line each; `flush` decodes what came since the last flush, in blocks, and hands the lines to
the recorder and the rows to the ring. Call it every few milliseconds while frames come, and every 100 ms at least while none
do: it also sets the beats by which a torn recording is mended. One thread alone uses an inbox, but for `post`, which any
thread may call: what it is given is stamped at the next flush.
    A new UTC day begins a new pair of files; the first lines of each say what a reader needs who has not read the earlier ones.
Units: stamps in ns.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Protocol

from lobterm.events import EventArray, Market
from lobterm.feeds.binance.decoder import Decoder
from lobterm.feeds.binance.stamp import Stamp
from lobterm.tape.recording import warm as wm
from lobterm.tape.ring import Ring
from lobterm.wire import control as ctl

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
BEAT_NS = 800_000_000
"""Between two beats: a second less the time that writing takes, so that no more than a second is ever lost."""
MOST_BYTES = 4 << 20
"""Longest frame or answer that is taken; a snapshot of 5,000 levels a side has a tenth of it."""


Facts = Sequence[tuple[int, int]]
"""What a paper account stands at, as engine.standing says it: (which, value)."""


class Sink(Protocol):
    """What takes the lines: tape.recording.recorder.Recorder. None of it waits or raises."""

    def rotate(self, day: date) -> None:
        """Go on in the files of another UTC day."""

    def append(self, market: Market, lines: bytes) -> None:
        """Take whole lines."""

    def beat(self) -> None:
        """Bring what was taken to disk."""


class Inbox:
    """Stamps, decodes, hands on."""

    def __init__(self, decoder: Decoder, ring: Ring, recorder: Sink | None, stamp: Stamp) -> None:
        self.decoder, self.ring, self.recorder, self.stamp = decoder, ring, recorder, stamp
        self._lines: dict[Market, list[bytes]] = {market: [] for market in decoder.instruments}
        self._posted: deque[ctl.Event] = deque()
        self._hello = ctl.Hello("-", Market.PERP, 0, _sizes(decoder), {})
        self._next_day_ns = 1 << 62
        self._beats = 0
        self._beaten_ns = 0
        self._rows = 0

    def begin(
        self,
        session: str,
        versions: Mapping[str, str],
        *,
        warm: EventArray | None = None,
        resumes: str = "",
        account: Facts = (),
    ) -> None:
        """Open the recording: who records, with what, and what is taken over from earlier ones.

        That is the window samples (SAMPLE rows), and the paper account of the session that this one `resumes`.
        """
        said = wm.warmth(warm) if warm is not None else None
        self._hello = ctl.Hello(session, Market.PERP, 0, self._hello.instruments, dict(versions), said, resumes=resumes)
        self._open(self.stamp())
        for sample in wm.lines(warm) if warm is not None else ():
            self._put(Market.PERP, ctl.encode(sample))
        if account:
            self._put(Market.PERP, ctl.encode(ctl.Account(list(account), carried=True)))

    def wire(self, market: Market, text: bytes) -> None:
        """Take a frame, or a depth snapshot's REST body, as it came.

        What is too long, or pretends to be a control line, is left out and counted: neither a row nor a line comes of it.
        """
        if len(text) > MOST_BYTES or text.startswith(ctl.PREFIX):
            self.decoder.skipped["too_long" if len(text) > MOST_BYTES else "not_off_the_wire"] += 1
            return
        if b"\n" in text or b"\r" in text:  # blank in JSON, the end of a line in a recording
            text = text.replace(b"\n", b" ").replace(b"\r", b" ")
        self._put(market, text)

    def control(self, event: ctl.Event) -> None:
        """Take what did not come off the wire; raise ValueError for values out of their bounds."""
        self._put(Market.PERP, ctl.encode(event))

    def post(self, event: ctl.Event) -> None:
        """Take what another thread has to say, a screen's parameters and orders: any thread may call this."""
        ctl.encode(event)  # the caller, not the feed, is told what is out of bounds
        self._posted.append(event)

    def flush(self) -> int:
        """Decode and hand on what came since the last flush. Return the rows handed to the ring since then."""
        while self._posted:
            self.control(self._posted.popleft())
        now_ns = self.stamp()
        is_due = self.recorder is not None and now_ns - self._beaten_ns >= BEAT_NS
        self._hand_on(is_due)
        if is_due:
            self._beaten_ns = now_ns
        rows, self._rows = self._rows, 0
        return rows

    def end(self, why: str = "") -> int:
        """Say goodbye and hand on the rest. Return the rows handed to the ring since the last flush."""
        while self._posted:
            self.control(self._posted.popleft())
        self.control(ctl.Bye(why))
        self._hand_on(True)
        rows, self._rows = self._rows, 0
        return rows

    def _put(self, market: Market, text: bytes) -> None:
        ns = self.stamp()
        if ns >= self._next_day_ns:
            self._hand_on(True)
            self._hello = _next_part(self._hello)
            self._open(ns)
            ns = self.stamp()
        self._lines[market].append(b"%d %b\n" % (ns, text))

    def _open(self, ns: int) -> None:
        """Begin a day's files."""
        self._next_day_ns = (ns // DAY_NS + 1) * DAY_NS
        if self.recorder is not None:
            self.recorder.rotate(datetime.fromtimestamp(ns // SECOND_NS, UTC).date())
        for market in self._lines:
            self._put(market, ctl.encode(_hello_of(self._hello, market)))
        if self._hello.part == 0:
            return
        source = self.decoder.trade_source
        if source:
            self._put(Market.PERP, ctl.encode(ctl.TradeSource(source)))
        for market, book in self.decoder.books.items():
            if book.known:
                sides = [list(map(tuple, book.levels(side).tolist())) for side in (1, -1)]
                self._put(Market.PERP, ctl.encode(ctl.Book(market, book.ident, book.exch_us, *sides)))

    def _hand_on(self, beat: bool) -> None:
        if beat:
            self._beats += 1
            for market in self._lines:
                text = b"%d %b\n" % (self.stamp(), ctl.encode(ctl.Beat(self._beats)))
                self._lines[market].append(text)
        lines = {market: b"".join(parts) for market, parts in self._lines.items()}
        for parts in self._lines.values():
            parts.clear()
        if self.recorder is not None:
            for market, text in lines.items():
                if text:
                    self.recorder.append(market, text)
            if beat:
                self.recorder.beat()
        rows = self.decoder.read(lines[Market.PERP], lines.get(Market.SPOT, b""))
        for at in range(0, len(rows), self.ring.capacity):
            self.ring.append(rows[at : at + self.ring.capacity])
        self._rows += len(rows)


def _sizes(decoder: Decoder) -> list[ctl.InstrumentSizes]:
    return [
        ctl.InstrumentSizes(int(i.market), i.symbol, f"{i.tick_size:f}", f"{i.lot_size:f}", f"{i.multiplier:f}")
        for i in decoder.instruments.values()
    ]


def _hello_of(hello: ctl.Hello, market: Market) -> ctl.Hello:
    """Return the hello of one market's file; the perpetual's alone tells of samples and of what is resumed."""
    if market == Market.PERP:
        return hello
    return ctl.Hello(hello.session, market, hello.part, hello.instruments, hello.versions)


def _next_part(hello: ctl.Hello) -> ctl.Hello:
    return ctl.Hello(hello.session, hello.market, hello.part + 1, hello.instruments, hello.versions)
