"""What really happened, beside the tape: who sent the order behind each trade, and when flow was forced.

What: a Parquet of one row per trade, keyed by the trade's row in the tape, with the stretches of the market in its
metadata. The engine never reads it; it is there to judge what the engine said.
Units: µs, lots. A stretch of forced flow is a run of liquidation trades of one side with pauses of at most PAUSE_US
that add up to LEAST_LOTS or more; its end is the last forced trade's time.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lobterm.errors import InputError, TapeError
from lobterm.events import Kind, Market
from lobterm.simulator.agents import Piece
from lobterm.simulator.taking import AGENTS, LIQUIDATION

VERSION = 1
KEY = b"lobterm.truth"
DELTA = {"row": "DELTA_BINARY_PACKED"}
ROW_GROUP = 1 << 18
PAUSE_US = 5_000_000
LEAST_LOTS = 20_000
MOSTLY = 0.95
"""Share of the forced lots after which what is left is a trickle."""
REFORM_US = 60_000_000
"""How long the book is called reforming after forced flow ended."""

SCHEMA = pa.schema([("row", pa.int64()), ("agent", pa.dictionary(pa.int8(), pa.string())), ("forced", pa.bool_())])


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of the market: calm, news, forced or reform.

    `lots`, `side` and `mostly_over_us`, when MOSTLY of the lots were traded, are those of forced flow, else 0.
    """

    regime: str
    start_us: int
    end_us: int
    lots: int = 0
    side: int = 0
    mostly_over_us: int = 0


def beside(tape: Path) -> Path:
    """Return where a tape's truth lies."""
    return tape.with_name(f"{tape.name.removesuffix('.parquet')}.truth.parquet")


class TruthWriter:
    """Takes the pieces of a run, in order, and leaves their truth in a file that appears when it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._rows = 0
        self._first_us = self._last_us = 0
        self._held: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]] = []
        self._forced: list[np.ndarray[Any, Any]] = []
        try:
            self._writer = pq.ParquetWriter(
                self._temporary,
                SCHEMA,
                compression="zstd",
                use_dictionary=["agent"],
                column_encoding=DELTA,
            )
        except OSError as error:
            raise TapeError("cannot be written", file=path, mend=str(error.strerror or error)) from error

    def add(self, piece: Piece) -> None:
        """Take in the next rows."""
        rows = piece.rows
        if len(rows):
            self._first_us = self._first_us or int(rows["ts"][0])
            self._last_us = int(rows["ts"][-1])
        at = np.flatnonzero(rows["kind"] == Kind.TRADE)
        agents = piece.agents[at]
        self._held.append((at + self._rows, agents))
        if sum(len(held) for held, _ in self._held) >= ROW_GROUP:
            self._flush()
        forced = rows[at[(agents == LIQUIDATION) & (rows["market"][at] == Market.PERP)]]
        if len(forced):
            self._forced.append(np.stack([forced["exch_ts"], forced["qty"], forced["side"]], axis=1))
        self._rows += len(rows)

    def _flush(self) -> None:
        """Write the trades that are held as one row group."""
        rows, agents = (np.concatenate(parts) for parts in zip(*self._held, strict=True))
        names = pa.DictionaryArray.from_arrays(agents.astype(np.int8), pa.array(AGENTS))
        self._writer.write_table(
            pa.Table.from_arrays([pa.array(rows), names, pa.array(agents == LIQUIDATION)], schema=SCHEMA)
        )
        self._held.clear()

    def close(self, tape_sha256: str, news: list[tuple[int, int]]) -> list[Stretch]:
        """Finish the file and return its stretches; `news` are the spans in which the true value was made to move."""
        if self._held:
            self._flush()
        forced = np.concatenate(self._forced) if self._forced else np.zeros((0, 3), np.int64)
        found = stretches(forced, news, self._first_us, self._last_us)
        meta = {"version": VERSION, "tape_sha256": tape_sha256, "stretches": [asdict(stretch) for stretch in found]}
        self._writer.add_key_value_metadata({KEY: msgspec.json.encode(meta)})
        self._writer.close()
        self._temporary.replace(self._path)
        return found

    def discard(self) -> None:
        """Leave nothing behind; does nothing after `close`."""
        self._writer.close()
        self._temporary.unlink(missing_ok=True)


def episodes(forced: np.ndarray[Any, Any]) -> list[Stretch]:
    """Return the stretches of forced flow in rows of (exchange time µs, lots, side)."""
    found = []
    for side in (-1, 1):
        mine = forced[forced[:, 2] == side]
        runs = np.split(mine, np.flatnonzero(np.diff(mine[:, 0]) > PAUSE_US) + 1)
        found += [_flow(run) for run in runs if run[:, 1].sum() >= LEAST_LOTS]
    return sorted(found, key=lambda stretch: stretch.start_us)


def _flow(run: np.ndarray[Any, Any]) -> Stretch:
    """Return the stretch of one run of forced trades."""
    done = np.cumsum(run[:, 1])
    mostly = int(run[np.searchsorted(done, MOSTLY * done[-1]), 0])
    return Stretch("forced", int(run[0, 0]), int(run[-1, 0]), int(done[-1]), int(run[0, 2]), mostly)


def stretches(forced: np.ndarray[Any, Any], news: list[tuple[int, int]], first_us: int, last_us: int) -> list[Stretch]:
    """Return the whole span cut into stretches; forced flow outranks reform, and both outrank news."""
    flows = episodes(forced)
    spans = [("news", start, end) for start, end in news]
    spans += [("reform", flow.end_us, flow.end_us + REFORM_US) for flow in flows]
    spans += [("forced", flow.start_us, flow.end_us) for flow in flows]
    edges = sorted({first_us, last_us} | {edge for span in spans for edge in span[1:] if first_us < edge < last_us})
    cut: list[Stretch] = []
    for start, end in zip(edges, edges[1:], strict=False):
        regime = "calm"
        for name, low, high in spans:
            if low <= start and end <= high:
                regime = name
        inside = [flow for flow in flows if flow.start_us <= start and end <= flow.end_us] if regime == "forced" else []
        of_flow = (inside[-1].lots, inside[-1].side, inside[-1].mostly_over_us) if inside else (0, 0, 0)
        if cut and (cut[-1].regime, cut[-1].lots) == (regime, of_flow[0]):
            cut[-1] = Stretch(regime, cut[-1].start_us, end, *of_flow)
        else:
            cut.append(Stretch(regime, start, end, *of_flow))
    return cut


def read(path: Path) -> tuple[pa.Table, list[Stretch], str]:
    """Return a truth's table, its stretches and the digest of the tape that it belongs to."""
    try:
        table = pq.read_table(path)
        meta = msgspec.json.decode((table.schema.metadata or {}).get(KEY) or pq.read_metadata(path).metadata[KEY])
        found = [Stretch(**entry) for entry in meta["stretches"]]
    except (OSError, KeyError, TypeError, pa.ArrowException, msgspec.DecodeError) as error:
        raise InputError("is no truth of a simulated tape", file=path, mend="simulate the tape again") from error
    return table, found, str(meta["tape_sha256"])
