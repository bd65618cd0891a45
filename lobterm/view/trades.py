"""The tape's picture: the last trades, newest first, with their cluster or the reason for having none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lobterm.engine.rows import Label, Why
from lobterm.view import format as fmt
from lobterm.view.models import TradeRow
from lobterm.view.scale import full_scale

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from lobterm.instrument import Instrument

SIZE_CELLS = 8
REASONS = {
    Why.NONE: "",
    Why.NO_MODEL: "no model",
    Why.NO_BOOK: "no book",
    Why.NO_CLOCK: "no clock",
    Why.WARM_UP: "warm-up",
    Why.FLAT: "flat",
}
"""Why a trade is unclassified, in a word or two."""


def trades(labels: npt.NDArray[np.void], instrument: Instrument) -> tuple[TradeRow, ...]:
    """Return `labels` (oldest first) as rows, newest first."""
    if not len(labels):
        return ()
    columns = [labels[name][::-1].tolist() for name in ("ts", "side", "px", "qty", "label", "why")]
    full_lots = full_scale(max(columns[3]) * instrument.lot) / instrument.lot
    size = fmt.sizes(instrument, SIZE_CELLS)
    prices = list(map(fmt.prices(instrument), columns[2]))
    cells = max(map(len, prices))
    return tuple(
        TradeRow(
            time=fmt.clock(ts),
            side=side,
            price=price.rjust(cells),
            size=size(qty).rjust(SIZE_CELLS),
            size_share=qty / full_lots,
            label=Label(label),
            why=REASONS[Why(why)] if label == Label.UNCLASSIFIED else "",
        )
        for ts, side, qty, label, why, price in zip(*columns[:2], *columns[3:], prices, strict=True)
    )
