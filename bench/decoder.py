"""What the live path costs between socket and ring: stamp, decode, books, checks, rows, and the lines to the recorder.

    python bench/decoder.py [--data FOLDER] [--rate 20000] [--rounds 5] [--json]

Messages of the mix that bench/import_raw.py generates, or of the recorded session under FOLDER, are handed to an inbox in
batches as they would come within 5 ms at RATE messages a second. Figures are shares of one core. Generated messages
contradict each other, so their book is soon lost: they cost what decoding costs. The recorded ones keep both books known.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from import_raw import generated

from lobterm.events import Market
from lobterm.feeds.binance import inbox as ib
from lobterm.feeds.binance.decoder import Decoder
from lobterm.feeds.binance.stamp import Stamp
from lobterm.instrument import Instrument
from lobterm.tape.recording.recorder import Recorder
from lobterm.tape.ring import Ring
from lobterm.wire import control

PERP = Instrument(Market.PERP, "BTCUSDT", Decimal("0.1"), Decimal("0.001"))
SPOT = Instrument(Market.SPOT, "BTCUSDT", Decimal("0.01"), Decimal("0.00000001"))
FLUSHES_A_SECOND = 200


def recorded(folder: Path) -> list[tuple[Market, bytes, int]]:
    """Return the frames of the recorded session with their stamps, both markets in the order of receipt."""
    lines = []
    for market, name in ((Market.PERP, "usdm-btcusdt-20240808"), (Market.SPOT, "spot-btcusdt-20240808")):
        text = gzip.decompress((folder / name / "btcusdt_20240808.gz").read_bytes())
        lines += [(market, line) for line in text.splitlines()]
    lines.sort(key=lambda line: line[1][:19])
    return [(market, line.split(b" ", 1)[1], int(line[:19])) for market, line in lines]


def run(messages: list[tuple[Market, bytes, int]], batch: int, folder: Path | None) -> tuple[float, float, int]:
    """Return (seconds of this thread, seconds of the process, rows)."""
    recorder = Recorder(folder, "BTCUSDT", "bench", (Market.PERP, Market.SPOT)) if folder else None
    now_ns = [messages[0][2]]
    stamp = Stamp(wall_ns=lambda: now_ns[0], elapsed_ns=lambda: now_ns[0])
    inbox = ib.Inbox(Decoder(PERP, SPOT), Ring(1 << 20), recorder, stamp)
    inbox.begin("bench", {})
    inbox.control(control.TradeSource("trade"))
    inbox.flush()
    rows, wire = 0, inbox.wire
    own, whole = time.thread_time(), time.process_time()
    for at in range(0, len(messages), batch):
        now_ns[0] = messages[at][2]
        for market, text, _ in messages[at : at + batch]:
            wire(market, text)
        rows += inbox.flush()
    own = time.thread_time() - own
    if recorder is not None:
        inbox.end()
        recorder.close()
        if recorder.status().failure:
            raise SystemExit(recorder.status().failure)
    return own, time.process_time() - whole, rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.data:
        messages = recorded(arguments.data)
    else:
        lines = (line.partition(" ") for line in generated(100_000))
        messages = [(Market.PERP, text.rstrip().encode(), int(ns)) for ns, _, text in lines]
    batch = arguments.rate // FLUSHES_A_SECOND
    seconds = len(messages) / arguments.rate
    # stamps are the recorded ones, which pass faster: as many beats as there would be
    ib.BEAT_NS = int(ib.BEAT_NS * (messages[-1][2] - messages[0][2]) / 1e9 / seconds)
    run(messages[:2_000], batch, None)
    shares: dict[str, list[float]] = {"inbox": [], "inbox, recording": [], "with the recorder's thread": []}
    for _ in range(arguments.rounds):
        shares["inbox"].append(run(messages, batch, None)[0] / seconds)
        with tempfile.TemporaryDirectory() as name:
            own, whole, rows = run(messages, batch, Path(name))
        shares["inbox, recording"].append(own / seconds)
        shares["with the recorder's thread"].append(whole / seconds)
    said = {"messages": len(messages), "rows": rows, "rate": arguments.rate}
    said |= {f"core_share_{what}": round(statistics.median(found), 3) for what, found in shares.items()}
    print(json.dumps(said) if arguments.json else "\n".join(f"{key:<45} {value:,}" for key, value in said.items()))


if __name__ == "__main__":
    main()
