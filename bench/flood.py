"""20,000 messages a second for a minute: is anything lost, how late is the feed's loop, does memory stay flat?

A process encodes a tape's messages beforehand, in the tape's own mix, lap after lap with ids that go on, and writes them from
memory at an even pace; `lobterm live --headless` listens, folds and records. Then what was sent is counted in the recording,
stream by stream, and the session is verified. Run it from the root, on a tape of a perpetual with spot or without.

    python bench/flood.py TAPE [--rate 20000] [--seconds 60]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import islice
from pathlib import Path

SLOT_S = 0.005
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def encode(tape, rate, seconds):
    """Return {path: [bytes of each slot]}, how many frames a stream, and a player that stands at the beginning."""
    from lobterm.simulator.exchange.frames import combined
    from lobterm.simulator.exchange.hub import text_frame
    from lobterm.simulator.exchange.market import Path as Side
    from lobterm.simulator.exchange.player import Player
    from lobterm.simulator.exchange.stamps import Stamps
    from lobterm.tape.parquet import open_tape

    meta = open_tape(tape).meta
    first, now_us = meta.first_ts_us, time.time_ns() // 1_000
    lap = sum(1 for _ in Player(open_tape(tape), Stamps(first)).until(1 << 62))
    speed = rate / (lap / ((meta.last_ts_us - first) / 1e6))
    make = lambda: Player(open_tape(tape), Stamps(first, began_us=now_us, speed=speed), loop=True)  # noqa: E731
    a_slot = round(rate * SLOT_S)
    slots = round(seconds / SLOT_S)
    rest, live = make(), make()
    began = 0  # messages before which a market has no book: nobody could join a snapshot to them
    for began, _ in enumerate(live.until(1 << 62), 1):  # noqa: B007
        if all(market.book.top(side, 1) for market in live.markets.values() for side in (1, -1)):
            break
    for _ in islice(rest.until(1 << 62), began):
        pass
    parts = {side: [] for side in Side}
    sent: Counter[str] = Counter()
    held = {side: [] for side in Side}
    for count, message in enumerate(live.until(1 << 62), 1):
        name = ("spot " if message.path is Side.SPOT else "") + message.stream
        sent[name] += 1
        held[message.path].append(text_frame(combined(message.stream, message.text)))
        if count % a_slot == 0:
            for side, frames in held.items():
                parts[side].append(b"".join(frames))
                frames.clear()
            if count >= slots * a_slot:
                break
    return parts, dict(sent), rest


async def send(tape, rate, seconds):
    """Listen, wait until every address is subscribed to, write slot after slot, tell what it cost."""
    from lobterm.simulator.exchange.faults import Faults
    from lobterm.simulator.exchange.server import Emulator, WallClock

    parts, sent, player = encode(tape, rate, seconds)
    emulator = Emulator(player, Faults({}, 1), now_us=WallClock())
    port = await emulator.start(0)
    print(
        json.dumps({"port": port, "megabytes": sum(len(p) for side in parts.values() for p in side) / 1e6}), flush=True
    )
    wanted = {side for side, slots in parts.items() if any(slots)}
    while not {c.path for c in emulator._sockets if c.requests.streams} >= wanted:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    began, cpu, late = time.perf_counter(), time.process_time(), []
    most_unsent = 0
    for k in range(len(next(iter(parts.values())))):
        for connection, socket in emulator._sockets.items():
            socket.transport.write(parts[connection.path][k])
            most_unsent = max(most_unsent, socket.transport.get_write_buffer_size())
        wait = began + (k + 1) * SLOT_S - time.perf_counter()
        await asyncio.sleep(max(wait, 0))
        late.append(time.perf_counter() - began - (k + 1) * SLOT_S)
    elapsed, cpu = time.perf_counter() - began, time.process_time() - cpu
    await asyncio.sleep(1)
    said = {
        "sent": sent,
        "seconds": elapsed,
        "cpu_s": cpu,
        "late_ms_p99": 1e3 * sorted(late)[len(late) * 99 // 100],
        "most_unsent_bytes": most_unsent,
    }
    print(json.dumps(said | {"connections_ever": emulator.hub._opened}), flush=True)
    await asyncio.sleep(5)
    await emulator.stop()


def usage(pid):
    """Return (CPU seconds, resident bytes) of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS, int(fields[21]) * PAGE


