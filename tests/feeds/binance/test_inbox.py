"""One order for ring and recording: what was recorded, read again, is what the ring was handed."""

from __future__ import annotations

from datetime import date
from random import Random

import numpy as np
import pytest

from lobterm.events import EVENT, Flag, Kind, Market
from lobterm.feeds.binance.inbox import DAY_NS, MOST_BYTES, Inbox
from lobterm.feeds.binance.stamp import Stamp
from lobterm.tape.ring import Ring
from lobterm.tape.verify import final_book
from lobterm.wire import control
from tests.feeds.binance import feeding as fd
from tests.feeds.binance.test_decoder import digest


class Kept:
    """A recorder that keeps what it is given, file by file."""

    def __init__(self):
        self.parts, self.beats = [], 0

    def rotate(self, day):
        self.parts.append((day, {Market.PERP: b"", Market.SPOT: b""}))

    def append(self, market, lines):
        self.parts[-1][1][market] += lines

    def beat(self):
        self.beats += 1


class Clock:
    def __init__(self, ns=fd.NS):
        self.ns = ns

    def __call__(self):
        return self.ns


def new(start_ns=fd.NS, spot=True):
    clock = Clock()
    stamp = Stamp(wall_ns=lambda: start_ns, elapsed_ns=lambda: clock.ns - fd.NS)
    inbox = Inbox(fd.decoder(spot), Ring(1 << 18), Kept(), stamp)
    inbox.begin("session", {"lobterm": "1"})
    return inbox, clock


def run(seed=5, count=600, start_ns=fd.NS, step_ns=30_000_000, session=fd.session):
    """Feed a session through an inbox, flushing now and then; return it, closed."""
    inbox, clock = new(start_ns)
    dice = Random(seed)
    for market, line in session(seed, count):
        text = line.split(b" ", 1)[1].rstrip(b"\n")
        event = control.decode(text)
        if event is None:
            inbox.wire(Market(market), text)
        elif dice.random() < 0.5:
            inbox.control(event)
        else:
            inbox.post(event)
        clock.ns += dice.randint(0, step_ns)
        if dice.random() < 0.2:
            inbox.flush()
    inbox.end("done")
    return inbox


def rows_of(inbox):
    return inbox.ring.copy(0, inbox.ring.written)


def test_the_recording_read_again_is_what_the_ring_was_handed():
    inbox = run()
    ((_, files),) = inbox.recorder.parts
    rows = fd.decoder().read(files[Market.PERP], files[Market.SPOT])
    assert digest(rows) == digest(rows_of(inbox))
    assert inbox.recorder.beats > 5
    for market in Market.PERP, Market.SPOT:
        marks = [control.decode(line.split(b" ", 1)[1]) for line in files[market].splitlines()]
        beats = [mark.n for mark in marks if isinstance(mark, control.Beat)]
        assert beats == list(range(1, inbox.recorder.beats + 1))


def test_stamps_rise_over_both_files():
    inbox = run()
    ((_, files),) = inbox.recorder.parts
    stamps = sorted(int(line[:19]) for text in files.values() for line in text.splitlines())
    assert len(set(stamps)) == len(stamps)


def test_a_day_s_border_changes_no_row():
    border = (fd.NS // DAY_NS + 1) * DAY_NS
    inbox = run(start_ns=border - 4 * 10**9)
    (first, before), (second, after) = inbox.recorder.parts
    assert (second - first).days == 1
    whole = fd.decoder().read(before[0] + after[0], before[1] + after[1])
    assert digest(whole) == digest(rows_of(inbox))


def test_a_later_day_read_alone_begins_with_the_book_as_it_was():
    border = (fd.NS // DAY_NS + 1) * DAY_NS
    inbox = run(start_ns=border - 4 * 10**9, session=fd.undisturbed)
    (_, before), (_, after) = inbox.recorder.parts
    whole = fd.decoder().read(before[0] + after[0], before[1] + after[1])
    rows = fd.decoder().read(after[0], after[1])
    carried = rows["flags"] & Flag.SNAPSHOT > 0
    opening = rows["kind"] == Kind.CLOCK_OFFSET
    assert set(rows["market"][carried]) == {Market.PERP, Market.SPOT}
    assert digest(rows[~carried & ~opening]) == digest(whole[-np.count_nonzero(~carried & ~opening) :])
    assert final_book([rows], 0)[0].tolist() == final_book([whole], 0)[0].tolist()
    assert final_book([rows], 1)[1].tolist() == final_book([whole], 1)[1].tolist()


def test_a_frame_that_pretends_to_be_ours_is_neither_row_nor_line():
    inbox, _ = new()
    inbox.wire(Market.PERP, control.encode(control.Order(1, 5, 5)))
    inbox.wire(Market.PERP, b"{" + b" " * MOST_BYTES)
    inbox.flush()
    assert dict(inbox.decoder.skipped) == {"not_off_the_wire": 1, "too_long": 1}
    assert b"order" not in inbox.recorder.parts[0][1][Market.PERP]
    assert inbox.ring.written == 0


def test_a_line_end_within_a_frame_ends_no_line():
    inbox, _ = new()
    inbox.wire(Market.PERP, b'{"lastUpdateId":1,\r\n"bids":[],\n"asks":[]}')
    inbox.wire(Market.PERP, fd.Exchange(Market.PERP, Random(1)).touch())
    assert inbox.flush() == 3
    assert inbox.recorder.parts[0][1][Market.PERP].count(b"\n") == 4


def test_the_caller_is_told_what_is_out_of_bounds():
    inbox, _ = new()
    with pytest.raises(ValueError, match="null"):
        inbox.post(control.Param("maker.gamma", float("nan")))
    with pytest.raises(ValueError, match="px_ticks|integer"):
        inbox.control(control.Order(1, -5, 5))


def test_window_samples_stand_in_the_head():
    samples = np.zeros(9_000, EVENT)
    samples["qty"] = np.repeat([0, 1, 4], 3_000)
    samples["px"] = np.random.default_rng(7).normal(size=9_000).view(np.int64)
    inbox = Inbox(fd.decoder(), Ring(1 << 12), Kept(), Stamp())
    inbox.begin("session", {}, warm=samples)
    assert inbox.flush() == 9_000
    assert inbox.decoder.hello.warm.samples == 9_000
    files = inbox.recorder.parts[0][1]
    again = fd.decoder()
    assert again.read(files[Market.PERP], files[Market.SPOT])["px"].tolist() == samples["px"].tolist()
    assert again.skipped == {}


def test_a_wall_clock_that_is_set_moves_no_stamp():
    ticks = iter([100, 100, 90, 90, 105])
    stamp = Stamp(wall_ns=lambda: 1_000, elapsed_ns=lambda: next(ticks))
    assert [stamp(), stamp(), stamp(), stamp()] == [1_000, 1_001, 1_002, 1_005]


def test_days_are_utc():
    inbox, _ = new(start_ns=DAY_NS * 20_000 - 1)
    assert inbox.recorder.parts[0][0] == date(2024, 10, 3)
    assert inbox.recorder.parts[-1][0] == date(2024, 10, 4)
