"""Bars out of eighth blocks: which cells are full, and what stands in the one that is not."""

from __future__ import annotations

LEFT_EIGHTHS = " ▏▎▍▌▋▊▉█"
"""A cell whose left k eighths are filled, k = 0..8."""


def eighths(fraction: float, cells: int) -> tuple[int, int]:
    """Return (full cells, eighths of the next one) of a bar over `cells`; any value shows an eighth at least."""
    total = cells * 8
    filled = min(total, round(max(0.0, fraction) * total))
    if fraction > 0.0 and filled == 0 and total:
        filled = 1
    return divmod(filled, 8)


def bar(fraction: float, cells: int) -> str:
    """Return a bar that grows from the left, padded to `cells`."""
    full, part = eighths(fraction, cells)
    text = "█" * full + (LEFT_EIGHTHS[part] if part else "")
    return text.ljust(cells)
