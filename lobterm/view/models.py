"""What a frame of the console says, before anybody decides how it looks.

Texts are ready to be shown; what is not known is None or says why. Shares are 0..1 of what stands beside them.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from lobterm.engine.rows import Label


class Tone(Enum):
    """How a value is to be taken."""

    PLAIN = "plain"
    GOOD = "good"
    WARN = "warn"  # stale, warming, late
    BAD = "bad"  # broken
    UNKNOWN = "unknown"


class Zone(Enum):
    """Where a price of the ladder lies."""

    ASK = "ask"
    ASK_TOUCH = "ask touch"
    SPREAD = "spread"
    BID_TOUCH = "bid touch"
    BID = "bid"
    BEYOND = "beyond"  # outside the depth that is known
    BLANK = "blank"  # no price: the row only fills

    __hash__ = object.__hash__  # rows are looked up by what they say, and Python's own way to hash a member is slow


class OwnState(Enum):
    """Where an order of ours is."""

    RESTING = "resting"
    TRAVELLING = "travelling"  # sent, not at the exchange yet
    LEAVING = "leaving"  # a cancel is on its way; it may still fill


class Own(Struct, frozen=True, gc=False):
    """Our orders of one side at one price."""

    text: str
    state: OwnState


class LadderRow(Struct, frozen=True, gc=False, cache_hash=True):
    """One price."""

    price: str
    zone: Zone
    bid: str = ""
    bid_share: float = 0.0
    ask: str = ""
    ask_share: float = 0.0
    own_bid: Own | None = None
    own_ask: Own | None = None
    last_side: int = 0  # side of the last trade, if it was at this price
    pinned: bool = False  # an order of ours outside the window, shown at its edge
    large: bool = False  # an order much larger than the others in sight may rest here
    sold: str = ""  # by aggressors, since the history begins
    bought: str = ""
    traded_share: float = 0.0
    delta: int = 0  # sign of bought less sold
    px: int | None = None  # ticks; of a group, its lower end
    cursor: bool = False  # of order entry


class LadderView(Struct, frozen=True):
    """The order book around the mid."""

    rows: tuple[LadderRow, ...]
    scale: str  # what one row is
    spread: str
    centre: int | None  # ticks; None while there is no mid to stand on
    bar: str = ""  # size of a full bar
    cumulative: bool = False
    unit: str = ""  # what sizes are in, if not in the coin itself
    traded: str = ""  # since when the traded volume counts
    stale: str = ""  # how old the book is, if that is too old
    unknown: tuple[str, ...] = ()  # why there is no book
    entry: str = ""  # what order entry would send; empty while it is off


class TradeRow(Struct, frozen=True, gc=False):
    """One trade."""

    time: str
    side: int
    price: str
    size: str
    size_share: float  # of the next round size above the largest in sight
    label: Label
    why: str  # why it is unclassified, in a word
    prints: int = 1  # how many trades of one matching time this row is
    swept: int = 0  # ticks that they went through
    large: bool = False
    liquidation: bool = False  # a forced order as the exchange told it, beside the trades that it made


class GaugeView(Struct, frozen=True):
    """One signal. `share` is -1..1 for skew, and of the full scale that the note names for hazard."""

    value: str
    share: float
    note: str = ""
    takers: str = ""  # whose flow it sums
    threshold_share: float | None = None
    over: bool = False
    unknown: str = ""


class Value(Struct, frozen=True, gc=False):
    """One labelled value."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN
    side: int = 0


class LabelShare(Struct, frozen=True):
    """How many trades of one label there were; no share before the first trade."""

    label: Label
    count: str
    share: float | None


class RunState(Enum):
    """What the transport is doing."""

    LOADING = "loading"
    PLAYING = "playing"
    PAUSED = "paused"
    ENDED = "ended"
    SEEKING = "seeking"
    FAILED = "failed"
    LIVE = "live"  # nothing is played: it happens


class HeaderView(Struct, frozen=True):
    """Who, when and how healthy."""

    symbol: str
    mode: str
    clock: str
    speed: str
    health: tuple[Value, ...]
    source: str
    failure: str = ""
    loading: str = ""
    funding: Value | None = None  # rate and time left; None while it is not known
    seek: str = ""  # what a seek waits for, or why it led nowhere
    beside: tuple[Value, ...] = ()  # the market that goes on while what it has been is looked at


