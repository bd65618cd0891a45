"""Configuration: packaged defaults, then the user's file, in layers [defaults], [tier.*] and [symbol.*].

A parameter's value comes from the narrowest layer that names it, and `origin` says which one that was. Errors name file,
key and value, and what would be allowed.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import platformdirs

from lobterm.engine.params import BY_KEY, Param, defaults
from lobterm.errors import ConfigError
from lobterm.events import Market
from lobterm.instrument import Instrument

PACKAGED = Path(__file__).with_name("defaults.toml")

SETTINGS: dict[str, tuple[float | str, float, float]] = {
    "clusters.min_separation": (0.25, 0.0, 10.0),
    "clusters.n_init": (10, 1, 1000),
    "clusters.seed": (7, 0, 2**31 - 1),
    "app.fps": (20, 5, 60),
    "app.alerts": ("bell", 0, 0),
    "paths.sessions": ("", 0, 0),
    "paths.models": ("", 0, 0),
    "paths.recordings": ("", 0, 0),
    "paths.tapes": ("", 0, 0),
    "exchange.perp_ws": ("wss://fstream.binance.com", 0, 0),
    "exchange.perp_rest": ("https://fapi.binance.com", 0, 0),
    "exchange.spot_ws": ("wss://stream.binance.com:9443", 0, 0),
    "exchange.spot_rest": ("https://api.binance.com", 0, 0),
}
"""Settings of the shell, in [defaults] alone: default, least, most; text settings have no bounds."""

WORDS = {"app.alerts": ("bell", "desktop", "none")}
"""What a text setting may be, where not every text will do."""

MOST_ARGUMENTS, LONGEST_ARGUMENT = 32, 1_000

MARKETS = {"perp": Market.PERP, "spot": Market.SPOT}


@dataclass(frozen=True, slots=True)
class Layer:
    """One table of one file: where it stands and what it sets."""

    name: str  # "defaults", "tier.thin", "symbol.BTCUSDT", "--set"
    file: str
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Config:
    """What was read, layer by layer, widest first."""

    shared: tuple[Layer, ...]
    tiers: dict[str, tuple[Layer, ...]] = field(default_factory=dict)
    symbols: dict[str, tuple[Layer, ...]] = field(default_factory=dict)
    tier_of: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    settings: dict[str, float | str] = field(default_factory=dict)
    overrides: tuple[Layer, ...] = ()
    keys: dict[str, str] = field(default_factory=dict)  # of the console: keys by name
    alert_command: tuple[str, ...] = ()  # a program and its arguments, run for each alert; none if empty

    def _layers(self, symbol: str) -> tuple[Layer, ...]:
        tier = self.tier_of.get(symbol, "")
        return (*self.shared, *self.tiers.get(tier, ()), *self.symbols.get(symbol, ()), *self.overrides)

    def params(self, symbol: str) -> npt.NDArray[np.float64]:
        """Return the engine's parameter vector for a symbol."""
        vector = defaults()
        for layer in self._layers(symbol):
            for key, value in layer.values.items():
                vector[BY_KEY[key].id] = value
        return vector

    def origin(self, symbol: str, key: str) -> str:
        """Return which layer a parameter's value comes from."""
        named = [layer for layer in self._layers(symbol) if key in layer.values]
        return named[-1].name if named else "built in"

    def instrument(self, symbol: str, market: Market, tick: str | None = None, lot: str | None = None) -> Instrument:
        """Return what is known of a symbol's market; `tick` and `lot` go before the configuration."""
        name = next(name for name, value in MARKETS.items() if value == market)
        known = self.sizes.get(symbol, {}).get(name, {})
        tick, lot = tick or known.get("tick"), lot or known.get("lot")
        if not tick or not lot:
            raise ConfigError(
                f"tick and lot of {symbol} ({name}) are not known",
                mend=f"pass --tick and --lot, or --exchange-info FILE, or add {name} to [symbol.{symbol}] in a config file",
            )
        try:
            return Instrument(market, symbol, Decimal(tick), Decimal(lot), Decimal(known.get("multiplier", "1")))
        except InvalidOperation as error:
            raise ConfigError(f"tick {tick!r} or lot {lot!r} of {symbol} is not a number") from error

    def setting(self, key: str) -> float | str:
        """Return a setting of the shell."""
        return self.settings.get(key, SETTINGS[key][0])

    def with_override(self, text: str) -> Config:
        """Return a copy with one `key=value` on top of every layer."""
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"{text!r} is not key=value", place="--set", mend="for example maker.gamma=3")
        layer = Layer("--set", "", {key.strip(): _value(_known(key.strip(), "--set"), value.strip(), "--set")})
        return replace(self, overrides=(*self.overrides, layer))


