"""Markouts worked out from a tape by as-of joins are the engine's own, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lobterm import cli, config, runs
from lobterm.engine import drive
from lobterm.engine import params as pm
from lobterm.engine.markouts import WAITING
from lobterm.engine.rows import HORIZONS_US
from lobterm.events import BUY, SELL, Flag, GapCause, Kind, Scope, empty
from lobterm.models import model
from lobterm.session.columns import columns
from lobterm.session.markouts import decomposed, mid_after, with_bps
from lobterm.session.mids import mids
from lobterm.session.parts import as_arrow
from lobterm.tape import parquet

REPLAYS = Path(__file__).resolve().parents[2] / "replays"
NAMES = [f"mid2_{horizon_us // 1_000}ms" for horizon_us in HORIZONS_US]


def said_by_the_engine(setup, events):
    """Return the markout rows of a run, every strategy quoting close so that there are fills and triggers."""
    engine = setup.new_engine()
    rows = [table["markouts"] for table in drive.fold(engine, events)]
    rows += [table["markouts"] for table in drive.finish(engine)]
    return pl.DataFrame(as_arrow("markouts", np.concatenate(rows)))


def same(setup, events, cuts=3):
    engine = said_by_the_engine(setup, events)
    chunks = np.array_split(events, cuts)
    moves, end_ts = mids(chunks, int(setup.instrument.market), int(setup.params[pm.MAX_SILENCE_US]))
    ours = mid_after(engine.drop(NAMES), moves, end_ts)
    # the engine lets its oldest row go when WAITING more have come: it then says unknown where a tape still can tell
    pushed_out_at = engine["ts"].shift(-WAITING)
    for horizon_us, name in zip(HORIZONS_US, NAMES, strict=True):
        let_go = (pushed_out_at <= engine["ts"] + horizon_us).fill_null(False) & engine[name].is_null()
        differ = ours[name].ne_missing(engine[name]) & ~let_go
        assert not differ.any(), (name, differ.sum(), engine.filter(differ).head(3), ours.filter(differ).head(3))
    return engine


TAPES = sorted(path for path in REPLAYS.glob("*.parquet") if ".truth." not in path.name)


def setup_of(path, *changes):
    settings = config.Config(())
    for change in ("maker.w_base_bps=0.5", *changes):
        settings = settings.with_override(change)
    beside = runs.model_beside(path)
    return runs.Setup(parquet.open_tape(path), settings, model.load(beside) if beside else None)


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.stem)
def test_offline_and_online_markouts_are_the_same_on_every_bundled_tape(path):
    setup = setup_of(path)
    engine = same(setup, setup.tape.read())
    kinds = dict(engine.group_by("what").len().iter_rows())
    assert kinds.get(0, 0) > 10_000
    assert all(engine[name].null_count() < len(engine) for name in NAMES)
    if path.stem == "gap-and-reconnect":
        assert engine["mid2_500ms"].null_count() > 100, "what a gap makes unknown was not met"


def test_and_on_a_real_recording(shared_data, tmp_path):
    tape = tmp_path / "real.parquet"
    perp = next((shared_data / "usdm-btcusdt-20240808").glob("*.gz"))
    assert cli.main(["tape", "import", str(perp), "--tick", "0.1", "--lot", "0.001", "--out", str(tape)]) == 0
    setup = setup_of(tape)
    assert len(same(setup, setup.tape.read())) > 20_000


def touch_rows(moves):
    """Return the touches (ts, bid) of a market with a spread of one tick."""
    rows = empty(2 * len(moves))
    rows["kind"], rows["side"], rows["qty"] = Kind.TOUCH, np.tile([BUY, SELL], len(moves)), 1
    rows["ts"] = rows["exch_ts"] = np.repeat([ts for ts, _ in moves], 2)
    rows["px"] = np.repeat([bid for _, bid in moves], 2) + np.tile([0, 1], len(moves))
    rows["flags"] = np.tile([0, Flag.LAST], len(moves))
    return rows


def gap(ts, scope=Scope.ALL):
    row = empty(1)
    row["kind"], row["ts"], row["px"], row["qty"], row["flags"] = Kind.GAP, ts, GapCause.DISCONNECT, scope, Flag.LAST
    return row


S = 1_000_000


def test_the_mid_is_that_of_the_moment_and_none_across_a_gap_a_silence_or_the_end():
    events = np.concatenate(
        [
            touch_rows([(10 * S, 100), (11 * S, 102), (11 * S, 104)]),
            gap(13 * S),
            touch_rows([(14 * S, 110), (15 * S, 111)]),
        ]
    )
    moves, end_ts = mids([events], 0, 60 * S)
    assert moves.rows() == [
        (10 * S, 201, 10 * S), (11 * S, 205, 10 * S), (11 * S, 209, 10 * S), (13 * S, None, 10 * S),
        (14 * S, 221, 14 * S), (15 * S, 223, 14 * S),
    ]  # fmt: skip
    marked = pl.DataFrame({"ts": [14 * S, 10 * S, 12 * S, 9 * S]})
    found = mid_after(marked, moves, end_ts, (1 * S, 2 * S))
    assert found["ts"].to_list() == marked["ts"].to_list()
    assert found["mid2_1000ms"].to_list() == [223, 209, None, None]
    assert found["mid2_2000ms"].to_list() == [None, 209, None, None]
    silent, _ = mids([np.concatenate([touch_rows([(10 * S, 100), (80 * S, 102)])])], 0, 60 * S)
    assert silent.rows() == [(10 * S, 201, 10 * S), (70 * S, None, 10 * S), (80 * S, 205, 80 * S)]
    book_only, _ = mids([np.concatenate([touch_rows([(10 * S, 100)]), gap(11 * S, Scope.TRADES)])], 0, 60 * S)
    assert len(book_only) == 1


def test_the_oracle_of_markouts(markout_oracle):
    """003 §5.3, worked example; prices in half cents so that they are integers."""
    fills, points = markout_oracle["inputs"]["fills_t_dir_px_qty"], markout_oracle["inputs"]["mids"]
    marked = pl.DataFrame(
        {"ts": [round(t * S) for t, *_ in fills], "side": [d for _, d, *_ in fills],
         "ref2": [round(px * 200) for *_, px, _ in fills], "qty": [qty for *_, qty in fills]}
    )  # fmt: skip
    moves = pl.DataFrame(
        {"ts": [round(t * S) for t, _ in points], "mid2": [round(m * 200) for _, m in points], "known_since": 0}
    )
    horizons = {key: round(float(key) * S) for key in markout_oracle["expected"]}
    found = with_bps(mid_after(marked, moves, 30 * S, tuple(horizons.values())), tuple(horizons.values()))
    for key, expected in markout_oracle["expected"].items():
        bps = found[f"markout_{horizons[key] // 1_000}ms_bps"]
        assert bps.to_list() == pytest.approx(expected["bps"], rel=1e-9)
        assert bps.mean() == pytest.approx(expected["mean_bps"], rel=1e-9, abs=1e-9)
        weighted = (bps * found["qty"]).sum() / found["qty"].sum()
        assert weighted == pytest.approx(expected["qty_weighted_bps"], rel=1e-9)


@pytest.fixture
def markout_oracle():
    """Return the worked example of a markout: two fills, seven mids."""
    return {
        "inputs": {
            "fills_t_dir_px_qty": [[10.0, 1, 100.0, 2.0], [20.0, -1, 100.3, 1.0]],
            "mids": [
                [0, 100.05], [10.4, 100.02], [11, 99.98], [15, 100.1], [20.5, 100.25], [21, 100.4], [30, 100.0]
            ],
        },
        "expected": {
            "0.5": {
                "bps": [1.999999999999602, 4.9850448654035056],
                "mean_bps": 3.492522432701554, "qty_weighted_bps": 2.9950149551342364,
            },
            "1": {
                "bps": [-1.999999999999602, -9.970089730808429],
                "mean_bps": -5.985044865404015, "qty_weighted_bps": -4.656696576935878,
            },
            "2": {
                "bps": [-1.999999999999602, -9.970089730808429],
                "mean_bps": -5.985044865404015, "qty_weighted_bps": -4.656696576935878,
            },
            "5": {
                "bps": [9.999999999999432, -9.970089730808429],
                "mean_bps": 0.014955134595501463, "qty_weighted_bps": 3.343303423063478,
            },
        },
    }  # fmt: skip


def test_half_spread_and_drift_add_up_to_the_markout():
    """By hand: we buy at 100.00 with the mid at 100.05 (5 bps earned at once); a second later the mid is 99.98 (7 bps lost);
    we sell at 100.30 with the mid at 100.25, which goes to 100.40: 0.05/100.30 earned, 0.15/100.30 lost."""  # noqa: D209
    fills = pl.DataFrame(
        {"side": [1, -1], "ref2": [20_000, 20_060], "mid2": [20_010, 20_050], "mid2_1000ms": [19_996, 20_080]}
    )
    found = decomposed(fills, (1_000_000,))
    assert found["half_spread_bps"].to_list() == pytest.approx([5.0, 1e4 * 0.05 / 100.3])
    assert found["drift_1000ms_bps"].to_list() == pytest.approx([-7.0, -1e4 * 0.15 / 100.3])
    assert found["markout_1000ms_bps"].to_list() == pytest.approx([-2.0, -1e4 * 0.10 / 100.3])


def test_every_markout_column_has_its_horizon():
    assert [column.name for column in columns("markouts") if column.name.startswith("mid2_")] == NAMES
