"""The twin's orders, fills, money and both ladders: one object an order, one list of fills a strategy.

Amounts are exact fractions until they are rounded, once, half to even.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

from lobterm.engine import params as pm
from lobterm.engine.rows import FadeWhy, FillRule, FillValid, QuoteAct, QuoteWhy, Regime, Strategy
from lobterm.events import OrderAct

KEEP_US = 2_000_000
SLOTS, DEEPEST = 128, 16


@dataclass
class Order:
    id: int
    strategy: int
    side: int
    px: int
    left: int
    level: int
    taker: bool
    live_from: int
    arrives: int | None  # local time; None once it has, and for takers
    live_to: int = 0
    queue: str = "not yet"  # "known", "unknown"
    ahead: float = 0.0
    traded: int = 0

    def lives_at(self, exch_ts):
        return self.live_from < exch_ts and (not self.live_to or exch_ts <= self.live_to)


@dataclass
class Account:
    """One strategy's fills, as (exchange time, signed lots, price), and what they cost."""

    fills: list = field(default_factory=list)
    brought: int = 0  # lots held from the beginning
    position: int = 0
    cash: int = 0  # tick-lots
    fees: int = 0
    funding: int = 0
    unpriced: int = 0  # settlements that are missing in it

    def held_at(self, exch_ts):
        return self.brought + sum(lots for at, lots, _ in self.fills if at <= exch_ts)


def after_level(model, power, ahead, traded, previous, new):
    """Return the lots ahead after a displayed level changed (methods 3.6)."""
    cancelled = previous - new - traded
    if model == 0 or cancelled < 0:
        return min(ahead, float(new))

    def f(lots):
        return max(lots, 0.0) ** power if model == 1 else math.log1p(max(lots, 0.0))

    behind = previous - ahead
    both = f(behind) + f(ahead)
    p = f(behind) / both if both > 0 else 1.0
    return min(ahead - (1.0 - p) * cancelled + min(behind - p * cancelled, 0.0), float(new))


