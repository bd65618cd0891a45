"""Decode a block of recorded lines: the scanner reads the bulk, the JSON parser what is left, both into one table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from lobterm.wire import control, slow
from lobterm.wire.message import MESSAGE, REASONS, SKIPPED, SLOW, Ints, Messages
from lobterm.wire.scan import scan

MOST_REASONS = 200
"""Names of events come off the wire: beyond so many, what is left out is counted together."""
REMEMBERED_BYTES = 160
LEAST_LEVEL_BYTES = 9
"""`["1","1"]`: no level is shorter."""


@dataclass(slots=True)
class Block:
    """Messages in the order of their lines, and the levels they point to, in 1e-8."""

    messages: Messages
    px_e8: Ints
    qty_e8: Ints
    lines: int
    own: list[tuple[int, bytes]] = field(default_factory=list)  # message and text of our own lines, if wanted
    left_out: list[tuple[bytes, str]] = field(default_factory=list)  # beginning and reason of what the parser refused


def nothing() -> Block:
    """Return the block of no lines."""
    return Block(np.zeros(0, MESSAGE), np.zeros(0, np.int64), np.zeros(0, np.int64), 0)


class BlockDecoder:
    """Decodes blocks for one symbol. What a call returns is valid until the next call: the tables are used again.

    Lines that the recorder wrote itself are handed back as they stand if `keep_own`, else left out.
    """

    def __init__(self, symbol: str, skipped: Counter[str], *, keep_own: bool = False) -> None:
        self.symbol, self.skipped, self._keep_own = symbol, skipped, keep_own
        self._symbol = np.frombuffer(symbol.encode(), np.uint8)
        self._messages = np.zeros(4096, MESSAGE)
        self._px = self._qty = np.zeros(0, np.int64)

    def decode(self, lines: bytes) -> Block:
        """Return the messages of whole lines (the last one ends with a newline); count what is left out."""
        buf = np.frombuffer(lines, np.uint8)
        if len(lines) > len(self._px) * LEAST_LEVEL_BYTES:
            self._px, self._qty = (np.empty(len(lines) // LEAST_LEVEL_BYTES + 1, np.int64) for _ in range(2))
        while True:
            line_count, count, levels = scan(buf, self._symbol, self._messages, self._px, self._qty)
            if line_count >= 0:
                break
            self._messages = np.zeros(2 * len(self._messages), MESSAGE)
        block = Block(self._messages[:count], self._px[:levels], self._qty[:levels], line_count)
        self._finish(lines, block)
        kinds = np.bincount(block.messages["kind"], minlength=max(REASONS) + 1)
        for kind, reason in REASONS.items():
            if kinds[kind]:
                self.skipped[reason] += int(kinds[kind])
        return block

    def _finish(self, lines: bytes, block: Block) -> None:
        """Read the deferred lines and append their levels."""
        extra: slow.Levels = []
        base = len(block.px_e8)
        for index in np.flatnonzero(block.messages["kind"] == SLOW).tolist():
            row = block.messages[index]
            text = lines[int(row["body"]) : int(row["stop"])]
            if self._keep_own and text.startswith(control.PREFIX):
                block.own.append((index, text))
                row["kind"] = SKIPPED
                continue
            try:
                decoded = slow.decode(text, self.symbol)
            except slow.LeftOut as left_out:
                reason = left_out.reason
                if reason not in self.skipped and len(self.skipped) >= MOST_REASONS:
                    reason = "other_events"
                self.skipped[reason] += 1
                block.left_out.append((text[:REMEMBERED_BYTES], reason))
                row["kind"] = SKIPPED
                continue
            row["last_id"] = row["sent_us"] = 0
            for name, value in decoded.fields.items():
                row[name] = value
            row["kind"] = decoded.kind
            row["bid0"], row["bids"] = base + len(extra), len(decoded.bids)
            row["ask0"], row["asks"] = base + len(extra) + len(decoded.bids), len(decoded.asks)
            extra += decoded.bids
            extra += decoded.asks
        if extra:
            levels = np.array(extra, np.int64)
            block.px_e8 = np.concatenate([block.px_e8, levels[:, 0]])
            block.qty_e8 = np.concatenate([block.qty_e8, levels[:, 1]])
