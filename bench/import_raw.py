"""How fast a raw recording becomes EVENT rows on one core: gunzip, decode, book synchronisation, rows.

    python bench/import_raw.py [RECORDING.gz] [--symbol BTCUSDT --tick 0.1 --lot 0.001] [--rounds 5] [--json]

Without a recording, one of the usual mix is generated. Rates are bytes of unpacked JSON lines by wall time.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from lobterm.events import Market
from lobterm.instrument import Instrument
from lobterm.tape.importers import blocks
from lobterm.tape.importers.raw import open_raw

NS = 1_700_000_000_000_000_000


def level(dice: random.Random, whole: int) -> str:
    """Return a level within 9000 above `whole`."""
    return f'["{dice.randrange(whole, whole + 9000)}.{dice.randrange(10)}0","{dice.random():.3f}"]'


def generated(messages: int) -> Iterator[str]:
    """Yield lines in the shares that a busy perpetual has: 71 % touches, 22 % trades, 7 % diffs of some 68 levels."""
    dice = random.Random(1)
    wrap = '{} {{"stream":"btcusdt@{}","data":{}}}\n'
    yield f'{NS} {{"lastUpdateId":0,"E":1700000000000,"T":1700000000000,"bids":[["59999.90","1.000"]],"asks":[]}}\n'
    last = 0
    for k in range(messages):
        ns, ms, roll = NS + k * 3_700_000, 1_700_000_000_000 + k * 3, dice.random()
        head = f'"E":{ms},"T":{ms},"s":"BTCUSDT"'
        if roll < 0.07:
            sides = [",".join(level(dice, whole) for _ in range(34)) for whole in (51_000, 60_000)]
            ids = f'"U":{last + 1},"u":{last + 900},"pu":{last}'
            last += 900
            yield wrap.format(ns, "depth@0ms", f'{{"e":"depthUpdate",{head},{ids},"b":[{sides[0]}],"a":[{sides[1]}]}}')
        elif roll < 0.29:
            body = f'"t":{k},"p":"60000.{dice.randrange(10)}0","q":"{dice.random() + 0.001:.3f}","X":"MARKET","m":true'
            yield wrap.format(ns, "trade", f'{{"e":"trade",{head},{body}}}')
        else:
            body = f'"u":{last + 1},"b":"59999.90","B":"{dice.random():.3f}","a":"60000.00","A":"{dice.random():.3f}"'
            yield wrap.format(ns, "bookTicker", f'{{"e":"bookTicker",{head},{body}}}')


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", nargs="?", type=Path)
    parser.add_argument("--symbol", default="BTCUSDT")
    parser.add_argument("--tick", type=Decimal, default=Decimal("0.1"))
    parser.add_argument("--lot", type=Decimal, default=Decimal("0.001"))
    parser.add_argument("--spot", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    instrument = Instrument(Market.SPOT if given.spot else Market.PERP, given.symbol, given.tick, given.lot)
    with tempfile.TemporaryDirectory() as folder:
        path = given.recording
        if path is None:
            path = Path(folder) / "generated.gz"
            path.write_bytes(gzip.compress("".join(generated(100_000)).encode(), 6))
        size = sum(len(data) for data in blocks.unpacked(path, Counter()))
        seconds, events = [], 0
        for _ in range(given.rounds + 1):  # the first round compiles
            start = time.perf_counter()
            events = sum(len(rows) for rows in open_raw([path], instrument).chunks)
            seconds.append(time.perf_counter() - start)
    best, median = min(seconds[1:]), statistics.median(seconds[1:])
    figures = {
        "path": path.name if given.recording else "generated",
        "unpacked_bytes": size,
        "events": events,
        "best_mb_per_s": size / best / 1e6,
        "median_mb_per_s": size / median / 1e6,
        "best_events_per_s": events / best,
        "rounds": given.rounds,
    }
    if given.json:
        print(json.dumps(figures))
    else:
        print(
            f"{figures['path']}: {size / 1e6:.1f} MB, {events:,} events; best {size / best / 1e6:.0f} MB/s, "
            f"median {size / median / 1e6:.0f} MB/s, {events / best / 1e6:.2f} M events/s"
        )


if __name__ == "__main__":
    main()
