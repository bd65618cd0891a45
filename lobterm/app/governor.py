"""Whether to paint now: a terminal that still owes output must not be given more, or keys would wait behind it."""

from __future__ import annotations

from typing import Any


def backlog(driver: Any) -> int:
    """Return how many writes wait for the terminal; 0 where the driver has no writer thread to ask (tests, browser)."""
    # Textual keeps the queue private: asked for by name, so that another version costs the governor, not the console
    queue = getattr(getattr(driver, "_writer_thread", None), "_queue", None)
    return int(queue.qsize()) if queue is not None else 0


class Governor:
    """Skips paints while output is owed, but never more than `most_skipped` in a row: the screen must not look dead."""

    def __init__(self, most_skipped: int = 40) -> None:
        self.most_skipped = most_skipped
        self.skipped = 0
        self._in_a_row = 0

    def may_paint(self, owed: int) -> bool:
        """Say whether to paint, given how many writes wait."""
        if owed and self._in_a_row < self.most_skipped:
            self._in_a_row += 1
            self.skipped += 1
            return False
        self._in_a_row = 0
        return True
