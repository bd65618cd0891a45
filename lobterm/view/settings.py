"""The parameters as a list that can be edited: value, unit, bounds, source, and where each value came from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from lobterm.engine.params import ALPHA_TICK_US, BY_KEY, PARAMS, WINDOW_S, Param
from lobterm.errors import InputError
from lobterm.view.what_if import value_text

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from lobterm.view.console import Console

    Floats = npt.NDArray[np.float64]

AT_START = {WINDOW_S: "the windows were made for it", ALPHA_TICK_US: "the windows were made for it"}
"""What a running engine cannot change, and why: these are read when it begins."""


class Setting(Struct, frozen=True):
    """One parameter."""

    key: str
    value: str
    unit: str
    allowed: str
    source: str
    layer: str  # where the value came from: a layer of the configuration, or "by hand"
    was: str = ""  # the value that the session began with, if it is another one
    fixed: str = ""  # why it cannot be turned now, or nothing


def settings(values: Floats, console: Console, wanted: str = "") -> tuple[Setting, ...]:
    """Return the parameters whose name, unit or source has every word of `wanted` in it; changed ones first if it is `*`."""
    begun, words = console.start_params, wanted.lower().split()
    found = []
    for param in PARAMS:
        value, first = float(values[param.id]), float(begun[param.id])
        changed = value != first
        text = f"{param.key} {param.unit} {param.source} {' '.join(param.choices)}".lower()
        if not (changed if words == ["*"] else all(word in text for word in words)):
            continue
        layer = "by hand" if changed else console.origin(param.key)
        was = value_text(param.key, first) if changed else ""
        found.append(
            Setting(
                param.key, value_text(param.key, value), param.unit, allowed(param), param.source, layer, was,
                AT_START.get(param.id, ""),
            )
        )  # fmt: skip
    return tuple(found)


def allowed(param: Param) -> str:
    """Return what a parameter may be."""
    return ", ".join(param.choices) if param.choices else f"{_bound(param.low)} to {_bound(param.high)}"


def _bound(value: float) -> str:
    """Return a bound as short as it can be typed: 8.64e10."""
    return re.sub(r"e([+-])0*", lambda found: "e" + found[1].strip("+"), f"{value:g}")


def parsed(key: str, text: str) -> float:
    """Return what a person typed as a value; raise InputError with what is allowed."""
    param = BY_KEY[key]
    if text in param.choices:
        return float(param.choices.index(text))
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if param.choices or not param.low <= value <= param.high:
        raise InputError(f"{text!r} will not do", mend=f"allowed: {allowed(param)} {param.unit}".rstrip())
    return value


def turned(key: str, value: float, step: int) -> float:
    """Return the choice after or before `value`, round and round."""
    choices: Sequence[str] = BY_KEY[key].choices
    return float((int(value) + step) % len(choices))
