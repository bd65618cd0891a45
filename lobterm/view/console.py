"""What a screen may ask of a running market: the one seam between the console and what drives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, cast

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from lobterm.clock import ReplayClock
    from lobterm.engine.read import Glance, Snapshot
    from lobterm.engine.rows import Strategy
    from lobterm.instrument import Instrument
    from lobterm.tape.timeline import Overview
    from lobterm.view.history import History
    from lobterm.view.what_if import Playing


class Logged(NamedTuple):
    """Where a session is logged: the log's file, and the session's id in it."""

    path: Path
    session_id: str


Unit = Literal["event", "trade", "alpha", "trigger"]
"""How far one step goes."""


class Seeking(Struct, frozen=True):
    """A seek that waits for the index of the tape to come by."""

    done_rows: int
    of_rows: int  # for a trigger, which may be anywhere, the whole tape
    what: str  # "time", "trigger" or "step"


class Console(Protocol):
    """A market under a clock. `snapshot` and `step` are asked for only while `ready`."""

    @property
    def symbol(self) -> str:
        """Return the symbol as the exchange writes it."""

    @property
    def mode(self) -> str:
        """Return REPLAY or LIVE."""

    @property
    def instrument(self) -> Instrument:
        """Return the market that is traded."""

    @property
    def source_note(self) -> str:
        """Say where touch and trades come from."""

    @property
    def rows_total(self) -> int:
        """Return how many rows the tape has."""

    @property
    def clock(self) -> ReplayClock:
        """Return the clock that the transport keys act on."""

    @property
    def ready(self) -> bool:
        """Say whether the engine is loaded."""

    @property
    def loading_note(self) -> str:
        """Say what `load` is busy with."""

    @property
    def finished(self) -> bool:
        """Say whether the tape is at its end."""

    @property
    def position_rows(self) -> int:
        """Return how many rows were folded."""

    @property
    def lag_us(self) -> int:
        """Return how far the engine is behind the clock; 0 when every row that is due has been folded."""

    @property
    def gaps(self) -> int:
        """Return how many gaps were met."""

    @property
    def failure(self) -> str:
        """Say why the engine stopped, or nothing."""

    def load(self) -> None:
        """Load the engine; blocks, so it is called in a thread."""

    def pump(self, wall_us: int, budget_us: int) -> None:
        """Fold what is due, for `budget_us` of wall time at most."""

    def step(self, unit: Unit) -> None:
        """Pause and fold one unit more."""

    def glance(self, depth: int) -> Glance:
        """Return what is looked at at every frame, with up to `depth` levels a side."""

    def snapshot(self, depth: int) -> Snapshot:
        """Return the engine's picture with up to `depth` levels a side."""

    @property
    def history(self) -> History:
        """Return what has been so far."""

    @property
    def logged(self) -> Logged | None:
        """Say where the session on the screen is logged, None where it is not."""

    def close(self) -> None:
        """End the session; everything so far is kept."""

    @property
    def start_params(self) -> npt.NDArray[np.float64]:
        """Return the parameter vector that the session began with."""

    def origin(self, key: str) -> str:
        """Return which layer of the configuration a parameter's first value came from."""

    def set_param(self, key: str, value: float) -> None:
        """Turn a parameter from here on. This and what follows raise InputError, in words, for what cannot be asked."""

    def place(self, side: Literal[1, -1], px_ticks: int, qty_lots: int) -> None:
        """Send a paper order; price 0 takes at market."""

    def cancel(self, side: Literal[1, 0, -1] = 0, px_ticks: int = 0) -> None:
        """Pull one's own orders: at a price, or all where it is 0."""

    def move(self, order_id: int, px_ticks: int) -> None:
        """Send what is left of one's own order at another price."""

    def flatten(self, strategy: Strategy) -> None:
        """Pull a strategy's orders and take out what it holds."""

    def arm(self, strategy: Strategy, on: bool) -> None:
        """Let a ladder quote, or rest."""

    def reset(self, strategy: Strategy) -> None:
        """Let a strategy's ledger begin anew."""


def seekable(console: Console) -> Seekable | None:
    """Return the market as one that may be sought in, or None: a live one has no other place to go to."""
    return cast("Seekable", console) if hasattr(console, "seek") else None


