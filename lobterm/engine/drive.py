"""Drive the engine from Python: fold arrays of events, hand out the rows, make room where it asks.

What: the thin side of `fold`; it holds the state and the output tables and copies finished rows out.
Seeds: DESIGN §2.
Units: as in rows.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lobterm.engine import book as bk
from lobterm.engine import fold as fd
from lobterm.engine import markouts
from lobterm.engine import state as st
from lobterm.engine.rows import TABLES
from lobterm.events import EventArray
from lobterm.instrument import Instrument

Rows = dict[str, npt.NDArray[np.void]]
"""Output rows by table name, in the order of rows.TABLES."""


class Engine:
    """A state, its output tables, and nothing else."""

    def __init__(self, state: st.State, capacity: int = 65_536) -> None:
        self.state = state
        self.out = st.new_out(max(capacity, 4 * fd.ROOM))

    def drain(self) -> Rows:
        """Return copies of the rows written since the last drain."""
        rows = {name: _copied(getattr(self.out, name)[: self.out.n[i]]) for i, name in enumerate(TABLES)}
        self.out.n[:] = 0
        return rows


def _copied(table: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Return a copy of rows, as bytes: numpy copies records with padding field by field, ten times slower."""
    return table.view(f"V{table.dtype.itemsize}").copy().view(table.dtype) if len(table) else table.copy()


def start(
    instrument: Instrument,
    params: npt.NDArray[np.float64],
    centroids: npt.NDArray[np.float64] | None = None,
    roles: npt.NDArray[np.uint8] | None = None,
    *,
    capacity: int = 65_536,
) -> Engine:
    """Return an engine before its first row. `centroids` (k, 6) and `roles` (k,) are one model, or a table of them."""
    if centroids is not None and roles is not None and centroids.ndim == 2:
        centroids, roles = centroids[None], roles[None]
    return Engine(st.new_state(instrument, params, centroids, roles), capacity)


def fold(engine: Engine, events: EventArray) -> Iterator[Rows]:
    """Fold all `events`, yielding rows whenever a table is full and once at the end."""
    at = 0
    while True:
        at, why = fd.fold(engine.state, events, at, len(events), engine.out)
        if why == fd.GROW:
            engine.state = engine.state._replace(book=bk.grow(engine.state.book))
            continue
        yield engine.drain()
        if why == fd.DONE:
            return


def fold_beside(engine: Engine, event: EventArray) -> Iterator[Rows]:
    """Fold one row that is no row of the tape: it does not count, so that offsets in output rows stay the tape's."""
    counted = int(engine.state.clock[st.ROWS])
    yield from fold(engine, event)
    engine.state.clock[st.ROWS] = counted


def finish(engine: Engine) -> Iterator[Rows]:
    """End the session: yield the markouts that still wait, horizons after the last row unknown. Fold nothing afterwards."""
    s, out = engine.state, engine.out
    mid2 = int(s.clock[st.MID2]) if s.clock[st.BOOK_KNOWN] else 0
    markouts.finish(s.waiting, s.waiting_cursor, int(s.clock[st.NOW]), mid2)
    given = False
    while not given:
        given = markouts.give_out(s.waiting, s.waiting_cursor, out.markouts, out.n, st.MARKOUTS)
        yield engine.drain()
