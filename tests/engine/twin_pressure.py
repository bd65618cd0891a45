"""The twin's alpha ticks: pressure, states, exhaustion and the crash filter, from plain lists.

Nothing here knows how the core keeps its windows: a median is the middle of a sorted list, a z is computed from the list,
an unknown value is None.
"""

from __future__ import annotations

import math

from lobterm.engine import params as pm
from lobterm.engine.rows import AlphaValid, Condition, Leg, Regime, Source

LN2 = math.log(2.0)
SELLS, BUYS = 0, 1
BOTH = (SELLS, BUYS)


class Decaying:
    """An average that forgets; `unseen` is the weight that its unknown start still has."""

    def __init__(self):
        self.sum, self.unseen = 0.0, 1.0

    def add(self, x, keep):
        self.unseen *= keep
        self.sum = keep * self.sum + (1.0 - keep) * x

    def value(self):
        return self.sum / (1.0 - self.unseen)

    def carry(self, value):
        self.sum, self.unseen = value, 0.0


def kept(dt_s, half_life_s):
    return math.exp(-LN2 * dt_s / half_life_s)


def ticks_of(px, bps):
    """Return `bps` of a price in whole ticks, rounded down, bps to four decimals."""
    return px * round(bps * 1e4) // 10**8


def middle(ordered):
    n = len(ordered)
    return ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2.0


class Window:
    """The last so many samples."""

    def __init__(self, capacity):
        self.capacity, self.values = capacity, []

    def push(self, x):
        self.values = [*self.values, x][-self.capacity :]

    def z(self, x, p):
        """Return the robust z of `x`, or None: too few samples, or no scale."""
        n = len(self.values)
        if n < int(p[pm.MIN_SAMPLES]):
            return None
        median = middle(sorted(self.values))
        away = [abs(value - median) for value in self.values]
        rounding = 1e-9 * abs(median)
        sigma = 1.4826 * middle(sorted(away))
        if sigma <= rounding:
            sigma = math.sqrt(math.pi / 2.0) * (math.fsum(away) / n)
        if sigma <= rounding:
            return None
        clamp = p[pm.Z_CLAMP]
        return min(max((x - median) / (sigma + p[pm.Z_EPS]), -clamp), clamp)


class OpenInterest:
    """Readings of the open interest, and the last flush: what was held before less what is held now."""

    def __init__(self, window):
        self.window, self.z = window, None
        self.forget()

    def forget(self):
        self.last = self.flush = None

    def see(self, ts, exch_ts, lots, p):
        if lots <= 0:
            return
        if self.last is None:
            self.smooth = float(lots)
        else:
            if exch_ts and exch_ts <= self.exch_ts:
                return  # the same reading, polled twice
            dt_s = (ts - self.at) * 1e-6
            before = self.smooth if dt_s > p[pm.OI_SPARSE_S] else self.last
            self.flush = float(before - lots)
            self.window.push(self.flush)
            self.z = self.window.z(self.flush, p)
            k = kept(dt_s, p[pm.OI_HALF_LIFE_S])
            self.smooth += (1.0 - k) * (self.last - self.smooth)  # it stood there until now
        self.last, self.at, self.exch_ts = lots, ts, exch_ts

    def known(self, due, p):
        """Return (lots, age, flush, z of the flush), None for each that is not known."""
        if self.last is None or due - self.at > p[pm.OI_MAX_AGE_S] * 1e6:
            return None, None, None, None
        return self.last, due - self.at, self.flush, self.z if self.flush is not None else None


