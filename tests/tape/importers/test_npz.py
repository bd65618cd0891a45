"""hftbacktest npz: in and out without loss, valid in both orders of time."""

from __future__ import annotations

import numpy as np
import pytest

from lobterm.errors import FormatError
from lobterm.events import EVENT, Flag, GapCause, Kind
from lobterm.tape.importers import npz, tardis
from lobterm.tape.verify import final_book
from tests.tape.rows import LAST, PERP, SNAPSHOT, START, book, rows, snapshot, trade


def read(*paths):
    recording = npz.open_npz(list(paths), PERP)
    return np.concatenate([np.zeros(0, EVENT), *recording.chunks]), dict(recording.skipped)


def stamped(values, ahead=0):
    values["exch_ts"] = values["ts"] + ahead
    return values


def late_and_early():
    out = rows(
        *snapshot(START, [(1000, 5), (999, 1)], [(1001, 7)]),
        book(START + 10, 1000, 0, 1, 0),
        book(START + 10, 998, 2, 1),
        trade(START + 20, 1001, 2),
        book(START + 30, 1001, 5, -1),
    )
    out["exch_ts"] = [START - 5] * 4 + [START + 8, START + 8, START + 3, START + 29]
    return out


@pytest.mark.parametrize("shift", [0, 1_272_000])
def test_a_tape_comes_back_whole_even_when_its_clock_was_behind(tmp_path, shift):
    path = tmp_path / "x.npz"
    source = late_and_early()
    source["exch_ts"] += shift
    npz.export_npz(source, PERP, path)
    back, skipped = read(path)
    assert back.tolist() == source.tolist()
    assert skipped == {}


def test_what_is_written_is_in_order_for_the_exchange_and_for_the_receiver(tmp_path):
    path = tmp_path / "x.npz"
    source = late_and_early()
    source["exch_ts"] += 500
    npz.export_npz(source, PERP, path)
    events = np.load(path)["data"]
    assert events.dtype.itemsize == 64
    seen = events[(events["ev"] & npz.EXCH) != 0]
    heard = events[(events["ev"] & npz.LOCAL) != 0]
    assert (np.diff(seen["exch_ts"]) >= 0).all()
    assert (np.diff(heard["local_ts"]) >= 0).all()
    assert (heard["local_ts"] >= heard["exch_ts"]).all()
    assert len(seen) == len(heard) == len(source)
    assert len(events) == len(source) + 1
    clear = heard[(heard["ev"] & 0xFF) == npz.DEPTH_CLEAR]
    assert len(clear) == 1
    assert not clear["ev"][0] & (npz.BUY | npz.SELL)


def events(*values):
    out = np.zeros(len(values), npz.DTYPE)
    for row, (kind, side, exch, local, px, qty) in zip(out, values, strict=True):
        row["ev"] = npz.EXCH | npz.LOCAL | kind | {1: npz.BUY, -1: npz.SELL, 0: 0}[side]
        row["exch_ts"], row["local_ts"] = (START + exch) * 1000, (START + local) * 1000
        row["px"], row["qty"] = px, qty
    return out


def saved(tmp_path, *values, name="y.npz"):
    path = tmp_path / name
    np.savez(path, data=events(*values))
    return path


def test_changes_younger_than_a_snapshot_that_arrives_behind_them_are_kept(tmp_path):
    path = saved(
        tmp_path,
        (npz.DEPTH, 1, 5, 10, 99.0, 1.0),
        (npz.DEPTH, -1, 9, 11, 150.0, 2.0),
        (npz.DEPTH_CLEAR, 1, 7, 12, 99.0, 0),
        (npz.DEPTH_SNAPSHOT, 1, 7, 12, 100.0, 3.0),
        (npz.DEPTH_CLEAR, -1, 7, 12, 101.0, 0),
        (npz.DEPTH_SNAPSHOT, -1, 7, 12, 101.0, 4.0),
    )
    result, skipped = read(path)
    assert (result["ts"] == START + 12).all()
    assert result[["kind", "side", "px", "qty", "flags"]].tolist() == [
        (Kind.BOOK_CLEAR, 0, 0, 0, SNAPSHOT),
        (Kind.BOOK, 1, 1000, 3000, SNAPSHOT),
        (Kind.BOOK, -1, 1010, 4000, SNAPSHOT | LAST),
        (Kind.BOOK, -1, 1500, 2000, LAST),
    ]
    assert skipped == {"book_before_snapshot": 2}


