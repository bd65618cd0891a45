"""What a run over a tape is made of: the tape, the configuration, the model, the log; and what is kept of that with its rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lobterm import __version__
from lobterm.engine.params import BY_KEY, FILL_RULE
from lobterm.instrument import Instrument

if TYPE_CHECKING:
    from lobterm.config import Config
    from lobterm.engine.drive import Engine
    from lobterm.models.model import ClusterModel
    from lobterm.session.log import SessionLog
    from lobterm.tape.parquet import Tape

CHUNK = 65_536
"""Rows that are handed over or folded at once, at most."""
FILL_RULES = BY_KEY["matching.rule"].choices


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything a run is made of: what is replayed, with which parameters and which model, logged where."""

    tape: Tape
    config: Config
    model: ClusterModel | None
    log: SessionLog | None = None

    @property
    def instrument(self) -> Instrument:
        """Return the market that is traded: the perpetual, or the only one."""
        return self.tape.meta.instruments[0]

    @property
    def params(self) -> npt.NDArray[np.float64]:
        """Return the parameter vector for the traded symbol."""
        return self.config.params(self.instrument.symbol)

    def new_engine(self) -> Engine:
        """Return an engine before its first row."""
        from lobterm.engine import drive

        centroids, roles = self.model.engine_arrays() if self.model else (None, None)
        return drive.start(self.instrument, self.params, centroids, roles, capacity=CHUNK // 4)

    def source_note(self) -> str:
        """Say in a few words where touch and trades come from."""
        meta, market = self.tape.meta, int(self.instrument.market)
        words = [f"touch: {meta.touch_source[market]}", f"trades: {meta.trade_source[market]}"]
        if meta.provenance.get("simulated"):
            words.append("simulated")
        return " · ".join(words)

    def provenance(self) -> dict[str, Any]:
        """Return what the session log keeps about this run."""
        meta, symbol = self.tape.meta, self.instrument.symbol
        return {
            "tape": str(self.tape.path),
            "tape_sha256": meta.sha256,
            "instrument": self.instrument.to_json(),
            "first_ts_us": meta.first_ts_us,
            "last_ts_us": meta.last_ts_us,
            "params": self.params.tolist(),
            "origins": {
                key: layer
                for key in BY_KEY
                if (layer := self.config.origin(symbol, key)) not in ("built in", "defaults")
            },
            "model": self.model.to_json() if self.model else None,
            "model_sha256": self.model.sha256 if self.model else None,
            "fill_rule": FILL_RULES[int(self.params[FILL_RULE])],
            "versions": {"lobterm": __version__},
        }


def model_beside(tape: Path) -> Path | None:
    """Return the model file that lies beside a tape, if there is one: under its name, or as `starter` for the folder."""
    named = (tape.with_name(f"{stem}.model.json") for stem in (tape.stem, "starter"))
    return next((path for path in named if path.is_file()), None)


def model_warning(setup: Setup) -> str:
    """Say how the model's training data differs from the tape, or nothing."""
    if setup.model is None:
        return "no cluster model: trades stay unclassified and the maker does not quote (lobterm model train TAPE)"
    meta, market = setup.tape.meta, int(setup.instrument.market)
    differs = [
        f"{what} source {trained} in the model, {here} in the tape"
        for what, trained, here in (
            ("touch", setup.model.training.get("touch_source"), meta.touch_source[market]),
            ("trade", setup.model.training.get("trade_source"), meta.trade_source[market]),
        )
        if trained != here
    ]
    return "; ".join(differs)