class Orders:
    """Own orders on the exchange's clock, and the three accounts."""

    def __init__(self, twin):
        self.settled = 0
        self.t, self.p, self.i = twin, twin.p, twin.i
        self.orders, self.next_id = [], 1
        self.accounts = [Account() for _ in Strategy]
        self.acts = {}  # whether by hand: (when the second began, orders and cancels in it)

    # --- sending ------------------------------------------------------------------------------------------------------

    def now(self, ts):
        return ts + self.t.offset

    def may_act(self, ts, why, more=1):
        """At most so many orders and cancels in the second that the first of them opens, hands and ladders each on their own."""
        by_hand = why == QuoteWhy.PERSON
        began, acted = self.acts.get(by_hand, (ts, 0))
        if ts - began >= 1_000_000:
            began, acted = ts, 0
        return acted + more <= int(self.p[pm.MAX_ACTIONS]) and (by_hand, began, acted)

    def act(self, ts, why):
        """Count one order or cancel; return whether it may be sent."""
        if free := self.may_act(ts, why):
            by_hand, began, acted = free
            self.acts[by_hand] = began, acted + 1
        return bool(free)

    def place(self, ts, strategy, side, px, qty, level, taker, why):
        now, latency = self.now(ts), int(self.p[pm.ORDER_LATENCY_US])
        self.orders = [o for o in self.orders if not (o.live_to and now - o.live_to > KEEP_US)]
        if len(self.orders) >= SLOTS or not self.act(ts, why):
            return False
        arrives = None if taker else ts + latency
        order = Order(self.next_id, strategy, side, px, qty, level, taker, now + latency, arrives)
        self.next_id += 1
        self.orders.append(order)
        self.say(order, ts, QuoteAct.PLACE, why)
        return True

    def cancel(self, ts, order, why):
        if not self.act(ts, why):
            return False
        order.live_to = max(self.now(ts) + int(self.p[pm.CANCEL_LATENCY_US]), order.live_from)
        self.say(order, ts, QuoteAct.CANCEL, why)
        return True

    def resting(self, strategy):
        return [o for o in self.orders if o.strategy == strategy and o.left and not o.live_to]

    def cancel_all(self, ts, strategy, why, side=0, px=0):
        meant = [o for o in self.resting(strategy) if not o.taker and side in (0, o.side) and px in (0, o.px)]
        sent = [self.cancel(ts, o, why) for o in meant]
        return all(sent)

    def pull_all(self, ts):
        now = self.now(ts)
        for o in self.orders:
            if not o.live_to or o.live_to > now:
                chased, o.live_to = bool(o.live_to), now
                if not chased:
                    self.say(o, ts, QuoteAct.CANCEL, QuoteWhy.GAP)
            o.arrives = None
            if o.queue == "not yet":
                o.queue = "unknown"

    def own_order(self, ts, asks, side, px, qty):
        if asks == OrderAct.MOVE:
            self.move(ts, qty, px)
        elif asks == OrderAct.FLATTEN and qty in list(Strategy):
            held = self.accounts[qty].position + sum(o.side * o.left for o in self.resting(qty) if o.taker)
            if held:
                self.send(ts, qty, -1 if held > 0 else 1, 0, abs(held))
            if not self.cancel_all(ts, qty, QuoteWhy.PERSON):
                self.refuse(ts, qty, 0, 0, 0, QuoteWhy.LIMIT)
        elif asks == OrderAct.PLACE and qty <= 0:
            if not self.cancel_all(ts, Strategy.OWN, QuoteWhy.PERSON, side, px):
                self.refuse(ts, Strategy.OWN, side, px, 0, QuoteWhy.LIMIT)
        elif asks == OrderAct.PLACE and side in (1, -1) and px >= 0:
            self.send(ts, Strategy.OWN, side, px, qty)

    def send(self, ts, strategy, side, px, qty):
        if not self.t.known:
            self.refuse(ts, strategy, side, px, qty, QuoteWhy.NO_BOOK)
        elif not self.place(ts, strategy, side, px, qty, 0, px == 0, QuoteWhy.PERSON):
            self.refuse(ts, strategy, side, px, qty, QuoteWhy.LIMIT)

    def move(self, ts, order_id, px):
        meant = [o for o in self.resting(Strategy.OWN) if o.id == order_id and not o.taker]
        if not meant or px <= 0:
            self.refuse(ts, Strategy.OWN, 0, px, 0, QuoteWhy.GONE)
            return
        (o,) = meant
        if not self.may_act(ts, QuoteWhy.PERSON, 2):
            self.refuse(ts, Strategy.OWN, o.side, px, o.left, QuoteWhy.LIMIT)
        else:
            self.cancel(ts, o, QuoteWhy.PERSON)
            self.send(ts, Strategy.OWN, o.side, px, o.left)

    def refuse(self, ts, strategy, side, px, qty, why):
        self.t.say("quotes", ts=ts, px=px, qty=qty, side=side, act=QuoteAct.REJECT, why=why, strategy=strategy)

    def say(self, o, ts, act, why):
        self.t.say(
            "quotes", ts=ts, order_id=o.id, px=o.px, qty=o.left, live_from=o.live_from, live_to=o.live_to, side=o.side,
            act=act, why=why, strategy=o.strategy, level=o.level,
        )  # fmt: skip

    # --- on the exchange ----------------------------------------------------------------------------------------------

    def arrive(self, due):
        bid, ask = self.t.sides
        for o in self.orders:
            if o.arrives is None or o.arrives > due:
                continue
            o.arrives = None
            if (o.side > 0 and ask[0] > 0 and o.px >= ask[0]) or (o.side < 0 and bid[0] > 0 and o.px <= bid[0]):
                chased, o.live_to = bool(o.live_to), o.live_from
                if not chased:
                    self.say(o, due, QuoteAct.REJECT, QuoteWhy.CROSS)
                o.left = 0

    def join(self, ts, exch_ts):
        """Orders that went live before this word of the exchange see the book as it still is."""
        for o in list(self.orders):
            if o.queue != "not yet" or not o.live_from < exch_ts or not o.left:
                continue
            if o.taker:
                o.queue = "known"
                self.take(ts, o)
            elif self.t.snapshot:
                o.queue, o.ahead = "known", float(self.t.book[o.side].get(o.px, 0))
            else:
                o.queue = "unknown"

    def take(self, ts, o):
        levels = self.t.levels(-o.side) if self.t.snapshot else []
        if not self.t.has_book:
            px, qty, _ = self.t.sides[1 if o.side > 0 else 0]
            levels = [(px, qty)] if qty > 0 else []
        for px, shown in levels[:DEEPEST]:
            if o.left:
                self.fill(o, ts, o.live_from, 0, px, min(shown, o.left), levels[0][0], shown, FillRule.TAKER)
        if o.left:
            o.live_to = o.live_from
            self.say(o, ts, QuoteAct.CANCEL, QuoteWhy.NO_BOOK)
            o.left = 0

    def level_changed(self, side, px, previous, new, exch_ts):
        for o in self.orders:
            followed = o.queue == "known" and o.left and not o.live_to  # until a cancel is sent
            if (o.side, o.px) == (side, px) and followed and o.live_from < exch_ts:
                model, power = int(self.p[pm.QUEUE_MODEL]), self.p[pm.QUEUE_POWER]
                o.ahead = after_level(model, power, o.ahead, o.traded, previous, new)
                o.traded = 0

    def meet(self, ts, exch_ts, seq, px, qty, side):
        """Share a print over the orders that it reaches: best price first, then first sent."""
        self.join(ts, exch_ts)
        rule, left, taken_here, front = int(self.p[pm.FILL_RULE]), qty, 0, 0.0
        reached = [o for o in self.orders if o.left and not o.taker and o.side == -side and o.lives_at(exch_ts)]
        reached = [o for o in reached if o.side * (o.px - px) >= 0]
        for o in sorted(reached, key=lambda o: (-o.side * o.px, o.id)):
            if not left:
                return
            if o.px != px:
                filled = min(left, o.left)
                self.fill(o, ts, exch_ts, seq, o.px, filled, px, qty, FillRule.THROUGH)
                left, o.ahead = left - filled, 0.0
                continue
            # nobody of ours passes an earlier one of ours at the same price
            front = max(front, o.ahead) if o.queue == "known" else math.inf
            passed = qty - front - taken_here
            filled = 0
            if rule == FillRule.TOUCH:
                filled = min(left, o.left)
            elif rule == FillRule.QUEUE and passed >= 0.5:
                filled = min(left, o.left, math.floor(passed + 0.5))
            if filled:
                self.fill(o, ts, exch_ts, seq, o.px, filled, px, qty, FillRule(rule))
                left, o.ahead = left - filled, 0.0
            else:
                o.ahead -= qty - taken_here
            o.traded += qty
            taken_here += filled

    def fill(self, o, ts, exch_ts, seq, px, qty, print_px, print_qty, rule):
        taker, acct = rule == FillRule.TAKER, self.accounts[o.strategy]
        o.left -= qty
        fee_bps = Fraction(round(self.p[pm.TAKER_FEE_BPS if taker else pm.MAKER_FEE_BPS] * 1e6), 10**6)
        fee = self.to_e8(px * qty * fee_bps / 10_000)
        acct.fills.append((exch_ts, o.side * qty, px))
        acct.position += o.side * qty
        acct.cash -= o.side * px * qty
        acct.fees += fee
        known = not taker and o.queue == "known"
        hazard = self.t.scaled(ts)[1] if self.t.model is not None and self.t.scaled(ts) else None
        self.t.say(
            "fills", ts=ts, exch_ts=exch_ts, seq=seq, order_id=o.id, px=px, qty=qty, print_px=print_px,
            print_qty=print_qty, mid2=self.t.mark2, fee_e8=fee,
            slip2=2 * o.side * (print_px - px) * qty if taker else 0, inventory=acct.position,
            ahead=max(o.ahead, 0.0) if known else 0.0, hazard=hazard or 0.0, side=o.side, rule=rule,
            strategy=o.strategy, state_sell=self.t.states[0].state, state_buy=self.t.states[1].state,
            valid=(FillValid.AHEAD if known else 0) | (FillValid.HAZARD if hazard is not None else 0),
        )  # fmt: skip
        self.t.mark_later(ts, 2 * px, qty, o.side, "FILL", order_id=o.id, strategy=o.strategy)
        if not o.left:
            o.live_to, o.arrives = o.live_to or exch_ts, None
            self.say(o, ts, QuoteAct.DONE, QuoteWhy.FILL)

    # --- money --------------------------------------------------------------------------------------------------------

    def to_e8(self, tick_lots):
        return round(Fraction(tick_lots) * Fraction(self.i.tick_size) * Fraction(self.i.lot_size) * 10**8)

    @property
    def position(self):
        return sum(acct.position for acct in self.accounts)

    def pnl(self, mark2):
        value = sum(acct.cash + acct.position * Fraction(mark2, 2) for acct in self.accounts)
        return self.to_e8(value) - sum(a.fees for a in self.accounts) + sum(a.funding for a in self.accounts)

    def stand(self, ts, who, fact, value, carried):
        """Set what is told of a strategy; a position that is not carried over is held from now on."""
        acct = self.accounts[who]
        if fact == 0 and abs(value) < 1 << 40:
            if carried:
                acct.brought += value - acct.position
            else:
                acct.fills.append((self.now(ts), value - acct.position, 0))
            acct.position = value
        elif fact == 1:
            acct.cash = Fraction(value, 2)
        elif fact == 5:
            acct.fees = value
        elif fact == 6:
            acct.funding = value
        elif fact == 11 and abs(value) < 1 << 40:
            acct.unpriced = value

    def settle(self, ts, exch_ts, mark_e8, rate_e8):
        """A long pays a positive rate on what it held at the settlement's time; without a mark price nobody knows how much."""
        if abs(rate_e8) >= 10_000_000 or exch_ts <= self.settled:
            return  # not credible, or told before
        self.settled = exch_ts
        for who, acct in enumerate(self.accounts):
            held = acct.held_at(exch_ts)
            if mark_e8 > 0:
                base = held * Fraction(self.i.lot_size)
                acct.funding -= round(base * Fraction(mark_e8, 10**8) * Fraction(rate_e8, 10**8) * 10**8)
            elif held and rate_e8:
                acct.unpriced += 1
                side, why = (1 if held > 0 else -1), QuoteWhy.NO_MARK
                self.t.say("quotes", ts=ts, qty=abs(held), live_from=exch_ts, side=side, act=QuoteAct.UNPRICED, why=why,
                           strategy=who)  # fmt: skip


