"""A thousand faults of every kind that a client survives: is any wrong book ever shown as a good one?

Three lanes run at once, each an emulated exchange with its own mix of faults and a live session against it. After every depth
message that the engine has folded, the book that a screen would show is held against the emulator's book at that update id:
equal, or marked unknown. Refusals for good (418, 451) have runs of their own at the end. Run it from the root.

    python bench/faults.py TAPE [--seconds 600] [--json]
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

MIXES = {
    "frames": ["drop=0.002", "duplicate=0.002", "reorder=0.002", "truncate=0.002", "garbage=0.002"],
    "lines": ["delay=0.0004", "silence=0.0003", "disconnect=0.0008", "cut=0.0004", "wrong_path=0.1", "clock=1.3"],
    "rest": ["drop=0.002", "disconnect=0.0004", "rest_403=0.1", "rest_5xx=0.2", "rest_slow=0.1", "rest_stale=0.3",
             "rest_429=0.02", "clock=-1.3"],
}  # fmt: skip
REFUSALS = {"418": ["rest_418=0.3"], "451": ["rest_451=0.3"]}
DEPTH = 100


class Exchange:
    """An emulator as a process."""

    def __init__(self, tape: Path, faults: list[str], seed: int) -> None:
        words = [part for fault in faults for part in ("--fault", fault)]
        command = [
            sys.executable,
            "-m",
            "lobterm",
            "emulate",
            str(tape),
            "--loop",
            "--json",
            "--seed",
            str(seed),
            *words,
        ]
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = [self.popen.stderr.readline() for _ in range(4)]
        self.ws, self.rest = said[0].split()[1], said[1].split()[1]

    def end(self) -> dict:
        self.popen.send_signal(signal.SIGINT)
        out, _ = self.popen.communicate(timeout=60)
        return json.loads(out)


class Judge:
    """Notes what would be shown after each depth message."""

    def __init__(self, lot_scale: dict[int, int]) -> None:
        from lobterm.tape.verify import BookCheck

        self.shown: dict[int, dict[int, str]] = {0: {}, 1: {}}  # by market and update id: the hash, "" for unknown
        self.changed = 0  # ids at which a second look differs from the first
        self.spot = BookCheck(1)
        self.lot_scale = lot_scale

    def pump(self, market) -> None:
        from lobterm.engine import drive
        from lobterm.events import Flag, Kind

        while market.ring.behind:
            rows = market.ring.read(4_096)
            ends = (rows["kind"] == Kind.BOOK) & ((rows["flags"] & Flag.LAST) != 0)
            at = 0
            for stop in [*(np.flatnonzero(ends) + 1).tolist(), len(rows)]:
                if stop <= at:
                    continue
                piece, at = rows[at:stop], stop
                for out in drive.fold(market.engine, piece):
                    market._keep(out)
                self.spot.add(piece)
                if piece[-1]["kind"] == Kind.BOOK and piece[-1]["flags"] & Flag.LAST:
                    self._look(market, int(piece[-1]["market"]), int(piece[-1]["seq"]))

    def _look(self, market, which: int, ident: int) -> None:
        from lobterm.simulator.exchange.book import book_hash

        if which == 0:
            picture = market.snapshot(DEPTH)
            known = picture.book_known and not picture.crossed
            sides = picture.bids[:DEPTH].tolist(), picture.asks[:DEPTH].tolist()
        else:
            known = self.spot.known
            sides = tuple(self.spot.levels(side)[:DEPTH].tolist() for side in (1, -1))
        scale = self.lot_scale[which]
        value = book_hash(*([(px, qty // scale) for px, qty in side] for side in sides)) if known else ""
        before = self.shown[which].setdefault(ident, value)
        self.changed += before != value and bool(before) and bool(value)


def lane(name: str, faults: list[str], tape: Path, seed: int, seconds: float, folder: Path) -> dict:
    """Run one lane."""
    from lobterm import config
    from lobterm.feeds.binance.addresses import Bases
    from lobterm.live.session import Live
    from lobterm.live.setup import LiveSetup
    from lobterm.models import model
    from lobterm.tape.parquet import open_tape

    instruments = {int(i.market): i for i in open_tape(tape).meta.instruments}
    exchange = Exchange(tape, faults, seed)
    chosen = model.load(Path("replays/demo.model.json"))
    symbol = instruments[0].symbol
    setup = LiveSetup(
        (symbol,), config.load(), chosen, Bases.single(exchange.ws, exchange.rest), spot=1 in instruments,
        log=folder / f"{name}.sqlite", recordings=folder / name,
    )  # fmt: skip
    live = Live(setup)
    loading_s = time.monotonic()
    while True:
        try:
            live.load()
            break
        except Exception as error:
            if time.monotonic() - loading_s > 30 or "418" in str(error) or "451" in str(error):
                exchange.end()
                return {"lane": name, "faults": {}, "refused_at_start": str(error)}
    spot = live.shown.channel.listing.spot
    scale = {0: 1, 1: instruments[1].lot_e8 // spot.lot_e8 if spot else 1}
    judge, began, failure = Judge(scale), time.monotonic(), ""
    while time.monotonic() - began < seconds and not live.failure:
        judge.pump(live.shown)
        time.sleep(0.02)
    failure = live.failure
    live.feed.stop()
    judge.pump(live.shown)
    live.close()
    report, said = exchange.end(), live.report()
    wrong, right, unknown, strange = [], 0, 0, 0
    for which, name_of in ((0, "books"), (1, "spot_books")):
        for ident, value in judge.shown[which].items():
            told = report[name_of].get(str(ident))
            if told is None:
                strange += 1  # a snapshot's own id, or an emulator that has forgotten
            elif not value:
                unknown += 1
            elif value == told:
                right += 1
            else:
                wrong.append([which, ident])
    books = said["symbols"][symbol]["books"]
    return {
        "lane": name, "seconds": time.monotonic() - began, "faults": report["faults"], "right": right,
        "wrong": wrong, "marked_unknown": unknown, "not_comparable": strange, "changed": judge.changed,
        "recoveries_ms": {market: book["recoveries_ms"] for market, book in books.items()},
        "losses": {str(m): {k.name: v for k, v in b.losses.items()} for m, b in live.shown.channel.decoder.books.items()},
        "failure": failure, "refused_by_exchange": report["refused"], "session_id": said["session_id"],
        **{key: said[key] for key in ("gaps", "resyncs", "reconnects", "planned_reconnects", "lost_frames", "complaints")},
        "bad_frames": sum(s["bad_frames"] for s in said["streams"].values()) + said["nameless_bad_frames"],
        "skipped": said["symbols"][symbol]["skipped"], "log": str(setup.log), "sent": sum(report["sent"].values()),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tape", type=Path)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--lane", choices=[*MIXES, *REFUSALS])
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.lane:
        faults = (MIXES | REFUSALS)[arguments.lane]
        folder = arguments.folder or Path(tempfile.mkdtemp(prefix="lobterm-faults-"))
        result = lane(arguments.lane, faults, arguments.tape, arguments.seed, arguments.seconds, folder)
        print(json.dumps(result))
        return
    folder = Path(tempfile.mkdtemp(prefix="lobterm-faults-"))
    own = [sys.executable, __file__, str(arguments.tape), "--folder", str(folder), "--seed", str(arguments.seed)]
    results = []
    for lanes, seconds in ((MIXES, arguments.seconds), (REFUSALS, 30)):
        running = [
            subprocess.Popen([*own, "--lane", name, "--seconds", str(seconds)], stdout=subprocess.PIPE)
            for name in lanes
        ]
        results += [json.loads(process.communicate()[0]) for process in running]
    mixed = [result for result in results if result["lane"] in MIXES]
    took = [ms for result in mixed for each in result["recoveries_ms"].values() for ms in each]
    counts: dict[str, int] = {}
    for result in mixed:
        for kind, count in result["faults"].items():
            counts[kind] = counts.get(kind, 0) + count
    total = {
        "faults": sum(counts.values()), "by_kind": counts, "right": sum(r["right"] for r in mixed),
        "wrong_unmarked": sum(len(r["wrong"]) for r in mixed), "marked_unknown": sum(r["marked_unknown"] for r in mixed),
        "recoveries": len(took), "recovery_ms_p50": statistics.median(took) if took else None,
        "recovery_ms_p90": float(np.quantile(took, 0.9)) if took else None, "recovery_ms_max": max(took, default=None),
        "lanes": results, "folder": str(folder),
    }  # fmt: skip
    print(json.dumps(total) if arguments.json else json.dumps(total, indent=1))


if __name__ == "__main__":
    main()
