"""Who gets what: the played tape on one side, connections on the other, still without a socket.

What: `step` plays up to a wall time and leaves in each connection's `outgoing` the websocket frames to write. The tape
begins with the first subscription, so that a run is the same however late its client starts.
Units: wall µs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import cycle, islice

from lobterm.simulator.exchange.delivery import CODES, Delivery, Out
from lobterm.simulator.exchange.faults import Chance, Faults
from lobterm.simulator.exchange.frames import combined
from lobterm.simulator.exchange.market import Message, Path
from lobterm.simulator.exchange.player import Player
from lobterm.simulator.exchange.requests import Address, Requests

AT_ONCE = 4_096
"""Messages of one step: between two steps requests are read."""
POLICY = 1008


def text_frame(text: str) -> bytes:
    """Return a server's websocket frame: unmasked, whole, written once for all who get the same text."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


class Connection:
    """One client's socket as the exchange sees it."""

    def __init__(self, at: Address, delivery: Delivery | None, misleads: Chance) -> None:
        self.path = at.path
        self.requests = Requests(at)
        self.delivery = delivery
        self.outgoing: list[bytes] = []
        self.misleads = misleads
        self.misled: set[str] = set()  # acknowledged, and never told
        self.closing: int | None = None


class Hub:
    """The exchange's streams and those who listen."""

    def __init__(self, player: Player, faults: Faults, others: Sequence[Player] = ()) -> None:
        """`others` play further symbols beside the first, each from its own tape; their tapes begin together."""
        self.player, self.faults = player, faults
        self.players = (player, *others)
        self.sent: Counter[str] = Counter()
        self.limited: Counter[str] = Counter()
        self.begun = False
        self.messages = 0
        self._connections: list[Connection] = []
        self._listening: dict[tuple[Path, str], list[Connection]] = {}
        self._opened = 0
        self._codes = cycle(CODES)

    @property
    def connections(self) -> list[Connection]:
        """Return the open connections."""
        return list(self._connections)

    def open(self, at: Address, wall_us: int) -> Connection:
        """Take a connection in."""
        self._opened += 1
        place = f"connection {self._opened}"
        delivery = None
        if self.faults.touches_frames:
            delivery = Delivery(self.faults, place, self._codes, farewell=at.path is Path.SPOT)
        connection = Connection(at, delivery, self.faults.chance("wrong_path", place))
        self._connections.append(connection)
        self._heed(connection, wall_us)
        return connection

    def close(self, connection: Connection) -> None:
        """Let a connection go."""
        self._connections.remove(connection)
        self._relist()

    def ask(self, connection: Connection, text: str | bytes, wall_us: int) -> None:
        """Take a client's request; the reply goes out with the frames."""
        if connection.requests.too_many(wall_us):
            self.limited["requests"] += 1
            connection.closing = POLICY
            return
        connection.outgoing.append(text_frame(connection.requests.reply(text)))
        self._heed(connection, wall_us)

    def step(self, wall_us: int) -> bool:
        """Play up to a wall time, AT_ONCE messages of a tape at most; say whether there is more to play at this time."""
        for connection in self._connections:
            if connection.delivery is not None:
                self._put(connection, connection.delivery.due(wall_us))
        if not self.begun:
            return False
        more = False
        for player in self.players:
            told = 0
            for message in islice(player.until(player.stamps.tape_us(wall_us)), AT_ONCE):
                told += 1
                listening = self._listening.get((message.path, message.stream))
                if listening:
                    self._tell(message, listening, wall_us)
            self.messages += told
            more = more or told == AT_ONCE
        return more

    def next_due_us(self) -> int | None:
        """Return the wall time of what is told next, or None once every tape has ended."""
        due = [(player, due_us) for player in self.players if (due_us := player.next_due_us()) is not None]
        return min((player.stamps.wall_us(due_us) for player, due_us in due), default=None)

    def _tell(self, message: Message, listening: list[Connection], wall_us: int) -> None:
        plain = wrapped = b""
        for connection in listening:
            if connection.closing is not None:
                continue
            if connection.delivery is not None:
                whole = combined(message.stream, message.text) if connection.requests.combined else message.text
                self._put(connection, connection.delivery.offer(wall_us, message.stream, whole))
                connection.closing = connection.delivery.closing
                continue
            self.sent[message.stream] += 1
            if connection.requests.combined:
                wrapped = wrapped or text_frame(combined(message.stream, message.text))
                connection.outgoing.append(wrapped)
            else:
                plain = plain or text_frame(message.text)
                connection.outgoing.append(plain)

    def _put(self, connection: Connection, frames: list[Out]) -> None:
        for stream, text in frames:
            if stream:
                self.sent[stream] += 1
            connection.outgoing.append(text_frame(text))

    def _heed(self, connection: Connection, wall_us: int) -> None:
        """Follow what a connection has asked for since."""
        for name in connection.requests.asked:
            connection.misled.discard(name)
            if connection.delivery is not None:
                connection.delivery.speak_again(name)
            if connection.misleads.strikes():
                connection.misled.add(name)
                self.faults.ledger.add(wall_us, "wrong_path", name)
        connection.requests.asked.clear()
        if connection.requests.streams and not self.begun:
            self.begun = True
            for player in self.players:
                player.stamps.begin(wall_us)
        self._relist()

    def _relist(self) -> None:
        self._listening = {}
        for connection in self._connections:
            for name in connection.requests.streams:
                if name not in connection.misled:
                    self._listening.setdefault((connection.path, name), []).append(connection)