class Maker:
    """Bids and asks around the skewed fair value (000 §4, §5)."""

    def __init__(self, twin):
        self.t, self.p = twin, twin.p

    def prices(self, ts):
        """Return (bid, ask) of the innermost level, or None."""
        target = self.t.value(ts) if self.p[pm.ENABLED] else None
        if target is None:
            return None
        (bid_touch, _, _), (ask_touch, _, _) = self.t.view
        bid, ask = self.rounded(*target)
        if self.p[pm.WIDEN]:
            mid = (bid_touch + ask_touch) / 2.0
            narrow = self.rounded(target[0], self.p[pm.W_BASE_BPS] * 1e-4 * mid)
            feared = self.t.sums["opp" if self.p[pm.MAPPING] == 0.0 else "dir"][0]
            bid = bid if feared < 0 else narrow[0]
            ask = ask if feared > 0 else narrow[1]
        return min(bid, ask_touch - 1), max(ask, bid_touch + 1)

    def rounded(self, fair, width):
        bid, ask = fair - width / 2.0, fair + width / 2.0
        if not self.p[pm.ROUNDING]:
            return math.floor(bid), math.ceil(ask)
        bid, ask = math.floor(bid + 0.5), math.floor(ask + 0.5)
        return (ask - 1 if bid >= ask else bid), ask

    def requote(self, ts):
        prices, orders, p = self.prices(ts), self.t.orders, self.p
        size, cap = round(p[pm.SIZE_BASE] / self.t.i.lot), round(p[pm.MAX_INVENTORY] / self.t.i.lot)
        for level in range(5):
            for side in (1, -1):
                mine = [o for o in orders.resting(Strategy.MAKER) if (o.side, o.level) == (side, level) and not o.taker]
                why = self.why_not(ts, side, level, prices, size, cap)
                if level >= int(p[pm.LEVELS]) and not mine:
                    continue
                px = prices[side < 0] - side * int(p[pm.LEVEL_STEP_TICKS]) * level if prices else 0
                if mine and (why != QuoteWhy.PRICE or mine[0].px != px):
                    if not orders.cancel(ts, mine[0], why):
                        continue
                    mine = []
                if not mine and why == QuoteWhy.PRICE and size > 0 and px > 0:
                    orders.place(ts, Strategy.MAKER, side, px, size, level, False, QuoteWhy.PRICE)

    def why_not(self, ts, side, level, prices, size, cap):
        if prices is None or level >= int(self.p[pm.LEVELS]):
            return QuoteWhy.DISARM
        if side * self.t.orders.accounts[Strategy.MAKER].position + size * (level + 1) > cap:
            return QuoteWhy.INVENTORY
        against = -side * math.tanh(self.t.scaled(ts)[0])
        return QuoteWhy.SKEW if against > self.p[pm.PULL_TANH] else QuoteWhy.PRICE


