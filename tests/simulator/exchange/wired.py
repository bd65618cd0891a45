"""Tapes played as the exchange, and what comes of it read back by the importer."""

from __future__ import annotations

import json

import numpy as np

from lobterm.events import EVENT, Flag, Kind
from lobterm.simulator.exchange.frames import combined
from lobterm.simulator.exchange.player import Player
from lobterm.simulator.exchange.rest import depth
from lobterm.simulator.exchange.stamps import Stamps
from lobterm.tape.importers.raw import open_raw
from lobterm.tape.parquet import open_tape, write_tape

ALWAYS = 1 << 62


def tape_of(tmp_path, values, *instruments, name="t.parquet"):
    rows = np.array(sorted(values, key=lambda value: value[0]), EVENT)
    path = tmp_path / name
    write_tape(path, instruments, [rows], exch_ts_kind={int(i.market): "T" for i in instruments})
    return open_tape(path)


def player_of(tape, **settings):
    return Player(tape, Stamps(tape.meta.first_ts_us), **settings)


def messages(tape, **settings):
    return list(player_of(tape, **settings).until(ALWAYS))


def payloads(found, stream):
    return [json.loads(message.text) for message in found if message.stream.endswith(stream)]


def line(ts_us, text):
    return f"{ts_us * 1000} {text}\n".encode()


def recorded(tape, *, paths=("public", "market")):
    """Return the lines that a recorder of one market keeps: a snapshot before its first message, then all messages."""
    player = player_of(tape)
    market = player.spot if paths == ("",) else player.perp
    now, lines, opened = tape.meta.first_ts_us, [], False
    while (due := player.next_due_us()) is not None:
        now = max(now, due)
        if not opened and market.book.top(1, 1):
            lines.append(line(now, json.dumps(depth(player, market, 5_000, now))))
            opened = True
        told = [message for message in player.until(now) if message.path.value in paths]
        lines += [line(now, combined(message.stream, message.text)) for message in told]
    return lines


def read_back(tmp_path, lines, instrument, name="wire.jsonl"):
    path = tmp_path / name
    path.write_bytes(b"".join(lines))
    recording = open_raw([path], instrument)
    chunks = list(recording.chunks)
    return np.concatenate(chunks), dict(recording.skipped)


def of(rows, *kinds):
    return rows[np.isin(rows["kind"], [int(kind) for kind in kinds])]


def ordered(rows):
    """Return rows with each message's levels in one order, and without the mark of its end: neither is the market's."""
    rows = rows.copy()
    rows["flags"] &= ~np.uint8(Flag.LAST)
    return np.sort(rows, order=["ts", "seq", "kind", "side", "px"], kind="stable")


def changes(rows):
    """Return the level rows that are no snapshot."""
    rows = of(rows, Kind.BOOK)
    return rows[(rows["flags"] & Flag.SNAPSHOT) == 0]