def test_a_snapshot_in_the_middle_means_the_book_was_lost(tmp_path):
    path = saved(
        tmp_path,
        (npz.DEPTH_CLEAR, 0, 1, 2, 0, 0),
        (npz.DEPTH_SNAPSHOT, 1, 1, 2, 100.0, 3.0),
        (npz.DEPTH, 1, 5, 6, 99.0, 3.0),
        (npz.DEPTH_CLEAR, 0, 11, 12, 0, 0),
        (npz.DEPTH_SNAPSHOT, 1, 11, 12, 98.0, 3.0),
    )
    result, _ = read(path)
    assert result["kind"].tolist() == [2, 1, 1, Kind.GAP, 2, 1]
    assert result["px"][3] == GapCause.RESET
    assert [level.tolist() for level in final_book([result], 0)] == [[[980, 3000]], []]


@pytest.mark.parametrize(
    ("px", "qty", "word"), [(100.05, 1.0, "--tick 0.05"), (100.0, 0.0005, "--lot 0.0005"), (np.nan, 1.0, "nan")]
)
def test_what_does_not_fit_the_grid_is_refused(tmp_path, px, qty, word):
    path = saved(tmp_path, (npz.TRADE, 1, 1, 2, px, qty))
    with pytest.raises(FormatError, match=word):
        read(path)


def test_floats_of_large_sizes_are_read_exactly(tmp_path):
    path = saved(tmp_path, (npz.TRADE, 1, 1, 2, 61800.3, 123_456_789.123), (npz.TRADE, 1, 1, 2, 0.1, 0.003))
    result, _ = read(path)
    assert result[["px", "qty"]].tolist() == [(618003, 123_456_789_123), (1, 3)]


def test_something_else_is_refused(tmp_path):
    path = tmp_path / "z.npz"
    path.write_bytes(b"no zip")
    with pytest.raises(FormatError, match="hftbacktest npz"):
        read(path)
    np.savez(path, data=np.zeros(3))
    with pytest.raises(FormatError, match="another event layout"):
        read(path)
    np.savez(path, other=np.zeros(3))
    with pytest.raises(FormatError, match="hftbacktest npz"):
        read(path)


def test_the_converters_file_ends_in_the_book_of_its_csv_twin(shared_data):
    twin = next((shared_data / "tardis-layout-20240808").glob("*incremental_book_L2*"))
    converted = npz.open_npz([shared_data / "npz-v2" / "btcusdt_20240808.npz"], PERP)
    ours = final_book(converted.chunks, 0)
    theirs = final_book(tardis.open_tardis([twin], "incremental_book_L2", PERP).chunks, 0)
    for mine, other in zip(ours, theirs, strict=True):
        assert len(mine) > 1000
        assert mine.tolist() == other.tolist()


def test_a_real_session_survives_out_and_in(shared_data, tmp_path):
    recording = npz.open_npz([shared_data / "npz-v2" / "btcusdt_20240808.npz"], PERP)
    source = np.concatenate(list(recording.chunks))
    npz.export_npz(source, PERP, tmp_path / "x.npz")
    back, _ = read(tmp_path / "x.npz")
    for name in ("ts", "exch_ts", "px", "qty", "kind", "side", "flags"):
        assert (back[name] == source[name]).all(), name
    assert Flag.LAST & int(back["flags"][-1])
