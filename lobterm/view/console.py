"""What a screen may ask of a running market: the one seam between the console and what drives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from lobterm.clock import ReplayClock
    from lobterm.engine.read import Snapshot
    from lobterm.instrument import Instrument
    from lobterm.view.history import History

Unit = Literal["event", "trade", "alpha"]
"""How far one step goes."""


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

    def snapshot(self, depth: int) -> Snapshot:
        """Return the engine's picture with up to `depth` levels a side."""

    @property
    def history(self) -> History:
        """Return what has been so far."""

    def close(self) -> None:
        """End the session; everything so far is kept."""
