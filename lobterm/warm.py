"""Compile the engine into the cache, in a process of its own so that no screen waits for it: `python -m lobterm.warm`."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

from lobterm import jit_cache
from lobterm.events import Market

FRAMES = {
    Market.PERP: (
        b'{"stream":"lobterm@trade_source","data":{"e":"trade_source","source":"trade"}}',
        b'{"stream":"warm@depth@100ms","data":{"e":"depthUpdate","E":1,"T":1,"s":"WARM","U":2,"u":3,"pu":1,'
        b'"b":[["1.0","1"]],"a":[["1.2","1"]]}}',
        b'{"lastUpdateId":2,"E":1,"T":1,"bids":[["1.0","2"]],"asks":[["1.2","2"]]}',
        b'{"stream":"warm@bookTicker","data":{"e":"bookTicker","u":4,"s":"WARM","b":"1.0","B":"1","a":"1.2","A":"1",'
        b'"T":1,"E":1}}',
        b'{"stream":"warm@trade","data":{"e":"trade","E":1,"T":1,"s":"WARM","t":1,"p":"1.0","q":"1","X":"MARKET","m":true}}',
    ),
    Market.SPOT: (
        b'{"stream":"warm@depth@100ms","data":{"e":"depthUpdate","E":1,"s":"WARM","U":2,"u":3,"b":[],"a":[]}}',
    ),
}
"""A message of each kind that is read by compiled code."""


DONE = "warm"
"""File in the cache that says that everything is in it."""


def is_warm() -> bool:
    """Say whether all that a replay or a live session needs is compiled and in the cache of these sources."""
    return (jit_cache.directory() / DONE).exists()


def in_subprocess() -> None:
    """Compile in a child process, unless the cache is warm."""
    if not is_warm():
        subprocess.run(
            [sys.executable, "-m", "lobterm.warm"], check=False, stdin=subprocess.DEVNULL, capture_output=True
        )


def load() -> None:
    """Fold a book and read a picture of it: that compiles or loads every kernel that a replay needs."""
    import numpy as np

    from lobterm.engine import checkpoint, drive, params, read
    from lobterm.events import EVENT, Flag, Kind, Market, empty
    from lobterm.instrument import Instrument
    from lobterm.tape.unpack import unpack
    from lobterm.view.depth import Depth

    values = params.defaults()
    values[[params.UNIT, params.WIDEN]] = 1.0  # signals without a normaliser to wait for, and the maker's rarer way
    market = Instrument(Market.PERP, "WARM", Decimal("0.1"), Decimal("0.001"))
    engine = drive.start(market, values, np.zeros((1, 3, 6)), np.zeros((1, 3), np.uint8))
    book = empty(2)
    book["kind"], book["ts"], book["exch_ts"], book["px"], book["qty"], book["side"] = (
        Kind.BOOK,
        1,
        1,
        [10, 12],
        1,
        [1, -1],
    )
    book["flags"] = Flag.SNAPSHOT, Flag.SNAPSHOT | Flag.LAST
    columns = [np.ascontiguousarray(book[name]) for name in EVENT.names or ()]
    for column in columns:
        column.flags.writeable = False
    unpack(empty(2), 1, *columns)
    list(drive.fold(engine, book))
    read.snapshot(engine.state, 1)
    depth = Depth()
    depth.take(book)
    depth.running()
    samples = checkpoint.Samples()
    checkpoint.restore(checkpoint.save(engine.state, samples), engine.state, samples)


def load_decoder() -> None:
    """Read a line of each market: that compiles or loads every kernel that a live feed needs."""
    from lobterm.feeds.binance.decoder import Decoder
    from lobterm.instrument import Instrument

    decoder = Decoder(
        Instrument(Market.PERP, "WARM", Decimal("0.1"), Decimal("0.001")),
        Instrument(Market.SPOT, "WARM", Decimal("0.01"), Decimal("0.00000001")),
    )
    lines = [b"".join(b"%d %b\n" % (10**18 + k, text) for k, text in enumerate(texts)) for texts in FRAMES.values()]
    decoder.read(*lines)


if __name__ == "__main__":
    load()
    load_decoder()
    (jit_cache.directory() / DONE).touch()
