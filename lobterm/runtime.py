"""A tape that is played under a clock: a feed, the engine and a log, moved by steps, seeks and hands.

Live and replay differ in the feed alone; the engine cannot tell which it is fed by.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lobterm import warm
from lobterm.asked import Asked
from lobterm.clock import ReplayClock
from lobterm.errors import InputError
from lobterm.hands import Ask
from lobterm.runs import CHUNK, Setup
from lobterm.view.console import Unit
from lobterm.view.history import History

if TYPE_CHECKING:
    from lobterm.engine.drive import Rows
    from lobterm.feeds.replay import ReplayFeed
    from lobterm.seeking import Seeker

SLICE = 4_096
LABELS_KEPT = 2_000


class Replay(Asked):
    """A tape under a replay clock, as the console sees it.

    What is played (by the clock or by steps) is logged, each row of the tape once; what a seek passes is not. The summary
    of the session names the stretches, and `rows_sha256` covers their output rows in the order of the log: if the only
    stretch is [0, n], that is what a straight run over the first n rows gives. Parameters and orders given by hand are woven
    in (tape.overlay); stretches count them. A change that comes before anything that is logged already ends the log's
    session there and begins another: all rows of one session are of one overlay.
    """

    mode = "REPLAY"

    def __init__(self, setup: Setup, *, at: int | None = None, warmed: Callable[[], None] = warm.in_subprocess) -> None:
        self.setup, self._start_at, self._warmed = setup, at, warmed
        meta = setup.tape.meta
        self.symbol = self.instrument.symbol
        self.source_note = setup.source_note()
        self.first_ts, self.last_ts, self.rows_total = meta.first_ts_us, meta.last_ts_us, meta.rows
        self.clock = ReplayClock(self.first_ts, self.last_ts)
        self.ready, self.failure = False, ""
        self.loading_note = "reading the tape"
        self.history = History()
        self.moves = 0
        self._stands_at = -1
        self.loop: tuple[int, int] | None = None
        self._labels: list[npt.NDArray[np.void]] = []
        self._feed: ReplayFeed | None = None
        self._seeker: Seeker | None = None
        self._done = 0  # items of the overlay that were folded

    def load(self) -> None:
        """Load the engine and the beginning of the tape; slow, so the console calls it in a thread after its first paint."""
        if not warm.is_warm():
            self.loading_note = "compiling the engine (first start only)"
            self._warmed()
        self.loading_note = "reading the tape"
        from lobterm.engine import drive
        from lobterm.engine.digest import RowsDigest
        from lobterm.feeds.replay import ReplayFeed
        from lobterm.seeking import Goal, Seeker
        from lobterm.session.stretches import Stretches
        from lobterm.tape.overlay import Overlay
        from lobterm.tape.pages import Pages

        self.overlay = Overlay(int(self.instrument.market))
        self._drive, self._digest, self._logged = drive, RowsDigest(), Stretches()
        self._feed = ReplayFeed(Pages(self.setup.tape, int(self.instrument.market), ahead=True))
        self._feed.pages.expect(-1)  # the first page, beside the engine
        self.loading_note = "loading the engine"
        warm.load()
        self.engine = self.setup.new_engine()
        if self.setup.log:
            self.session_id = self.setup.log.begin(self.setup.provenance())
        opening = self._feed.after_message()
        self._fold_to(opening)
        seeker = Seeker(self.setup.tape, int(self.instrument.market), self.setup.new_engine, opening)
        if self._start_at is not None:
            seeker.aim(Goal("time", self._feed.row_at(self._start_at), self._start_at))
        self._seeker = seeker
        self._seeker.indexer.start()
        self.ready = True

    # --- playing ---

    def pump(self, wall_us: int, budget_us: int) -> None:
        """Fold what the clock has reached, for `budget_us` of wall time at most; or finish a seek that waits."""
        if not self.ready or self.failure:
            return
        clock = self.clock
        flat_out = math.isinf(clock.speed) and not (clock.paused or self.finished or self.seeker.goal)
        self.seeker.indexer.rest(flat_out)  # there are not cores enough for two who read the tape as fast as they can
        with self._stopping():
            if self.seeker.goal:
                now = self.clock.now
                self.clock.advance(wall_us)  # the time that a seek takes is not played
                self.clock.jump(now)
                self._pursue()
            elif not (self.clock.paused and self.position_rows == self._stands_at):
                # more rows may have come in the same µs, but there a step or a seek has stopped
                self._play(wall_us, budget_us)

    def _play(self, wall_us: int, budget_us: int) -> None:
        before = self.clock.now
        target = self.clock.advance(wall_us)
        row = self.rows_total if math.isinf(target) else self.source.row_at(int(target))
        loop = self.loop if self.loop and not self.clock.paused and before < self.loop[1] else None
        loop_row = max(self.source.row_at(loop[1]), self.position_rows) if loop else self.rows_total
        row = min(row, loop_row)
        until = time.perf_counter() + budget_us / 1e6
        step = CHUNK if self.clock.speed == math.inf else SLICE
        while self.position_rows < row and self._fold_to(min(row, self.position_rows + step)):
            if time.perf_counter() >= until:
                break
        if self.position_rows >= row:
            self._fold_to(row, ts=target)
        if self.clock.speed == math.inf and not self.clock.paused:
            self.clock.jump(self.source.status().last_ts)
        if loop and self.position_rows >= loop_row:
            self.seek(loop[0])

    def step(self, unit: Unit) -> None:
        """Fold one whole message, one trade, or up to the next alpha tick; the clock stands there, paused.

        "trigger" seeks the next one (`next_trigger`).
        """
        if unit == "trigger":
            self.next_trigger()
        elif self._may_step():
            from lobterm.engine import state as st

            with self._stopping():
                if unit == "trade":
                    row = self.source.after_trade()
                elif unit == "alpha":
                    row = self.source.after_time(int(self.engine.state.clock[st.ALPHA_DUE]))
                else:
                    row = self.source.after_message()
                self._fold_to(row)
                self._stand()

    def _may_step(self) -> bool:
        """Pause, give up a seek that waits, and say whether there can be a step."""
        if not self.ready or self.failure:
            return False
        self.clock.pause()
        self.cancel_seek()
        return True

    def _stand(self) -> None:
        """Let the clock stand where the engine does."""
        from lobterm.engine import state as st

        self.clock.jump(int(self.engine.state.clock[st.NOW]))
        self._stands_at = self.position_rows

    # --- seeking ---

    def seek(self, ts: int) -> None:
        """Go to a time, µs: rows received by then are folded, and the clock stands there, playing or paused as it was.

        Where the index has been, at once; beyond, `seeking` says how far the index is, and `pump` finishes the seek.
        """
        if self.ready and not self.failure:
            ts = min(max(ts, self.first_ts), self.last_ts)
            with self._stopping():
                self._go("time", self.source.row_at(ts), ts)

    def seek_row(self, row: int) -> None:
        """Go to where `row` rows of the tape are folded; as `seek`."""
        if self.ready and not self.failure:
            with self._stopping():
                self._go("time", row)

    def step_back(self, unit: Unit) -> None:
        """Go back to the last stop of `step` with this unit before here: message, trade, alpha tick or trigger; paused."""
        if unit == "trigger":
            self.prev_trigger()
        elif self._may_step():
            from lobterm.engine import params as pm

            with self._stopping():
                if unit == "trade":
                    row = self.source.before_trade()
                elif unit == "alpha":
                    row = self.source.before_tick(int(self.engine.state.params[pm.ALPHA_TICK_US]))
                else:
                    row = self.source.before_message()
                self._go("step", row)

    def next_trigger(self) -> None:
        """Go to the message after the next trigger, paused; where the index has not found one yet, it is awaited."""
        if self._may_step():
            with self._stopping():
                self._go("trigger", None)

    def prev_trigger(self) -> None:
        """Go to the message after the last trigger before here, paused."""
        if self._may_step():
            row = self.seeker.trigger_before(self.position_rows)
            if row is None:
                self.seeker.note = "no trigger before here"
            else:
                with self._stopping():
                    self._go("trigger", row)

    def set_loop(self, a_ts: int, b_ts: int) -> None:
        """Play from one time to another, µs, again and again: whenever playing reaches the later one, it seeks the earlier."""
        a, b = (min(max(ts, self.first_ts), self.last_ts) for ts in sorted((a_ts, b_ts)))
        if a == b:
            raise ValueError("a loop needs two different times")
        self.loop = a, b

    def clear_loop(self) -> None:
        """Play on at the end of the loop."""
        self.loop = None

    def cancel_seek(self) -> None:
        """Give up a seek that waits; everything stays where it is."""
        if self._seeker:
            self._seeker.goal = None

    def _go(self, what: str, row: int | None, ts: int | None = None) -> None:
        from lobterm.seeking import Goal

        self.seeker.aim(Goal(what, row, ts))
        self._pursue()

    def _pursue(self) -> None:
        """Reach the goal if that is possible by now."""
        goal, at = self.seeker.goal, self.position_rows
        if goal and goal.row is not None and max(goal.row, self.seeker.opening) == at:
            ts = self.source.pages.ts_of(at - 1) if goal.ts is None else goal.ts
            at += self._done > self.overlay.due(at, ts)  # back before what hands did here: that is before this row
        way = self.seeker.way(at)
        if way is None:
            return
        if way.start != at:
            labels = self.seeker.restore(way.start, self.engine)
            if labels is None:  # it has just been let go: the next pump takes an earlier one
                self.seeker.goal = way.goal
                return
            self._move_to(way.start, labels)
        self._fold_to(way.row, ts=way.goal.ts, played=False)
        if way.goal.ts is None:
            self._stand()
        else:
            self.clock.jump(way.goal.ts)

    def _move_to(self, row: int, labels: npt.NDArray[np.void]) -> None:
        """Note that the engine stands at `row` without having been played there."""
        from lobterm.engine import read
        from lobterm.engine import state as st

        now = int(self.engine.state.clock[st.NOW])
        self.moves += 1
        self._labels = [labels]
        self._done = self.overlay.before(row)
        self.source.move_to(row, now)
        bids, asks = read.whole_book(self.engine.state)
        self.history.seek(now, bids, asks, int(self.engine.state.clock[st.ROWS]))

    # --- folding ---

    def _fold_to(self, row: int, *, ts: float | None = None, played: bool = True) -> bool:
        """Hand rows over and fold them until `row`, and what hands did there by `ts` (None: by the time of the last row).

        What is `played` for the first time is logged. Return False if it failed.
        """
        from lobterm.engine import state as st

        with self._stopping():
            while True:
                at, done = self.position_rows, self._done
                item = self.overlay.items[done] if done < len(self.overlay) else None
                here = item is not None and item.offset == at
                if item and here and (at < row or item.ts <= max(ts or 0, self.engine.state.clock[st.NOW])):
                    self._fold_beside(played)
                elif at < row:
                    self._fold_rows(row if item is None else min(row, item.offset), played)
                else:
                    break
        return not self.failure

    def _fold_rows(self, row: int, played: bool) -> None:
        """Fold rows of the tape up to `row`, or fewer."""
        at, done = self.position_rows, self._done
        stop, new = self._logged.run(at + done, row + done)
        events = self.source.hand_over(stop - done, CHUNK) if played else self.source.pass_by(stop - done)
        self.history.events(events, at)
        for rows in self._drive.fold(self.engine, events):
            self._keep(rows, logged=played and new)
        if played and new:
            self._logged.add(at + done, at + done + len(events))

    def _fold_beside(self, played: bool) -> None:
        """Fold the next item of the overlay."""
        woven = self._woven
        events, (_, new) = self.overlay.event(self._done), self._logged.run(woven, woven + 1)
        self.history.events(events, self.position_rows)
        for rows in self._drive.fold_beside(self.engine, events):
            self._keep(rows, logged=played and new)
        if played and new:
            self._logged.add(woven, woven + 1)
        self._done += 1

    @property
    def _woven(self) -> int:
        """Return how many rows of tape and overlay were folded."""
        return self.position_rows + self._done

    # --- by hand ---

    def act(self, *asks: Ask) -> None:
        """Put rows of one's own before the next message and fold them; raise InputError where that cannot be."""
        from lobterm.engine import state as st
        from lobterm.tape.overlay import Item

        self.may_act()
        self.cancel_seek()
        pages = self.source.pages
        self._fold_to(pages.message_end_after(self.position_rows - 1))  # inside a message there is no book to act on
        if self.finished or self.failure:
            raise InputError(self.failure or "the tape is at its end: nothing would come of it")
        at, now = self.position_rows, max(self.clock.now, int(self.engine.state.clock[st.NOW]))
        ts = min(now, pages.ts_of(at))
        self.overlay.put(self._done, *(Item(at, ts, int(a.kind), a.side, a.seq, a.px, a.qty) for a in asks))
        self._overlay_changed()
        with self._stopping():
            for _ in asks:
                self._fold_beside(True)

    def drop_later(self) -> int:
        """Take what hands did later than here out of the session; return how many items that were."""
        self.may_act()
        self.cancel_seek()
        later = len(self.overlay) - self._done
        if later:
            self.overlay.cut(self._done)
            self._overlay_changed()
        return later

    def _overlay_changed(self) -> None:
        """Let index and log know that from here on this is another run."""
        from lobterm.engine.digest import RowsDigest
        from lobterm.session.stretches import Stretches

        self.seeker.again(self.position_rows, self.overlay)
        log = self.setup.log
        if self._logged.end > self._woven:
            if log:
                self._end_log()
                before = self.session_id
                self.session_id = log.begin(self.setup.provenance() | {"branch_of": before, "branch_row": self._woven})
            self._digest, self._logged = RowsDigest(), Stretches()
        if log:
            log.overlay(self.overlay.items)

    @contextlib.contextmanager
    def _stopping(self) -> Iterator[None]:
        """Stop at an error: the screen must say why, rather than die with the last good picture."""
        try:
            yield
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}"

    def _keep(self, rows: Rows, *, logged: bool) -> None:
        if len(rows["labels"]):
            self._labels.append(rows["labels"][-LABELS_KEPT:])
            if len(self._labels) > 64:
                self._labels = [np.concatenate(self._labels)[-LABELS_KEPT:]]
        self.history.rows(rows)
        if self.setup.log and logged:
            self._digest.add(rows)
            self.setup.log.write(rows)

    # --- the end ---

    def close(self) -> None:
        """End the session: what was logged so far is kept."""
        if self._seeker:
            self._seeker.indexer.stop()
        if self.setup.log and self.ready:
            closed = not self.failure and self._logged.ends_at(self._woven)
            if closed:
                for rows in self._drive.finish(self.engine):
                    self._keep(rows, logged=True)
            self._end_log(self._woven if closed else None)
        if self._feed:
            self._feed.stop()

    def _end_log(self, closed_at: int | None = None) -> None:
        """End the session in the log; `closed_at`: where the markouts that waited were given out."""
        if self.setup.log:
            self.setup.log.end(
                {
                    "rows": self.position_rows,
                    "events": self.rows_total + len(self.overlay),
                    "stretches": self._logged.to_json(),
                    "stood_ts_us": self.clock.now,
                    "overlay": len(self.overlay),
                    "closed_at": closed_at,
                    "rows_sha256": self._digest.hexdigest(),
                    "failure": self.failure,
                }
            )
