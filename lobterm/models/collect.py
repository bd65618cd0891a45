"""The z-scores of a tape's trades, from the engine itself: what is trained on is what will be judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lobterm.engine import drive
from lobterm.engine.params import defaults
from lobterm.engine.rows import FEATURES, LabelValid
from lobterm.errors import InputError

if TYPE_CHECKING:
    from lobterm.tape.parquet import Tape


def z_rows(tape: Tape) -> tuple[npt.NDArray[np.float64], dict[str, Any]]:
    """Return z (n, 6) of every trade that has one, in order, and what the tape says of itself."""
    meta = tape.meta
    instrument = meta.instruments[0]
    engine = drive.start(instrument, defaults())
    found, trades = [np.zeros((0, len(FEATURES)))], 0
    for events in tape.chunks():
        for rows in drive.fold(engine, events):
            labels = rows["labels"]
            trades += len(labels)
            found.append(labels["z"][labels["valid"] & LabelValid.Z != 0])
    z = np.concatenate(found)
    about = {
        "name": tape.path.name,
        "sha256": meta.sha256,
        "symbol": instrument.symbol,
        "first_ts_us": meta.first_ts_us,
        "last_ts_us": meta.last_ts_us,
        "trades": trades,
        "rows": len(z),
        "touch_source": meta.touch_source[int(instrument.market)],
        "trade_source": meta.trade_source[int(instrument.market)],
    }
    return z, about


def all_rows(tapes: Sequence[Tape]) -> tuple[npt.NDArray[np.float64], dict[str, Any]]:
    """Return z of several tapes, each from a fresh start, and what they are together."""
    parts = [z_rows(tape) for tape in tapes]
    abouts = [about for _, about in parts]
    shared = {}
    for key in ("symbol", "touch_source", "trade_source"):
        seen = sorted({about[key] for about in abouts})
        if len(seen) > 1:
            raise InputError(
                f"tapes of different {key}: {', '.join(seen)}",
                mend="features of different sources do not mix: train one model for each",
            )
        shared[key] = seen[0]
    training = {
        **shared,
        "first_ts_us": min(about["first_ts_us"] for about in abouts),
        "last_ts_us": max(about["last_ts_us"] for about in abouts),
        "trades": sum(about["trades"] for about in abouts),
        "rows": sum(about["rows"] for about in abouts),
        "tapes": [{key: about[key] for key in about if key not in shared} for about in abouts],
    }
    return np.concatenate([z for z, _ in parts]), training
