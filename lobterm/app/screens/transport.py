"""The keys of the transport: play, speed, steps both ways, triggers, jumps, times, loops and bookmarks, on every screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.screen import Screen

from lobterm.app.bookmarks import LONGEST_NOTE
from lobterm.app.screens.ask import AskScreen, ChooseScreen
from lobterm.app.shell import Shell
from lobterm.errors import InputError
from lobterm.view import format as fmt
from lobterm.view.console import seekable
from lobterm.view.moment import LONGEST, moment
from widgets.timeline import TimelineWidget

if TYPE_CHECKING:
    from lobterm.view.console import Console, Seekable, Unit
    from lobterm.view.timeline import TimelineView

NO_TRANSPORT = (
    "A live market has no transport: it cannot be paused, hurried, stepped or sought in; i replays what has been."
)
NO_BOOKMARKS = (
    "Bookmarks are kept by tape, and a market that runs, or has just been, is none yet: lobterm tape import makes one of its "
    "recording."
)


class TransportScreen(Screen[None], inherit_bindings=False):
    """What a screen of one market does on the keys of the transport."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.shell = shell
        self.last_timeline: TimelineView | None = None

    @property
    def market(self) -> Console:
        """Return the market that is shown: it may be what the running one has been."""
        return self.shell.market

    def paint(self) -> None:
        """Show the market as it is now."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Show all of it anew, what is painted seldom too."""
        self.paint()

    def say(self, words: str) -> None:
        """Say something for a moment; it takes the place of what was said before."""
        self.app.clear_notifications()
        self.notify(words, timeout=4, markup=False)

    def tape(self) -> Seekable | None:
        """Return the market as one that has a transport, or None and say so; None too while there is no engine."""
        found = seekable(self.market)
        if found is None:
            self.say(NO_TRANSPORT)
            return None
        return found if found.ready and not found.failure else None

    def action_toggle_play(self) -> None:
        """Play or pause; while the engine loads there is nothing to do either with."""
        if self.tape():
            self.market.clock.toggle()
        self.repaint()

    def action_step(self, unit: str) -> None:
        """Fold one unit more and stand there."""
        if found := self.tape():
            found.step(cast("Unit", unit))
        self.repaint()

    def action_step_back(self, unit: str) -> None:
        """Stand where the last step of this unit would have stopped."""
        if found := self.tape():
            found.step_back(cast("Unit", unit))
        self.repaint()

    def action_next_trigger(self) -> None:
        """Go to just after the next trigger."""
        if found := self.tape():
            found.next_trigger()
        self.repaint()

    def action_prev_trigger(self) -> None:
        """Go to just after the last trigger before here."""
        if found := self.tape():
            found.prev_trigger()
        self.repaint()

    def action_jump(self, seconds: int) -> None:
        """Go so many seconds on, or back."""
        if found := self.tape():
            found.seek(found.clock.now + seconds * 1_000_000)
        self.repaint()

    def action_cancel_seek(self) -> None:
        """Give up a seek that waits."""
        if (found := seekable(self.market)) and found.seeking:
            found.cancel_seek()
        self.repaint()

    def _speed(self, change: str) -> None:
        if seekable(self.market) is None:
            self.say(NO_TRANSPORT)
        elif change in ("faster", "slower"):
            getattr(self.market.clock, change)()
        else:
            self.market.clock.speed = float(change)
        self.repaint()

    def action_faster(self) -> None:
        """Go to the next higher speed."""
        self._speed("faster")

    def action_slower(self) -> None:
        """Go to the next lower speed."""
        self._speed("slower")

    def action_real_time(self) -> None:
        """Go at the speed of the market."""
        self._speed("1")

    def action_max_speed(self) -> None:
        """Go as fast as the engine folds."""
        self._speed("inf")

    def action_go_to(self) -> None:
        """Ask for a time and go there."""
        if found := self.tape():
            clock = found.clock
            ends = f"{fmt.clock(clock.first_ts)[:8]} to {fmt.clock(clock.last_ts)[:8]} {fmt.zone(clock.now)}"

            def go(text: str) -> None:
                if text:
                    found.seek(moment(text, clock.first_ts, clock.last_ts, "time", local=fmt.is_local()))

            self.app.push_screen(AskScreen(f"Go to a time, {ends}", fmt.clock(clock.now)[:8], go, LONGEST))

    def action_loop_from(self) -> None:
        """Let a loop begin here."""
        if found := self.tape():
            self.shell.loop_from = found.clock.now
            self.say(f"Loop from {fmt.clock(found.clock.now)}: ) sets its other end")
        self.repaint()

    def action_loop_to(self) -> None:
        """Let the loop end here."""
        if found := self.tape():
            start = self.shell.loop_from
            if start is None:
                self.say("A loop begins with ( somewhere else")
            else:
                try:
                    found.set_loop(start, found.clock.now)
                except ValueError as error:
                    self.say(str(error))
        self.repaint()

    def action_clear_loop(self) -> None:
        """Play on at the end of the loop."""
        if found := self.tape():
            found.clear_loop()
            self.shell.loop_from = None
        self.repaint()

    def action_toggle_zone(self) -> None:
        """Tell every time by UTC, or by this machine's zone."""
        fmt.use_local(not fmt.is_local())
        self.say(f"Times are told by {fmt.zone(self.market.clock.now)}")
        self.repaint()

    def action_bookmark(self) -> None:
        """Ask for a note and keep it with the time."""
        marks = self.shell.bookmarks
        if marks is None:
            self.say(NO_BOOKMARKS)
        elif found := self.tape():
            now = found.clock.now

            def keep(note: str) -> None:
                marks.put(now, note)

            self.app.push_screen(AskScreen(f"Bookmark at {fmt.clock(now)}", "a note, or none", keep, LONGEST_NOTE))

    def action_bookmarks(self) -> None:
        """Show the bookmarks: one of them may be gone to, or removed."""
        marks = self.shell.bookmarks
        if marks is None or not marks.all:
            self.say(NO_BOOKMARKS if marks is None else "No bookmark yet: b sets one")
        elif found := self.tape():

            def remove(line: int) -> None:
                try:
                    marks.remove(marks.all[line].ts_us)
                except InputError as error:
                    self.say(str(error))

            lines = [f"{fmt.clock(mark.ts_us)}  {fmt.printable(mark.note)}" for mark in marks.all]
            self.app.push_screen(
                ChooseScreen(
                    "Bookmarks: enter goes there, x removes", lines, lambda i: found.seek(marks.all[i].ts_us), remove
                )
            )

    def on_timeline_widget_sought(self, event: TimelineWidget.Sought) -> None:
        """Go where the timeline was clicked."""
        if self.last_timeline and (found := self.tape()):
            found.seek(self.last_timeline.moment(event.column))
        self.repaint()
