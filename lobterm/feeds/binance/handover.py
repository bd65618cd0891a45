"""From one connection to its successor: nothing lost, nothing twice.

What: while two connections tell the same streams, the old one is believed and what the new one says is held. At the
hand-over the held messages that the old one has told too are left out, stream by stream, by the key that only grows (update
id, trade id, event time); the rest follows in order. From then on the new one is believed; it may have been the slower of
the two, so messages are left out until each stream is past where the old one stood. No socket, no clock.
"""

from __future__ import annotations

import msgspec

from lobterm.feeds.binance.addresses import GROWS

MOST_HELD = 200_000
"""Messages held for a hand-over: more than ten seconds of the busiest market."""
HEAD = b'{"stream":"'

_decode = msgspec.json.Decoder().decode


def stream_of(text: bytes) -> bytes:
    """Return the name of the stream that a text belongs to, empty for none."""
    if not text.startswith(HEAD):
        return b""
    end = text.find(b'"', len(HEAD))
    return text[len(HEAD) : end] if end > 0 else b""


def place(text: bytes) -> int | None:
    """Return where in its stream a message stands; None if it does not say."""
    try:
        message = _decode(text)
        value = message["data"][GROWS[message["stream"].partition("@")[2]]]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    return value if type(value) is int else None


class Handover:
    """One hand-over."""

    def __init__(self) -> None:
        self.left_out = 0
        self._held: list[bytes] = []
        self._last: dict[bytes, bytes] = {}  # of the old connection
        self._passed: dict[bytes, int] = {}

    @property
    def is_over(self) -> bool:
        """Say whether every stream is past where the old connection stood: nothing is to be judged any more."""
        return not self._passed

    @property
    def is_full(self) -> bool:
        """Say whether no more can be held."""
        return len(self._held) >= MOST_HELD

    def told(self, stream: bytes, text: bytes) -> None:
        """Take note of what the old connection tells."""
        self._last[stream] = text

    def hold(self, text: bytes) -> None:
        """Keep what the new connection tells."""
        self._held.append(text)

    def switch(self) -> list[bytes]:
        """Return the held messages that the old connection has not told, in order; the new one is believed from here."""
        places = {stream: place(text) for stream, text in self._last.items()}
        self._passed = {stream: at for stream, at in places.items() if at is not None}
        held, self._held = self._held, []
        return [text for text in held if self.is_new(stream_of(text), text)]

    def is_new(self, stream: bytes, text: bytes) -> bool:
        """Say whether the new connection tells something that the old one has not told."""
        passed = self._passed.get(stream)
        if passed is None:
            return True
        at = place(text)
        if at is not None and at <= passed:
            self.left_out += 1
            return False
        if at is not None:
            del self._passed[stream]
        return True
