"""Rows of cells that have an ink and a ground each: what charts and heat maps are made of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rich.segment import Segment

from widgets.line_widget import PAINTS, Styles, fit, on

INDEX = {name: at for at, name in enumerate(PAINTS)}
"""A paint's number, which fits a byte."""

Bytes = npt.NDArray[np.uint8]


class RasterRow(NamedTuple):
    """One row: a character a cell, and the paint numbers of its ink and of its ground."""

    text: str
    ink: bytes
    ground: bytes


def segments(row: RasterRow, width: int, styles: Styles) -> list[Segment]:
    """Return the row as runs of one look."""
    code = np.frombuffer(row.ink, np.uint8).astype(np.int32) * 256 + np.frombuffer(row.ground, np.uint8)
    edges = [0, *(np.flatnonzero(np.diff(code)) + 1).tolist(), len(code)]
    parts = []
    for start, stop in zip(edges, edges[1:], strict=False):
        ink, ground = PAINTS[row.ink[start]], PAINTS[row.ground[start]]
        parts.append((row.text[start:stop], on(styles[ink], styles[ground])))
    return fit(parts, width, styles["text"])


class Canvas:
    """A picture in the making, cells (height, width)."""

    def __init__(self, width: int, height: int, ground: str = "text") -> None:
        self.width, self.height = width, height
        self.text = np.full((height, width), " ", "<U1")
        self.ink = np.full((height, width), INDEX["text"], np.uint8)
        self.ground = np.full((height, width), INDEX[ground], np.uint8)

    def write(self, x: int, y: int, text: str, ink: str) -> None:
        """Write over cells of a row, on the ground that is there; what does not fit is cut."""
        if 0 <= y < self.height and x < self.width:
            text = text[max(0, -x) : self.width - x]
            x = max(0, x)
            self.text[y, x : x + len(text)] = list(text)
            self.ink[y, x : x + len(text)] = INDEX[ink]

    def rows(self) -> list[RasterRow]:
        """Return the rows."""
        return [
            RasterRow("".join(text), ink.tobytes(), ground.tobytes())
            for text, ink, ground in zip(self.text.tolist(), self.ink, self.ground, strict=True)
        ]