def freezable(console: Console) -> Freezable | None:
    """Return the market as one that can be frozen for an instant replay, or None: a tape needs no such thing."""
    return cast("Freezable", console) if hasattr(console, "freeze") else None


class Freezable(Console, Protocol):
    """A market that happens now, and of which what has just been can be replayed meanwhile."""

    def freeze(self) -> Seekable | None:
        """Return what has just been, not loaded yet, independent of what comes; None if nothing has."""


def comparable(console: Console) -> Seekable | None:
    """Return the market as one that can be played on in two ways, or None: a live one's future is not there yet."""
    return cast("Seekable", console) if hasattr(console, "what_if") else None


class Seekable(Console, Protocol):
    """A market that is wholly there already: one may go anywhere on it. Before `ready`, seeks and steps do nothing."""

    loop: tuple[int, int] | None
    """Times, µs, between which playing goes round; None for none."""

    @property
    def moves(self) -> int:
        """Return how often the position has changed otherwise than by playing on: what was gathered over time starts anew."""

    def seek(self, ts: int) -> None:
        """Go to a time, µs, playing or paused as it was; beyond the index it is `seeking` until a `pump` gets there."""

    def seek_row(self, row: int) -> None:
        """Go to where `row` rows are folded."""

    def step_back(self, unit: Unit) -> None:
        """Pause, and go back to where the last step of this unit would have stopped."""

    def next_trigger(self) -> None:
        """Pause, and go to just after the next trigger, which may have to be sought."""

    def prev_trigger(self) -> None:
        """Pause, and go to just after the last trigger before here."""

    @property
    def seeking(self) -> Seeking | None:
        """Return how far a seek that waits has come, None while there is none."""

    @property
    def seek_note(self) -> str:
        """Say why the last seek led nowhere, or nothing."""

    def cancel_seek(self) -> None:
        """Give up a seek that waits."""

    def set_loop(self, a_ts: int, b_ts: int) -> None:
        """Play between two times, µs, again and again; raise ValueError if they are one."""

    def clear_loop(self) -> None:
        """Play on at the end of the loop."""

    @property
    def indexed_rows(self) -> int:
        """Return how many rows of the tape are indexed so far."""

    def overview(self, columns: int) -> Overview:
        """Return pressure, states, triggers and gaps of the whole tape, as far as it is indexed, in parts of equal time."""

    @property
    def later_items(self) -> int:
        """Return how many changes and orders by hand lie behind here, from having been there before."""

    def drop_later(self) -> int:
        """Take them out of the session; return how many they were."""

    def what_if(self, until_ts: int | None = None) -> Playing:
        """Play on from here with the parameters of the start and with those now; raise InputError if they are the same."""


class Followed(Protocol):
    """One symbol that is followed, whether it is on the screen or not."""

    @property
    def symbol(self) -> str:
        """Return the symbol as the exchange writes it."""

    @property
    def instrument(self) -> Instrument:
        """Return the market that is traded."""

    @property
    def lag_us(self) -> int:
        """Return how far its engine is behind what has come."""

    @property
    def failure(self) -> str:
        """Say why this symbol stopped, or nothing."""

    def snapshot(self, depth: int) -> Snapshot:
        """Return the engine's picture with up to `depth` levels a side."""

    @property
    def history(self) -> History:
        """Return what has been so far."""


class Several(Console, Protocol):
    """A session of some symbols: one of them is on the screen, and `failure` is that one's; all are followed and logged."""

    @property
    def followed(self) -> Sequence[Followed]:
        """Return every symbol, in the order in which they were asked for; none before `ready`."""

    @property
    def shown_at(self) -> int:
        """Return which of them is on the screen."""

    @property
    def stopped(self) -> str:
        """Say why nothing goes on any more, or nothing: a symbol that stops alone stops no other."""

    def show(self, at: int) -> None:
        """Put one of them on the screen."""


def several(console: Console) -> Several | None:
    """Return the market as a session of some symbols, or None: a replay has the one of its tape."""
    return cast("Several", console) if hasattr(console, "followed") else None


def followed(console: Console) -> Sequence[Followed]:
    """Return every symbol that is followed: those of the session, or the one that there is, pictures of it once it is `ready`."""
    found = several(console)
    if found is not None:
        return found.followed
    return (console,)
