"""The session log's tables: the engine's output rows, column by column, and the run that each row belongs to.

Where a record has a validity bit, the column is NULL while the bit is off. Enumerations stay small integers beside
lookup tables; the `_named` views spell them out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from sqlite_utils import Database

from lobterm.engine.rows import (
    FEATURES,
    HORIZONS_US,
    TABLES,
    AlphaValid,
    FadeWhy,
    FillRule,
    FillValid,
    Label,
    LabelValid,
    Marked,
    QuoteAct,
    QuoteWhy,
    Regime,
    Source,
    Strategy,
    TriggerValid,
    Why,
)
from lobterm.errors import InputError

VERSION = 2
APPLICATION_ID = 0x10B7E2

KNOWN_IF: dict[str, dict[str, int]] = {
    "labels": {"book_age_us": LabelValid.BOOK, "feature": LabelValid.FEATURES, "z": LabelValid.Z},
    "alpha": {
        **dict.fromkeys(("bid", "ask", "bid_qty", "ask_qty"), AlphaValid.TOUCH),
        **dict.fromkeys(
            ("skew_inverted", "hazard_inverted", "skew_traditional", "hazard_traditional"), AlphaValid.SIGNALS
        ),
        "norm": AlphaValid.NORM,
        "fair_px": AlphaValid.QUOTE,
        "width_ticks": AlphaValid.QUOTE,
        "pnl_e8": AlphaValid.MARK,
        "volume": AlphaValid.FLOW,
        **dict.fromkeys(("impact_sell", "impact_buy"), AlphaValid.IMPACT),
        **dict.fromkeys(("fsi_sell", "fsi_buy"), AlphaValid.FSI),
        **dict.fromkeys(("ldr_bid", "ldr_ask"), AlphaValid.LDR),
        "pi": AlphaValid.PI,
        "rv": AlphaValid.RV,
        "sigma": AlphaValid.SIGMA,
        "z_fsi_sell": AlphaValid.Z_FSI_SELL,
        "z_fsi_buy": AlphaValid.Z_FSI_BUY,
        "z_ldr_bid": AlphaValid.Z_LDR_BID,
        "z_ldr_ask": AlphaValid.Z_LDR_ASK,
        "z_pi": AlphaValid.Z_PI,
        "lpi_sell": AlphaValid.LPI_SELL,
        "lpi_buy": AlphaValid.LPI_BUY,
        **dict.fromkeys(("oi", "oi_age_us"), AlphaValid.OI),
        "oi_flush": AlphaValid.OI_FLUSH,
        "z_oi": AlphaValid.Z_OI,
    },
    "triggers": {
        **dict.fromkeys(("z_oi", "oi_age_us"), TriggerValid.OI),
        "leg_return": TriggerValid.LEG,
        "sigma": TriggerValid.SIGMA,
        "crash_return": TriggerValid.CRASH,
    },
    "fills": {"ahead": FillValid.AHEAD, "hazard": FillValid.HAZARD},
}
"""By table and field of the record: the bit of `valid` without which it is NULL."""

NO_ZERO = {"labels": ("exch_ts",), "quotes": ("live_from", "live_to")}
"""Times whose zero means that there is none."""

NAMES: dict[str, dict[str, type[IntEnum]]] = {
    "labels": {"label": Label, "why": Why},
    "alpha": {"state_sell": Regime, "state_buy": Regime, "source": Source},
    "triggers": {"state": Regime, "source": Source, "why": FadeWhy},
    "quotes": {"act": QuoteAct, "why": QuoteWhy, "strategy": Strategy},
    "fills": {"rule": FillRule, "strategy": Strategy, "state_sell": Regime, "state_buy": Regime},
    "markouts": {"what": Marked, "strategy": Strategy},
}
"""By table and column: whose names its numbers stand for."""

RUNS = {
    "run": int,
    "session_id": str,
    "started_us": int,  # wall clock
    "ended_us": int,  # NULL: still going, or cut off
    "symbol": str,
    "tape": str,
    "tape_sha256": str,
    "first_ts_us": int,
    "last_ts_us": int,
    "model_sha256": str,
    "fill_rule": str,
    "params": str,  # JSON: the parameter vector
    "provenance": str,  # JSON: all that was said at the beginning
    "summary": str,  # JSON: what the run came to
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the record's field, the place within it if the field is a vector, and when it is known."""

    name: str
    field: str
    at: int | None
    is_float: bool
    bit: int  # of `valid`; 0: always known
    no_zero: bool


