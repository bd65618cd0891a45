"""Random tapes on which everything happens that an engine must survive, and parameters that let it happen quickly."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from lobterm.engine import drive, standing
from lobterm.engine import params as pm
from lobterm.events import EVENT, Flag, GapCause, Kind, Market, OrderAct, Scope
from lobterm.instrument import Instrument

PERP = Instrument(Market.PERP, "BTCUSDT", Decimal("0.1"), Decimal("0.001"))
CENTROIDS = np.array([[0, 0, 0, 0, 1, 0], [0, -1, 1, 0, 0, 0], [0, 1, -1, 0, 0, 0]], dtype=np.float64)
ROLES = np.array([0, 1, 2], dtype=np.uint8)
START = 1_700_000_000_000_000
OWN = Flag.SYNTHETIC | Flag.LAST

CALM = {
    "book": 300, "touch": 200, "trade": 250, "reference": 40, "interest": 25, "mark": 15, "funding": 8, "settled": 4,
    "volume": 2, "liquidation": 3, "order": 15, "beat": 15, "turn": 8,
}  # fmt: skip
"""How often each kind of message comes."""
PANIC = CALM | {"trade": 500, "liquidation": 60, "interest": 60, "touch": 100}
TROUBLE = {"gap": 2, "lull": 1, "clock": 1, "spot": 3}

TURNS = [
    (pm.GAMMA, 2.5), (pm.MAPPING, 1.0), (pm.MAPPING, 0.0), (pm.THETA_MODE, 1.0), (pm.DECAY, 1.0), (pm.GAMMA, np.nan),
    (pm.LEVELS, 3.0), (pm.LEVELS, 1.0), (pm.WIDEN, 1.0), (pm.PULL_TANH, 0.1), (pm.ENABLED, 0.0), (pm.ENABLED, 1.0),
    (pm.FILL_RULE, 2.0), (pm.QUEUE_MODEL, 1.0), (pm.EXHAUSTION_RULE, 1.0), (pm.CRASH_FILTER, 2.0), (pm.GAMMA, 1e300),
    (pm.FADE_ENABLED, 0.0), (pm.FADE_ENABLED, 1.0), (pm.FADE_ENABLED, 1.0),
]  # fmt: skip


class Tape:
    """A market that writes down what it says: a wandering book, its touch, trades, panics, and trouble."""

    def __init__(self, seed, *, offset=0, mid=10_000, depth=True, jumpy=True, lacking=(), often=None):
        self.rng = np.random.default_rng(seed)
        self.rows, self.ts, self.seq, self.offset = [], START, 1, offset
        self.mid, self.depth, self.jumpy, self.lacking = mid, depth, jumpy, lacking
        self.often = often or {}
        self.book = {1: {}, -1: {}}
        self.interest, self.interest_at, self.reference = 1_000_000, 0, 500_000
        self.next_funding = START + 5_000_000
        self.lean, self.left = 0, 0  # direction of a panic, messages of it to come
        self.lag, self.accounts = 0, False
        self.say(Kind.CLOCK_OFFSET, qty=offset, flags=OWN)

    def pick(self, *choices):
        return choices[int(self.rng.integers(len(choices)))]

    def between(self, low, high):
        return int(self.rng.integers(low, high + 1))

    def chance(self, p):
        return self.rng.random() < p

    def say(self, kind, *, exch_ts=0, px=0, qty=0, side=0, market=0, flags=Flag.LAST):
        seq = self.seq if kind in (Kind.BOOK, Kind.BOOK_CLEAR, Kind.TOUCH, Kind.TRADE) else 0
        self.rows.append((self.ts, exch_ts, seq, px, qty, kind, side, market, flags))

    @property
    def exchange(self):
        return self.ts + self.offset

    @property
    def phase(self):
        """Return +1 while a panic runs, -1 while it recovers, 0 in calm."""
        return 0 if not self.lean else 1 if self.left > 150 else -1

    # --- messages -----------------------------------------------------------------------------------------------------

    def snapshot(self, flags=0):
        if not self.depth:
            return
        self.book = {1: {}, -1: {}}
        self.say(Kind.BOOK_CLEAR, exch_ts=self.exchange, flags=Flag.SNAPSHOT | flags)
        for side in (1, -1):
            for k in range(1, 9):
                if self.mid - side * k > 0:
                    self.level(side, self.mid - side * k, self.between(1, 50), self.exchange, Flag.SNAPSHOT | flags)
        self.last_row()

    def level(self, side, px, qty, exch_ts, flags=0):
        self.book[side][px] = qty
        self.say(Kind.BOOK, exch_ts=exch_ts, px=px, qty=qty, side=side, flags=flags)

    def last_row(self):
        self.rows[-1] = (*self.rows[-1][:8], self.rows[-1][8] | Flag.LAST)

    def wander(self):
        step = self.between(-2, 2)
        if self.phase:
            step = self.lean * self.between(0, 3 if self.phase > 0 else 1)
        self.mid = max(20, self.mid + step)

    def say_book(self):
        if not self.depth:
            return self.say_touch()
        self.wander()
        exch_ts = self.exchange - self.lag
        gone = [(s, px) for s in (1, -1) for px, qty in self.book[s].items() if s * px >= s * self.mid and qty]
        changes = dict.fromkeys(gone, 0)
        for _ in range(self.between(1, 4)):
            side, away = self.pick(1, -1), self.between(1, 12)
            if self.jumpy and self.chance(0.01):
                away = -away
            if self.jumpy and self.chance(0.02):
                away = self.between(12, 40_000)
            sizes = (0, 0, 1, 2) if self.phase > 0 else (7, 40, 60) if self.phase < 0 else (0, 1, 7, 40)
            if self.mid - side * away > 0:
                changes[side, self.mid - side * away] = self.pick(*sizes)
        for (side, px), qty in changes.items():
            self.level(side, px, qty, exch_ts)
        if changes:
            self.last_row()
        return None

    def say_touch(self):
        if not self.depth:
            self.wander()
        gap = 0 if self.jumpy and self.chance(0.01) else self.between(1, 3) + (4 if self.phase > 0 else 0)
        for side in (1, -1):
            qty = 5
            if self.jumpy:
                qty = 0 if self.chance(0.02) else self.pick(1, 2) if self.phase > 0 else self.pick(3, 20)
            exch_ts = 0 if self.jumpy and self.chance(0.002) else self.exchange - 500
            flags = Flag.LAST if side < 0 else 0
            self.say(Kind.TOUCH, exch_ts=exch_ts, px=max(1, self.mid - side * gap), qty=qty, side=side, flags=flags)

    def say_trade(self):
        side, reach, size = self.pick(1, -1), 30 if self.chance(0.05) else 6, 30
        if self.phase > 0 and self.chance(0.9):
            side, reach, size = self.lean, self.pick(6, 12, 25), 80
        matched = self.exchange - self.lag
        for _ in range(self.between(1, 3)):
            px = max(1, self.mid + side * self.between(-3, reach))
            flags = Flag.LAST | (Flag.RPI if self.chance(0.05) else 0)
            self.say(Kind.TRADE, exch_ts=matched, px=px, qty=self.between(1, size), side=side, flags=flags)
        if self.chance(0.05):  # one trade in two rows, the second of which no queue sees
            self.say(Kind.TRADE, exch_ts=matched, px=px, qty=2, side=side, flags=0)
            self.say(Kind.TRADE, exch_ts=matched, px=px, qty=3, side=side, flags=Flag.LAST | Flag.RPI)

    def say_reference(self):
        self.reference += self.between(-20, 20) + (150 * self.lean if self.phase > 0 and self.chance(0.5) else 0)
        for side in (1, -1):
            self.say(
                Kind.REFERENCE,
                exch_ts=self.exchange,
                px=self.reference - side,
                qty=9,
                side=side,
                market=Market.REFERENCE,
            )

    def say_interest(self):
        if self.ts - self.interest_at > self.pick(0, 200_000, 200_000, 3_000_000):
            drop = self.between(3_000, 20_000) if self.phase > 0 else self.between(-900, 900)
            self.interest = max(1_000, self.interest - drop)
            self.interest_at = self.ts
        self.say(Kind.OPEN_INTEREST, exch_ts=self.interest_at + self.offset, qty=self.interest)

    def mark_e8(self):
        return self.mid * 10_000_000 + self.between(-99, 99)

    def say_mark(self):
        self.say(Kind.MARK, exch_ts=self.exchange, px=self.mark_e8())

    def say_funding(self):
        while self.next_funding <= self.exchange:
            self.next_funding += 8_000_000
        self.say(Kind.FUNDING, exch_ts=self.exchange, px=self.between(-9_999, 9_999), qty=self.next_funding)

    def say_settled(self):
        at = self.next_funding - 8_000_000 + self.between(0, 12_000)
        if at < self.exchange:
            told = self.pick(0, 0, -5, self.mark_e8(), 1 << 53) if self.accounts else 0
            self.say(Kind.FUNDING_SETTLED, exch_ts=at, px=self.pick(-300_000, 10_000, 75_000, 10_000_000), qty=told)

    def say_volume(self):
        self.say(Kind.VOLUME_24H, qty=self.between(0, 200_000_000))

    def say_liquidation(self):
        side = self.lean or self.pick(1, -1)
        self.say(Kind.LIQUIDATION, exch_ts=self.exchange, px=self.mark_e8(), qty=self.between(1, 90), side=side)

    def say_order(self):
        side, act = self.pick(1, -1), self.rng.random()
        if act < 0.6:
            px = max(1, self.mid - side * self.between(-2, 8))
            self.say(Kind.ORDER, px=px, qty=self.between(1, 40), side=side, flags=OWN)
        elif act < 0.8:
            self.say(Kind.ORDER, px=0, qty=self.between(1, 90), side=side, flags=OWN)
        elif act < 0.9:
            px = self.pick(0, self.mid, self.mid - 2)
            self.say(Kind.ORDER, px=px, qty=0, side=self.pick(0, 1, -1), flags=OWN)
        elif act < 0.95:
            self.ask(OrderAct.FLATTEN, qty=self.pick(0, 1, 2, 2, 3, -1))
        else:
            self.ask(OrderAct.MOVE, px=max(0, self.mid - side * self.between(-2, 8)), qty=self.between(0, 400))

    def ask(self, act, px=0, qty=0):
        self.rows.append((self.ts, 0, act, px, qty, Kind.ORDER, 0, 0, OWN))

    def say_account(self):
        """A strategy begins anew, or rows that nobody sane would write."""
        if self.chance(0.7):
            rows = standing.nothing(self.between(0, 2), int(Market.PERP), self.ts)
            for row in rows:
                self.say(Kind.ACCOUNT, px=int(row["px"]), qty=int(row["qty"]), flags=OWN)
        else:
            value = self.pick(-7, 40, (1 << 40) - 1, 1 << 40, -(1 << 60), (1 << 62) - 1)
            which = self.pick(-1, 0, 16, 32, 11, 48, 50, 54, 65, 1 << 40)
            self.say(
                Kind.ACCOUNT, px=value if which not in (0, 16, 32) else self.between(-50, 50), qty=which, flags=OWN
            )

    def say_beat(self):
        self.say(Kind.HEARTBEAT, flags=OWN)

    def say_turn(self):
        key, value = TURNS[self.between(0, len(TURNS) - 1)]
        self.say(Kind.PARAM, px=int(np.float64(value).view(np.int64)), qty=key, flags=OWN)

    def say_gap(self):
        scope = self.pick(Scope.BOOK, Scope.TRADES, Scope.ALL, Scope.OI)
        self.say(Kind.GAP, exch_ts=self.exchange, px=GapCause.CHAIN_BREAK, qty=scope, flags=OWN)
        if self.chance(0.8):
            self.ts += self.pick(0, 200_000, 2_000_000)
            self.snapshot(self.pick(0, Flag.SYNTHETIC))

    def say_lull(self):
        self.ts += self.pick(3_000_000, 70_000_000, 3_600_000_000)
        self.say_beat()
        if self.chance(0.8):
            self.snapshot(self.pick(0, Flag.SYNTHETIC))

    def say_clock(self):
        self.offset += self.between(-60_000, 60_000)
        self.say(Kind.CLOCK_OFFSET, qty=self.offset, flags=OWN)

    def say_spot(self):
        self.say(Kind.TRADE, exch_ts=self.exchange, px=self.mid, qty=3, side=1, market=Market.SPOT)

    def warm(self):
        """Carry over what an earlier recording left: samples of the windows, and averages."""
        for which in range(6):
            for k in range(self.between(0, 20)):
                value = float(self.rng.choice([0.0, 0.0, 1e-6, 3e-4])) * self.rng.random()
                bits = int(np.float64(value).view(np.int64))
                self.say(Kind.SAMPLE, exch_ts=START - k, px=bits, qty=which, flags=OWN | Flag.WARM)
        for which, value in (
            (6, 5e5),
            (7, 120.0),
            (8, 130.0),
            (9, 1e-8),
            (0, np.nan),
            (6, np.inf),
            (99, 1.0),
            (9, -1.0),
        ):
            bits = int(np.float64(value).view(np.int64))
            self.say(Kind.SAMPLE, exch_ts=START, px=bits, qty=which, flags=OWN | Flag.WARM)

    def carry(self):
        """Carry over a paper account, held since before the beginning."""
        said = {k: self.between(-40, 40) for k in (0, 16, 32)}
        said |= {who + 1: 2 * self.between(-(10**6), 10**6) for who in (0, 16, 32)}
        said |= {who + k: self.between(-(10**9), 10**9) for who in (0, 16, 32) for k in (5, 6)}
        said |= {49: self.between(0, 1), 51: START - self.between(0, 10**8), 52: 2 * self.between(-(10**6), 10**6)}
        said |= {53: int(np.float64(self.rng.random() * 1e-3).view(np.int64)), 64: START - self.between(0, 10**7)}
        for which, value in said.items():
            self.say(Kind.ACCOUNT, px=value, qty=which, flags=OWN | Flag.WARM)

    def weights(self, trouble):
        weights = (PANIC if self.phase > 0 else CALM) | (TROUBLE if trouble else {})
        weights |= {"account": 3} if self.accounts else {}
        return {kind: weight for kind, weight in (weights | self.often).items() if kind not in self.lacking}

    def go(self, n, trouble=True):
        for _ in range(n):
            self.ts += int(self.rng.choice([0, 1_000, 5_000, 40_000, 300_000], p=[0.2, 0.3, 0.3, 0.17, 0.03]))
            self.seq += 1
            self.lag = self.between(0, 60_000)
            self.left = max(0, self.left - 1)
            self.lean = self.lean if self.left else 0
            if not self.lean and self.chance(0.006):
                self.lean, self.left = self.pick(1, -1), self.between(200, 330)
            weights = self.weights(trouble)
            kinds = list(weights)
            p = np.array([weights[kind] for kind in kinds], float)
            getattr(self, "say_" + str(self.rng.choice(kinds, p=p / p.sum())))()
        return self

    def events(self):
        return np.array([tuple(int(v) for v in row) for row in self.rows], dtype=EVENT)


def lively(
    seed, n, *, offset=0, trouble=True, mid=10_000, depth=True, warm=False, end=None, lacking=(), often=None,
    account=False,
):  # fmt: skip
    """Return a tape of `n` messages without those of the kinds `lacking`. One with trouble ends in a silence of two minutes.

    `account`: one that goes on with a paper account, and sets it now and then.
    """
    tape = Tape(seed, offset=offset, mid=mid, depth=depth, jumpy=trouble, lacking=lacking, often=often)
    tape.accounts = account
    if warm:
        tape.warm()
    if account:
        tape.carry()
    tape.snapshot()
    tape.go(n, trouble=trouble)
    if trouble if end is None else end:
        tape.ts += 125_000_000
        tape.say_beat()
    return tape.events()


def values(**turned):
    """Return parameters that make something happen on a few thousand rows; `turned` by name of `params`."""
    quick = {
        "NORM_WARM": 50, "W_BASE_BPS": 1.0, "BETA_TICKS": 3.0, "ORDER_LATENCY_US": 30_000, "CANCEL_LATENCY_US": 30_000,
        "MAX_INVENTORY": 0.08, "MAX_SILENCE_US": 20_000_000, "ALPHA_TICK_US": 100_000, "WINDOW_S": 8.0,
        "MIN_SAMPLES": 10, "MAX_ACTIONS": 40, "LPI_HI": 0.8, "LPI_EXIT": 0.3, "ROLLOVER_TICKS": 1,
        "DIVERGENCE_S": 0.5, "STATE_Z_FSI": 1.0, "STATE_Z_OI": 0.8, "STATE_Z_LDR": 0.5, "EXHAUSTION_Z_OI": 0.3,
        "SIGMA_HALF_LIFE_S": 1.0, "FLOW_HALF_LIFE_S": 1.0, "ADV_HALF_LIFE_S": 20.0, "DEPTH_HALF_LIFE_S": 5.0,
        "OI_MAX_AGE_S": 4.0, "OI_SPARSE_S": 1.0, "OI_HALF_LIFE_S": 3.0, "CRASH_S": 1.0, "CRASH_HALF_LIFE_S": 10.0,
        "CRASH_SIGMAS": 1.0, "W_MAX": 0.002, "MAX_SPREAD_BPS": 9.0, "Z_PI_MAX": 2.5, "TIME_IN_STATE_S": 1.0,
        "T_MAX_S": 3.0, "STOP_SIGMAS": 1.0, "TARGET_BPS": 4.0, "PI_FLOOR": 10.0,
    }  # fmt: skip
    vector = pm.defaults()
    for name, value in (quick | turned).items():
        vector[getattr(pm, name)] = value
    return vector


def assorted(seed, n, **settled):
    """Return a tape whose kind is drawn too: high and low prices, no depth, no liquidation feed, no open interest."""
    rng = np.random.default_rng(seed)

    def one_of(*choices):
        return choices[int(rng.integers(len(choices)))]

    kind = {
        "offset": one_of(0, 1_270_000, -40_000),
        "mid": one_of(10_000, 10_000, 10_000, 25, 10**8, 10**10),
        "depth": one_of(True, True, True, True, False),
        "warm": one_of(False, False, True),
        "lacking": one_of((), ("liquidation",), ("liquidation",), ("liquidation", "interest"), ("reference", "mark")),
    }
    return lively(seed, n, **(kind | settled))


CHOICES = {
    "FILL_RULE": (0, 1, 2), "QUEUE_MODEL": (0, 1, 2), "QUEUE_POWER": (0.5, 3.0), "LEVELS": (1, 3, 5),
    "LEVEL_STEP_TICKS": (1, 2), "PULL_TANH": (1.0, 0.2), "WIDEN": (0, 1), "ROUNDING": (0, 1), "THETA_MODE": (0, 1),
    "DECAY": (0, 1), "MAPPING": (0, 1), "UNIT": (0, 1), "MAX_ACTIONS": (3, 1e6), "EXHAUSTION_RULE": (0, 1),
    "ROLLOVER_TICKS": (1, 2), "Z_EPS": (0.0, 1e-9), "Z_CLAMP": (20.0, 3.0), "ORDER_LATENCY_US": (0, 30_000, 250_000),
    "CANCEL_LATENCY_US": (0, 30_000, 250_000), "CRASH_FILTER": (0, 1, 2), "FADE_ENABLED": (1, 1, 1, 0),
    "MAKER_FEE_BPS": (2.0, -0.05), "W_BASE_BPS": (1.0, 4.0), "RV_SUBSAMPLES": (1, 3, 5), "LIQ_RUN": (2, 50),
    "OI_MAX_AGE_S": (4.0, 0.5), "MAX_SILENCE_US": (20_000_000, 1_000_000), "LATCH_S": (5.0, 0.0),
    "NORM_START": (0.0, 1.0), "MAX_INVENTORY": (0.08, 5.0), "KAPPA": (0.5, 1.0, 0.0), "WINDOW_S": (8.0, 3.0, 60.0),
    "STOP_SIGMAS": (1.0, 1e5), "T_MAX_S": (3.0, 1.0), "OFFSET_1": (0, 2), "MAX_SPREAD_BPS": (9.0, 3.0),
    "IMPACT_BPS": (3.0, 0.0), "DEPTH_BPS": (10.0, 0.0, 400.0), "ALPHA_TICK_US": (100_000, 250_000, 70_001),
}  # fmt: skip


def drawn(seed):
    """Return `values` with every choice drawn."""
    rng = np.random.default_rng(seed)
    return values(**{name: choices[int(rng.integers(len(choices)))] for name, choices in CHOICES.items()})


def run(events, params, *, capacity=1, pieces=1, model=True):
    """Return (engine, rows by table) of the core after `events`, in as many pieces."""
    models = (CENTROIDS, ROLES) if model else (None, None)
    engine = drive.start(PERP, params, *models, capacity=capacity)
    tables = {}
    for piece in np.array_split(events, pieces):
        for rows in drive.fold(engine, piece):
            for name, table in rows.items():
                tables.setdefault(name, []).append(table)
    return engine, {name: np.concatenate(parts) for name, parts in tables.items()}
