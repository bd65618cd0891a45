"""hftbacktest's npz, in and out: 64-byte events under the key `data`, nanoseconds, float prices and sizes.

Event layout and flag bits as documented in nkaz001/hftbacktest (types.py). Rows seen locally are read, in local order.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lobterm.errors import FormatError
from lobterm.events import EVENT, FIXED, EventArray, Flag, Kind
from lobterm.instrument import Instrument
from lobterm.tape.importers.base import Recording, off_grid

DTYPE = np.dtype(
    [
        ("ev", "<u8"), ("exch_ts", "<i8"), ("local_ts", "<i8"), ("px", "<f8"), ("qty", "<f8"),
        ("order_id", "<u8"), ("ival", "<i8"), ("fval", "<f8"),
    ],
    align=True,
)  # fmt: skip

DEPTH, TRADE, DEPTH_CLEAR, DEPTH_SNAPSHOT = 1, 2, 3, 4
EXCH, LOCAL, BUY, SELL = 1 << 31, 1 << 30, 1 << 29, 1 << 28
BATCH = 1 << 20


def _load(path: Path) -> npt.NDArray[np.void]:
    try:
        with np.load(path, allow_pickle=False) as file:
            data = file["data"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise FormatError("is not an hftbacktest npz", file=path, mend="expected: one array under the key data") from error
    if data.dtype.names is None or not set(("ev", "exch_ts", "local_ts", "px", "qty")) <= set(data.dtype.names):
        raise FormatError("has another event layout", file=path, place="data", mend="version 2 (64-byte events) is read")
    return data


def _fixed(values: npt.NDArray[np.float64], path: Path) -> npt.NDArray[np.int64]:
    if not np.isfinite(values).all() or (np.abs(values) > 9e10).any() or (values < 0).any():
        raise FormatError("holds a price or size that is negative or no number", file=path)
    return np.round(values * FIXED).astype(np.int64)


def _grid(
    values: npt.NDArray[np.float64], clear: npt.NDArray[np.bool_], unit_e8: int, what: str, option: str, path: Path
) -> npt.NDArray[np.int64]:
    """Return prices or sizes in ticks or lots; a clear has neither."""
    fixed = np.where(clear, 0, _fixed(np.where(clear, 0.0, values), path))
    off = np.flatnonzero(fixed % unit_e8)
    if len(off):
        raise off_grid(what, int(fixed[off[0]]), unit_e8, option, path)
    return fixed // unit_e8


def open_npz(paths: list[Path], instrument: Instrument) -> Recording:
    """Return the recording of npz files, chained by name."""
    skipped: Counter[str] = Counter()

    def chunks() -> Iterator[EventArray]:
        last = 0
        for path in sorted(paths):
            data = _load(path)
            data = data[(data["ev"] & LOCAL) != 0]
            data = data[np.argsort(data["local_ts"], kind="stable")]
            rows = _rows(data, instrument, path, skipped)
            if len(rows):
                rows["ts"] = np.maximum.accumulate(np.maximum(rows["ts"], last))
                last = int(rows["ts"][-1])
                yield rows

    source = {"layout": "npz", "files": [{"name": p.name, "bytes": p.stat().st_size} for p in sorted(paths)]}
    return Recording(instrument, chunks(), "T", source, skipped)


def _rows(data: npt.NDArray[np.void], i: Instrument, path: Path, skipped: Counter[str]) -> EventArray:
    kinds = (data["ev"] & 0xFF).astype(np.int64)
    known = np.isin(kinds, (DEPTH, TRADE, DEPTH_CLEAR, DEPTH_SNAPSHOT))
    if not known.all():
        skipped["other_event"] += int((~known).sum())
        data, kinds = data[known], kinds[known]
    rows = np.zeros(len(data), EVENT)
    rows["ts"], rows["exch_ts"] = data["local_ts"] // 1000, data["exch_ts"] // 1000
    clear = kinds == DEPTH_CLEAR
    rows["px"] = _grid(data["px"], clear, i.tick_e8, "price", "--tick", path)
    rows["qty"] = _grid(data["qty"], clear, i.lot_e8, "size", "--lot", path)
    rows["side"] = np.where(data["ev"] & BUY, 1, np.where(data["ev"] & SELL, -1, 0))
    rows["market"] = i.market
    rows["kind"] = np.select([kinds == TRADE, clear], [int(Kind.TRADE), int(Kind.BOOK_CLEAR)], int(Kind.BOOK))
    snapshot = (kinds == DEPTH_SNAPSHOT) | clear
    rows["flags"] = np.where(snapshot, Flag.SNAPSHOT, 0)
    # a snapshot comes as a clear of each side up to a price; ours empties both, so only the first of a run stands
    rows["side"][clear] = 0
    again = clear & np.concatenate([[False], snapshot[:-1]]) & (rows["ts"] == np.roll(rows["ts"], 1))
    rows, kinds, snapshot = rows[~again], kinds[~again], snapshot[~again]
    ends = np.ones(len(rows), np.bool_)
    ends[:-1] = (
        (np.diff(rows["ts"]) != 0)
        | (np.diff(rows["exch_ts"]) != 0)
        | (np.diff((kinds == TRADE).astype(np.int8)) != 0)
        | (kinds[:-1] == TRADE)
        | (np.diff(snapshot.astype(np.int8)) != 0)
    )
    rows["flags"] |= np.where(ends, Flag.LAST, 0).astype(np.uint8)
    return rows


def export_npz(events: EventArray, instrument: Instrument, path: Path) -> int:
    """Write the book and trade rows of one market for hftbacktest; return how many rows were written."""
    rows = events[(events["market"] == instrument.market) & (events["exch_ts"] > 0)]
    rows = rows[np.isin(rows["kind"], (Kind.BOOK, Kind.BOOK_CLEAR, Kind.TRADE))]
    clear = rows["kind"] == Kind.BOOK_CLEAR
    rows = np.repeat(rows, np.where(clear, 2, 1))
    clear = rows["kind"] == Kind.BOOK_CLEAR
    rows["side"][clear] = np.tile([1, -1], int(clear.sum()) // 2)
    rows["px"][clear] = np.where(rows["side"][clear] > 0, 0, np.iinfo(np.int32).max)
    out = np.zeros(len(rows), DTYPE)
    kind = np.select(
        [rows["kind"] == Kind.TRADE, clear, (rows["flags"] & Flag.SNAPSHOT) != 0], [TRADE, DEPTH_CLEAR, DEPTH_SNAPSHOT], DEPTH
    )
    out["ev"] = kind.astype(np.uint64) | np.where(rows["side"] > 0, BUY, SELL).astype(np.uint64) | np.uint64(EXCH | LOCAL)
    out["exch_ts"], out["local_ts"] = rows["exch_ts"] * 1000, rows["ts"] * 1000
    out["px"] = rows["px"] * instrument.tick_e8 / FIXED
    out["qty"] = rows["qty"] * instrument.lot_e8 / FIXED
    np.savez_compressed(path, data=out)
    return len(out)