def columns(table: str) -> tuple[Column, ...]:
    """Return the columns of one output table, in the order of its record."""
    return tuple(_columns(table, TABLES[table]))


def _columns(table: str, record: np.dtype[np.void]) -> Iterator[Column]:
    for name in record.names or ():
        if name == "valid":
            continue
        kind, bit = record[name], int(KNOWN_IF.get(table, {}).get(name, 0))
        is_float, no_zero = kind.base.kind == "f", name in NO_ZERO.get(table, ())
        if table == "markouts" and kind.shape:
            for at, horizon_us in enumerate(HORIZONS_US):
                yield Column(f"{name}_{horizon_us // 1000}ms", name, at, is_float, 1 << at, no_zero)
        elif kind.shape:
            for at, part in enumerate(FEATURES):
                yield Column(f"{name}_{part}", name, at, is_float, bit, no_zero)
        else:
            yield Column(name, name, None, is_float, bit, no_zero)


def check(connection: sqlite3.Connection, path: Path) -> bool:
    """Say whether the file holds a session log of this version, False for an empty file; raise InputError otherwise."""
    mend = "name another file: paths.sessions in the config"
    try:
        (version,) = connection.execute("pragma user_version").fetchone()
        (application,) = connection.execute("pragma application_id").fetchone()
        tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise InputError("is not a session log, or is damaged", file=path, mend=mend) from error
    if not tables and not application:
        return False
    if application != APPLICATION_ID:
        raise InputError("is a database, but not a session log", file=path, mend=mend)
    if version > VERSION:
        what = f"session log of version {version}, this lobterm knows {VERSION}"
        raise InputError(what, file=path, mend="update lobterm, or " + mend)
    if version < VERSION:
        what = f"session log of version {version}, this lobterm writes {VERSION}"
        raise InputError(what, file=path, mend=f"it stays readable by the lobterm that wrote it; {mend}")
    for table in TABLES:
        held = [name for _, name, *_ in connection.execute(f"pragma table_info([{table}])")]
        if held != ["run", *(column.name for column in columns(table))]:
            raise InputError(f"holds other columns in {table}", file=path, mend=mend)
    return True


def create(connection: sqlite3.Connection) -> None:
    """Make the tables, indexes and views in an empty file."""
    db = Database(connection)
    db.table("runs").create(RUNS, pk="run", not_null={"session_id", "started_us", "provenance"})
    db.table("runs").create_index(["session_id"], unique=True)
    for table in TABLES:
        kinds = {column.name: float if column.is_float else int for column in columns(table)}
        db.table(table).create({"run": int, **kinds}, foreign_keys=[("run", "runs", "run")])
        db.table(table).create_index(["run"])
        for column, names in NAMES.get(table, {}).items():
            db.table(_lookup(table, column)).insert_all(
                ({"id": int(member), "name": member.name.lower()} for member in names), pk="id"
            )
        db.create_view(f"{table}_named", _view(table))
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute(f"pragma user_version = {VERSION}")


def _lookup(table: str, column: str) -> str:
    return f"{table}_{column}_names"


def _view(table: str) -> str:
    """Return the select of a table with its names spelled out and its session named."""
    named = NAMES.get(table, {})
    parts = [
        f"[{_lookup(table, column.name)}].name as [{column.name}]"
        if column.name in named
        else f"[{table}].[{column.name}]"
        for column in columns(table)
    ]
    joins = [f"join runs on runs.run = [{table}].run"] + [
        f"left join [{lookup}] on [{lookup}].id = [{table}].[{column}]"
        for column, lookup in ((column, _lookup(table, column)) for column in named)
    ]
    return f"select runs.session_id, {', '.join(parts)} from [{table}] {' '.join(joins)}"


def insert_sql(table: str, rows: int = 1) -> str:
    """Return the statement that inserts `rows` rows at once."""
    names = ["run", *(column.name for column in columns(table))]
    one = f"({', '.join('?' * len(names))})"
    return f"insert into [{table}] ({', '.join(f'[{name}]' for name in names)}) values {', '.join([one] * rows)}"