class Flow:
    """What was traded since the last alpha tick."""

    def __init__(self, last_mid2=0, fresh=False):
        self.trades, self.broken, self.fresh, self.last_mid2 = [], False, fresh, last_mid2
        self.touch = None

    def see(self, side, value, px, touch):
        """`touch` is (bid, ask) before the trade's matching time, None if that is not known."""
        if not self.trades:
            self.touch = touch
        self.trades.append((side, value, px))

    def volume(self, side=None):
        return sum(value for s, value, _ in self.trades if side in (None, s))

    def impact(self, side, bps):
        """Return V_impact of a side's aggressors: strictly beyond theta of the touch before the first trade."""
        if not self.trades:
            return 0
        if self.touch is None:
            return None
        bid, ask = self.touch
        if side < 0:
            return sum(v for s, v, px in self.trades if s < 0 and px < bid - ticks_of(bid, bps))
        return sum(v for s, v, px in self.trades if s > 0 and px > ask + ticks_of(ask, bps))


class Crash:
    """BTC's mid at alpha ticks, for as long as it has been there without a break."""

    def __init__(self):
        self.touch, self.seen_at, self.mids, self.variance = {1: 0, -1: 0}, 0, [], Decaying()

    def see(self, ts, side, px):
        self.touch[1 if side > 0 else -1], self.seen_at = px, ts

    def tick(self, due, p):
        if not 0 < self.touch[1] < self.touch[-1] or due - self.seen_at > p[pm.MAX_SILENCE_US]:
            self.mids = []
            return
        mid2 = self.touch[1] + self.touch[-1]
        if self.mids:
            r = math.log(mid2 / self.mids[-1])
            self.variance.add(r * r, kept(p[pm.ALPHA_TICK_US] * 1e-6, p[pm.CRASH_HALF_LIFE_S]))
        self.mids = [*self.mids, mid2][-4096:]

    def reading(self, p):
        """Return (return over N seconds, its sigma), or None."""
        n = round(p[pm.CRASH_S] * 1e6 / p[pm.ALPHA_TICK_US])
        if n < 1 or n >= len(self.mids) or self.variance.unseen >= 1.0:
            return None
        sigma = math.sqrt(self.variance.value() * n)
        return (math.log(self.mids[-1] / self.mids[-1 - n]), sigma) if sigma > 0.0 else None

    def against(self, direction, p):
        """Say whether BTC runs hard against a fade in `direction`."""
        reading = self.reading(p) if p[pm.CRASH_FILTER] else None
        return reading is not None and -direction * reading[0] > p[pm.CRASH_SIGMAS] * reading[1]