def _known(key: str, file: str) -> Param:
    if key in BY_KEY:
        return BY_KEY[key]
    import difflib

    near = difflib.get_close_matches(key, [*BY_KEY, *SETTINGS], n=1)
    raise ConfigError(
        f"unknown key {key!r}",
        file=file,
        mend=f"did you mean {near[0]!r}?" if near else "lobterm doctor --keys lists them",
    )


def _value(param: Param, raw: Any, file: str) -> float:
    """Return a parameter's value as the engine's float, or say what is allowed."""
    if param.choices:
        if isinstance(raw, bool):
            raw = "yes" if raw else "no"
        if raw in param.choices:
            return float(param.choices.index(raw))
        raise ConfigError(f"{param.key} = {raw!r}", file=file, mend=f"allowed: {', '.join(param.choices)}")
    allowed = f"allowed: {param.low:g} to {param.high:g} {param.unit}".rstrip()
    try:
        value = float(raw) if not isinstance(raw, bool) else math.nan
    except (TypeError, ValueError):
        value = math.nan
    if not param.low <= value <= param.high:
        raise ConfigError(f"{param.key} = {raw!r}", file=file, mend=allowed)
    return value


def _flatten(table: dict[str, Any], file: str, where: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for group, keys in table.items():
        if not isinstance(keys, dict):
            raise ConfigError(f"{group} = {keys!r}", file=file, place=f"[{where}]", mend="a table is expected here")
        flat |= {f"{group}.{key}": value for key, value in keys.items()}
    return flat


def _layer(table: dict[str, Any], file: str, name: str) -> Layer:
    flat = _flatten(table, file, name)
    return Layer(name, file, {key: _value(_known(key, file), value, file) for key, value in flat.items()})


def _setting(key: str, raw: Any, file: str) -> float | str:
    default, low, high = SETTINGS[key]
    if isinstance(default, str):
        if key in WORDS and raw not in WORDS[key]:
            raise ConfigError(f"{key} = {raw!r}", file=file, mend=f"allowed: {', '.join(WORDS[key])}")
        if isinstance(raw, str):
            return raw
        raise ConfigError(f"{key} = {raw!r}", file=file, mend="a text is expected")
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not low <= raw <= high:
        raise ConfigError(f"{key} = {raw!r}", file=file, mend=f"allowed: {low:g} to {high:g}")
    return raw


def _command(raw: Any, file: str) -> tuple[str, ...]:
    """Return a program and its arguments; a text would have to be read by a shell, and none is run."""
    whole = isinstance(raw, list) and len(raw) <= MOST_ARGUMENTS
    if not whole or not all(
        isinstance(word, str) and len(word) <= LONGEST_ARGUMENT and "\0" not in word for word in raw
    ):
        mend = f'write a list of up to {MOST_ARGUMENTS} texts: ["notify-send", "lobterm {{symbol}}", "{{text}}"]'
        raise ConfigError(f"app.alert_command = {str(raw)[:80]!r}", file=file, mend=mend)
    if raw and not raw[0]:
        raise ConfigError("app.alert_command has an empty program", file=file, mend="name one, or write []")
    return tuple(raw)


def _sizes(table: dict[str, Any], file: str, symbol: str) -> dict[str, dict[str, str]]:
    sizes = {}
    for market in MARKETS:
        entry = table.pop(market, None)
        if entry is None:
            continue
        good = isinstance(entry, dict) and set(entry) <= {"tick", "lot", "multiplier"}
        if not good or not all(isinstance(value, str) for value in entry.values()):
            raise ConfigError(
                f"{market} = {entry!r}",
                file=file,
                place=f"[symbol.{symbol}]",
                mend='write {tick = "0.1", lot = "0.001"}',
            )
        sizes[market] = entry
    return sizes


def _keys(table: Any, file: str) -> dict[str, str]:
    """Return keys of the console by name; which names there are, the console knows."""
    if not isinstance(table, dict):
        raise ConfigError(f"keys = {table!r}", file=file, mend='write [keys] and below it play = "p"')
    for name, key in table.items():
        if not isinstance(key, str) or not key:
            raise ConfigError(f"{name} = {key!r}", file=file, place="[keys]", mend='write a key, "p" or "p,ctrl+p"')
    return dict(table)


def _merge(config: Config, data: dict[str, Any], file: str) -> Config:
    unknown = set(data) - {"defaults", "tier", "symbol", "keys"}
    if unknown:
        raise ConfigError(
            f"unknown table [{sorted(unknown)[0]}]", file=file, mend="allowed: defaults, tier.*, symbol.*, keys"
        )
    base = data.get("defaults", {})
    flat = _flatten(base, file, "defaults")
    command = _command(flat.pop("app.alert_command"), file) if "app.alert_command" in flat else config.alert_command
    settings = {key: _setting(key, flat.pop(key), file) for key in SETTINGS if key in flat}
    values = {key: _value(_known(key, file), value, file) for key, value in flat.items()}
    tiers, symbols = dict(config.tiers), dict(config.symbols)
    tier_of, sizes = dict(config.tier_of), dict(config.sizes)
    for name, table in data.get("tier", {}).items():
        tiers[name] = (*tiers.get(name, ()), _layer(table, file, f"tier.{name}"))
    for symbol, entry in data.get("symbol", {}).items():
        table = dict(entry)
        tier = table.pop("tier", None)
        if tier is not None:
            if tier not in tiers:
                raise ConfigError(
                    f"tier {tier!r}", file=file, place=f"[symbol.{symbol}]", mend=f"allowed: {sorted(tiers)}"
                )
            tier_of[symbol] = tier
        sizes[symbol] = sizes.get(symbol, {}) | _sizes(table, file, symbol)
        symbols[symbol] = (*symbols.get(symbol, ()), _layer(table, file, f"symbol.{symbol}"))
    shared = (*config.shared, Layer("defaults", file, values))
    return replace(
        config, shared=shared, tiers=tiers, symbols=symbols, tier_of=tier_of, sizes=sizes,
        settings=config.settings | settings, keys=config.keys | _keys(data.get("keys", {}), file),
        alert_command=command,
    )  # fmt: skip


def _read(path: Path) -> dict[str, Any]:
    try:
        data = msgspec.toml.decode(path.read_bytes())
    except OSError as error:
        raise ConfigError("cannot be read", file=path, mend=str(error.strerror)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError("is not TOML", file=path, mend=str(error)) from error
    if not isinstance(data, dict):
        raise ConfigError("is not a table", file=path)
    return data


def user_file() -> Path:
    """Return where the user's own configuration is looked for."""
    named = os.environ.get("LOBTERM_CONFIG")
    return Path(named) if named else Path(platformdirs.user_config_dir("lobterm", appauthor=False)) / "config.toml"


def load(path: Path | None = None) -> Config:
    """Return the packaged defaults with the user's file over them. A file that is named must exist."""
    config = _merge(Config(()), _read(PACKAGED), "defaults")
    chosen = path or user_file()
    if path is not None or "LOBTERM_CONFIG" in os.environ or chosen.is_file():
        config = _merge(config, _read(chosen), str(chosen))
    return config
