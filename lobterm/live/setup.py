"""What a live session is made of, and what the session log keeps about it, so that it can be run again from its recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lobterm import __version__
from lobterm.engine.params import BY_KEY, FILL_RULE
from lobterm.feeds.binance.listing import Listing

if TYPE_CHECKING:
    from lobterm.config import Config
    from lobterm.engine.drive import Engine
    from lobterm.feeds.binance.addresses import Bases
    from lobterm.feeds.binance.feed import Daily
    from lobterm.models.model import ClusterModel

ROWS = 16_384
"""Output rows of each table that the engine has room for between two looks of a screen."""


@dataclass(frozen=True, slots=True)
class LiveSetup:
    """What a person asked for. `log`, `recordings` and `status` are None for none."""

    symbols: tuple[str, ...]
    config: Config
    model: ClusterModel | None
    bases: Bases
    spot: bool = True
    log: Path | None = None
    recordings: Path | None = None
    resume: bool = False
    """Whether to go on with the paper account of each symbol's newest recording; else afresh, flat and at nothing."""
    models: Mapping[str, ClusterModel] = field(default_factory=dict)  # by symbol, where there is no `model` for all
    daily: Daily | None = None  # what a new UTC day changes; a running engine has the one model it was started with
    status: Path | None = None  # the folder in which the session tells once a second how it is

    def model_of(self, symbol: str) -> ClusterModel | None:
        """Return the model that judges a symbol's trades, None for none."""
        return self.model or self.models.get(symbol)

    def new_engine(self, listing: Listing) -> Engine:
        """Return an engine before its first row."""
        from lobterm.engine import drive

        model = self.model_of(listing.perp.symbol)
        centroids, roles = model.engine_arrays() if model else (None, None)
        params = self.config.params(listing.perp.symbol)
        return drive.start(listing.perp, params, centroids, roles, capacity=ROWS)

    def provenance(self, listing: Listing) -> dict[str, Any]:
        """Return what the session log keeps about the run of one symbol."""
        symbol = listing.perp.symbol
        params, model = self.config.params(symbol), self.model_of(symbol)
        return {
            "live": True,
            "instrument": listing.perp.to_json(),
            "spot": None if listing.spot is None else listing.spot.to_json(),
            "recording": None if self.recordings is None else str(self.recordings.absolute()),
            "exchange": {"ws": self.bases.perp_ws, "rest": self.bases.perp_rest},
            "params": params.tolist(),
            "origins": {
                key: layer
                for key in BY_KEY
                if (layer := self.config.origin(symbol, key)) not in ("built in", "defaults")
            },
            "model": None if model is None else model.to_json(),
            "model_sha256": None if model is None else model.sha256,
            "fill_rule": BY_KEY["matching.rule"].choices[int(params[FILL_RULE])],
            "versions": {"lobterm": __version__},
        }