class Pressure:
    """Everything that an alpha tick computes from book and flow."""

    def __init__(self, instrument, p):
        capacity = max(2, round(p[pm.WINDOW_S] * 1e6 / p[pm.ALPHA_TICK_US]))
        self.i, self.flow = instrument, Flow()
        self.windows = {key: Window(capacity) for key in VALUES}
        self.oi = OpenInterest(Window(capacity))
        self.adv, self.adv_seed = Decaying(), 0.0
        self.depth = {1: Decaying(), -1: Decaying()}
        self.net, self.gross, self.variance = Decaying(), Decaying(), Decaying()
        self.rv_mids, self.rv_parts, self.rv_broken = [], [], False

    def break_off(self):
        self.flow = Flow(fresh=True)
        self.rv_mids, self.rv_parts, self.rv_broken = [], [], True

    def carry(self, which, value, p):
        if not abs(value) < 1e300:
            return
        if 0 <= which <= 5:
            window = self.oi.window if which == 5 else self.windows[VALUES[which]]
            window.push(value)
        elif value >= 0.0 and 6 <= which <= 9:
            (self.adv, self.depth[1], self.depth[-1], self.variance)[which - 6].carry(value)

    def sample_rv(self, mid2):
        if mid2 == 0:
            self.rv_broken, self.rv_mids = True, []
            return
        if self.rv_mids:
            r = math.log(mid2 / self.rv_mids[-1])
            self.rv_parts.append(r * r)
        self.rv_mids.append(mid2)

    def tick(self, due, mid2, view, band, p):
        """Return what is known as a dict of row fields; `band(side, px, worst)` sums the book's levels behind a price."""
        now = dict.fromkeys((*VALUES, "volume", "impact_sell", "impact_buy", "rv", "sigma", "lean"))
        now["oi"], now["oi_age_us"], now["oi_flush"], now["z_oi"] = self.oi.known(due, p)
        tick_s = p[pm.ALPHA_TICK_US] * 1e-6
        if not self.flow.fresh and not self.flow.broken:
            self.flow_values(now, mid2, tick_s, p)
        if mid2 and band:
            self.book_values(now, view, band, tick_s, p)
        self.close_variance(now, tick_s, p)
        for key in VALUES:
            now["z_" + key] = None
            if now[key] is not None:
                self.windows[key].push(now[key])
                now["z_" + key] = self.windows[key].z(now[key], p)
        for side, name in (("sell", "bid"), ("buy", "ask")):
            parts = [now["z_fsi_" + side], now["z_ldr_" + name], now["z_pi"]]
            now["lpi_" + side] = None
            if None not in parts:
                now["lpi_" + side] = p[pm.W_FSI] * parts[0] + p[pm.W_LDR] * parts[1] + p[pm.W_PI] * parts[2]
        self.flow = Flow(last_mid2=mid2)
        return now

    def flow_values(self, now, mid2, tick_s, p):
        flow, volume = self.flow, self.flow.volume()
        now["volume"] = volume
        self.adv.add(volume / tick_s, kept(tick_s, p[pm.ADV_HALF_LIFE_S]))
        seeded = self.adv.unseen * self.adv_seed * (mid2 / 2.0)  # what 24 h say stands in for the unknown start
        adv = self.adv.sum + seeded if seeded else self.adv.value()
        keep = kept(tick_s, p[pm.FLOW_HALF_LIFE_S])
        self.net.add(flow.volume(1) - flow.volume(-1), keep)
        self.gross.add(volume, keep)
        if self.gross.unseen <= 0.5 and self.gross.sum > 0.0:
            now["lean"] = self.net.sum / self.gross.sum
        now["impact_sell"], now["impact_buy"] = flow.impact(-1, p[pm.IMPACT_BPS]), flow.impact(1, p[pm.IMPACT_BPS])
        if now["impact_sell"] is not None and adv > 0.0:
            g = 1.0
            if now["oi_flush"] is not None:
                sigma = p[pm.SIGMA_OI_BPS] * 1e-4 * now["oi"]
                g = 1.0 + p[pm.KAPPA] * math.tanh(now["oi_flush"] / sigma)
            now["fsi_sell"] = now["impact_sell"] / (adv * tick_s) * g
            now["fsi_buy"] = now["impact_buy"] / (adv * tick_s) * g
        if mid2 and flow.last_mid2:
            quote = volume * (self.i.tick * self.i.lot)
            now["pi"] = abs(math.log((mid2 / 2.0) / (flow.last_mid2 / 2.0))) / (quote + p[pm.PI_FLOOR])

    def book_values(self, now, view, band, tick_s, p):
        bid, ask = view[0][0], view[1][0]
        keep, mid = kept(tick_s, p[pm.DEPTH_HALF_LIFE_S]), (bid + ask) / 2.0
        for side, key, (px, qty, _) in ((1, "ldr_bid", view[0]), (-1, "ldr_ask", view[1])):
            worst = px - side * ticks_of(px, p[pm.DEPTH_BPS])
            deep = max(float(qty + band(side, px, worst)), p[pm.DEPTH_FLOOR] / self.i.lot)
            self.depth[side].add(deep, keep)
            now[key] = ((ask - bid) / mid) / (deep / self.depth[side].value())

    def close_variance(self, now, tick_s, p):
        if self.rv_parts and not self.rv_broken:
            total = 0.0
            for part in self.rv_parts:
                total += part
            now["rv"] = total
            self.variance.add(total / tick_s, kept(tick_s, p[pm.SIGMA_HALF_LIFE_S]))
        if self.variance.unseen <= 0.5:
            now["sigma"] = math.sqrt(self.variance.value() * p[pm.SIGMA_HORIZON_S])
        self.rv_parts, self.rv_broken = [], False