def recorded(folder):
    """Return how many frames of each stream a recording holds."""
    from lobterm.feeds.binance.handover import stream_of
    from lobterm.tape.importers import blocks
    from lobterm.tape.recording import names

    found: Counter[str] = Counter()
    for name, path in names.files(folder).items():
        for block in blocks.whole_lines(path, Counter()):
            for line in block.splitlines():
                stream = stream_of(line.partition(b" ")[2]).decode()
                if stream and not stream.startswith("lobterm@"):
                    found[("spot " if name.market == 1 else "") + stream] += 1
    return dict(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tape", type=Path)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--send", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.send:
        asyncio.run(send(arguments.tape, arguments.rate, arguments.seconds))
        return
    own = [str(arguments.tape), "--rate", str(arguments.rate), "--seconds", str(arguments.seconds)]
    sender = subprocess.Popen([sys.executable, __file__, *own, "--send"], stdout=subprocess.PIPE, text=True)
    began = json.loads(sender.stdout.readline())
    folder = Path(tempfile.mkdtemp(prefix="lobterm-flood-"))
    where = ["--ws", f"ws://127.0.0.1:{began['port']}", "--rest", f"http://127.0.0.1:{began['port']}"]
    kept = ["--recordings", str(folder / "r"), "--sessions", str(folder / "log.sqlite")]
    command = [sys.executable, "-m", "lobterm", "live", "BTCUSDT", *where, *kept, "--headless", "--json"]
    live = subprocess.Popen([*command, "--model", "replays/demo.model.json"], stdout=subprocess.PIPE, text=True)
    samples = []
    os.set_blocking(sender.stdout.fileno(), False)
    said = ""
    started = time.monotonic()
    while not said:
        time.sleep(1)
        samples.append((time.monotonic() - started, *usage(live.pid)))
        said = sender.stdout.readline()
    sent = json.loads(said)
    time.sleep(1)
    live.send_signal(signal.SIGINT)
    report = json.loads(live.communicate()[0])
    sender.wait()
    verify = [
        sys.executable,
        "-m",
        "lobterm",
        "session",
        "verify",
        "last",
        "--log",
        str(folder / "log.sqlite"),
        "--json",
    ]
    verified = json.loads(subprocess.run(verify, capture_output=True, text=True, check=False).stdout)
    have = recorded(folder / "r")
    lost = {name: count - have.get(name, 0) for name, count in sent["sent"].items() if have.get(name, 0) != count}
    flood = [sample for sample in samples if sample[1] > samples[min(3, len(samples) - 1)][1]][3:-1] or samples
    result = {
        "messages": sum(sent["sent"].values()), "seconds": sent["seconds"], "mix": sent["sent"],
        "megabytes": began["megabytes"], "sender_cpu_share": sent["cpu_s"] / sent["seconds"],
        "sender_late_ms_p99": sent["late_ms_p99"], "most_unsent_bytes": sent["most_unsent_bytes"],
        "connections_ever": sent["connections_ever"], "lost_from_recording": lost,
        "live_cpu_share": (flood[-1][1] - flood[0][1]) / (flood[-1][0] - flood[0][0]),
        "rss_mb": [round(sample[2] / 1e6, 1) for sample in flood[:: max(1, len(flood) // 12)]],
        "loop_lag_ms_p50": report["loop_lag_ms_p50"], "loop_lag_ms_p99": report["loop_lag_ms_p99"],
        **{key: report[key] for key in ("gaps", "resyncs", "reconnects", "queue_max", "lost_frames", "rows_from_disk")},
        "complaints": report["complaints"],
        "rows": report["symbols"]["BTCUSDT"]["rows"], "skipped": report["symbols"]["BTCUSDT"]["skipped"],
        "recording_mb": sum(path.stat().st_size for path in (folder / "r").glob("*.zst")) / 1e6,
        "verified": {key: verified[key] for key in ("rows_compared", "rows_differing", "rows_not_logged")},
    }  # fmt: skip
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
