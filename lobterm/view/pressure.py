"""Pressure, its state and its exhaustion, as words, shares and truths. All of it is the engine's; here it is only told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lobterm.engine import params as pm
from lobterm.engine.rows import Condition as Bit
from lobterm.engine.rows import Leg, Regime, Source
from lobterm.view import format as fmt
from lobterm.view import why
from lobterm.view.models import Checked, Condition, PressureView, ScoreRow, SidePressure, Truth
from lobterm.view.scale import full_scale

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from lobterm.engine.read import Pressure, Score, Side, Snapshot
    from lobterm.instrument import Instrument

    Params = npt.NDArray[np.float64]

SOURCES = {
    Source.NONE: "no source yet",
    Source.LIQUIDATIONS: "by liquidations",
    Source.OPEN_INTEREST: "by open interest",
    Source.FLOW: "by flow alone",
}
BY = {Source.NONE: "", Source.LIQUIDATIONS: "liq", Source.OPEN_INTEREST: "OI", Source.FLOW: "flow"}
STATES = {Regime.UNKNOWN: "unknown", Regime.INFORMED: "INFORMED", Regime.FORCED: "FORCED"}
RULES = ("rule 3.1", "rule 8.4")
CUT = "≥≤"
"""What the text of a z begins with that the engine has cut off."""


def real(value: float | None, form: str = "+.2f") -> str:
    """Return a number, or a dash."""
    return fmt.NOTHING if value is None else f"{value:{form}}"


def z(value: float | None, params: Params) -> str:
    """Return a z, or a dash; one that the engine has cut off says that it is at least, or at most, that."""
    cut = float(params[pm.Z_CLAMP])
    if value is None or abs(value) < cut:
        return real(value)
    return f"{'≥' if value > 0 else '≤-'}{cut:g}"


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


def _side(who: Side, side: int, snapshot: Snapshot, high: float, thinnest: Score) -> SidePressure:
    params = snapshot.params
    needed = why.needed(snapshot.params[pm.EXHAUSTION_RULE] == 1.0, bool(who.conditions_known & Bit.OI))
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
        missing="exhausted"
        if not unmet
        else why.wait(unmet[0], bool(who.conditions_known & unmet[0]))
        if len(unmet) == 1
        else "",
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
    z_oi = z(p.oi_flush.z, params)

    def told(name: str, short: str, rule: str, bit: Bit, texts: tuple[str, str]) -> Condition:
        sells, buys = (Checked(_truth(who, bit), text) for who, text in zip(both, texts, strict=True))
        return Condition(name, short, rule, sells, buys)

    def fell(who: Side) -> str:
        return fmt.NOTHING if who.motion.lpi_falls is None else f"{who.motion.lpi_falls} of {ticks}"

    def changed(who: Side) -> str:
        now = z(who.ldr.z, params)
        return f"z {now}" if now[0] in CUT else real(who.motion.z_ldr_change)

    def diverged(who: Side) -> str:
        mid2 = who.motion.mid2_change
        mid = fmt.NOTHING if mid2 is None else f"{mid2 / 2:+{'g' if abs(mid2) < 200 else '.0f'}}"
        return f"mid {mid} LPI {real(who.motion.lpi_change, '+.1f')}"

    return (
        told("panic", "pan", f"LPI > {params[pm.LPI_HI]:g}", Bit.PANIC, (real(both[0].lpi), real(both[1].lpi))),
        told("rollover", "roll", f"falls {ticks} ticks", Bit.ROLLOVER, (fell(both[0]), fell(both[1]))),
        told("OI flush", "oi", f"z > {params[pm.EXHAUSTION_Z_OI]:g}", Bit.OI, (z_oi, z_oi)),
        told("reform", "ref", "z(LDR) falls", Bit.REFORM,
             (changed(both[0]), changed(both[1]))),
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

    z_oi = z(p.oi_flush.z, params)
    return (
        told("impact", f"z(FSI) > {params[pm.STATE_Z_FSI]:g}", Leg.FSI, (z(p.sells.fsi.z, params), z(p.buys.fsi.z, params))),
        told("shock", f"z(LDR) > {params[pm.STATE_Z_LDR]:g}", Leg.LDR, (z(p.sells.ldr.z, params), z(p.buys.ldr.z, params))),
        told("OI flush", f"z > {params[pm.STATE_Z_OI]:g}", Leg.OI, (z_oi, z_oi)),
        told("liquidated", f"run of {params[pm.LIQ_RUN]:g}", Leg.LIQUIDATIONS,
             (f"{p.sells.liquidations}+", f"{p.buys.liquidations}+")),
        told("persists", f"|net| > {params[pm.FLOW_PERSISTENCE]:g}", Leg.PERSISTENT, ("", "")),
    )  # fmt: skip


def scores(snapshot: Snapshot, instrument: Instrument) -> tuple[ScoreRow, ...]:
    """Return every z with its value, and how many samples over how long it stands on."""
    p, params = snapshot.pressure, snapshot.params
    least = int(params[pm.MIN_SAMPLES])
    base = instrument.lot

    def row(name: str, side: int, score: Score, scale: float = 1.0) -> ScoreRow:
        value = fmt.NOTHING if score.value is None else f"{score.value * scale:.3g}"
        return ScoreRow(name, side, value, z(score.z, params), f"{score.samples:,}", span(score), score.samples < least)

    return (
        row("FSI sells", -1, p.sells.fsi),
        row("FSI buys", 1, p.buys.fsi),
        row("LDR bids", -1, p.sells.ldr),
        row("LDR asks", 1, p.buys.ldr),
        row("Π", 0, p.pi),
        row("OI flush", 0, p.oi_flush, base),
    )
