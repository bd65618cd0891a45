"""The tape on disk: one Parquet file of plain integer columns, instruments and provenance in its metadata.

It opens in polars, DuckDB and pandas as it is. Writing goes to a file beside the target that is renamed at the end, so a
half-written tape never carries the tape's name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from lobterm.errors import InputError, TapeError
from lobterm.events import EVENT, EventArray, Flag, Kind
from lobterm.instrument import Instrument
from lobterm.tape.digest import TapeDigest
from lobterm.tape.room import Room

VERSION = 1
LARGEST = 1 << 53
"""Ticks or lots beyond which no price or size is believed; sums of them still fit 64 bits."""
KEY = b"lobterm"
ROW_GROUP = 1 << 17
"""Rows a group: read in about 10 ms, so that a screen which crosses into the next one does not stutter; smaller ones are no
slower to read whole, and the file is no larger."""

SCHEMA = pa.schema([pa.field(name, pa.from_numpy_dtype(EVENT[name]), nullable=False) for name in EVENT.names or ()])
DICTIONARY = ["kind", "side", "market", "flags"]
SPLIT = dict.fromkeys(("px", "qty"), "BYTE_STREAM_SPLIT")
"""Prices and sizes byte by byte, times and numbers as they are: zstd makes them smaller so than out of differences, and reading
is quicker by a third."""

Sources = dict[int, str]
"""By market: "touch" or "book"; "trade", "agg_trade" or "none"; "T", "E" or "none"."""


@dataclass(frozen=True, slots=True)
class TapeMeta:
    """What a tape says of itself."""

    instruments: tuple[Instrument, ...]
    exch_ts_kind: Sources
    touch_source: Sources
    trade_source: Sources
    rows: int
    trades: int
    first_ts_us: int
    last_ts_us: int
    sha256: str
    skipped: dict[str, int] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the form kept in the file."""
        data = {name: getattr(self, name) for name in self.__slots__}
        return {"version": VERSION, **data, "instruments": [i.to_json() for i in self.instruments]}


def _text_keys(sources: Any) -> Sources:
    return {int(market): str(what) for market, what in sources.items()}


def _meta(data: dict[str, Any], path: Path) -> TapeMeta:
    version = data.pop("version", None)
    if version != VERSION:
        raise TapeError(
            f"tape version {version}, this lobterm reads version {VERSION}",
            file=path,
            mend="import the recording again",
        )
    try:
        return TapeMeta(
            **{
                **data,
                "instruments": tuple(Instrument.from_json(entry) for entry in data["instruments"]),
                **{name: _text_keys(data[name]) for name in ("exch_ts_kind", "touch_source", "trade_source")},
            }
        )
    except (KeyError, TypeError, AttributeError, ValueError, InputError) as error:
        raise TapeError("metadata is damaged", file=path, mend="import the recording again") from error


class _Observed:
    """What the rows themselves say, gathered while they pass."""

    def __init__(self, markets: Iterable[int]) -> None:
        self.rows = self.trades = self.first = self.last = 0
        markets = tuple(markets)
        self.touch = dict.fromkeys(markets, "book")
        self.trade = dict.fromkeys(markets, "none")
        self.digest = TapeDigest()

    def add(self, rows: EventArray) -> None:
        if not len(rows):
            return
        ts = rows["ts"]
        if ts[0] < self.last or (np.diff(ts) < 0).any():
            raise ValueError("rows are not in order of ts")
        self.first = self.first if self.rows else int(ts[0])
        self.last = int(ts[-1])
        self.rows += len(rows)
        kinds, markets, flags = rows["kind"], rows["market"], rows["flags"]
        last = (flags & Flag.LAST) != 0
        self.trades += int(np.count_nonzero((kinds == Kind.TRADE) & last))
        for market in self.touch:
            mine = markets == market
            if ((kinds == Kind.TOUCH) & mine & (rows["exch_ts"] > 0)).any():
                self.touch[market] = "touch"
            traded = flags[(kinds == Kind.TRADE) & mine]
            if len(traded):
                self.trade[market] = "agg_trade" if traded[0] & Flag.AGG else "trade"
        self.digest.add(rows)


