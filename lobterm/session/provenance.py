"""What the log keeps about a run, so that anybody can say later what exactly was run: as words, and as a row of `runs`."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from lobterm.engine.params import PARAMS
from lobterm.session.machine_clock import clock_state

PACKAGES = ("lobterm", "numpy", "numba", "llvmlite", "polars", "pyarrow")


def run_row(said: Mapping[str, Any], session_id: str, kept: str, now_us: int) -> dict[str, Any]:
    """Return the row of `runs` that opens a run: its columns by name."""
    clock = clock_state()
    instrument = said.get("instrument") or {}
    params = said.get("params")
    whole = {
        **said,
        "config": None if params is None else config(params),
        "platform": platform.platform(),
        "versions": _versions() | dict(said.get("versions") or {}),
    }
    return {
        "session_id": session_id,
        "started_us": now_us,
        "mode": "live" if said.get("live") else "replay" if said.get("tape") else None,
        "symbol": instrument.get("symbol"),
        "tick_e8": _e8(instrument.get("tick_size")),
        "lot_e8": _e8(instrument.get("lot_size")),
        **{key: said.get(key) for key in ("tape", "tape_sha256", "first_ts_us", "last_ts_us")},
        **{key: said.get(key) for key in ("model_sha256", "fill_rule")},
        "kept": kept,
        "clock_offset_us": clock.offset_us,
        "clock_error_us": clock.error_us,
        "pinned": 0,
        "params": json.dumps(params),
        "provenance": json.dumps(whole),
    }


def config(vector: Sequence[float]) -> dict[str, float | str]:
    """Return a parameter vector by key, choices by name. An earlier version's is shorter: ids are never reused."""
    return {
        param.key: param.choices[int(value)] if param.choices else value
        for param, value in zip(PARAMS, vector, strict=False)
    }


def _e8(size: Any) -> int | None:
    try:
        return None if size is None else int(Decimal(str(size)) * 100_000_000)
    except InvalidOperation:
        return None


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
