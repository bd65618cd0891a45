"""The engine again, slowly and obviously: dicts, lists and sorting, no trick that the core uses.

Written from the seeds, the methods dossier and the design. Rows are dicts by field name, zero where nothing is known.
Two modules beside this one hold the rest: `twin_pressure` the alpha ticks, `twin_orders` orders, money and both ladders.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise

from lobterm.engine import params as pm
from lobterm.engine.rows import (
    HORIZONS_US,
    TABLES,
    AlphaValid,
    Label,
    LabelValid,
    Marked,
    TriggerValid,
    Why,
)
from lobterm.events import Flag, Kind, Scope
from tests.engine import twin_pressure as pr
from tests.engine.twin_orders import Fade, Maker, Orders

LN2 = math.log(2.0)
EMPTY = (0, 0, 0)
FIELDS = {name: dtype.names for name, dtype in TABLES.items()}


class BookState:
    """One book state as a later trade may read it."""

    def __init__(self, matched, view, moved):
        self.matched, self.view, self.moved = matched, view, moved


class Twin:
    def __init__(self, instrument, params, models=()):
        """`models` is a list of (centroids, roles)."""
        self.p, self.i, self.market = [float(v) for v in params], instrument, int(instrument.market)
        self.models, self.model = models, 0 if models else None
        self.rows = {name: [] for name in TABLES}
        self.book = {1: {}, -1: {}}
        self.touch, self.book_id, self.pending_touch = None, None, {}
        self.known_since, self.snapshot, self.has_book = None, False, False
        self.sides, self.view = (EMPTY, EMPTY), None
        self.books, self.judge = [], (0, None)
        self.mids, self.mark2, self.marked, self.last_tick = [(0, 0, None)], 0, [], 0
        self.window, self.pending_qty = [], 0
        self.sums, self.sums_at = {"opp": [0.0, 0.0], "dir": [0.0, 0.0]}, 0.0
        self.ewma, self.unseen, self.sizes = 0.0, 1.0, 0
        self.orders, self.maker, self.fade = Orders(self), Maker(self), Fade(self)
        self.pressure, self.crash = pr.Pressure(instrument, self.p), pr.Crash()
        self.states, self.exhaustion = [pr.State(s) for s in pr.BOTH], [pr.Exhaustion(s) for s in pr.BOTH]
        self.liquidations_seen = False
        self.marked_at = self.next_funding = self.mark_e8 = self.settle_t = self.settle_mark_e8 = 0
        self.offset = self.n = 0
        self.due, self.last_real, self.turned_at = None, 0, 0

    @property
    def known(self):
        return self.known_since is not None

    @property
    def mid2(self):
        return self.view[0][0] + self.view[1][0] if self.view else 0

    def say(self, table, **fields):
        assert set(fields) <= set(FIELDS[table]), set(fields) - set(FIELDS[table])
        self.rows[table].append({"offset": self.n} | fields)

    # --- time ---------------------------------------------------------------------------------------------------------

    def period(self, timer):
        tick = int(self.p[pm.ALPHA_TICK_US])
        periods = {"rv": max(1, tick // int(self.p[pm.RV_SUBSAMPLES])), "alpha": tick}
        return periods[timer] if timer != "requote" else int(self.p[pm.REQUOTE_US])

    def start(self, ts):
        self.last_real = ts
        self.due = {timer: (ts // self.period(timer) + 1) * self.period(timer) for timer in ("rv", "alpha", "requote")}

    def silent_at(self):
        if not self.known:
            return math.inf
        return max(self.last_real + int(self.p[pm.MAX_SILENCE_US]), self.turned_at)

    def fire_until(self, ts):
        """Fire all timers due before `ts`, those of one due time in the order silence, arrival, sub-sample, tick, requote."""
        actions = {"rv": self.sample_rv, "alpha": self.alpha_tick, "requote": self.maker.requote}
        while True:
            arrivals = [o.arrives for o in self.orders.orders if o.arrives is not None]
            due = min([*self.due.values(), *arrivals, self.silent_at()])
            if due >= ts:
                return
            if due == self.silent_at():
                self.gap(due, due + self.offset)
            if due in arrivals:
                self.orders.arrive(due)
            for timer, action in actions.items():
                if self.due[timer] != due:
                    continue
                step = self.period(timer)
                if self.known:
                    action(due)
                    self.due[timer] = (due // step + 1) * step
                else:  # nothing ticks while the book is unknown
                    self.due[timer] = -(-ts // step) * step

    def sample_rv(self, _):
        self.pressure.sample_rv(self.mid2)

    # --- events -------------------------------------------------------------------------------------------------------

    def event(self, ts, exch_ts, seq, px, qty, kind, side, market, flags):
        if self.due is None:
            self.start(ts)
        self.fire_until(ts)
        last = bool(flags & Flag.LAST)
        if market == self.market:
            if kind in (Kind.BOOK, Kind.BOOK_CLEAR):
                self.orders.join(ts, exch_ts)
                self.has_book = True
                if kind == Kind.BOOK:
                    self.set_level(side, px, qty, exch_ts)
                else:
                    self.snapshot, self.book = False, {1: {}, -1: {}}
                if last:
                    self.snapshot = self.snapshot or bool(flags & Flag.SNAPSHOT)
                    self.book_id = (seq, exch_ts)
                    self.look(ts, exch_ts)
            elif kind == Kind.TOUCH:
                if not self.has_book:
                    self.orders.join(ts, exch_ts)
                if exch_ts:
                    self.pending_touch[side] = (px, qty)
                    if last:
                        self.touch = (seq, exch_ts, dict(self.pending_touch))
                        self.look(ts, exch_ts)
            elif kind == Kind.TRADE:
                self.trade(ts, exch_ts, seq, px, qty, side, flags)
            else:
                self.rare(ts, exch_ts, seq, px, qty, kind, side, flags)
        elif kind == Kind.REFERENCE:
            self.crash.see(ts, side, px)
        if kind == Kind.PARAM and 0 <= qty < len(self.p):
            value = as_float(px)
            if pm.PARAMS[qty].low <= value <= pm.PARAMS[qty].high:
                self.p[qty], self.turned_at = value, ts
        if kind == Kind.MODEL and 0 <= px < len(self.models):
            self.model = px
        if kind == Kind.CLOCK_OFFSET:
            self.offset = qty
        self.n += 1
        self.last_ts = ts
        if market == self.market and kind != Kind.HEARTBEAT and not flags & Flag.SYNTHETIC:
            self.last_real = ts

    def rare(self, ts, exch_ts, seq, px, qty, kind, side, flags):
        if kind == Kind.GAP:
            if qty in (Scope.OI, Scope.ALL):
                self.pressure.oi.forget()
            if qty == Scope.TRADES:
                self.window, self.pressure.flow.broken = [], True
            if qty in (Scope.BOOK, Scope.ALL):
                self.gap(ts, exch_ts)
        elif kind == Kind.OPEN_INTEREST:
            self.pressure.oi.see(ts, exch_ts, qty, self.p)
        elif kind == Kind.LIQUIDATION:
            self.liquidations_seen = True
            self.states[pr.SELLS if side < 0 else pr.BUYS].see_liquidation(ts, self.p)
        elif kind == Kind.MARK:
            self.mark_e8, self.marked_at = px, exch_ts
            self.pass_funding_time(exch_ts)
        elif kind == Kind.FUNDING:
            if qty != self.next_funding:
                self.pass_funding_time(exch_ts)
            self.next_funding = qty
        elif kind == Kind.FUNDING_SETTLED:
            near = abs(self.settle_t - exch_ts) < 60_000_000 and self.settle_mark_e8 > 0
            told = qty if 0 < qty < 1 << 53 else 0
            self.orders.settle(ts, exch_ts, told or (self.settle_mark_e8 if near else self.mark_about(exch_ts)), px)
        elif kind == Kind.VOLUME_24H and qty > 0:
            self.pressure.adv_seed = qty / 86_400.0
        elif kind == Kind.ORDER:
            self.orders.own_order(ts, seq, side, px, qty)
        elif kind == Kind.ACCOUNT:
            self.stand(ts, qty, px, bool(flags & Flag.WARM))
        elif kind == Kind.SAMPLE:
            self.pressure.carry(qty, as_float(px), self.p)

    def stand(self, ts, which, value, carried):
        """Let the account stand as it is told; `which` counts sixteen to a strategy, the fade's own and the last settlement."""
        who, fact = divmod(which, 16)
        if (who, fact) == (3, 5):
            self.fade.sigma = as_float(value) if 0 <= as_float(value) < 1e9 else self.fade.sigma
        elif not 0 <= which <= 64 or abs(value) >= 1 << 60:
            return
        elif who < 3:
            self.orders.stand(ts, who, fact, value, carried)
        elif (who, fact) == (3, 1):
            self.fade.side = int(value != 0)
        elif (who, fact) == (3, 3):
            self.fade.held_since = value or None
        elif (who, fact) == (3, 4):
            self.fade.cash_before = Fraction(value, 2)
        elif which == 64:
            self.orders.settled = max(value, 0)

    def mark_about(self, exch_ts):
        """Return the mark price if it is of that minute, 0 if it is older or younger."""
        return self.mark_e8 if abs(self.marked_at - exch_ts) < 60_000_000 else 0

    def pass_funding_time(self, exch_ts):
        """Keep the mark price at which a settlement's time passed."""
        if self.settle_t < self.next_funding <= exch_ts:
            self.settle_t, self.settle_mark_e8 = self.next_funding, self.mark_about(self.next_funding)

    # --- book ---------------------------------------------------------------------------------------------------------

    def set_level(self, side, px, qty, exch_ts):
        previous = self.book[side].pop(px, 0)
        if qty:
            self.book[side][px] = qty
        self.orders.level_changed(side, px, previous, qty, exch_ts)

    def levels(self, side):
        """Return the levels of a side, best first."""
        return sorted(self.book[side].items(), key=lambda level: -side * level[0])

    def band(self, side, px, worst):
        return sum(q for p, q in self.book[side].items() if side * worst <= side * p < side * px)

    def touch_ahead(self):
        if self.touch is None or self.book_id is None:
            return self.touch is not None
        if self.touch[0] and self.book_id[0]:
            return self.touch[0] > self.book_id[0]
        return self.touch[1] >= self.book_id[1]

    def side_view(self, side):
        """Return (price, size, size of five levels) of one side, zeros where it is empty."""
        if self.touch_ahead():
            px, qty = self.touch[2].get(side, (0, 0))
            if qty <= 0:
                return (0, qty, qty)
            shadowed = [q for p, q in self.levels(side) if side * p < side * px] if self.snapshot else []
            return (px, qty, qty + sum(shadowed[:4]))
        levels = self.levels(side)
        return (*levels[0], sum(q for _, q in levels[:5])) if levels else EMPTY

    def look(self, ts, exch_ts):
        if self.has_book and not self.snapshot:
            return
        if not self.known:
            self.known_since = self.last_real = ts
        bid, ask = self.sides = (self.side_view(1), self.side_view(-1))
        self.view = self.sides if bid[1] > 0 and ask[1] > 0 and bid[0] < ask[0] else None
        self.mark2 = self.mid2 or self.mark2
        self.mids.append((ts, self.mid2, self.known_since))
        self.push(exch_ts)

    def push(self, exch_ts):
        """Remember the view as of a matching time; a state of the same matching time takes the earlier one's place."""
        before = self.books[-1] if self.books else None
        matched = max(exch_ts, before.matched) if before else exch_ts
        moved = [0, 0, 0]
        if self.view and before and before.view:
            moved = [
                matched if now != then else since
                for now, then, since in zip(corners(self.view), corners(before.view), before.moved, strict=True)
            ]
        if before and before.matched == matched:
            self.books.pop()
        self.books.append(BookState(matched, self.view, moved))
        self.books = self.books[-4096:]

    def book_before(self, exch_ts):
        """Return the last state of strictly earlier matching time if it is a good one."""
        if not exch_ts:
            return None
        earlier = next((state for state in reversed(self.books) if state.matched < exch_ts), None)
        return earlier if earlier and earlier.view else None

    def gap(self, ts, exch_ts):
        self.known_since, self.snapshot = None, False
        self.touch = self.book_id = self.view = None
        self.sides = (EMPTY, EMPTY)
        self.window = []
        self.mids.append((ts, 0, None))
        self.pressure.break_off()
        for part in (*self.states,):
            part.break_off()
        for part in self.exhaustion:
            part.restart()
        self.push(exch_ts)
        self.orders.pull_all(ts)

    # --- trades -------------------------------------------------------------------------------------------------------

    def trade(self, ts, exch_ts, seq, px, qty, side, flags):
        if not flags & Flag.RPI and self.known:
            self.orders.meet(ts, exch_ts, seq, px, qty, side)
        self.pending_qty += qty
        if not flags & Flag.LAST:
            return
        qty, self.pending_qty = self.pending_qty, 0
        row, label = self.judged(exch_ts, side, qty)
        self.say("labels", ts=ts, exch_ts=exch_ts, seq=seq, px=px, qty=qty, side=side, **row)
        size = qty * self.i.lot
        self.see_size(size)
        if label in (Label.OPPORTUNISTIC, Label.DIRECTIONAL):
            self.decay_to(ts)
            pair = self.sums["opp" if label == Label.OPPORTUNISTIC else "dir"]
            pair[0] += side * size
            pair[1] += size
        state = self.book_before(exch_ts)
        self.pressure.flow.see(side, px * qty, px, (state.view[0][0], state.view[1][0]) if state else None)
        self.mark_later(ts, 2 * px, qty, side, "LABEL", label=label)

    def judged(self, exch_ts, side, qty):
        """Return (fields of the label row that the book decides, label)."""
        label = Label.UNCLASSIFIED
        state = self.judging_state(exch_ts)
        if state is None:
            return {"label": label, "why": Why.NO_BOOK}, label
        row = {"label": label, "valid": LabelValid.BOOK, "book_age_us": exch_ts - state.matched}
        bid, ask = state.view
        hit, rest = (ask, bid) if side > 0 else (bid, ask)
        mid_moved, bid_moved, ask_moved = state.moved
        hit_moved = ask_moved if side > 0 else bid_moved
        if not mid_moved or not hit_moved:
            return row | {"why": Why.NO_CLOCK}, label
        x = (
            qty / (bid[1] + ask[1]),
            math.log1p(hit[2] * self.i.lot),
            math.log1p(rest[2] * self.i.lot),
            float(ask[0] - bid[0]),
            float(exch_ts - mid_moved),
            float(exch_ts - hit_moved),
        )
        self.window.append(x)
        z, why = self.z_scores(x)
        row |= {"valid": LabelValid.BOOK | LabelValid.FEATURES, "feature": x, "why": why}
        if z is None:
            return row, label
        row |= {"valid": row["valid"] | LabelValid.Z, "z": z}
        if self.model is None:
            return row | {"why": Why.NO_MODEL}, label
        centroids, roles = self.models[self.model]
        label = Label(roles[nearest(centroids, z)])
        return row | {"label": label}, label

    def judging_state(self, exch_ts):
        """Return the book before the trade: found once for all trades of one matching time."""
        if not self.known or not self.snapshot or not exch_ts:
            self.judge = (0, None)
        elif self.judge[0] != exch_ts:
            self.judge = (exch_ts, self.book_before(exch_ts))
        return self.judge[1]

    def z_scores(self, x):
        if len(self.window) < 100:
            return None, Why.WARM_UP
        z = []
        turn = len(self.window) % 100
        slots = self.window[-turn:] + self.window[-100:-turn] if turn else self.window[-100:]
        for f in range(6):
            column = [row[f] for row in slots]
            if len(set(column)) == 1:
                return None, Why.FLAT
            mean = in_lanes(column) / 100
            squares = in_lanes([(value - mean) * (value - mean) for value in column])
            if squares == 0:
                return None, Why.FLAT
            z.append((x[f] - mean) / math.sqrt(squares / 99))
        return tuple(z), Why.NONE

    # --- signals ------------------------------------------------------------------------------------------------------

    def factor(self, ts):
        dt = ts - self.sums_at
        rate = 1.0 if self.p[pm.DECAY] == 1.0 else LN2
        return 1.0 if dt <= 0 else math.exp(-rate * (dt * 1e-6) / self.p[pm.TAU_S])

    def decay_to(self, ts):
        k = self.factor(ts)
        for pair in self.sums.values():
            pair[:] = [value * k for value in pair]
        self.sums_at = max(self.sums_at, float(ts))

    def read(self, ts):
        """Return skew and hazard of both mappings at `ts`."""
        k = self.factor(ts)
        opp, drc = self.sums["opp"], self.sums["dir"]
        return {
            "skew_inverted": drc[0] * k, "hazard_inverted": opp[1] * k,
            "skew_traditional": opp[0] * k, "hazard_traditional": drc[1] * k,
        }  # fmt: skip

    def see_size(self, size):
        a = self.p[pm.NORM_A]
        if self.sizes == 0:
            self.ewma = self.p[pm.NORM_START]
        self.ewma += a * (size - self.ewma)
        self.unseen *= 1.0 - a
        self.sizes += 1

    def norm(self):
        if self.sizes < self.p[pm.NORM_WARM]:
            return 0.0
        level = self.ewma
        if self.p[pm.NORM_START] == 0.0:
            level /= 1.0 - self.unseen
        return self.p[pm.NORM_SCALE] * level

    def scaled(self, ts):
        """Return (argument of tanh, hazard) of the mapping in force, or None while the normaliser is not warm."""
        scale = 1.0 if self.p[pm.UNIT] else self.norm()
        if scale <= 0:
            return None
        mapping = "inverted" if self.p[pm.MAPPING] == 0.0 else "traditional"
        both = self.read(ts)
        return self.p[pm.ALPHA_GAIN] * both["skew_" + mapping] / scale, both["hazard_" + mapping] / scale

    def value(self, ts):
        """Return (fair value, width) in ticks, or None."""
        scaled = self.scaled(ts)
        if self.model is None or not self.view or scaled is None:
            return None
        x, hazard = scaled
        mid = (self.view[0][0] + self.view[1][0]) / 2.0
        theta = self.p[pm.THETA] / self.i.tick
        if self.p[pm.THETA_MODE] == 1.0:
            theta = theta * (1.0 - abs(math.tanh(x)))
        micro = mid + self.p[pm.BETA_TICKS] * math.tanh(x)
        fair = micro - theta * (self.orders.accounts[0].position * self.i.lot - self.p[pm.Q_TARGET])
        width = self.p[pm.W_BASE_BPS] * 1e-4 * mid * (1.0 + self.p[pm.GAMMA] * max(0.0, hazard - self.p[pm.K_TOL]))
        return (fair, width) if abs(fair) < 1e15 and width < 1e15 else None

    # --- alpha ticks --------------------------------------------------------------------------------------------------

    def alpha_tick(self, due):
        self.last_tick = due
        band = self.band if self.snapshot else None
        now = self.pressure.tick(due, self.mid2, self.view, band, self.p)
        self.crash.tick(due, self.p)
        for state in self.states:
            state.tick(now, due, self.liquidations_seen, self.p)
        rose = [side for side in pr.BOTH if self.exhaustion[side].tick(now, self.mid2, self.p)]
        self.log_tick(due, now)
        self.fade.tick(due, now)
        for side in rose:
            self.trigger(due, side, now)

    def log_tick(self, due, now):
        row, valid = {"ts": due}, 0
        if self.view:
            valid |= AlphaValid.TOUCH
            (bid, bid_qty, _), (ask, ask_qty, _) = self.view
            row |= {"bid": bid, "ask": ask, "bid_qty": bid_qty, "ask_qty": ask_qty}
        if self.model is not None:
            valid |= AlphaValid.SIGNALS
            row |= self.read(due)
        row["norm"] = self.norm()
        valid |= AlphaValid.NORM if row["norm"] > 0 else 0
        fair = self.value(due)
        if fair:
            valid |= AlphaValid.QUOTE
            row["fair_px"], row["width_ticks"] = fair
        row["inventory"] = self.orders.position
        marked = self.view or not any(acct.position for acct in self.orders.accounts)
        if marked and not any(acct.unpriced for acct in self.orders.accounts):
            valid |= AlphaValid.MARK
            row["pnl_e8"] = self.orders.pnl(self.mark2)
        for key, value in now.items():
            if value is not None:
                valid |= pr.BITS.get(key, 0)
                if key != "lean":
                    row[key] = value
        for side, name in ((0, "sell"), (1, "buy")):
            state, conditions = self.states[side], self.exhaustion[side].conditions
            row |= {"state_" + name: state.state, "legs_" + name: pr.bits(state.legs)}
            row[f"legs_{name}_known"] = pr.bits(state.known)
            row["exhaustion_" + name] = pr.bits(c for c, met in conditions.items() if met)
            row[f"exhaustion_{name}_known"] = pr.bits(c for c, met in conditions.items() if met is not None)
        row["source"] = pr.source_of(self.states[0].known | self.states[1].known)
        self.say("alpha", valid=valid, **row)

    def trigger(self, due, side, now):
        sell, exhaustion, state = side == pr.SELLS, self.exhaustion[side], self.states[side]
        leg = math.log(self.mid2 / exhaustion.calm_mid2) if exhaustion.calm_mid2 else None
        toward = 0
        if leg:
            toward = 1 if leg < 0 else -1
        if toward != (1 if sell else -1):
            toward = 0
        lpi, z_ldr, z_fsi = ("lpi_sell", "z_ldr_bid", "z_fsi_sell") if sell else ("lpi_buy", "z_ldr_ask", "z_fsi_buy")
        why, meant = self.fade.answer(due, side, now, toward, now[lpi])
        crash = self.crash.reading(self.p)
        valid = TriggerValid.LEG if leg is not None else 0
        valid |= TriggerValid.OI if now["z_oi"] is not None else 0
        valid |= TriggerValid.SIGMA if now["sigma"] is not None else 0
        valid |= TriggerValid.CRASH if crash else 0
        self.say(
            "triggers", ts=due, bid=self.view[0][0], ask=self.view[1][0], lpi=now[lpi],
            lpi_change=exhaustion.lpi[-1] - exhaustion.lpi[-2], z_fsi=now[z_fsi], z_ldr=now[z_ldr],
            z_ldr_change=exhaustion.z_ldr[-1] - exhaustion.z_ldr[-2], z_pi=now["z_pi"], z_oi=now["z_oi"] or 0.0,
            oi_age_us=now["oi_age_us"] if now["z_oi"] is not None else 0, leg_return=leg or 0.0,
            sigma=now["sigma"] or 0.0, crash_return=crash[0] if crash else 0.0, size=meant, side=-1 if sell else 1,
            direction=toward, state=state.state, source=pr.source_of(state.known), legs=pr.bits(state.legs),
            legs_known=pr.bits(state.known), conditions=pr.bits(c for c, met in exhaustion.conditions.items() if met),
            conditions_known=pr.bits(c for c, met in exhaustion.conditions.items() if met is not None),
            rule=int(self.p[pm.EXHAUSTION_RULE]), why=why, valid=valid,
        )  # fmt: skip
        self.mark_later(due, self.mid2, meant, 1 if sell else -1, "TRIGGER")

    # --- markouts -----------------------------------------------------------------------------------------------------

    def mark_later(self, ts, ref2, qty, side, what, **fields):
        row = {"offset": self.n, "ts": ts, "ref2": ref2, "qty": qty, "side": side, "what": Marked[what]}
        self.marked.append(row | fields)

    def finish(self):
        """Look every markout up in the history of the mid, for the rows whose last horizon lies before the last tick."""
        times = [at for at, _, _ in self.mids]
        for row in self.marked:
            if row["ts"] + HORIZONS_US[-1] >= self.last_tick:
                break
            mids, valid = [], 0
            for h, horizon in enumerate(HORIZONS_US):
                _, mid2, since = self.mids[bisect_right(times, row["ts"] + horizon) - 1]
                known = mid2 > 0 and since <= row["ts"]
                mids.append(mid2 if known else 0)
                valid |= known << h
            self.rows["markouts"].append(row | {"mid2": tuple(mids), "valid": valid})


