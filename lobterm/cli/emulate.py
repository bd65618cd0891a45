"""lobterm emulate: tapes served as Binance would send it, on this machine's loopback, with faults on request."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lobterm.cli import output
from lobterm.errors import InputError

EPILOG = """\
  lobterm emulate replays/demo.parquet                        then, in another terminal, the command that it prints
  lobterm emulate day.parquet --speed 10 --loop               ten times as fast, over and over
  lobterm emulate btc.parquet ETHUSDT=other.parquet           two symbols, the second told under that name
  lobterm emulate day.parquet --fault drop=0.001 --fault disconnect=0.0001 --seed 3 --json

The tapes begin when the first stream is subscribed to. A fault's rate is its chance at each frame, subscription or
request; `clock` is seconds. Ctrl-C or the tape's end stops it; --json then says what was sent, which faults were made and
when, and a hash of every book told, by update id: SHA-256 of little-endian 64-bit integers, the numbers of bids and of
asks, then ticks and lots of each bid and of each ask, best first, 100 levels a side at most.

faults:
"""
SLOWEST, FASTEST = 0.1, 1000.0


def register(commands: Any) -> None:
    """Add `emulate`."""
    from lobterm.simulator.exchange.faults import KINDS

    width = max(map(len, KINDS))
    emulate = commands.add_parser(
        "emulate",
        help="serve a tape in Binance's shape, on the loopback",
        epilog=EPILOG + "\n".join(f"  {kind:<{width}}  {what}" for kind, what in KINDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    emulate.add_argument("tape", nargs="+", type=_tape, metavar="[SYMBOL=]TAPE")
    emulate.add_argument("--port", type=_port, default=0, metavar="N", help="of 127.0.0.1 (default: a free one)")
    emulate.add_argument("--speed", type=_speed, default=1.0, metavar="X", help="0.1 to 1000 (default 1)")
    emulate.add_argument("--loop", action="store_true", help="begin again at the tape's end")
    emulate.add_argument("--fault", action="append", default=[], metavar="KIND=RATE", help="what goes wrong, how often")
    emulate.add_argument("--seed", type=int, default=7, help="decides the faults (default 7)")
    output.add_json(emulate)
    emulate.set_defaults(run=run)


def _tape(text: str) -> tuple[str, Path]:
    symbol, equals, path = text.partition("=")
    named = bool(equals) and symbol.isalnum() and not Path(text).exists()
    return (symbol.upper(), Path(path)) if named else ("", Path(text))


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not SLOWEST <= value <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a speed: {SLOWEST} to {FASTEST:g}")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Serve until the tape ends or a person stops it."""
    import asyncio

    from lobterm.events import empty
    from lobterm.simulator.exchange import faults
    from lobterm.simulator.exchange.player import Player
    from lobterm.simulator.exchange.server import Emulator, WallClock
    from lobterm.simulator.exchange.stamps import Stamps
    from lobterm.simulator.exchange.steps import clock_offset_us
    from lobterm.tape.parquet import open_tape

    wrong = faults.Faults(faults.parse(arguments.fault), arguments.seed)
    now_us = WallClock()
    players: list[Player] = []
    for symbol, path in arguments.tape:
        tape = open_tape(path)
        stamps = Stamps(
            tape.meta.first_ts_us,
            began_us=now_us(),
            speed=arguments.speed,
            offset_us=clock_offset_us(next(tape.chunks(), empty(0))),
            error_us=wrong.clock_us,
        )
        player = Player(tape, stamps, loop=arguments.loop, symbol=symbol)
        if any(player.symbols & other.symbols for other in players):
            mend = "tell it under another name: ETHUSDT=" + str(path)
            raise InputError(f"{', '.join(sorted(player.symbols))} is told by an earlier tape", file=path, mend=mend)
        players.append(player)
    return asyncio.run(_serve(Emulator(players[0], wrong, now_us=now_us, others=players[1:]), arguments))


async def _serve(emulator: Any, arguments: argparse.Namespace) -> int:
    import asyncio
    import signal
    import time

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    port = await emulator.start(arguments.port)
    say_where(port, *emulator.hub.players)
    began_s, cpu_s = time.monotonic(), time.process_time()
    try:
        await emulator.play(stop)
    finally:
        await emulator.stop()
    elapsed_s, cpu_s = time.monotonic() - began_s, time.process_time() - cpu_s
    tapes = [str(path) for _, path in arguments.tape]
    result = {"tape": tapes[0], "tapes": tapes, "seed": arguments.seed, "speed": arguments.speed}
    result |= {"messages": emulator.hub.messages, "elapsed_s": elapsed_s, "cpu_s": cpu_s} | emulator.report()
    if not arguments.json:
        del result["others"]
        result |= {name: f"{len(result[name]):,}" for name in ("books", "spot_books", "fault_list")}
    output.show(result, arguments.json)
    return 130 if stop.is_set() else 0


def say_where(port: int, *players: Any) -> None:
    """Tell a person, on stderr, where it listens and what to run against it."""
    import sys

    symbols = " ".join(next(iter(player.markets.values())).symbol for player in players)
    ws, rest = f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{port}"
    sys.stderr.write(f"websockets  {ws}\nrest        {rest}\n\n")
    sys.stderr.write(f"  lobterm live {symbols} --ws {ws} --rest {rest}\n\n")
    sys.stderr.flush()
