"""hftbacktest's npz, in and out: 64-byte events under the key `data`, nanoseconds, float prices and sizes.

Event layout and flag bits as documented in nkaz001/hftbacktest (types.py). Rows seen locally are read, in local order.
"""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from lobterm.errors import FormatError, InputError
from lobterm.events import EVENT, FIXED, EventArray, Flag, Kind
from lobterm.instrument import Instrument
from lobterm.tape.importers.base import Recording, off_grid
from lobterm.tape.importers.rows import LocalClock, opening_gap

DTYPE = np.dtype(
    [
        ("ev", "<u8"), ("exch_ts", "<i8"), ("local_ts", "<i8"), ("px", "<f8"), ("qty", "<f8"),
        ("order_id", "<u8"), ("ival", "<i8"), ("fval", "<f8"),
    ],
    align=True,
)  # fmt: skip

DEPTH, TRADE, DEPTH_CLEAR, DEPTH_SNAPSHOT = 1, 2, 3, 4
EXCH, LOCAL, BUY, SELL = 1 << 31, 1 << 30, 1 << 29, 1 << 28
SHIFT = "local_shift_ns"
"""A key of our own beside `data`: how far receive times were moved so that nothing is received before it was sent."""
MOST_UNITS = 2.0**50


def _load(path: Path) -> npt.NDArray[np.void]:
    """Return the events of a file as they were stamped where they were recorded."""
    try:
        with np.load(path, allow_pickle=False) as file:
            data: npt.NDArray[np.void] = file["data"]
            shift_ns = int(file[SHIFT]) if SHIFT in file.files else 0
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise FormatError(
            "is not an hftbacktest npz", file=path, mend="expected: one array under the key data"
        ) from error
    if data.dtype.names is None or not {"ev", "exch_ts", "local_ts", "px", "qty"} <= set(data.dtype.names):
        raise FormatError(
            "has another event layout", file=path, place="data", mend="version 2 (64-byte events) is read"
        )
    data["local_ts"] -= shift_ns
    return data


def _units(
    values: npt.NDArray[np.float64], unit_e8: int, what: str, option: str, path: Path
) -> npt.NDArray[np.int64]:  # fmt: skip
    """Return floats in ticks or lots; the nearest one must be theirs but for a float's own error."""
    scaled = values * (FIXED / unit_e8)
    bad = np.flatnonzero(~((scaled >= 0) & (scaled < MOST_UNITS)))
    if len(bad):
        mend = "a number, zero or more, is needed"
        raise FormatError(f"{what} {values[bad[0]]}", file=path, place=f"event {bad[0]}", mend=mend)
    units = np.rint(scaled)
    off = np.flatnonzero(np.abs(scaled - units) > 0.5 / unit_e8 + 4 * np.finfo(float).eps * scaled)
    if len(off):
        value = round(float(values[off[0]]) * FIXED)
        raise off_grid(what, value, unit_e8, option, path, f"event {off[0]}")
    return units.astype(np.int64)


def open_npz(paths: list[Path], instrument: Instrument) -> Recording:
    """Return the recording of npz files, chained by name."""
    skipped: Counter[str] = Counter()

    def chunks() -> Iterator[EventArray]:
        clock, known = LocalClock(skipped), False
        for path in sorted(paths):
            data = _load(path)
            data = data[(data["ev"] & LOCAL) != 0]
            data = data[np.argsort(data["local_ts"], kind="stable")]
            rows = _rows(data, instrument, path, skipped)
            rows["ts"] = clock.held(rows["ts"])
            rows = _joined(rows, known, skipped)
            known = known or bool((rows["kind"] == Kind.BOOK_CLEAR).any())
            if len(rows):
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
    rows["px"] = _units(np.where(clear, 0.0, data["px"]), i.tick_e8, "price", "--tick", path)
    rows["qty"] = _units(np.where(clear, 0.0, data["qty"]), i.lot_e8, "size", "--lot", path)
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
    return cast(EventArray, rows)


