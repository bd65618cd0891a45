"""Pressure, its state and its exhaustion, as words, shares and truths. All of it is the engine's; here it is only told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lobterm.engine import params as pm
from lobterm.engine.rows import Condition as Bit
from lobterm.engine.rows import Leg, Regime, Source
from lobterm.view import format as fmt
from lobterm.view.models import Checked, Condition, PressureView, ScoreRow, SidePressure, Truth
from lobterm.view.scale import full_scale

if TYPE_CHECKING:
    from lobterm.engine.read import Pressure, Score, Side, Snapshot
    from lobterm.instrument import Instrument

SOURCES = {
    Source.NONE: "no source yet",
    Source.LIQUIDATIONS: "by liquidations",
    Source.OPEN_INTEREST: "by open interest",
    Source.FLOW: "by flow alone",
}
BY = {Source.NONE: "", Source.LIQUIDATIONS: "liq", Source.OPEN_INTEREST: "OI", Source.FLOW: "flow"}
STATES = {Regime.UNKNOWN: "unknown", Regime.INFORMED: "INFORMED", Regime.FORCED: "FORCED"}
RULES = ("rule 3.1", "rule 8.4")


def real(value: float | None, form: str = "+.2f") -> str:
    """Return a number, or a dash."""
    return fmt.NOTHING if value is None else f"{value:{form}}"


def span(score: Score) -> str:
    """Return how much time a z looks back on."""
    return fmt.age(score.span_us) if score.samples else "none"


def _scores(p: Pressure) -> tuple[Score, ...]:
    return (p.sells.fsi, p.buys.fsi, p.sells.ldr, p.buys.ldr, p.pi)


def pressure(snapshot: Snapshot) -> PressureView:
    """Return what the last alpha tick came to."""
    p, params = snapshot.pressure, snapshot.params
    window_s, least = params[pm.WINDOW_S], int(params[pm.MIN_SAMPLES])
    thinnest = min(_scores(p), key=lambda score: score.samples)
    whole = fmt.span(int(window_s * 1e6))
    warming = thinnest.samples < least
    window = f"warming {thinnest.samples}/{least}" if warming else f"z over {span(thinnest)} of {whole}"
    high = full_scale(max(1.5 * params[pm.LPI_HI], params[pm.LPI_EXIT], p.sells.lpi or 0.0, p.buys.lpi or 0.0))
    rule = int(params[pm.EXHAUSTION_RULE])
    return PressureView(
        window=window,
        warming=warming,
        scale=f"0 to {high:g}",
        source=SOURCES[Source(p.source)],
        by=BY[Source(p.source)],
        sides=tuple(
            _side(who, side, snapshot, high, thinnest) for who, side in ((p.sells, -1), (p.buys, 1))
        ),
        conditions=_conditions(snapshot),
        rule=RULES[rule],
        triggers=f"{p.triggers} triggers" if p.triggers != 1 else "1 trigger",
        legs=_legs(snapshot),
    )  # fmt: skip


def _needed(snapshot: Snapshot, who: Side) -> tuple[Bit, ...]:
    """Return the conditions that E_t asks for: open interest by section 3.1 alone, and only where it is known."""
    by_8_4 = snapshot.params[pm.EXHAUSTION_RULE] == 1.0
    bits = [Bit.PANIC, Bit.ROLLOVER, Bit.REFORM, Bit.DIVERGENCE_LOW if by_8_4 else Bit.DIVERGENCE]
    if not by_8_4 and who.conditions_known & Bit.OI:
        bits.insert(2, Bit.OI)
    return tuple(bits)


WAITS = {
    Bit.PANIC: "no panic",
    Bit.ROLLOVER: "LPI still rising",
    Bit.OI: "no OI flush",
    Bit.REFORM: "depth still falling",
    Bit.DIVERGENCE: "no divergence",
    Bit.DIVERGENCE_LOW: "no divergence",
}


def _side(who: Side, side: int, snapshot: Snapshot, high: float, thinnest: Score) -> SidePressure:
    params = snapshot.params
    needed = _needed(snapshot, who)
    unmet = [bit for bit in needed if not who.conditions & bit]
    least = int(params[pm.MIN_SAMPLES])
    unknown = ""
    if who.lpi is None:
        warming = f"warming {thinnest.samples}/{least}" if thinnest.samples < least else "not known"
        unknown = warming if snapshot.book_known else "book unknown"
    held = who.state == Regime.FORCED and who.latch_us > 0
    return SidePressure(
        side=side,
        lpi=real(who.lpi),
        share=(who.lpi or 0.0) / high,
        exit_share=params[pm.LPI_EXIT] / high,
        panic_share=params[pm.LPI_HI] / high,
        panic=who.lpi is not None and bool(who.conditions & Bit.PANIC),
        state=STATES[Regime(who.state)],
        forced=who.state == Regime.FORCED,
        latch=fmt.age(who.latch_us) if held else "",
        unknown=unknown,
        met=len(needed) - len(unmet),
        needed=len(needed),
        missing="exhausted" if not unmet else WAITS[unmet[0]] if len(unmet) == 1 else "",
    )


def _truth(who: Side, bit: Bit) -> Truth:
    if not who.conditions_known & bit:
        return Truth.UNKNOWN
    return Truth.YES if who.conditions & bit else Truth.NO


def _conditions(snapshot: Snapshot) -> tuple[Condition, ...]:
    p, params = snapshot.pressure, snapshot.params
    both = (p.sells, p.buys)
    ticks = int(params[pm.ROLLOVER_TICKS])
    bit = Bit.DIVERGENCE_LOW if params[pm.EXHAUSTION_RULE] == 1.0 else Bit.DIVERGENCE
    z_oi = real(p.oi_flush.z)

    def told(name: str, short: str, rule: str, bit: Bit, texts: tuple[str, str]) -> Condition:
        sells, buys = (Checked(_truth(who, bit), text) for who, text in zip(both, texts, strict=True))
        return Condition(name, short, rule, sells, buys)

    def fell(who: Side) -> str:
        return fmt.NOTHING if who.motion.lpi_falls is None else f"{who.motion.lpi_falls} of {ticks}"

    def diverged(who: Side) -> str:
        mid2 = who.motion.mid2_change
        mid = fmt.NOTHING if mid2 is None else f"{mid2 / 2:+g}"
        return f"mid {mid} LPI {real(who.motion.lpi_change, '+.1f')}"

    return (
        told("panic", "pan", f"LPI > {params[pm.LPI_HI]:g}", Bit.PANIC, (real(both[0].lpi), real(both[1].lpi))),
        told("rollover", "roll", f"falls {ticks} ticks", Bit.ROLLOVER, (fell(both[0]), fell(both[1]))),
        told("OI flush", "oi", f"z > {params[pm.EXHAUSTION_Z_OI]:g}", Bit.OI, (z_oi, z_oi)),
        told("reform", "ref", "z(LDR) falls", Bit.REFORM,
             (real(both[0].motion.z_ldr_change), real(both[1].motion.z_ldr_change))),
        told("diverge", "div", f"over {params[pm.DIVERGENCE_S]:g} s", bit, (diverged(both[0]), diverged(both[1]))),
    )  # fmt: skip


def _legs(snapshot: Snapshot) -> tuple[Condition, ...]:
    p, params = snapshot.pressure, snapshot.params
    both = (p.sells, p.buys)

    def told(name: str, rule: str, leg: Leg, texts: tuple[str, str]) -> Condition:
        sells, buys = (
            Checked(
                Truth.UNKNOWN if not who.legs_known & leg else Truth.YES if who.legs & leg else Truth.NO,
                text,
            )
            for who, text in zip(both, texts, strict=True)
        )
        return Condition(name, name, rule, sells, buys)

    z_oi = real(p.oi_flush.z)
    return (
        told("impact", f"z(FSI) > {params[pm.STATE_Z_FSI]:g}", Leg.FSI, (real(p.sells.fsi.z), real(p.buys.fsi.z))),
        told("shock", f"z(LDR) > {params[pm.STATE_Z_LDR]:g}", Leg.LDR, (real(p.sells.ldr.z), real(p.buys.ldr.z))),
        told("OI flush", f"z > {params[pm.STATE_Z_OI]:g}", Leg.OI, (z_oi, z_oi)),
        told("liquidated", f"run of {params[pm.LIQ_RUN]:g}", Leg.LIQUIDATIONS,
             (f"{p.sells.liquidations}+", f"{p.buys.liquidations}+")),
        told("persists", f"|net| > {params[pm.FLOW_PERSISTENCE]:g}", Leg.PERSISTENT, ("", "")),
    )  # fmt: skip


def scores(snapshot: Snapshot, instrument: Instrument) -> tuple[ScoreRow, ...]:
    """Return every z with its value, and how many samples over how long it stands on."""
    p, least = snapshot.pressure, int(snapshot.params[pm.MIN_SAMPLES])
    base = instrument.lot

    def row(name: str, side: int, score: Score, scale: float = 1.0) -> ScoreRow:
        value = fmt.NOTHING if score.value is None else f"{score.value * scale:.3g}"
        return ScoreRow(name, side, value, real(score.z), f"{score.samples:,}", span(score), score.samples < least)

    return (
        row("FSI sells", -1, p.sells.fsi),
        row("FSI buys", 1, p.buys.fsi),
        row("LDR bids", -1, p.sells.ldr),
        row("LDR asks", 1, p.buys.ldr),
        row("Π", 0, p.pi),
        row("OI flush", 0, p.oi_flush, base),
    )
