"""What a screen may ask of a replay: where it stands, what the engine sees, what the index knows, what would have been.

Nothing here moves anything: playing, seeking and hands are `runtime.Replay`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lobterm.errors import InputError, LobtermError
from lobterm.hands import Hands
from lobterm.instrument import Instrument
from lobterm.view.console import Logged, Seeking

if TYPE_CHECKING:
    from lobterm.clock import ReplayClock
    from lobterm.engine.drive import Engine
    from lobterm.engine.read import Glance, Snapshot
    from lobterm.feeds.replay import ReplayFeed
    from lobterm.runs import Setup
    from lobterm.seeking import Seeker
    from lobterm.tape.overlay import Overlay
    from lobterm.tape.timeline import Overview
    from lobterm.what_if import WhatIf


class Asked(Hands):
    """A tape that is played, as far as it is only looked at."""

    setup: Setup
    symbol: str
    clock: ReplayClock
    engine: Engine
    overlay: Overlay
    session_id: str
    ready: bool
    failure: str
    rows_total: int
    _feed: ReplayFeed | None
    _seeker: Seeker | None
    _labels: list[npt.NDArray[np.void]]
    _done: int

    @property
    def instrument(self) -> Instrument:
        """Return the market that is traded."""
        return self.setup.instrument

    @property
    def start_params(self) -> npt.NDArray[np.float64]:
        """Return the parameter vector that the session began with."""
        return self.setup.params

    def origin(self, key: str) -> str:
        """Return which layer of the configuration a parameter's first value came from."""
        return self.setup.config.origin(self.symbol, key)

    def what_if(self, until_ts: int | None = None) -> WhatIf:
        """Make ready to play on from here twice, without and with what hands turned; raise InputError if nothing was.

        `until_ts`: how far, None for the end of the tape.
        """
        from lobterm.events import Kind
        from lobterm.tape.pages import Pages
        from lobterm.what_if import WhatIf

        self.may_act()
        begun, start_params = self.engine.state.params.copy(), self.start_params
        turned = [item.qty for item in self.overlay.items[: self._done] if item.kind == Kind.PARAM]
        begun[turned] = start_params[turned]  # what the tape itself turned stays
        market, start = int(self.instrument.market), self.position_rows
        stop = self.rows_total if until_ts is None else self.source.row_at(until_ts)
        pages = Pages(self.setup.tape.again(), market)
        return WhatIf(self.engine.state, begun, pages, start, stop, market)

    def glance(self, depth: int) -> Glance:
        """Return what is looked at at every frame, with up to `depth` levels a side."""
        from lobterm.engine import read

        return read.glance(self.engine.state, depth)

    def snapshot(self, depth: int) -> Snapshot:
        """Return the engine's picture with up to `depth` levels a side."""
        from lobterm.engine import read

        return read.snapshot(self.engine.state, depth)

    def labels(self, n: int) -> npt.NDArray[np.void]:
        """Return the last `n` LABEL rows, oldest first."""
        from lobterm.engine.rows import LABEL

        if not self._labels:
            return np.zeros(0, LABEL)
        return np.concatenate(self._labels)[-n:]

    def overview(self, columns: int) -> Overview:
        """Return pressure, states, triggers and gaps of the whole tape as far as it is indexed, in `columns` parts of time."""
        return self.seeker.overview(columns)

    @property
    def indexed_rows(self) -> int:
        """Return how many rows of the tape are indexed."""
        return self._seeker.indexer.rows if self._seeker else 0

    @property
    def seeker(self) -> Seeker:
        """Return the index of the tape; there is none before `load`."""
        if self._seeker is None:
            raise LobtermError("the replay is not loaded")
        return self._seeker

    @property
    def source(self) -> ReplayFeed:
        """Return the tape as a feed; there is none before `load`."""
        if self._feed is None:
            raise LobtermError("the replay is not loaded")
        return self._feed

    @property
    def position_rows(self) -> int:
        """Return how many rows of the tape were folded."""
        return self._feed.at if self._feed else 0

    @property
    def finished(self) -> bool:
        """Say whether the tape is at its end."""
        return self.position_rows >= self.rows_total

    @property
    def logged(self) -> Logged | None:
        """Say where the session is logged, None where it is not, or not yet."""
        return Logged(self.setup.log.path, self.session_id) if self.setup.log and self.ready else None

    @property
    def lag_us(self) -> int:
        """Return how far the engine is behind the clock; 0 when every row that is due has been folded."""
        if not self.ready or self.failure or self.position_rows >= self.source.row_at(self.clock.now):
            return 0
        return max(0, self.clock.now - self.source.status().last_ts)

    @property
    def gaps(self) -> int:
        """Return how many gaps were met so far."""
        from lobterm.engine import state as st

        return int(self.engine.state.counts[st.GAPS]) if self.ready else 0

    @property
    def seeking(self) -> Seeking | None:
        """Return how far a seek is that waits for the index; None while there is none."""
        return self._seeker.progress if self._seeker else None

    @property
    def seek_note(self) -> str:
        """Say why the last seek led nowhere, or nothing."""
        return self._seeker.note if self._seeker else ""

    @property
    def later_items(self) -> int:
        """Return how many changes and orders lie behind here, from having been there before."""
        return len(self.overlay) - self._done if self.ready else 0

    def may_act(self) -> None:
        """Raise InputError while hands can do nothing."""
        if not self.ready or self.failure:
            raise InputError(self.failure or "the engine is not loaded yet")
