"""What may happen in the agent market: who is leveraged, what news comes, which lines go down.

What: a scenario is a crowd of accounts, a plan for the true value and a plan for the lines, drawn from the seed. It
names causes alone: whether a cascade follows is up to the margin mechanics.
Units: seconds from the start, basis points of the start price, leverage as a multiple.
"""

from __future__ import annotations

from dataclasses import dataclass

from lobterm.errors import InputError
from lobterm.events import GapCause, Market, Scope

LOW = (3, 3, 5, 5, 5, 8, 10, 10)
MIXED = (5, 10, 10, 20, 20, 25, 50, 75)
HIGH = (50, 75, 75, 100)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Accounts that are open when the tape begins; entries lie evenly between two distances from the start price."""

    accounts: int
    side: int
    leverages: tuple[int, ...]
    entry_bps: tuple[int, int]
    size: int = 1


@dataclass(frozen=True, slots=True)
class News:
    """The true value goes to a distance from the start price (between the two `to_bps`); informed takers see it first."""

    start_s: tuple[int, int]
    lasts_s: tuple[int, int]
    to_bps: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Down:
    """A line says nothing for a while, and comes back with a fresh snapshot."""

    start_s: int
    lasts_s: int
    market: Market
    cause: GapCause
    scope: Scope


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of market. `calm` scales how often anything happens; 1 is the recording's pace."""

    name: str
    about: str
    crowds: tuple[Crowd, ...]
    leverages: tuple[int, ...] = LOW
    news: tuple[News, ...] = ()
    downs: tuple[Down, ...] = ()
    calm: float = 1.0
    premium_bps: int = 0
    leveraged_share: float = 0.25


_BALANCED = (Crowd(2_400, 1, LOW, (-200, 200), 4), Crowd(2_400, -1, LOW, (-200, 200), 4))
_LONG = (Crowd(2_400, 1, LOW, (-200, 200), 4), Crowd(1_600, -1, LOW, (-200, 200), 4))
_SHORT = (Crowd(1_600, 1, LOW, (-200, 200), 4), Crowd(2_400, -1, LOW, (-200, 200), 4))

NORMAL = Scenario("normal", "the recording's market, nothing planned", _BALANCED, MIXED)
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        NORMAL,
        Scenario(
            "long-cascade",
            "informed selling reaches a crowd of leveraged longs, which the exchange then sells out",
            (*_LONG, Crowd(900, 1, HIGH, (-55, 0))),
            news=(News((480, 600), (25, 45), (-125, -100)),),
            premium_bps=3,
        ),
        Scenario(
            "short-squeeze",
            "informed buying reaches a crowd of leveraged shorts, which the exchange then buys in",
            (*_SHORT, Crowd(900, -1, HIGH, (0, 55))),
            news=(News((480, 600), (25, 45), (100, 125)),),
            premium_bps=-3,
        ),
        Scenario(
            "informed-selloff",
            "news takes the price as far down, and nobody is forced: there is nothing to fade",
            _BALANCED,
            news=(News((480, 600), (60, 110), (-200, -150)),),
        ),
        Scenario("quiet-night", "few trades, small moves, no leverage worth the name", _BALANCED, calm=0.45),
        Scenario(
            "gap-and-reconnect",
            "the normal market behind a bad line: a break in the depth, a lost connection, spot away for a while",
            _BALANCED,
            MIXED,
            downs=(
                Down(300, 2, Market.PERP, GapCause.CHAIN_BREAK, Scope.BOOK),
                Down(540, 14, Market.PERP, GapCause.DISCONNECT, Scope.ALL),
                Down(780, 20, Market.SPOT, GapCause.DISCONNECT, Scope.ALL),
                Down(960, 5, Market.PERP, GapCause.DISCONNECT, Scope.ALL),
            ),
        ),
    )
}


def named(name: str) -> Scenario:
    """Return a scenario, or raise InputError with the names there are."""
    try:
        return SCENARIOS[name]
    except KeyError:
        raise InputError(f"no scenario {name!r}", mend=f"there are {', '.join(SCENARIOS)}") from None
