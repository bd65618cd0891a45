"""A model file comes back as it was, or is refused by name."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lobterm.engine import drive
from lobterm.engine.params import defaults
from lobterm.engine.rows import Label, LabelValid
from lobterm.errors import InputError
from lobterm.models import build, model
from lobterm.simulator import simple
from lobterm.tape import parquet


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    path = tmp_path_factory.mktemp("tapes") / "short.parquet"
    parquet.write_tape(path, (simple.PERP,), [simple.simulate(7, 60)], exch_ts_kind={0: "T"})
    return parquet.open_tape(path)


@pytest.fixture(scope="module")
def trained(tape):
    return build.build([tape], n_init=3)


@pytest.fixture
def saved(trained, tmp_path):
    path = tmp_path / "deep" / "short.model.json"
    trained.save(path)
    return path


def test_saved_and_loaded_it_is_the_same(trained, saved):
    assert model.load(saved) == trained
    assert [path.name for path in saved.parent.iterdir()] == ["short.model.json"]


def test_training_twice_gives_the_same_model(tape, trained):
    assert build.build([tape], n_init=3).sha256 == trained.sha256


def test_it_says_what_it_was_trained_on(tape, trained):
    training = trained.training
    assert training["symbol"] == "BTCUSDT"
    assert (training["touch_source"], training["trade_source"]) == ("touch", "trade")
    assert training["trades"] == tape.meta.trades
    assert training["rows"] == sum(trained.counts)
    assert training["rows"] > 0.5 * training["trades"]
    assert training["tapes"][0]["sha256"] == tape.meta.sha256
    assert sum(trained.shares) == pytest.approx(1.0)


def test_the_engine_labels_its_training_trades_as_the_fit_did(tape, trained):
    centroids, roles = trained.engine_arrays()
    engine = drive.start(simple.PERP, defaults(), centroids, roles)
    labels = np.concatenate([rows["labels"] for rows in drive.fold(engine, tape.read())])
    known = labels[labels["valid"] & LabelValid.Z != 0]
    seen = [int(np.count_nonzero(known["label"] == role)) for role in roles]
    # a trade halfway between two centroids may fall either way when k-means stops a hair short of its fixed point
    assert seen == pytest.approx(trained.counts, rel=0.01)


def test_roles_separate_on_the_simple_market(trained):
    assert sorted(trained.roles) == ["directional", "opportunistic", "passive"]
    assert trained.engine_arrays()[1].tolist() == [Label[role.upper()] for role in trained.roles]


def damage(path, change):
    plain = json.loads(path.read_text())
    change(plain)
    path.write_text(json.dumps(plain))


def reseal(plain):
    plain["sha256"] = model.digest(plain)


def test_a_changed_digit_is_noticed(saved):
    damage(saved, lambda plain: plain["centroids"][0].__setitem__(0, plain["centroids"][0][0] + 1e-9))
    with pytest.raises(InputError, match="hash"):
        model.load(saved)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda plain: plain.update(version=2), "version 2"),
        (lambda plain: plain.pop("centroids"), "centroids"),
        (lambda plain: plain["centroids"].pop(), "add up"),
        (lambda plain: plain["centroids"][0].pop(), "add up"),
        (lambda plain: plain.update(roles=["passive", "lucky", "passive"]), "lucky"),
        (lambda plain: plain["features"].pop("t_m_us"), "features"),
        (lambda plain: plain["centroids"][0].__setitem__(0, 10**400), "centroids"),
        (lambda plain: plain.clear(), "not a cluster model"),
    ],
)
def test_a_model_that_the_engine_cannot_use_is_refused(saved, change, says):
    def both(plain):
        change(plain)
        if plain:
            reseal(plain)

    damage(saved, both)
    with pytest.raises(InputError, match=says) as caught:
        model.load(saved)
    assert str(saved) in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '{"version": NaN}', "\xff"])
def test_what_is_no_model_is_refused(tmp_path, text):
    path = tmp_path / "x.model.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="not a cluster model"):
        model.load(path)
    with pytest.raises(InputError, match="no such file"):
        model.load(tmp_path / "none.json")


def test_tapes_of_different_sources_do_not_mix(tape, tmp_path):
    rows = tape.read()
    path = tmp_path / "no_touch.parquet"
    parquet.write_tape(path, (simple.PERP,), [rows[rows["kind"] != 3]], exch_ts_kind={0: "T"})
    with pytest.raises(InputError, match="touch_source"):
        build.build([tape, parquet.open_tape(path)])