def _joined(rows: EventArray, known: bool, skipped: Counter[str]) -> EventArray:
    """Return the rows with every snapshot joined to the changes around it; nothing of the book before the first.

    A snapshot may arrive behind changes that are younger than itself: those are put after it again. One in the middle
    of a file means that the recorder had lost the book, since when it does not say.
    """
    clears = np.flatnonzero(rows["kind"] == Kind.BOOK_CLEAR)
    is_book, ends = rows["kind"] == Kind.BOOK, np.flatnonzero((rows["flags"] & Flag.LAST) != 0)
    before_first = is_book.copy()
    before_first[clears[0] if len(clears) else len(rows) :] = False
    parts, at, behind = [], 0, 0
    for clear in clears.tolist():
        stop = int(ends[np.searchsorted(ends, clear)]) + 1
        younger = rows[behind:clear][is_book[behind:clear] & (rows["exch_ts"][behind:clear] > rows["exch_ts"][clear])]
        younger["ts"] = rows["ts"][clear]
        lost = [opening_gap(rows[clear])] if clear != clears[0] else []
        parts += [rows[at:clear], *lost, rows[clear:stop], younger]
        at = behind = stop
    parts.append(rows[at:])
    dropped = int(before_first.sum()) if not known else 0
    if dropped:
        skipped["book_before_snapshot"] += dropped
        parts[0] = parts[0][~before_first[: len(parts[0])]]
    return np.concatenate(parts)


def export_npz(events: EventArray, instrument: Instrument, path: Path) -> int:
    """Write the book and trade rows of one market for hftbacktest; return how many rows were written."""
    rows = events[(events["market"] == instrument.market) & (events["exch_ts"] > 0)]
    rows = rows[np.isin(rows["kind"], (Kind.BOOK, Kind.BOOK_CLEAR, Kind.TRADE))]
    kind = np.select(
        [rows["kind"] == Kind.TRADE, rows["kind"] == Kind.BOOK_CLEAR, (rows["flags"] & Flag.SNAPSHOT) != 0],
        [TRADE, DEPTH_CLEAR, DEPTH_SNAPSHOT],
        DEPTH,
    )
    out = np.zeros(len(rows), DTYPE)
    # a clear of neither side empties both, whatever their prices
    sides = np.select([rows["side"] > 0, rows["side"] < 0], [BUY, SELL], 0)
    out["ev"] = kind.astype(np.uint64) | sides.astype(np.uint64) | np.uint64(EXCH | LOCAL)
    shift_ns = 1000 * int(max(0, np.max(rows["exch_ts"] - rows["ts"], initial=0)))
    out["exch_ts"], out["local_ts"] = rows["exch_ts"] * 1000, rows["ts"] * 1000 + shift_ns
    out["px"] = rows["px"] * instrument.tick_e8 / FIXED
    out["qty"] = rows["qty"] * instrument.lot_e8 / FIXED
    out = _in_both_orders(out)
    temporary = path.with_name(f".{path.name}.part.npz")
    try:
        np.savez_compressed(temporary, data=out, local_shift_ns=np.int64(shift_ns))
        temporary.replace(path)
    except OSError as error:
        raise InputError("cannot be written", file=path, mend=str(error.strerror or error)) from error
    finally:
        temporary.unlink(missing_ok=True)
    return len(out)


def _in_both_orders(events: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Return events, given as received, such that those seen by the exchange are in its order too.

    What arrived behind something younger stands twice: where it arrived, and where it happened.
    """
    exch = events["exch_ts"]
    newest = np.maximum.accumulate(exch) if len(exch) else exch
    late = np.flatnonzero(exch < newest)
    late = late[np.argsort(exch[late], kind="stable")]
    happened = events[late]
    happened["ev"] &= ~np.uint64(LOCAL)
    places = np.searchsorted(newest, exch[late], side="right")
    events["ev"][late] &= ~np.uint64(EXCH)
    return np.insert(events, places, happened)