VALUES = ("fsi_sell", "fsi_buy", "ldr_bid", "ldr_ask", "pi")
"""The five values with a window each, in the order in which SAMPLE rows number them; 5 is the open interest flush."""

BITS = {
    "volume": AlphaValid.FLOW, "impact_sell": AlphaValid.IMPACT, "fsi_sell": AlphaValid.FSI, "ldr_bid": AlphaValid.LDR,
    "pi": AlphaValid.PI, "rv": AlphaValid.RV, "sigma": AlphaValid.SIGMA, "z_fsi_sell": AlphaValid.Z_FSI_SELL,
    "z_fsi_buy": AlphaValid.Z_FSI_BUY, "z_ldr_bid": AlphaValid.Z_LDR_BID, "z_ldr_ask": AlphaValid.Z_LDR_ASK,
    "z_pi": AlphaValid.Z_PI, "lpi_sell": AlphaValid.LPI_SELL, "lpi_buy": AlphaValid.LPI_BUY, "oi": AlphaValid.OI,
    "oi_flush": AlphaValid.OI_FLUSH, "z_oi": AlphaValid.Z_OI,
}  # fmt: skip


class State:
    """FORCED or INFORMED, for one side."""

    def __init__(self, side):
        self.side, self.run, self.last_liquidation = side, 0, None
        self.break_off()

    def break_off(self):
        self.state, self.legs, self.known, self.latched_until = Regime.UNKNOWN, set(), set(), None
        self.last_true = {}

    def see_liquidation(self, ts, p):
        near = self.last_liquidation is not None and ts - self.last_liquidation <= p[pm.LIQ_GAP_S] * 1e6
        self.run = self.run + 1 if near else 1
        self.last_liquidation = ts

    def raw(self, now, due, feed_there, p):
        """Return {leg: whether it holds at this tick} of the legs that are known."""
        name = ("sell", "bid") if self.side == SELLS else ("buy", "ask")
        legs = {}
        for leg, key, threshold in (
            (Leg.FSI, "z_fsi_" + name[0], pm.STATE_Z_FSI),
            (Leg.OI, "z_oi", pm.STATE_Z_OI),
            (Leg.LDR, "z_ldr_" + name[1], pm.STATE_Z_LDR),
        ):
            if now[key] is not None:
                legs[leg] = now[key] > p[threshold]
        if feed_there:
            last = self.last_liquidation
            recent = last is not None and due - last <= p[pm.LIQ_GAP_S] * 1e6
            legs[Leg.LIQUIDATIONS] = recent and self.run >= p[pm.LIQ_RUN]
        if now["lean"] is not None:
            lean = now["lean"] if self.side == BUYS else -now["lean"]
            legs[Leg.PERSISTENT] = lean > p[pm.FLOW_PERSISTENCE]
        return legs

    def tick(self, now, due, feed_there, p):
        raw = self.raw(now, due, feed_there, p)
        self.last_true |= {leg: due for leg, holds in raw.items() if holds}
        window = p[pm.STATE_WINDOW_S] * 1e6
        self.legs = {leg for leg, at in self.last_true.items() if leg != Leg.PERSISTENT and due - at <= window}
        self.legs |= {leg for leg, holds in raw.items() if holds}
        self.known = set(raw) | self.legs
        self.state = self.decide()
        if self.state == Regime.FORCED:
            self.latched_until = due + int(p[pm.LATCH_S] * 1e6)
        elif self.latched_until is not None and due < self.latched_until:
            self.state = Regime.FORCED

    def decide(self):
        by = source_of(self.known)
        if by == Source.NONE or Leg.FSI not in self.known:
            return Regime.UNKNOWN
        if Leg.FSI not in self.legs:
            return Regime.INFORMED
        if by == Source.LIQUIDATIONS:
            return Regime.FORCED if self.legs & {Leg.LIQUIDATIONS, Leg.OI} else Regime.INFORMED
        speaks_against = Leg.OI not in self.legs if by == Source.OPEN_INTEREST else Leg.PERSISTENT in self.legs
        if speaks_against:
            return Regime.INFORMED
        if Leg.LDR not in self.known:
            return Regime.UNKNOWN
        return Regime.FORCED if Leg.LDR in self.legs else Regime.INFORMED