def write_tape(
    path: Path,
    instruments: Iterable[Instrument],
    chunks: Iterable[EventArray],
    *,
    exch_ts_kind: Sources,
    skipped: dict[str, int] | None = None,
    provenance: dict[str, Any] | None = None,
) -> TapeMeta:
    """Write a tape and return what it says of itself. `skipped` and `provenance` may grow until `chunks` are exhausted."""
    instruments = tuple(instruments)
    seen = _Observed(int(i.market) for i in instruments)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with pq.ParquetWriter(
            temporary, SCHEMA, compression="zstd", use_dictionary=DICTIONARY, column_encoding=SPLIT, write_statistics=["ts"],
        ) as writer:  # fmt: skip
            for rows in _regroup(chunks):
                seen.add(rows)
                writer.write_table(_table(rows), row_group_size=ROW_GROUP)
            meta = TapeMeta(
                instruments, exch_ts_kind, seen.touch, seen.trade, seen.rows, seen.trades, seen.first, seen.last,
                seen.digest.hexdigest(), dict(skipped or {}), dict(provenance or {}),
            )  # fmt: skip
            writer.add_key_value_metadata({KEY: msgspec.json.encode(meta.to_json())})
        temporary.replace(path)
    except OSError as error:
        raise TapeError("cannot be written", file=path, mend=str(error.strerror or error)) from error
    finally:
        temporary.unlink(missing_ok=True)
    return meta


def _table(rows: EventArray) -> pa.Table:
    return pa.Table.from_arrays([pa.array(np.ascontiguousarray(rows[name])) for name in SCHEMA.names], schema=SCHEMA)


def _regroup(chunks: Iterable[EventArray]) -> Iterator[EventArray]:
    """Yield arrays of whole row groups, so that a file does not depend on how its source was read."""
    held: list[EventArray] = []
    size = 0
    for chunk in chunks:
        while size + len(chunk) >= ROW_GROUP:
            cut = ROW_GROUP - size
            yield np.concatenate([*held, chunk[:cut]])
            held, size, chunk = [], 0, chunk[cut:]  # noqa: PLW2901
        if len(chunk):
            held.append(chunk)
            size += len(chunk)
    if held:
        yield np.concatenate(held)


