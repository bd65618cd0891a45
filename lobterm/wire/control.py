"""Control lines: what a recording holds that did not come off the wire, as `{"stream":"lobterm@…","data":{"e":"…",…}}`.

What: one struct an event; `encode` and `decode` hold every value to its bounds, for a recording is untrusted like any other
file. A line is ours by its first bytes alone (PREFIX): whoever writes down what the wire said must refuse a frame that begins
so. All control lines stand in the perpetual's file but `beat` and `hello`, which stand in both.
Source: DESIGN §5. Units: in the names; prices in ticks and sizes in lots where they are integers, decimal text as the exchange
writes it where they are strings.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from lobterm.events import Market, OrderAct

PREFIX = b'{"stream":"lobterm@'
"""How every control line begins, after its stamp."""

FORMAT = 1
"""Version of the recording: `hello` says it."""

MOST_SAMPLES = 4_096
"""Window samples in one line."""

Text = Annotated[str, Meta(max_length=300)]
Decimal = Annotated[str, Meta(pattern=r"^-?[0-9]{1,18}(\.[0-9]{1,12})?$")]
Count = Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]
Micros = Annotated[int, Meta(ge=0, le=(1 << 62))]
Whole = Annotated[int, Meta(ge=-(1 << 62), le=(1 << 62))]
Place = Annotated[int, Meta(ge=int(Market.PERP), le=int(Market.SPOT))]
Level = tuple[Count, Count]
Levels = Annotated[list[Level], Meta(max_length=200_000)]


class Control(Struct, tag_field="e", frozen=True):
    """A control event."""


class InstrumentSizes(Struct, frozen=True):
    """Tick and lot of one market, decimal text."""

    market: Place
    symbol: Annotated[str, Meta(min_length=1, max_length=40)]
    tick_size: Decimal
    lot_size: Decimal
    multiplier: Decimal = "1"


class Warmth(Struct, frozen=True):
    """What the samples in a recording's head are: how many, and the SHA-256 over them (`tape.recording.warm.digest`)."""

    samples: Count
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Hello(Control, tag="hello", frozen=True):
    """The first line of every file: whose it is, and which part of its chain."""

    session: Annotated[str, Meta(min_length=1, max_length=80)]
    market: Place
    part: Count  # 0 for the first day, one more for every day after it
    instruments: Annotated[list[InstrumentSizes], Meta(min_length=1, max_length=2)]
    versions: dict[Text, Text]
    warm: Warmth | None = None
    resumes: Annotated[str, Meta(max_length=80)] = ""  # the session that this one goes on with, after a gap
    format: Annotated[int, Meta(ge=1, le=FORMAT)] = FORMAT


class Sample(Control, tag="sample", frozen=True):
    """Window samples carried over, oldest first; `which` as in engine.carry."""

    which: Annotated[int, Meta(ge=0, le=255)]
    taken_us: Annotated[list[Micros], Meta(max_length=MOST_SAMPLES)]
    values: Annotated[list[float], Meta(max_length=MOST_SAMPLES)]


class Book(Control, tag="book", frozen=True):
    """The known book at a day's border, best levels first: what a later part needs if it is read without the earlier one."""

    market: Place
    ident: Count  # update id
    exch_us: Micros
    bids: Levels
    asks: Levels


class Heartbeat(Control, tag="heartbeat", frozen=True):
    """Time passes."""


class Beat(Control, tag="beat", frozen=True):
    """The mark by which two torn files are cut to a common point."""

    n: Count


class Param(Control, tag="param", frozen=True):
    """A person turned a parameter; `key` as in the configuration."""

    key: Text
    value: float


class Model(Control, tag="model", frozen=True):
    """Another row of the model table judges from here."""

    row: Count


class Order(Control, tag="order", frozen=True):
    """What a person asks for, as events.Kind.ORDER: `act` says what price and size are; recordings of old have none."""

    side: Literal[-1, 0, 1]
    px_ticks: Count
    qty_lots: Count  # an order's id, or a strategy, where `act` says so
    act: Annotated[int, Meta(ge=0, le=int(max(OrderAct)))] = 0


class Account(Control, tag="account", frozen=True):
    """What the paper account stands at from here on, as (which, value) of engine.standing; carried: held all the while."""

    facts: Annotated[list[tuple[Whole, Whole]], Meta(max_length=200)]
    carried: bool


class Connect(Control, tag="connect", frozen=True):
    """A socket is open."""

    socket: Literal["public", "market", "spot"]


class Disconnect(Control, tag="disconnect", frozen=True):
    """A socket is gone and no other one carries its streams on."""

    socket: Literal["public", "market", "spot"]
    why: Text = ""


class Silent(Control, tag="silent", frozen=True):
    """A stream is over its deadline; `stream` is its name, as subscribed to."""

    market: Place
    stream: Text


class TradeSource(Control, tag="trade_source", frozen=True):
    """Which stream of the perpetual is the tape of trades from here on; before the first such line there is none."""

    source: Literal["trade", "aggTrade"]


class OpenInterest(Control, tag="open_interest", frozen=True):
    """The REST answer, its keys as they are."""

    openInterest: Decimal
    time: Micros  # ms, as the exchange says it


class ServerTime(Control, tag="server_time", frozen=True):
    """The exchange's clock as REST tells it, and ours before and after asking."""

    server_ms: Micros
    asked_us: Micros
    answered_us: Micros


class FundingSettled(Control, tag="funding_settled", frozen=True):
    """A settlement as REST tells it."""

    fundingRate: Decimal
    fundingTime: Micros  # ms
    markPrice: Annotated[str, Meta(pattern=r"^([0-9]{1,18}(\.[0-9]{1,12})?)?$")] = (
        ""  # it was settled at; older answers do not say
    )


class FundingInterval(Control, tag="funding_interval", frozen=True):
    """Hours between settlements."""

    hours: Annotated[int, Meta(ge=1, le=24)]


class Volume24h(Control, tag="volume_24h", frozen=True):
    """The last 24 hours' volume in base units."""

    volume: Decimal


class Bye(Control, tag="bye", frozen=True):
    """The recording ended because someone ended it."""

    why: Text = ""


Event = (
    Hello | Sample | Book | Heartbeat | Beat | Param | Model | Order | Account | Connect | Disconnect | Silent | TradeSource
    | OpenInterest | ServerTime | FundingSettled | FundingInterval | Volume24h | Bye
)  # fmt: skip


class _Line(Struct, frozen=True):
    stream: str
    data: Event


_decoder = msgspec.json.Decoder(_Line)
_checked = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """Return the JSON of a control line, without stamp and line end; raise ValueError for a value out of its bounds."""
    data = msgspec.json.encode(event)
    _checked.decode(data)
    name: Any = type(event).__struct_config__.tag
    return PREFIX + name.encode() + b'","data":' + data + b"}"


def decode(text: bytes) -> Event | None:
    """Return a control line's event, or None where it is none that is known, whole and within its bounds."""
    try:
        line = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return line.data
