"""The engine again, slowly and obviously: dicts, lists and sorting, no trick that the core uses.

Rows come out as plain tuples in the field order of rows.TABLES, so that the two can be compared to the bit.
"""

from __future__ import annotations

import math
import struct
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise

from lobterm.engine import params as pm
from lobterm.engine.rows import AlphaValid, FillRule, Label, LabelValid, QuoteAct, QuoteWhy, Strategy, Why
from lobterm.events import Flag, Kind, Scope

KEEP_US = 4_000_000
LN2 = math.log(2.0)


class Order:
    def __init__(self, ident, side, px, qty, live_from, due):
        self.id, self.side, self.px, self.qty, self.left = ident, side, px, qty, qty
        self.live_from, self.live_to, self.due = live_from, 0, due
        self.rejected = False


class State:
    """One book state as a later trade may read it."""

    def __init__(self, matched, view, moved):
        self.matched, self.view, self.moved = matched, view, moved


class Twin:
    def __init__(self, instrument, params, centroids=None, roles=None):
        self.p, self.i, self.market = [float(v) for v in params], instrument, int(instrument.market)
        self.centroids, self.roles = centroids, roles
        self.rows = {"labels": [], "alpha": [], "quotes": [], "fills": []}
        self.book = {1: {}, -1: {}}
        self.touch, self.book_id, self.pending_touch = None, None, {}
        self.known = self.snapshot = self.has_book = self.crossed = False
        self.view = None
        self.states, self.judge = [], (0, None)
        self.window, self.pending_qty = [], 0
        self.sums, self.sums_at = {"opp": [0.0, 0.0], "dir": [0.0, 0.0]}, 0.0
        self.ewma, self.unseen, self.sizes = 0.0, 1.0, 0
        self.orders, self.next_id = [], 1
        self.position = self.cash2 = self.fees = 0
        self.marks, self.marked = [0], False
        self.offset = self.n = 0
        self.started, self.last_real = False, 0
        self.fair = None

    # --- time ---------------------------------------------------------------------------------------------------------

    def next_timer(self):
        """Return (due, order of kinds, action) of the timer that fires next."""
        timers = [(self.alpha_due, 2, self.alpha_tick), (self.requote_due, 3, self.requote)]
        timers += [(o.due, 1, self.arrivals) for o in self.orders if o.due]
        if self.known:
            timers.append((self.last_real + int(self.p[pm.MAX_SILENCE_US]), 0, self.silence))
        return min(timers, key=lambda t: t[:2])

    def fire_until(self, ts):
        while True:
            due, _, action = self.next_timer()
            if due >= ts:
                return
            action(due)

    def silence(self, due):
        self.gap(due, due + self.offset)

    def event(self, ts, exch_ts, seq, px, qty, kind, side, market, flags):
        if not self.started:
            self.started, self.last_real = True, ts
            self.alpha_due = (ts // int(self.p[pm.ALPHA_TICK_US]) + 1) * int(self.p[pm.ALPHA_TICK_US])
            self.requote_due = (ts // int(self.p[pm.REQUOTE_US]) + 1) * int(self.p[pm.REQUOTE_US])
        self.fire_until(ts)
        last = bool(flags & Flag.LAST)
        if market == self.market:
            if kind == Kind.BOOK:
                self.has_book = True
                self.book[side].pop(px, None)
                if qty:
                    self.book[side][px] = qty
            if kind == Kind.BOOK_CLEAR:
                self.has_book, self.snapshot = True, False
                self.book = {1: {}, -1: {}}
            if kind in (Kind.BOOK, Kind.BOOK_CLEAR) and last:
                self.snapshot = self.snapshot or bool(flags & Flag.SNAPSHOT)
                self.book_id = (seq, exch_ts)
                self.look(exch_ts)
            if kind == Kind.TOUCH and exch_ts:
                self.pending_touch[side] = (px, qty)
                if last:
                    self.touch = (seq, exch_ts, dict(self.pending_touch))
                    self.look(exch_ts)
            if kind == Kind.TRADE:
                self.trade(ts, exch_ts, seq, px, qty, side, flags)
            if kind == Kind.GAP and qty == Scope.TRADES:
                self.window = []
            if kind == Kind.GAP and qty in (Scope.BOOK, Scope.ALL):
                self.gap(ts, exch_ts)
        if kind == Kind.PARAM and 0 <= qty < len(self.p):
            value = struct.unpack("<d", struct.pack("<q", px))[0]
            if pm.PARAMS[qty].low <= value <= pm.PARAMS[qty].high:
                self.p[qty] = value
        if kind == Kind.CLOCK_OFFSET:
            self.offset = qty
        self.n += 1
        if market == self.market and kind != Kind.HEARTBEAT and not flags & Flag.SYNTHETIC:
            self.last_real = ts

    # --- book ---------------------------------------------------------------------------------------------------------

    def touch_ahead(self):
        if self.touch is None or self.book_id is None:
            return self.touch is not None
        if self.touch[0] and self.book_id[0]:
            return self.touch[0] > self.book_id[0]
        return self.touch[1] >= self.book_id[1]

    def side_view(self, side):
        """Return (price, size, size of five levels) of one side, zeros where it is empty."""
        levels = sorted(self.book[side].items(), key=lambda level: -side * level[0])
        if self.touch_ahead():
            px, qty = self.touch[2].get(side, (0, 0))
            if qty <= 0:
                return (0, qty, qty)
            shadowed = [q for p, q in levels if side * p < side * px] if self.snapshot else []
            return (px, qty, qty + sum(shadowed[:4]))
        if not levels:
            return (0, 0, 0)
        return (*levels[0], sum(q for _, q in levels[:5]))

    def look(self, exch_ts):
        if self.has_book and not self.snapshot:
            return
        self.known = True
        bid, ask = self.side_view(1), self.side_view(-1)
        both = bid[1] > 0 and ask[1] > 0
        self.crossed = both and bid[0] >= ask[0]
        self.view = (bid, ask) if both and not self.crossed else None
        self.sides = (bid, ask)
        if self.view:
            self.marks.append(bid[0] + ask[0])
            self.move_mark()
        self.marked = self.view is not None
        self.push(exch_ts, self.view)

    def move_mark(self):
        self.inventory_moves = getattr(self, "inventory_moves", 0) + self.position * (self.marks[-1] - self.marks[-2])

    def push(self, exch_ts, view):
        before = self.states[-1] if self.states else None
        matched = max(exch_ts, before.matched) if before else exch_ts
        moved = [0, 0, 0]
        if view and before and before.view:
            new = (view[0][0] + view[1][0], view[0][0], view[1][0])
            old = (before.view[0][0] + before.view[1][0], before.view[0][0], before.view[1][0])
            moved = [matched if a != b else m for a, b, m in zip(new, old, before.moved, strict=True)]
        if before and before.matched == matched:
            self.states.pop()
        self.states.append(State(matched, view, moved))
        self.states = self.states[-4096:]

    def gap(self, ts, exch_ts):
        self.known = self.snapshot = self.crossed = self.marked = False
        self.touch = self.book_id = self.view = self.fair = None
        self.sides = ((0, 0, 0), (0, 0, 0))
        self.window = []
        self.push(exch_ts, None)
        now = ts + self.offset
        for o in self.orders:
            if o.live_to == 0 or o.live_to > now:
                chased = o.live_to != 0
                o.live_to, o.due = now, 0
                if not chased:
                    self.log_order(o, ts, QuoteAct.CANCEL, QuoteWhy.GAP)
            o.due = 0

    # --- trades -------------------------------------------------------------------------------------------------------

    def trade(self, ts, exch_ts, seq, px, qty, side, flags):
        if not flags & Flag.RPI and self.known:
            self.meet(ts, exch_ts, seq, px, qty, side)
        self.pending_qty += qty
        if not flags & Flag.LAST:
            return
        qty, self.pending_qty = self.pending_qty, 0
        valid, why, label, age = 0, Why.NONE, Label.UNCLASSIFIED, 0
        x = z = (0.0,) * 6
        state = self.judging_state(exch_ts)
        lot = self.i.lot
        if state is None:
            why = Why.NO_BOOK
        else:
            valid |= LabelValid.BOOK
            age = exch_ts - state.matched
            bid, ask = state.view
            hit, rest = (ask, bid) if side > 0 else (bid, ask)
            hit_moved = state.moved[2] if side > 0 else state.moved[1]
            if not state.moved[0] or not hit_moved:
                why = Why.NO_CLOCK
            else:
                valid |= LabelValid.FEATURES
                x = (
                    qty / (bid[1] + ask[1]),
                    math.log1p(hit[2] * lot),
                    math.log1p(rest[2] * lot),
                    float(ask[0] - bid[0]),
                    float(exch_ts - state.moved[0]),
                    float(exch_ts - hit_moved),
                )
                self.window.append(x)
                z, why = self.z_scores(x)
                if why == Why.NONE:
                    valid |= LabelValid.Z
                    if self.centroids is None:
                        why = Why.NO_MODEL
                    else:
                        label = self.roles[nearest(self.centroids, z)]
        self.rows["labels"].append(
            (self.n, ts, exch_ts, seq, px, qty, age, x, z, side, int(label), int(why), int(valid))
        )
        self.see_size(qty * lot)
        if label in (Label.OPPORTUNISTIC, Label.DIRECTIONAL):
            self.decay_to(ts)
            pair = self.sums["opp" if label == Label.OPPORTUNISTIC else "dir"]
            pair[0] += side * qty * lot
            pair[1] += abs(side * qty * lot)

    def judging_state(self, exch_ts):
        if not self.known or not self.snapshot or not exch_ts:
            self.judge = (0, None)
            return None
        if self.judge[0] != exch_ts:
            earlier = [s for s in self.states if s.matched < exch_ts]
            found = earlier[-1] if earlier else None
            self.judge = (exch_ts, found if found and found.view else None)
        return self.judge[1]

    def z_scores(self, x):
        none = (0.0,) * 6
        if len(self.window) < 100:
            return none, Why.WARM_UP
        z = []
        turn = len(self.window) % 100
        slots = self.window[-turn:] + self.window[-100:-turn] if turn else self.window[-100:]
        for f in range(6):
            column = [row[f] for row in slots]
            if len(set(column)) == 1:
                return none, Why.FLAT
            mean = in_lanes(column) / 100
            squares = in_lanes([(value - mean) * (value - mean) for value in column])
            if squares == 0:
                return none, Why.FLAT
            z.append((x[f] - mean) / math.sqrt(squares / 99))
        return tuple(z), Why.NONE

    # --- signals and quotes -------------------------------------------------------------------------------------------

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
        k = self.factor(ts)
        opp, drc = self.sums["opp"], self.sums["dir"]
        return (drc[0] * k, opp[1] * k, opp[0] * k, drc[1] * k)

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

    def value(self, ts):
        """Return (fair value, width) in ticks, or None."""
        self.fair = None
        scale = 1.0 if self.p[pm.UNIT] else self.norm()
        if self.centroids is None or not self.known or not self.view or scale <= 0:
            return None
        at = 0 if self.p[pm.MAPPING] == 0.0 else 2
        both = self.read(ts)
        x, hazard = self.p[pm.ALPHA_GAIN] * both[at] / scale, both[at + 1] / scale
        mid = (self.view[0][0] + self.view[1][0]) / 2.0
        theta = self.p[pm.THETA] / self.i.tick
        if self.p[pm.THETA_MODE] == 1.0:
            theta = theta * (1.0 - abs(math.tanh(x)))
        micro = mid + self.p[pm.BETA_TICKS] * math.tanh(x)
        fair = micro - theta * (self.position * self.i.lot - self.p[pm.Q_TARGET])
        width = self.p[pm.W_BASE_BPS] * 1e-4 * mid * (1.0 + self.p[pm.GAMMA] * max(0.0, hazard - self.p[pm.K_TOL]))
        self.fair = (fair, width)
        return self.fair

    def alpha_tick(self, due):
        period = int(self.p[pm.ALPHA_TICK_US])
        self.alpha_due = (due // period + 1) * period
        if not self.known:
            return
        valid = 0
        bid, ask = self.view or ((0, 0, 0), (0, 0, 0))
        if self.view:
            valid |= AlphaValid.TOUCH
        both = (0.0,) * 4
        if self.centroids is not None:
            valid |= AlphaValid.SIGNALS
            both = self.read(due)
        norm = self.norm()
        if norm > 0:
            valid |= AlphaValid.NORM
        fair = self.value(due)
        if fair:
            valid |= AlphaValid.QUOTE
        marked = self.marked or self.position == 0
        if marked:
            valid |= AlphaValid.MARK
        pnl = self.total_e8() if marked else 0
        self.rows["alpha"].append(
            (
                self.n,
                due,
                bid[0],
                ask[0],
                bid[1],
                ask[1],
                *both,
                norm,
                *(fair or (0.0, 0.0)),
                self.position,
                pnl,
                int(valid),
            )
        )

    def requote(self, due):
        period = int(self.p[pm.REQUOTE_US])
        self.requote_due = (due // period + 1) * period
        if not self.known:
            return
        target = self.value(due) if self.p[pm.ENABLED] else None
        prices = (0, 0)
        if target:
            bid, ask = target[0] - target[1] / 2.0, target[0] + target[1] / 2.0
            if self.p[pm.ROUNDING]:
                bid, ask = math.floor(bid + 0.5), math.floor(ask + 0.5)
                bid = ask - 1 if bid >= ask else bid
            else:
                bid, ask = math.floor(bid), math.ceil(ask)
            prices = (min(bid, self.view[1][0] - 1), max(ask, self.view[0][0] + 1))
        size = round(self.p[pm.SIZE_BASE] / self.i.lot)
        cap = round(self.p[pm.MAX_INVENTORY] / self.i.lot)
        for side, px in zip((1, -1), prices, strict=True):
            why = QuoteWhy.PRICE
            if not target:
                why = QuoteWhy.DISARM
            elif side * self.position + size > cap:
                why = QuoteWhy.INVENTORY
            mine = [o for o in self.orders if o.side == side and o.live_to == 0]
            if mine and (why != QuoteWhy.PRICE or mine[0].px != px):
                now = due + self.offset
                mine[0].live_to = max(now + int(self.p[pm.CANCEL_LATENCY_US]), mine[0].live_from)
                self.log_order(mine[0], due, QuoteAct.CANCEL, why)
                mine = []
            if not mine and why == QuoteWhy.PRICE and size > 0 and px > 0:
                self.place(due, side, px, size)

    # --- orders -------------------------------------------------------------------------------------------------------

    def place(self, ts, side, px, qty):
        now, latency = ts + self.offset, int(self.p[pm.ORDER_LATENCY_US])
        self.orders = [o for o in self.orders if not (o.live_to and now - o.live_to > KEEP_US)]
        if len(self.orders) >= 128:
            return
        order = Order(self.next_id, side, px, qty, now + latency, ts + latency)
        self.next_id += 1
        self.orders.append(order)
        self.log_order(order, ts, QuoteAct.PLACE, QuoteWhy.PRICE)

    def arrivals(self, due):
        for o in sorted(self.orders, key=lambda o: o.id):
            if o.due and o.due <= due:
                o.due = 0
                bid, ask = self.sides
                if (o.side > 0 and ask[0] > 0 and o.px >= ask[0]) or (o.side < 0 and bid[0] > 0 and o.px <= bid[0]):
                    chased = o.live_to != 0
                    o.live_to = o.live_from
                    if not chased:
                        self.log_order(o, due, QuoteAct.REJECT, QuoteWhy.CROSS)
                    o.left = 0

    def meet(self, ts, exch_ts, seq, px, qty, side):
        left = qty
        while left:
            hit = [
                o
                for o in self.orders
                if o.left
                and o.side == -side
                and o.live_from < exch_ts
                and (not o.live_to or exch_ts <= o.live_to)
                and o.side * (o.px - px) > 0
            ]
            if not hit:
                return
            o = min(hit, key=lambda o: (-o.side * o.px, o.id))
            filled = min(left, o.left)
            left -= filled
            o.left -= filled
            fee = self.to_e8(Decimal(o.px * filled) * Decimal(repr(self.p[pm.MAKER_FEE_BPS])) / 10_000)
            self.cash2 -= 2 * o.side * o.px * filled
            self.position += o.side * filled
            self.fees += fee
            self.rows["fills"].append(
                (self.n, ts, exch_ts, seq, o.id, o.px, filled, px, qty, self.marks[-1], fee, self.position, o.side)
                + (int(FillRule.THROUGH), int(Strategy.MAKER))
            )
            if not o.left:
                o.live_to = o.live_to or exch_ts
                o.due = 0
                self.log_order(o, ts, QuoteAct.DONE, QuoteWhy.FILL)

    def log_order(self, o, ts, act, why):
        self.rows["quotes"].append(
            (self.n, ts, o.id, o.px, o.left, o.live_from, o.live_to, o.side, int(act), int(why), int(Strategy.MAKER))
        )

    # --- money --------------------------------------------------------------------------------------------------------

    def to_e8(self, tick_lots):
        """Return tick-lots in 1e-8 quote, rounded once, half to even."""
        exact = Decimal(tick_lots) * self.i.tick_size * self.i.lot_size * 10**8
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))

    def total_e8(self):
        return self.to_e8(Decimal(self.cash2 + self.position * self.marks[-1]) / 2) - self.fees


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
    distances = [sum((a - b) * (a - b) for a, b in zip(z, row, strict=True)) for row in centroids]
    return distances.index(min(distances))


def run(instrument, params, events, centroids=None, roles=None):
    """Return the twin after folding `events`; `rows` holds what the engine should have said."""
    twin = Twin(instrument, params, centroids, roles)
    assert all(a["ts"] <= b["ts"] for a, b in pairwise(events))
    for row in events.tolist():
        twin.event(*row)
    return twin