class Tape:
    """An open tape."""

    def __init__(self, path: Path, meta: TapeMeta, file: pq.ParquetFile) -> None:
        self.path, self.meta, self._file = path, meta, file

    def chunks(self) -> Iterator[EventArray]:
        """Yield the rows by row group; raise TapeError where they are damaged."""
        last = 0
        for group in range(self._file.num_row_groups):
            rows = np.zeros(self._file.metadata.row_group(group).num_rows, EVENT)
            last = self._fill(rows, group, last)
            yield rows

    def group_starts(self) -> npt.NDArray[np.int64]:
        """Return the row at which each row group begins, and the number of rows."""
        counts = [self._file.metadata.row_group(group).num_rows for group in range(self._file.num_row_groups)]
        return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])

    def group_times(self) -> npt.NDArray[np.int64]:
        """Return the first and the last `ts` of each row group as the file's statistics have them, shape (groups, 2)."""
        at = self._file.schema_arrow.get_field_index("ts")
        found = np.zeros((self._file.num_row_groups, 2), np.int64)
        for group in range(len(found)):
            held = self._file.metadata.row_group(group).column(at).statistics
            if held is None or not held.has_min_max:
                raise TapeError("keeps no times of its row groups", file=self.path, mend=_REIMPORT)
            found[group] = held.min, held.max
        if (np.diff(found.reshape(-1)) < 0).any():
            raise TapeError("time runs back between row groups", file=self.path, mend=_REIMPORT)
        return found

    def group(self, group: int, last: int, room: Room | None = None) -> EventArray:
        """Return the rows of one row group, in memory of `room` if given; `last` is the last `ts` before it."""
        rows = (room or Room()).rows(self._file.metadata.row_group(group).num_rows)
        self._fill(rows, group, last, use_threads=False)  # so little is done sooner alone
        return rows

    def again(self) -> Tape:
        """Open the same tape once more: one handle serves one thread."""
        other = open_tape(self.path)
        if other.meta.sha256 != self.meta.sha256:
            raise TapeError("was replaced by another tape", file=self.path, mend="open it anew")
        return other

    def read(self) -> EventArray:
        """Return all rows."""
        rows = np.zeros(self._file.metadata.num_rows, EVENT)
        at = last = 0
        for group in range(self._file.num_row_groups):
            stop = at + self._file.metadata.row_group(group).num_rows
            last = self._fill(rows[at:stop], group, last)
            at = stop
        return rows

    def _fill(self, rows: EventArray, group: int, last: int, *, use_threads: bool = True) -> int:
        """Read a row group into `rows`; return its last time, which no later row may precede."""
        from lobterm.tape.unpack import WRONG, unpack  # not above: a tape is opened before any compiler is there

        try:
            table = self._file.read_row_group(group, columns=SCHEMA.names, use_threads=use_threads)
            columns = [_numbers(table.column(name)) for name in SCHEMA.names]
            if any(len(column) != len(rows) for column in columns):
                raise ValueError("columns of unequal length")
            wrong = unpack(rows, last, *columns)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise TapeError("is damaged", file=self.path, place=f"row group {group}", mend=_REIMPORT) from error
        if wrong:
            raise TapeError(WRONG[wrong], file=self.path, place=f"row group {group}", mend=_REIMPORT)
        return int(rows["ts"][-1]) if len(rows) else last


_REIMPORT = "import the recording again"


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Return a column that has no empty places. Arrow's own way to numpy loads pandas where there is one, for half a second."""
    if column.null_count:
        raise ValueError("a column with empty places")
    parts = [np.from_dlpack(chunk) for chunk in column.chunks]
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts or [np.zeros(0, column.type.to_pandas_dtype())])
    whole.flags.writeable = False  # as Arrow's are: a kernel is compiled for one or the other
    return whole


def open_tape(path: Path) -> Tape:
    """Open a tape; raise TapeError if it is none, torn, or of another version."""
    if not path.is_file():
        raise TapeError("no such file", file=path, mend="lobterm tape import makes tapes")
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise TapeError("is not a tape, or is torn", file=path, mend="lobterm tape import makes tapes") from error
    held = (file.schema_arrow.metadata or {}).get(KEY) or (file.metadata.metadata or {}).get(KEY)
    if held is None:
        raise TapeError("is Parquet, but not a tape", file=path, mend="lobterm tape import makes tapes")
    try:
        data = msgspec.json.decode(held)
    except msgspec.DecodeError as error:
        raise TapeError("metadata is damaged", file=path, mend=_REIMPORT) from error
    if not isinstance(data, dict):
        raise TapeError("metadata is damaged", file=path, mend=_REIMPORT)
    meta = _meta(data, path)
    if not meta.instruments:
        raise TapeError("names no instrument", file=path, mend=_REIMPORT)
    for wanted in SCHEMA:
        if wanted.name not in file.schema_arrow.names:
            raise TapeError(f"lacks the column {wanted.name}", file=path, mend=_REIMPORT)
        kept = file.schema_arrow.field(wanted.name).type
        if kept != wanted.type:
            what = f"keeps the column {wanted.name} as {kept} instead of {wanted.type}"
            raise TapeError(what, file=path, mend=_REIMPORT)
    return Tape(path, meta, file)