class Fade:
    """Mode A (003 §8.5, §8.6): three layers against an exhausted panic, out by rule."""

    def __init__(self, twin):
        self.t, self.p = twin, twin.p
        self.working, self.side, self.since, self.sigma = False, 0, 0, 0.0
        self.held_since, self.cash_before = None, 0

    def toxic(self, now):
        return now["z_pi"] is None or now["z_pi"] >= self.p[pm.Z_PI_MAX]

    def exploded(self):
        if not self.t.view:
            return True
        bid, ask = self.t.view[0][0], self.t.view[1][0]
        return (ask - bid) * 2e4 / (bid + ask) > self.p[pm.MAX_SPREAD_BPS]

    def answer(self, due, side, now, toward, lpi):
        """Return (why it is not faded, lots that are meant)."""
        orders, p, t = self.t.orders, self.p, self.t
        if not p[pm.FADE_ENABLED]:
            return FadeWhy.OFF, 0
        if self.working or orders.accounts[Strategy.FADE].position or orders.resting(Strategy.FADE):
            return FadeWhy.BUSY, 0
        if t.states[side].state != Regime.FORCED:
            return FadeWhy.NOT_FORCED, 0
        if not toward:
            return FadeWhy.NO_DIRECTION, 0
        if self.toxic(now):
            return FadeWhy.TOXIC, 0
        if self.exploded():
            return FadeWhy.SPREAD, 0
        crash = t.crash.against(toward, p)
        if crash and p[pm.CRASH_FILTER] == 2.0:
            return FadeWhy.CRASH, 0
        if now["sigma"] is None:
            return FadeWhy.SIZE, 0
        sigma = max(now["sigma"], p[pm.SIGMA_FLOOR_BPS] * 1e-4)
        w = p[pm.W_MAX] / sigma * max(0.0, math.tanh((lpi - p[pm.LPI_HI]) / 2.0))
        w = min(w / 2.0 if crash else w, p[pm.FADE_MAX_INVENTORY])
        meant = 0
        for level in range(3):
            lots = round(w / t.i.lot * p[pm.SHARE_1 + level])
            touch = t.view[0][0] if toward > 0 else t.view[1][0]
            px = touch - toward * int(p[pm.OFFSET_1 + level])
            if lots and px > 0 and orders.place(due, Strategy.FADE, toward, px, lots, level, False, QuoteWhy.ENTRY):
                meant += lots
        if not meant:
            return FadeWhy.SIZE, 0
        self.working, self.side, self.since, self.sigma = True, side, due, sigma
        return FadeWhy.NONE, meant

    def tick(self, due, now):
        acct, orders, p = self.t.orders.accounts[Strategy.FADE], self.t.orders, self.p
        if not acct.position:
            self.held_since, self.cash_before = None, acct.cash
        elif self.held_since is None:
            self.held_since = due
        if self.working:
            why = None
            if not p[pm.FADE_ENABLED]:
                why = QuoteWhy.DISARM
            elif self.toxic(now):
                why = QuoteWhy.TOXIC
            elif self.exploded():
                why = QuoteWhy.SPREAD
            elif due - self.since >= p[pm.TIME_IN_STATE_S] * 1e6:
                why = QuoteWhy.STALE
            if why:
                orders.cancel_all(due, Strategy.FADE, why)
            self.working = bool(orders.resting(Strategy.FADE))
        leaving = any(o.taker for o in orders.resting(Strategy.FADE))
        why = self.must_leave(due, now) if acct.position and not leaving and self.t.view else None
        if why:
            held = acct.position
            orders.cancel_all(due, Strategy.FADE, why)
            orders.place(due, Strategy.FADE, -1 if held > 0 else 1, 0, abs(held), 3, True, why)

    def must_leave(self, due, now):
        acct, p = self.t.orders.accounts[Strategy.FADE], self.p
        entry = 2 * (self.cash_before - acct.cash) / (2.0 * acct.position)
        if entry <= 0.0:
            return QuoteWhy.TIME
        mid = (self.t.view[0][0] + self.t.view[1][0]) / 2.0
        gain = (1 if acct.position > 0 else -1) * (mid - entry) / entry
        lpi = now["lpi_buy" if self.side else "lpi_sell"]
        if gain < -p[pm.STOP_SIGMAS] * self.sigma:
            return QuoteWhy.STOP
        if (due - self.held_since) * 1e-6 >= p[pm.T_MAX_S]:
            return QuoteWhy.TIME
        if lpi is not None and lpi < p[pm.LPI_EXIT]:
            return QuoteWhy.LPI
        return QuoteWhy.TARGET if gain * 1e4 >= p[pm.TARGET_BPS] else None
