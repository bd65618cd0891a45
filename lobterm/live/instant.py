"""Instant replay: what a live market has just been, under a clock of its own, while the market itself goes on.

A second engine folds rows that the live one has folded already, from a state that the live one was in; so it says what that
said, to the bit. Nothing of it is logged or recorded, and nothing in it reaches the live engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lobterm.engine.rows import LABEL
from lobterm.errors import InputError
from lobterm.events import EventArray, Kind
from lobterm.runs import Setup
from lobterm.runtime import Replay
from lobterm.tape.parquet import Tape, TapeMeta
from lobterm.view import format as fmt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lobterm.engine.drive import Engine
    from lobterm.live.held import Frozen
    from lobterm.live.market import LiveMarket
    from lobterm.live.setup import LiveSetup
    from lobterm.tape.room import Room
    from lobterm.view.console import Logged
    from lobterm.view.history import History


class HeldTape(Tape):
    """Rows in memory, read like a tape on disk; they are counted from the first one that is held."""

    def __init__(self, meta: TapeMeta, pages: tuple[EventArray, ...]) -> None:
        self.path, self.meta, self._pages = Path(), meta, pages

    def group_starts(self) -> npt.NDArray[np.int64]:
        """Return the row at which each piece begins, and the number of rows."""
        return np.concatenate([[0], np.cumsum([len(page) for page in self._pages], dtype=np.int64)])

    def group_times(self) -> npt.NDArray[np.int64]:
        """Return the first and the last `ts` of each piece, shape (pieces, 2)."""
        return np.array([(page["ts"][0], page["ts"][-1]) for page in self._pages], np.int64)

    def group(self, group: int, last: int, room: Room | None = None) -> EventArray:
        """Return the rows of one piece."""
        return self._pages[group]

    def chunks(self) -> Iterator[EventArray]:
        """Yield the rows by piece."""
        yield from self._pages

    def again(self) -> Tape:
        """Return the same rows: nobody writes to them."""
        return self

    def read(self) -> EventArray:
        """Return all rows."""
        return np.concatenate(self._pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstantSetup(Setup):
    """Held rows as a tape, and an engine that stands before the first of them."""

    frozen: Frozen
    fresh: Callable[[], Engine]
    """Gives an engine before its first row, as the live one was."""

    def new_engine(self) -> Engine:
        """Return an engine before the first row that is held."""
        engine = self.fresh()
        engine.state = self.frozen.begin(engine.state, self.frozen.oldest)
        return engine

    def source_note(self) -> str:
        """Say how far back it goes."""
        return f"back to {fmt.clock(self.tape.meta.first_ts_us)[:8]}"


def held_tape(market: LiveMarket, frozen: Frozen) -> HeldTape:
    """Return the rows that are held of a market as a tape."""
    perp, pages = market.channel.listing.perp, frozen.pages
    source = {int(perp.market): str(market.channel.source.source or "none")}
    trades = sum(int(np.count_nonzero(page["kind"] == Kind.TRADE)) for page in pages)
    meta = TapeMeta(
        (perp,), {}, {int(perp.market): "touch"}, source, sum(map(len, pages)), trades,
        int(pages[0]["ts"][0]), int(pages[-1]["ts"][-1]), sha256="",
    )  # fmt: skip
    return HeldTape(meta, pages)


class Instant(Replay):
    """What a live market has been up to the moment at which this was made; it stands at its end, paused."""

    mode = "INSTANT REPLAY"

    def __init__(self, setup: InstantSetup, past: History, logged: Logged | None) -> None:
        """`past`: what the screens knew at that moment; nobody else may go on writing to it. `logged`: the live session."""
        super().__init__(setup, warmed=lambda: None)
        self._frozen, self._past, self._logged_live = setup.frozen, past, logged

    @property
    def logged(self) -> Logged | None:
        """Say where the live session is logged, None where it is not: this is no session of its own."""
        return self._logged_live

    def may_act(self) -> None:
        """Refuse: nobody shall believe that he trades a market that he is not looking at."""
        raise InputError("nothing can be done to what has been", mend="i goes back to now")

    def load(self) -> None:
        """Load the engines and stand at the newest row; as `Replay.load`."""
        super().load()
        with self._stopping():
            self.history = self._past.copy()
            newest = self._frozen.newest
            self.engine.state = self._frozen.begin(self.engine.state, newest)
            self.engine.out.n[:] = 0
            self._move_to(newest.row - self._frozen.oldest.row, np.zeros(0, LABEL))
            self._fold_to(self.rows_total, played=False)
            self._stand()

    @property
    def finished(self) -> bool:
        """Say whether playing has come to the end; it stands there paused too, as at any other moment."""
        return super().finished and not self.clock.paused

    def _move_to(self, row: int, labels: npt.NDArray[np.void]) -> None:
        """As `Replay`, but with all of the past that the live market knew, however far one has gone back before."""
        if row > self.position_rows:
            self.history = self._past.copy()
        super()._move_to(row, labels)


def freeze(market: LiveMarket, setup: LiveSetup, logged: Logged | None) -> Instant | None:
    """Return a market's instant replay as of now, not loaded yet; None if nothing has come."""
    frozen = market.held.frozen()
    if frozen is None:
        return None
    tape = held_tape(market, frozen)
    fresh = partial(setup.new_engine, market.channel.listing)
    model = setup.model_of(market.channel.listing.perp.symbol)
    made = InstantSetup(tape, setup.config, model, frozen=frozen, fresh=fresh)
    return Instant(made, market.history.copy(frozen.oldest.row), logged)