def source_of(known):
    """Return the first source that is there."""
    order = {Leg.LIQUIDATIONS: Source.LIQUIDATIONS, Leg.OI: Source.OPEN_INTEREST, Leg.PERSISTENT: Source.FLOW}
    return next((source for leg, source in order.items() if leg in known), Source.NONE)


class Exhaustion:
    """The five conditions of one side, over the alpha ticks since the last gap."""

    def __init__(self, side):
        self.side = side
        self.restart()

    def restart(self):
        self.lpi, self.z_ldr, self.mids = [], [], []
        self.was, self.calm_mid2 = False, None
        self.conditions = dict.fromkeys(Condition)

    def tick(self, now, mid2, p):
        """Judge the tick. Return whether E_t became true."""
        sell = self.side == SELLS
        self.lpi.append(now["lpi_sell" if sell else "lpi_buy"])
        self.z_ldr.append(now["z_ldr_bid" if sell else "z_ldr_ask"])
        self.mids.append((mid2 if sell else -mid2) if mid2 else None)  # a squeeze is a crash, upside down
        tau = max(1, round(p[pm.DIVERGENCE_S] * 1e6 / p[pm.ALPHA_TICK_US]))
        met = {
            Condition.PANIC: self.lpi[-1] > p[pm.LPI_HI] if self.lpi[-1] is not None else None,
            Condition.ROLLOVER: self.rollover(int(p[pm.ROLLOVER_TICKS])),
            Condition.OI: now["z_oi"] > p[pm.EXHAUSTION_Z_OI] if now["z_oi"] is not None else None,
            Condition.REFORM: falling(self.z_ldr, 1),
            Condition.DIVERGENCE: self.divergence(tau),
            Condition.DIVERGENCE_LOW: self.divergence_low(tau),
        }
        needed = [Condition.PANIC, Condition.ROLLOVER, Condition.REFORM]
        if p[pm.EXHAUSTION_RULE] == 1.0:
            needed += [Condition.DIVERGENCE_LOW]
        else:
            needed += [Condition.DIVERGENCE] + ([Condition.OI] if met[Condition.OI] is not None else [])
        verdicts = [met[condition] for condition in needed]
        met[Condition.EXHAUSTED] = False if False in verdicts else None if None in verdicts else True
        self.conditions = met
        rose = met[Condition.EXHAUSTED] is True and not self.was
        self.was = met[Condition.EXHAUSTED] is True
        if mid2 and self.lpi[-1] is not None and self.lpi[-1] <= p[pm.LPI_EXIT]:
            self.calm_mid2 = mid2
        return rose

    def rollover(self, k):
        last = self.lpi[-k - 1 :]
        if len(last) <= k or None in last:
            return None
        return all(later < earlier for earlier, later in zip(last, last[1:], strict=False))

    def divergence(self, tau):
        price, pressure = falling(self.mids, tau), falling(self.lpi, tau)
        return None if price is None or pressure is None else price and pressure

    def divergence_low(self, tau):
        lpi, mids = self.lpi[-tau - 1 :], self.mids[-tau - 1 :]
        if len(lpi) <= tau or None in lpi or None in mids:
            return None
        return mids[-1] < min(mids[:-1]) and lpi[-1] < max(lpi[:-1])


def falling(values, back):
    """Say whether the last value lies below the one `back` before it; None where one of them is not known."""
    if len(values) <= back or values[-1] is None or values[-1 - back] is None:
        return None
    return values[-1] < values[-1 - back]


def bits(flags):
    """Return the sum of a set of flags."""
    return sum(int(flag) for flag in flags)
