"""The questions that an analyst asks first, as views of the session log: prices in the quote coin, markouts in bps.

What: `fills_with_markouts`, `triggers_explained` (each condition true, false, or NULL where it was not known),
`pnl_by_minute`, `book_unknown` (stretches without an alpha tick: nothing was known, quoted or filled in them).
Rows of a replay at full speed that lie in part files are not seen here: `lobterm session export` and `session.open` see them.
"""

from __future__ import annotations

from lobterm.engine.rows import HORIZONS_US, Condition, Leg, Marked

MINUTE_US = 60_000_000

CONDITIONS = {
    "panic": Condition.PANIC,
    "rollover": Condition.ROLLOVER,
    "oi_flushed": Condition.OI,
    "reform": Condition.REFORM,
    "divergence": Condition.DIVERGENCE,
    "divergence_low": Condition.DIVERGENCE_LOW,
    "exhausted": Condition.EXHAUSTED,
}
LEGS = {
    "leg_fsi": Leg.FSI,
    "leg_oi": Leg.OI,
    "leg_liquidations": Leg.LIQUIDATIONS,
    "leg_ldr": Leg.LDR,
    "leg_persistent": Leg.PERSISTENT,
}


def analyst_views() -> dict[str, str]:
    """Return the select of each view by its name."""
    return {
        "fills_with_markouts": _fills(),
        "triggers_explained": _triggers(),
        "pnl_by_minute": _pnl(),
        "book_unknown": _unknown(),
    }


def _utc(column: str) -> str:
    return f"strftime('%Y-%m-%d %H:%M:%f', {column} / 1e6, 'unixepoch')"


def _markouts() -> str:
    return ", ".join(
        f"1e4 * m.side * (m.mid2_{h // 1000}ms - m.ref2) / m.ref2 as markout_{h // 1000}ms_bps" for h in HORIZONS_US
    )


def _fills() -> str:
    return f"""
select r.session_id, f.[offset], f.ts, {_utc("f.ts")} as utc, f.exch_ts, f.order_id, s.name as strategy,
  case f.side when 1 then 'buy' else 'sell' end as side, u.name as rule,
  f.px * r.tick_e8 / 1e8 as price, f.qty * r.lot_e8 / 1e8 as qty_base, f.fee_e8 / 1e8 as fee_quote,
  1e4 * f.side * (f.mid2 - 2 * f.px) / (2 * f.px) as half_spread_bps, f.ahead * r.lot_e8 / 1e8 as ahead_base, f.hazard,
  b.name as state_sell, c.name as state_buy, {_markouts()}
from fills f join runs r on r.run = f.run
left join markouts m on m.run = f.run and m.[offset] = f.[offset] and m.order_id = f.order_id and m.ref2 = 2 * f.px
  and m.what = {int(Marked.FILL)} and m.what <> 0
left join fills_strategy_names s on s.id = f.strategy left join fills_rule_names u on u.id = f.rule
left join fills_state_sell_names b on b.id = f.state_sell left join fills_state_buy_names c on c.id = f.state_buy"""


def _told(column: str, bits: dict[str, Condition] | dict[str, Leg]) -> str:
    return ", ".join(
        f"case when t.{column}_known & {int(bit)} then t.{column} & {int(bit)} <> 0 end as {name}"
        for name, bit in bits.items()
    )


def _triggers() -> str:
    return f"""
select r.session_id, t.[offset], t.ts, {_utc("t.ts")} as utc, case t.side when -1 then 'sells' else 'buys' end as panic_of,
  n.name as state, o.name as decided_by, {_told("conditions", CONDITIONS)},
  case t.rule when 0 then 'section_3_1' else 'section_8_4' end as rule, {_told("legs", LEGS)},
  t.lpi, t.lpi_change, t.z_fsi, t.z_ldr, t.z_ldr_change, t.z_pi, t.z_oi, t.oi_age_us / 1e6 as oi_age_s,
  1e4 * t.leg_return as leg_return_bps, w.name as why_not_faded, t.direction, t.size * r.lot_e8 / 1e8 as size_base,
  t.bid * r.tick_e8 / 1e8 as bid, t.ask * r.tick_e8 / 1e8 as ask, {_markouts()}
from triggers t join runs r on r.run = t.run
left join markouts m on m.run = t.run and m.[offset] = t.[offset] and m.ts = t.ts and m.side = -t.side
  and m.what = {int(Marked.TRIGGER)} and m.what <> 0
left join triggers_state_names n on n.id = t.state left join triggers_source_names o on o.id = t.source
left join triggers_why_names w on w.id = t.why"""


def _pnl() -> str:
    # max() makes SQLite take the other columns from the row that holds it: the minute's last tick with a known PnL
    return f"""
with ends as (
  select run, ts / {MINUTE_US} as minute, max(ts) as ts, pnl_e8, inventory
  from alpha where pnl_e8 is not null group by run, ts / {MINUTE_US}
), ours as (
  select run, ts / {MINUTE_US} as minute, count(*) as fills, sum(fee_e8) as fees_e8, sum(qty) as lots
  from fills group by run, ts / {MINUTE_US}
)
select r.session_id, e.minute * {MINUTE_US} as ts, {_utc(f"e.minute * {MINUTE_US}")} as utc, e.pnl_e8 / 1e8 as pnl_quote,
  (e.pnl_e8 - coalesce(lag(e.pnl_e8) over (partition by e.run order by e.minute), 0)) / 1e8 as change_quote,
  e.inventory * r.lot_e8 / 1e8 as inventory_base, coalesce(o.fills, 0) as fills,
  coalesce(o.lots, 0) * r.lot_e8 / 1e8 as filled_base, coalesce(o.fees_e8, 0) / 1e8 as fees_quote
from ends e join runs r on r.run = e.run left join ours o on o.run = e.run and o.minute = e.minute"""


def _unknown() -> str:
    return f"""
with ticks as (
  select a.run, a.ts, lead(a.ts) over (partition by a.run order by a.ts) as next_ts from alpha a
)
select r.session_id, t.ts as last_tick_ts, {_utc("t.ts")} as last_tick_utc, t.next_ts as next_tick_ts,
  (t.next_ts - t.ts) / 1e6 as seconds
from ticks t join runs r on r.run = t.run
where t.next_ts - t.ts > 2 * coalesce(json_extract(r.provenance, '$.config."engine.alpha_tick_us"'), 250000)"""
