"""One SHA-256 over all output rows, however they were drained.

What: each table is digested as its rows come, and the tables' digests are joined in their fixed order.
Seeds: DESIGN §1 (same bits), §7 (`rows_sha256`).
Units: none.
"""

from __future__ import annotations

import hashlib

from lobterm.engine.drive import Rows
from lobterm.engine.rows import TABLES, pack


class RowsDigest:
    """Collects output rows; two runs with equal digests said exactly the same."""

    def __init__(self) -> None:
        self._tables = {name: hashlib.sha256() for name in TABLES}

    def add(self, rows: Rows) -> None:
        """Take in the rows of one drain."""
        for name, table in rows.items():
            if len(table):
                self._tables[name].update(pack(name, table))

    def hexdigest(self) -> str:
        """Return the digest of everything so far."""
        whole = hashlib.sha256()
        for name, table in self._tables.items():
            whole.update(name.encode() + b"\0" + table.digest())
        return whole.hexdigest()
