"""One session of the log in a program's hands: `session.open(...)` gives it, its methods give polars frames.

Source: DESIGN §5. Units: in the names of the columns (`readable`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from lobterm.engine.rows import Marked
from lobterm.session import frames, reader
from lobterm.session.readable import Sizes, readable, word


@dataclass(frozen=True, slots=True)
class Session:
    """A session, by the log that holds it. Every call reads the log anew: a session that still runs grows."""

    path: Path
    session_id: str
    run: int
    sizes: Sizes
    newest: int = 0
    """Look at so many rows of a table, those written last, and no more; 0: at all of them."""

    def about(self) -> dict[str, Any]:
        """Return what was run, on what, and what it came to."""
        return reader.session(self.path, self.session_id)

    def kept_model(self) -> dict[str, Any] | None:
        """Return the cluster model that was run, as its file has it; None for none, or if an earlier version kept only its hash."""
        with reader.opened(self.path) as connection:
            kept: dict[str, Any] | None = reader.run(connection, self.path, self.session_id).provenance.get("model")
        return kept

    def labels(self) -> pl.DataFrame:
        """Return every trade of the market with its features, z-scores and cluster."""
        return self.table("labels")

    def alpha(self) -> pl.DataFrame:
        """Return every alpha tick: touch, signals, pressure, states, inventory, profit."""
        return self.table("alpha")

    def triggers(self) -> pl.DataFrame:
        """Return every trigger with its conditions, and its markouts beside it."""
        triggers = self.table("triggers")
        marks = self._marks(Marked.TRIGGER, triggers).drop("qty_lots", "qty_base", "order_id")
        # a trigger's markouts are told from the fade's side, the trigger itself from the panic's
        marks = marks.with_columns(side=-pl.col("side")).drop("ref_half_ticks")
        return self._marked(triggers, marks, ["offset", "ts_us", "side"])

    def quotes(self) -> pl.DataFrame:
        """Return everything that happened to our orders."""
        return self.table("quotes")

    def fills(self) -> pl.DataFrame:
        """Return every fill, with its markouts and the cluster of the trade that filled us beside it."""
        fills = self.table("fills")
        marks = self._marks(Marked.FILL, fills).with_columns(px_ticks=pl.col("ref_half_ticks") // 2)
        keys = ["offset", "order_id", "px_ticks", "qty_lots"]
        fills = self._marked(fills, marks.drop("ref_half_ticks"), keys)
        return fills.join(self._clusters(fills["seq"]), on="seq", how="left", maintain_order="left")

    def markouts(self) -> pl.DataFrame:
        """Return where the mid went after every trade, trigger and fill."""
        return self.table("markouts")

    def pnl(self) -> pl.DataFrame:
        """Return inventory and total profit at every alpha tick at which it was known."""
        ticks = self.raw("alpha", ["offset", "ts", "inventory", "pnl_e8"]).drop_nulls("pnl_e8").sort("ts")
        lot = pl.lit(self.sizes.lot_e8, pl.Int64)
        return ticks.select(
            pl.col("ts").alias("ts_us"),
            pl.col("ts").cast(pl.Datetime("us", "UTC")).alias("ts_utc"),
            pl.col("inventory").alias("inventory_lots"),
            (pl.col("inventory") * lot / 1e8).round(8).alias("inventory_base"),
            "pnl_e8",
            (pl.col("pnl_e8") / 1e8).round(8).alias("pnl_quote"),
        )

    def table(self, name: str) -> pl.DataFrame:
        """Return one output table as people read it."""
        return readable(self.raw(name), name, self.sizes)

    def chunks(self, name: str) -> Iterator[pl.DataFrame]:
        """Yield one output table as people read it, a part at a time."""
        with reader.opened(self.path) as connection:
            for chunk in frames.chunks(connection, self.path, self.run, name):
                yield readable(chunk, name, self.sizes)

    def raw_chunks(self, name: str, wanted: list[str], where: str = "") -> Iterator[pl.DataFrame]:
        """Yield columns of one output table as the log has them, a part at a time."""
        with reader.opened(self.path) as connection:
            yield from frames.chunks(connection, self.path, self.run, name, wanted, where, self.newest)

    def raw(self, name: str, wanted: list[str] | None = None, where: str = "") -> pl.DataFrame:
        """Return columns of one output table as the log has them."""
        with reader.opened(self.path) as connection:
            return frames.frame(connection, self.path, self.run, name, wanted, where, self.newest)

    def _marks(self, what: Marked, of: pl.DataFrame) -> pl.DataFrame:
        first = 0 if of.is_empty() else int(of["offset"].min())  # type: ignore[arg-type]
        with reader.opened(self.path) as connection:
            raw = frames.ours(connection, self.path, self.run, int(what), first)
        return readable(raw, "markouts", self.sizes).drop("what", "strategy", "label", "ts_utc", "ref_price")

    def _marked(self, rows: pl.DataFrame, marks: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
        """Put markouts beside what they are of."""
        own = [name for name in marks.columns if name not in keys and name in rows.columns]
        return rows.join(marks.drop(own), on=keys, how="left", maintain_order="left")

    def _clusters(self, trades: pl.Series) -> pl.DataFrame:
        """Return the cluster of each of these trades, one row an id."""
        wanted = trades.unique().implode()
        found = [chunk.filter(pl.col("seq").is_in(wanted)) for chunk in self.raw_chunks("labels", ["seq", "label"])]
        labels = pl.concat([frames.empty("labels", ["seq", "label"]), *found]).unique("seq", keep="last")
        return labels.select("seq", word("labels", "label").alias("cluster"))


def open_session(wanted: str, path: Path) -> Session:
    """Open one session by id, by the beginning of its id, or the newest as `last`."""
    with reader.opened(path) as connection:
        row = reader.find(connection, path, wanted)
        return Session(path, row["session_id"], row["run"], Sizes(row["tick_e8"], row["lot_e8"]))
