"""What one symbol of a live session is opened with: ring, recorder, channel, engine and log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

from lobterm import __version__
from lobterm.events import Market
from lobterm.feeds.binance.channel import Channel
from lobterm.feeds.binance.listing import Listing
from lobterm.tape.recording import account, warm
from lobterm.tape.recording.recorder import Recorder
from lobterm.tape.spill import SpillingRing

if TYPE_CHECKING:
    from lobterm.live.market import LiveMarket
    from lobterm.live.setup import LiveSetup


@dataclass(slots=True)
class Opened:
    """One symbol's way in, and where it is recorded."""

    channel: Channel
    ring: SpillingRing
    session_id: str
    recorder: Recorder | None
    warm_samples: int
    resumed: account.Left | None = None

    @property
    def recorder_failure(self) -> str:
        """Say why nothing is recorded any more, or nothing."""
        return "" if self.recorder is None else self.recorder.status().failure

    @property
    def notes(self) -> list[str]:
        """Say what a person should know of the recording and of the symbol's markets."""
        symbol = self.channel.symbol
        others = () if self.recorder is None else self.recorder.others
        said = [f"{symbol} is recorded by session {other.session} too (process {other.pid})" for other in others]
        if self.resumed is not None:
            pulled = len(self.resumed.pulled)
            orders = f"; {pulled} of your orders ended with it" if pulled else ""
            said.append(f"{symbol}: goes on with the paper account of {self.resumed.session}{orders}")
        return said + ([f"{symbol}: {self.channel.listing.note}"] if self.channel.listing.note else [])

    def close(self) -> None:
        """Finish the files."""
        if self.recorder is not None:
            self.recorder.close()
        self.ring.close()


def open_channel(
    listing: Listing, ring_rows: int, folder: Path | None, session_id: str, resumed: account.Left | None = None
) -> Opened:
    """Open ring, recorder and channel of a symbol.

    Window samples of earlier recordings, and the account that is gone on with, go into the new one's head.
    """
    ring = SpillingRing(ring_rows)
    symbol = listing.perp.symbol
    markets = (Market.PERP,) if listing.spot is None else (Market.PERP, Market.SPOT)
    recorder = samples = None
    if folder is not None:
        recorder = Recorder(folder, symbol, session_id, markets)
        samples = warm.newest(folder, symbol, time.time_ns() // 1_000)
    channel = Channel(listing, ring, recorder, dice=SystemRandom())
    warm_samples = 0 if samples is None else len(samples)
    channel.settled_us = 0 if resumed is None else resumed.settled_us
    channel.inbox.begin(
        session_id,
        {"lobterm": __version__},
        warm=samples if warm_samples else None,
        resumes="" if resumed is None else resumed.session,
        account=() if resumed is None else resumed.carried,
    )
    return Opened(channel, ring, session_id, recorder, warm_samples, resumed)


def open_market(setup: LiveSetup, listing: Listing, ring_rows: int) -> LiveMarket:
    """Open a symbol with its engine and its log."""
    from lobterm.live.held import LIMIT_BYTES
    from lobterm.live.market import LiveMarket
    from lobterm.session.log import SessionLog, new_session_id

    session_id = new_session_id()
    resumed = None
    if setup.resume and setup.recordings is not None:
        resumed = account.load(setup.recordings, listing.perp)
    opened = open_channel(listing, ring_rows, setup.recordings, session_id, resumed)
    log = SessionLog(setup.log, patient=False) if setup.log is not None else None
    if log is not None:
        log.begin(setup.provenance(listing) | {"resumes": resumed.session if resumed else None}, session_id)
    held_bytes = LIMIT_BYTES // len(setup.symbols)
    return LiveMarket(opened, setup.new_engine(listing), log, held_bytes=held_bytes)
