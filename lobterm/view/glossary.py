"""What every number on the screens is: in words, its unit, its formula, what it is made of now, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from lobterm.engine import params as pm
from lobterm.view import why

if TYPE_CHECKING:
    from lobterm.engine.read import Snapshot


class Entry(Struct, frozen=True):
    """One number. `keys` are the parameters that it hangs on."""

    name: str
    what: str
    unit: str
    formula: str
    seed: str
    keys: tuple[str, ...] = ()


ENTRIES: tuple[Entry, ...] = (
    Entry("LPI", "How violent the forced flow looks against the liquidity that is there, of sells and, mirrored, of buys.",
          "robust standard deviations, weighted", "w_fsi z(FSI) + w_ldr z(LDR) + w_pi z(Π)", "003 §2.3",
          ("lpi.w_fsi", "lpi.w_ldr", "lpi.w_pi", "lpi.window_s", "lpi.min_samples", "lpi.z_clamp")),
    Entry("FORCED", "Whether pressure is mechanical, so that it may be faded, or a repricing (INFORMED), which may not. The first"
          " source that is there decides: liquidations, else open interest, else signed flow, a weak witness. FORCED is held by"
          " a latch: the time beside it is how long it still holds without its legs.",
          "state", "liq: z(FSI) and (a run or a flush); OI: z(FSI), flush and shock; flow: z(FSI), shock, no persistence",
          "003 §1.1, §4.1, §8.3", ("state.z_fsi", "state.z_oi", "state.z_ldr", "state.window_s", "state.latch_s")),
    Entry("panic", "Condition of exhaustion: the pressure is extreme, still.", "LPI", "LPI > LPI_hi", "003 §3.1",
          ("exhaustion.lpi_hi",)),
    Entry("rollover", "Condition of exhaustion: the LPI has fallen at each of the last K ticks.", "alpha ticks",
          "LPI(t) < LPI(t-1) < ... < LPI(t-K)", "003 §3.1", ("exhaustion.rollover_ticks",)),
    Entry("OI flush", "Open positions closing: smoothed open interest falling, positive when positions close. A condition only"
          " where open interest is known.", "base units; z in robust standard deviations", "z(flush) > threshold",
          "003 §2.1, §3.1", ("oi.half_life_s", "oi.max_age_s", "exhaustion.z_oi")),
    Entry("reform", "Condition of exhaustion: liquidity comes back, z(LDR) is lower than a tick ago.",
          "robust standard deviations", "z(LDR)(t) - z(LDR)(t-1) < 0", "003 §3.1"),
    Entry("diverge", "Condition of exhaustion: the price is further than tau ago, the pressure lower.", "ticks; LPI",
          "mid beyond mid(t - tau), LPI < LPI(t - tau); rule 8.4: a new extreme over tau", "003 §3.1, §8.4",
          ("exhaustion.divergence_s", "exhaustion.rule")),
    Entry("FSI", "Impact volume: what aggressors traded beyond a distance from the touch as it was before them, against the"
          " usual volume, amplified by the flush of open interest.", "1",
          "V_impact / (ADV x tick) x (1 + κ tanh(flush / σ))", "003 §2.2",
          ("lpi.impact_bps", "lpi.kappa", "lpi.sigma_oi_bps", "lpi.adv_half_life_s")),
    Entry("LDR", "Liquidity shock: a wide spread over a thin band of depth.", "1",
          "relative spread / (band depth / its average)", "003 §2.2", ("lpi.depth_bps", "lpi.depth_half_life_s")),
    Entry("Π", "Toxicity: how far the price moves for what is traded.", "1 / quote coin", "|r| / (volume + floor)",
          "003 §2.2 C", ("lpi.pi_floor_quote", "fade.z_pi_max")),
    Entry("z", "A robust z: how unusual a value is against the last hours, itself included. It says how many samples over how"
          " long it stands on; below the minimum there is none. The engine cuts it off at lpi.z_clamp: ≥20 is at"
          " least 20, and an LPI made of it is made of 20.", "robust standard deviations",
          "(x - median) / (1.4826 MAD)", "003 §2.3", ("lpi.window_s", "lpi.min_samples", "lpi.z_clamp")),
    Entry("skew", "Which way the followed takers lean, and the fair value with them.", "-1 to 1",
          "tanh(α Sig_skew / size normaliser)", "000 §3.2, 001 Exp 8", ("signals.mapping", "signals.tau_s", "signals.alpha")),
    Entry("hazard", "How much the feared takers traded lately; above K_tol the width grows.", "1, or base units",
          "Sig_hazard / size normaliser, decaying", "000 §3.2, 001 Exp 8", ("signals.mapping", "signals.tau_s", "maker.k_tol")),
    Entry("fair", "The price the maker quotes around.", "quote coin", "mid + β tanh(x) - θ (Q - Q_target)", "000 §4, §5",
          ("maker.beta_ticks", "maker.theta", "maker.theta_mode", "maker.q_target")),
    Entry("width", "Between the maker's bid and ask; each side gets half.", "ticks",
          "W_base (1 + γ max(0, hazard - K_tol))", "000 §4.2", ("maker.w_base_bps", "maker.gamma", "maker.k_tol")),
    Entry("PnL", "What a strategy has earned, its position marked to the mid. The parts beside it add up to it.", "quote coin",
          "spread + moved + fees + slip + funding = cash + position x mid, less fees, with funding", "002, 003 §5",
          ("account.maker_fee_bps", "account.taker_fee_bps")),
    Entry("spread", "Of PnL: edge over the mid at each fill. Of the market: best ask less best bid.", "quote coin; ticks",
          "side x (mid - price) x size", "methods §1.8 #8"),
    Entry("moved", "Of PnL: what the mid then did to the position.", "quote coin", "position x change of mid", "methods §1.8 #8"),
    Entry("slip", "Of PnL: what walking beyond the touch cost a taker of ours; never positive.", "quote coin",
          "side x (touch - price) x size", "003 §5"),
    Entry("funding", "Of PnL: what settlements brought, by the position held at funding time. Unpriced: of one of them no mark "
          "price is known; the log says of which.", "quote coin",
          "-position x mark x rate", "002"),
    Entry("ahead", "What is displayed ahead of our order at its price, as the queue model has it.", "base units",
          "displayed at arrival, less what traded or left since", "methods §3.6", ("matching.queue_model", "matching.rule")),
    Entry("CVD", "What aggressors bought less what they sold, since the time beside it.", "base units", "sum of side x size",
          "ours"),
    Entry("liq", "Liquidations of the last five minutes, longs (▼) and shorts (▲). The exchange shows one a second at most, so"
          " this is a lower bound.", "base units", "sum of filled sizes", "methods §4.8"),
    Entry("fund", "Predicted funding rate and the time until it is settled: positive is paid by longs to shorts. Marked when the"
          " exchange has not said it for a minute.", "% of the position's worth", "as the exchange says it", "002"),
    Entry("round trip", "What the maker's innermost bid and ask would earn if both filled whole, both fees taken off. Nothing of it"
          " is earned before they fill, and then the mid does what it does: the markout.", "bps of the mid; quote coin",
          "ask - bid - fee x (ask + bid)", "ours", ("account.maker_fee_bps", "account.taker_fee_bps", "maker.w_base_bps")),
    Entry("markout", "What the mid was worth some time after a fill, by our side: what is above zero at half a second and falls is"
          " adverse selection. Fees are not in it. An interval is 95 % by drawing blocks of time, none where they are too few.",
          "bps of the fill's price", "side x (mid later - price) / price", "003 §5.3, methods §3.12"),
    Entry("VWAP", "Average price of the trades by volume, since the time beside it, which is when this console began to look, not"
          " the day's.", "quote coin", "sum of price x size / sum of size", "ours"),
    Entry("range", "Lowest and highest trade since the time beside it.", "quote coin", "min, max of price", "ours"),
    Entry("mid", "Between best bid and best ask.", "quote coin", "(bid + ask) / 2", "000"),
    Entry("microprice", "The mid, leaning to the thinner side of the touch.", "quote coin",
          "(bid x ask size + ask x bid size) / both sizes", "000"),
)  # fmt: skip
BY_NAME = {entry.name: entry for entry in ENTRIES}
ALSO = {
    "FSI sells": "FSI", "FSI buys": "FSI", "LDR bids": "LDR", "LDR asks": "LDR", "z(FSI)": "FSI", "z(LDR)": "LDR", "z(Π)": "Π",
    "z(OI flush)": "OI flush", "PRESSURE LPI": "LPI", "EXHAUSTION": "panic", "Z-SCORES": "z", "bid": "fair", "ask": "fair",
    "PnL spread": "spread", "PnL inventory": "moved", "PnL slippage": "slip", "PnL funding": "funding", "PROFIT": "PnL",
    "OWN ORDERS": "ahead", "TRADES": "liq", "holds": "PnL", "fees": "PnL", "PnL fees": "PnL", "maker": "ahead", "fade": "ahead",
    "own": "ahead", "▼": "FORCED", "▲": "FORCED", "missed": "panic", "quoted": "round trip",
    "BREAK-EVEN": "round trip", "WHY": "fair", "1m": "VWAP", "sells": "panic", "buys": "panic",
}  # fmt: skip


def entry(topic: str) -> Entry | None:
    """Return what a label on a screen stands for, if it is a number of the glossary."""
    name = topic.split(" since ")[0]
    name = "markout" if name.startswith("at ") and name.endswith(" s") else name
    return BY_NAME.get(ALSO.get(name, name))


def _now(key: str, snapshot: Snapshot) -> str:
    param = pm.BY_KEY[key]
    value = float(snapshot.params[param.id])
    unit = "" if param.unit.startswith("1") else param.unit  # a plain number, whatever it is called
    shown = param.choices[int(value)] if param.choices else f"{value:g} {unit}".rstrip()
    return f"{key} = {shown}"


def _because(name: str, snapshot: Snapshot) -> list[str]:
    """Return what makes a number what it is at this moment, where it is made of pieces."""
    if name == "fair":
        return [f"  fair = {why.fair(snapshot)}, ticks"]
    if name == "width":
        return [f"  width = {why.width(snapshot)}, ticks"]
    if name in CONDITIONS:
        p = snapshot.pressure
        return [f"  sells {why.lacks(p.sells, snapshot)}", f"  buys {why.lacks(p.buys, snapshot)}"]
    return []


CONDITIONS = ("panic", "rollover", "OI flush", "reform", "diverge")


def lines(found: Entry, snapshot: Snapshot | None) -> tuple[str, ...]:
    """Return what is to be said about a number, with the parameters in force."""
    told = [found.what, f"unit      {found.unit}", f"formula   {found.formula}", f"source    {found.seed}"]
    if snapshot is not None and found.keys:
        told += ["now", *(f"  {_now(key, snapshot)}" for key in found.keys)]
    if snapshot is not None:
        told += _because(found.name, snapshot)
    return tuple(told)