def corners(view):
    """Return what moves of a view: mid, best bid, best ask."""
    return view[0][0] + view[1][0], view[0][0], view[1][0]


def as_float(bits):
    return struct.unpack("<d", struct.pack("<q", bits))[0]


def in_lanes(values):
    """Sum a hundred floats in the core's order: four running sums, every fourth value each."""
    lanes = []
    for lane in range(4):
        total = 0.0
        for value in values[lane::4]:
            total += value
        lanes.append(total)
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])


def nearest(centroids, z):
    def distance(row):
        total = 0.0
        for a, b in zip(z, row, strict=True):
            total += (a - b) * (a - b)
        return total

    distances = [distance(row) for row in centroids]
    return distances.index(min(distances))


def run(instrument, params, events, models=()):
    """Return the twin after folding `events`; `rows` holds what the engine should have said."""
    twin = Twin(instrument, params, models)
    assert all(a["ts"] <= b["ts"] for a, b in pairwise(events))
    for row in events.tolist():
        twin.event(*row)
    twin.finish()
    return twin


APPROXIMATE = {
    "alpha": ("z_fsi_sell", "z_fsi_buy", "z_ldr_bid", "z_ldr_ask", "z_pi", "z_oi", "lpi_sell", "lpi_buy"),
    "triggers": ("lpi", "lpi_change", "z_fsi", "z_ldr", "z_ldr_change", "z_pi", "z_oi"),
}
"""The columns that may differ in their last digits, because the mean absolute deviation is a sum and sums have an order."""


def first_difference(table, rows, expected):
    """Return where a table of the core departs from the twin's rows, or None. Both to the bit, but for APPROXIMATE."""
    for k, (mine, theirs) in enumerate(zip(rows, expected, strict=False)):
        for name in FIELDS[table]:
            got, want = mine[name].tolist(), theirs.get(name)
            if want is None:
                want = [0] * len(got) if isinstance(got, list) else 0
            want = list(want) if isinstance(want, tuple) else want
            if name in APPROXIMATE.get(table, ()):
                if not math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-9):
                    return table, k, name, got, want
            elif got != want:
                return table, k, name, got, want
    return None if len(rows) == len(expected) else (table, len(rows), len(expected))
