"""What the paper account stands at, as ACCOUNT rows: one session leaves it to the next, and a person may set it to nothing.

What: `rows` says positions, cash and everything earned so far, and what the fade needs to leave its position by its own rules;
`take` takes such a row in. Orders are not among it: a session's end pulls them, for what happens to them meanwhile is unknown.
A carried position (flag WARM) was held all the while, so a settlement of that time is owed on it; one that a person sets is
held from then on.
Seeds: DESIGN §5; 003 §5. Units: as account.py's and state.py's fields; `qty` of a row says which, `px` holds the value.
"""

from __future__ import annotations

import numpy as np

from lobterm.engine import account, own_orders
from lobterm.engine import state as st
from lobterm.engine.kernel import kernel
from lobterm.engine.rows import Strategy
from lobterm.events import EventArray, Flag, Kind, empty

EACH = 16
"""Numbers of `qty` that belong to one strategy: its number times this, plus the field."""
OF_FADE = account.STRATEGIES * EACH
"""`qty` of the fade's own fields; the last of them is its sigma, as f64 bits."""
OF_CLOCK = OF_FADE + EACH
"""`qty` of the newest settlement booked."""
MOST_LOTS, MOST = 1 << 40, 1 << 60
"""A position and any other field beyond these is not believed: no product of theirs would leave 64 bits in silence."""
FADE = int(Strategy.FADE)
OWN_OF_FADE = (st.F_SIDE, st.F_HELD_SINCE, st.F_CASH2)


def rows(s: st.State, ts: int) -> EventArray:
    """Return the ACCOUNT rows by which an engine that has seen nothing stands as this one does."""
    said = {
        who * EACH + k: int(s.acct[who, k]) for who in range(account.STRATEGIES) for k in range(account.ACCOUNT_SIZE)
    }
    said |= {OF_FADE + k: int(s.fade[k]) for k in OWN_OF_FADE}
    said[OF_FADE + st.FADE_SIZE] = int(s.fade_sigma.view(np.int64)[0])
    said[OF_CLOCK] = int(s.clock[st.SETTLED])
    return of(said, int(s.market[0]), ts, carried=True)


def nothing(who: int, market: int, ts: int) -> EventArray:
    """Return the ACCOUNT rows that let a strategy begin anew: flat, nothing earned, nothing paid."""
    said = {who * EACH + k: 0 for k in range(account.ACCOUNT_SIZE) if k != account.SEEN_MARK2}
    if who == FADE:
        said |= {OF_FADE + k: 0 for k in (st.F_HELD_SINCE, st.F_CASH2)}
    return of(said, market, ts, carried=False)


def of(said: dict[int, int], market: int, ts: int, *, carried: bool) -> EventArray:
    """Return ACCOUNT rows from {which: value}."""
    found = empty(len(said))
    found["ts"], found["kind"], found["market"] = ts, Kind.ACCOUNT, market
    found["qty"], found["px"] = list(said), list(said.values())
    found["flags"] = Flag.SYNTHETIC | Flag.LAST | (Flag.WARM if carried else 0)
    return found


@kernel
def take(s: st.State, ts: int, which: int, value: int, carried: bool) -> None:
    """Let the account stand as a row says; what is out of bounds changes nothing."""
    c = s.core[0]
    who, field = which // EACH, which % EACH
    if which < 0 or which > OF_CLOCK:
        return
    if which == OF_FADE + st.FADE_SIZE:
        sigma = np.int64(value).view(np.float64)
        if 0.0 <= sigma < 1e9:
            c.fade_sigma[0] = sigma
        return
    if not -MOST < value < MOST:
        return
    if who < account.STRATEGIES:
        if field >= account.ACCOUNT_SIZE:
            return
        counted = field in (account.POSITION, account.VOLUME, account.POSITION_MAX, account.UNPRICED)
        if counted and not -MOST_LOTS < value < MOST_LOTS:
            return
        if field == account.POSITION and not carried:
            moved = value - c.acct[who, account.POSITION]
            account.catch_up(c.acct, who, c.clock[st.MARK2])
            account.remember(c.past, c.past_cursor, own_orders.exchange_now(s, ts), who, moved)
        c.acct[who, field] = value
    elif which < OF_CLOCK:
        if field == st.F_SIDE:
            c.fade[field] = 1 if value else 0
        elif field == st.F_HELD_SINCE or field == st.F_CASH2:
            c.fade[field] = value
    else:
        c.clock[st.SETTLED] = max(value, 0)