class TransportView(Struct, frozen=True):
    """Where the tape stands; of a live market, which has no end, how it comes in."""

    state: RunState
    speed: str
    clock: str
    end: str
    progress: float | None  # of the tape; of what a seek waits for, while there is one; None where there is no tape
    trouble: Value | None = None  # what is wrong with what comes in


class Truth(Enum):
    """What is known of a condition."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Checked(Struct, frozen=True, gc=False):
    """One condition of one side, with the value that it was judged by."""

    truth: Truth
    text: str


class Condition(Struct, frozen=True):
    """One condition of exhaustion, sells and buys."""

    name: str
    short: str
    rule: str
    sells: Checked
    buys: Checked


class SidePressure(Struct, frozen=True):
    """The pressure of one side's aggressors."""

    side: int
    lpi: str
    share: float  # of the full scale; below 0 where the LPI is
    exit_share: float
    panic_share: float
    panic: bool
    state: str  # FORCED, INFORMED or unknown
    forced: bool
    latch: str  # how long FORCED is held only by its latch
    unknown: str  # why there is no LPI
    met: int  # conditions of exhaustion that hold
    needed: int
    missing: str  # what E_t still waits for


class PressureView(Struct, frozen=True):
    """Pressure of both sides at the last alpha tick."""

    window: str  # what the z-scores stand on
    warming: bool
    scale: str
    source: str  # what FORCED is decided by
    by: str  # the same in a word
    sides: tuple[SidePressure, ...] = ()
    conditions: tuple[Condition, ...] = ()
    rule: str = ""
    triggers: str = ""
    legs: tuple[Condition, ...] = ()


class ScoreRow(Struct, frozen=True, gc=False):
    """A value, its z, and what the z stands on."""

    name: str
    side: int
    value: str
    z: str
    samples: str
    span: str
    warming: bool


class OrderRow(Struct, frozen=True, gc=False):
    """One of our orders."""

    whose: str
    side: int
    price: str
    size: str
    ahead: str
    state: OwnState
    why: str = ""  # why it stands there, or why it leaves


class LedgerRow(Struct, frozen=True):
    """One figure of every strategy and of all together."""

    name: str
    values: tuple[Value, ...]


class LogLine(Struct, frozen=True, gc=False):
    """One thing that happened."""

    time: str
    kind: str
    text: str
    tone: Tone
    side: int = 0


class Frame(Struct, frozen=True):
    """Everything that one paint of the monitor's body shows."""

    ladder: LadderView
    trades: tuple[TradeRow, ...]
    trades_note: str
    least_size: str  # of the trades that are shown, if some are not
    liquidated: str
    mapping: str
    skew: GaugeView
    hazard: GaugeView
    maker: tuple[Value, ...]
    quote_coin: str  # what profit and loss are in
    maker_state: str  # "" while quoting, else why not
    pressure: PressureView
    scores: tuple[ScoreRow, ...]
    orders: tuple[OrderRow, ...]
    ledgers: tuple[LedgerRow, ...]
    log: tuple[LogLine, ...]
    log_note: str
    sums: tuple[Value, ...]
    market: tuple[Value, ...]
    clusters: tuple[LabelShare, ...]
    transport: TransportView
    why: tuple[Value, ...] = ()  # of quotes and triggers
    edge: tuple[Value, ...] = ()  # what fees take, and what is left
    waits: str = ""  # what stands in for everything while there is no picture
    by_hand: bool = False  # `maker` is the person's own ledger


class Ui(Struct, frozen=True):
    """What the screen brings along: its room, and what the person chose."""

    ladder_rows: int = 20
    trade_rows: int = 10
    centre: int | None = None  # ticks that the ladder stood on last
    cursor: int | None = None  # ticks that order entry points at; None while it is off
    entry: str = ""  # what it would send
    levels_only: bool = False
    group: int = 1  # ticks a row
    locked: bool = False
    cumulative: bool = False
    in_quote: bool = False
    depth: int = 0  # levels a side that were asked for; 0: all
    least_lots: int = 0  # smallest trade on the tape
    log_rows: int = 0
    rows_per_s: float | None = None
    loading_s: int = 0  # how long the engine has been loading
    load_failure: str = ""  # why the engine did not load
    horizon: int = 3  # of the markouts, by engine.rows.HORIZONS_US
