"""The log's rows as people and spreadsheets read them: datetimes, prices, sizes and words beside the exact integers.

What: a column's kind (`meaning`) decides. `px` becomes `px_ticks` and `px_price`; `ts` becomes `ts_us` and `ts_utc`; an
enumeration becomes its word; a bit field becomes one true, false or null a bit; markouts get their bps.
Units: in the names: _us µs, _utc UTC, _ticks, _price quote coin, _lots, _base base coin, _quote quote coin, _bps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import polars as pl

from lobterm.engine.rows import Condition, Label, Leg, Marked
from lobterm.session.columns import NAMES, columns
from lobterm.session.meaning import Kind, Meaning, horizon_names, meaning
from lobterm.session.views import CONDITIONS, LEGS


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a tick and a lot are worth, in 1e-8 of the quote and the base coin; None: the log does not say."""

    tick_e8: int | None
    lot_e8: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One column that is shown, and how it comes of the log's."""

    name: str
    unit: str
    meaning: Meaning
    expression: pl.Expr


def readable(raw: pl.DataFrame, table: str, sizes: Sizes) -> pl.DataFrame:
    """Return the rows of one table with the columns that `shown` lists."""
    return raw.select([column.expression.alias(column.name) for column in shown(table, sizes)])


def shown(table: str, sizes: Sizes) -> list[Shown]:
    """Return the columns of one table as people read them, in order."""
    return [shown for column in columns(table) for shown in _shown(table, column.name, sizes)] + list(_bps(table))


def _shown(table: str, name: str, sizes: Sizes) -> Iterator[Shown]:
    said = meaning(table, name)
    value = pl.col(name)
    tick, lot = (pl.lit(size, pl.Int64) for size in (sizes.tick_e8, sizes.lot_e8))
    if said.kind is Kind.TIME:
        yield Shown(f"{name}_us", said.kind.value, said, value)
        yield Shown(f"{name}_utc", "UTC", said, value.cast(pl.Datetime("us", "UTC")))
    elif said.kind is Kind.TICKS:
        stem = name.removesuffix("_ticks")
        yield Shown(f"{stem}_ticks", "ticks", said, value)
        # polars multiplies by 1e-8: rounding makes it the decimal's nearest float, 61659.7 and not 61659.700000000004
        yield Shown(f"{stem}_price", "quote coin", said, (value * tick / 1e8).round(8))
    elif said.kind is Kind.HALF_TICKS:
        stem = name.replace("mid2", "mid").removesuffix("2")
        yield Shown(f"{stem}_half_ticks", "half ticks", said, value)
        yield Shown(f"{stem}_price", "quote coin", said, (value * tick / 2e8).round(9))
    elif said.kind is Kind.LOTS:
        yield Shown(f"{name}_lots", "lots", said, value)
        yield Shown(f"{name}_base", "base coin", said, (value * lot / 1e8).round(8))
    elif said.kind is Kind.TICK_LOTS:
        yield Shown(f"{name}_tick_lots", "tick-lots", said, value)
        yield Shown(f"{name}_quote", "quote coin", said, value.cast(pl.Float64) * (tick / 1e8) * (lot / 1e8))
    elif said.kind is Kind.HALF_TICK_LOTS:
        stem = name.removesuffix("2")
        yield Shown(f"{stem}_half_tick_lots", "half tick-lots", said, value)
        yield Shown(f"{stem}_quote", "quote coin", said, value.cast(pl.Float64) * (tick / 1e8) * (lot / 2e8))
    elif said.kind is Kind.QUOTE_E8:
        yield Shown(name, said.kind.value, said, value)
        yield Shown(f"{name.removesuffix('_e8')}_quote", "quote coin", said, (value / 1e8).round(8))
    elif said.kind is Kind.NAME:
        yield Shown(name, "word", said, word(table, name))
    elif said.kind is Kind.BITS:
        yield from _bits(name, said)
    else:
        yield Shown(name, said.kind.value, said, value)


def word(table: str, name: str) -> pl.Expr:
    """Return an enumeration as its words; null for a number that has none, or where the row has no such thing."""
    names: type[IntEnum] = Label if (table, name) == ("markouts", "label") else NAMES[table][name]
    numbers = {int(member): member.name.lower() for member in names}
    word = pl.col(name).replace_strict(numbers, default=None, return_dtype=pl.Enum(list(numbers.values())))
    only_of = {("markouts", "label"): Marked.LABEL, ("markouts", "strategy"): Marked.FILL}.get((table, name))
    return word if only_of is None else pl.when(pl.col("what") == int(only_of)).then(word)


def _bits(name: str, said: Meaning) -> Iterator[Shown]:
    """Yield one column a bit; the bits that are known stand in a column of their own, which is not shown."""
    if name.endswith("_known"):
        return
    named: dict[str, Leg] | dict[str, Condition] = LEGS if name.startswith("legs") else CONDITIONS
    side = name.partition("_")[2]
    for bit_name, bit in named.items():
        known, set_ = ((pl.col(column) & int(bit)) != 0 for column in (f"{name}_known", name))
        full = f"{bit_name}_{side}" if side else bit_name
        text = said._replace(text=f"{said.text}: {bit_name}")
        yield Shown(full, said.kind.value, text, pl.when(known).then(set_))


def _bps(table: str) -> Iterator[Shown]:
    if table != "markouts":
        return
    for horizon in horizon_names():
        said = meaning(table, f"mid2_{horizon}")
        said = said._replace(text="markout: " + said.text.removeprefix("mid "))
        yield Shown(f"markout_{horizon}_bps", "bps of the reference", said, markout_bps(pl.col(f"mid2_{horizon}")))


def markout_bps(mid2: pl.Expr) -> pl.Expr:
    """Return the markout in bps of the reference: side x (mid - reference), positive is good for that side."""
    return 1e4 * pl.col("side") * (mid2 - pl.col("ref2")) / pl.col("ref2")
