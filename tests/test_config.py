"""Configuration: layers, and errors that say where, what and what instead."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from lobterm import config
from lobterm.engine import params as pm
from lobterm.errors import ConfigError
from lobterm.events import Market

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def no_user_file(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "user_file", lambda: tmp_path / "none.toml")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(text)
    return path


def test_the_packaged_file_repeats_every_default_with_unit_and_source():
    text = (ROOT / "config.toml").read_text()
    assert (config.load().params("ANY") == pm.defaults()).all()
    tables = msgspec.toml.decode(text)["defaults"]
    for param in pm.PARAMS:
        group, key = param.key.split(".")
        assert key in tables[group], param.key
        line = next(line for line in text.split(f"[defaults.{group}]")[1].splitlines() if line.startswith(f"{key} ="))
        assert param.unit in line, param.key
        assert f"source: {param.source}" in line, param.key


def test_the_narrowest_layer_wins_and_is_named(tmp_path):
    mine = written(
        tmp_path,
        """
        [defaults.maker]
        gamma = 4
        [tier.thin.maker]
        gamma = 3
        beta_ticks = 9
        [symbol.XUSDT]
        tier = "thin"
        [symbol.XUSDT.maker]
        gamma = 2
        """,
    )
    loaded = config.load(mine)
    assert loaded.params("XUSDT")[pm.GAMMA] == 2
    assert loaded.params("XUSDT")[pm.BETA_TICKS] == 9
    assert loaded.params("OTHER")[pm.GAMMA] == 4
    assert loaded.origin("XUSDT", "maker.gamma") == "symbol.XUSDT"
    assert loaded.origin("XUSDT", "maker.beta_ticks") == "tier.thin"
    assert loaded.origin("OTHER", "maker.gamma") == "defaults"
    over = loaded.with_override("maker.gamma=1.5")
    assert over.params("XUSDT")[pm.GAMMA] == 1.5
    assert over.origin("XUSDT", "maker.gamma") == "--set"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[defaults.maker]\ngama = 3", ["my.toml", "maker.gama", "maker.gamma"]),
        ("[defaults.maker]\ngamma = -3", ["my.toml", "maker.gamma = -3", "0 to"]),
        ("[defaults.maker]\ngamma = true", ["maker.gamma = True"]),
        ("[defaults.maker]\ngamma = nan", ["maker.gamma = nan"]),
        ('[defaults.signals]\nmapping = "both"', ["signals.mapping = 'both'", "inverted, traditional"]),
        ("[default.maker]\ngamma = 3", ["[default]", "defaults"]),
        ("[defaults]\nmaker = 3", ["maker = 3"]),
        ("[defaults.app]\nfps = 500", ["app.fps = 500", "5 to 60"]),
        ('[symbol.XUSDT]\ntier = "deep"', ["tier 'deep'"]),
        ("[symbol.XUSDT]\nperp = { tick = 0.1 }", ["perp", 'tick = "0.1"']),
        ("gamma = = 3", ["my.toml", "is not TOML"]),
    ],
)
def test_errors_name_file_key_value_and_what_is_allowed(tmp_path, text, words):
    with pytest.raises(ConfigError) as caught:
        config.load(written(tmp_path, text))
    for word in words:
        assert word in str(caught.value)


def test_a_named_file_must_exist(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml"):
        config.load(tmp_path / "none.toml")


@pytest.mark.parametrize("text", ["maker.gamma", "maker.gama=3", "maker.gamma=x"])
def test_overrides_are_checked_too(text):
    with pytest.raises(ConfigError):
        config.load().with_override(text)


def test_sizes_are_known_given_or_asked_for():
    loaded = config.load()
    assert loaded.instrument("BTCUSDT", Market.PERP).tick_size == Decimal("0.1")
    assert loaded.instrument("BTCUSDT", Market.SPOT).lot_e8 == 1
    assert loaded.instrument("NEWUSDT", Market.PERP, "0.5", "1").tick_e8 == 50_000_000
    with pytest.raises(ConfigError, match="NEWUSDT.*--tick"):
        loaded.instrument("NEWUSDT", Market.PERP)


@pytest.mark.parametrize("text", ["[keys]\nplay = 3", '[keys]\nplay = ""', 'keys = "p"'])
def test_a_key_is_a_text(tmp_path, text):
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="write"):
        config.load(path)


def test_keys_of_the_console_are_read_by_name(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('[keys]\nplay = "p,ctrl+p"')
    assert config.load(path).keys == {"play": "p,ctrl+p"}
