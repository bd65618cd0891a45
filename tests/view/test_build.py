from __future__ import annotations

from dataclasses import replace

import pytest

from lobterm.view.build import book_age_us, frame, header, loading_header
from lobterm.view.build import transport as build_transport
from lobterm.view.console import Seeking
from lobterm.view.models import RunState, Tone, Ui
from tests.app.fake import START, FakeConsole, snapshot


def ready(**changes) -> FakeConsole:
    console = FakeConsole(**changes)
    console.ready = True
    return console


def build(console: FakeConsole, ui: Ui | None = None):
    return frame(console.snapshot(50), console, ui or Ui())


def head(console: FakeConsole, ui: Ui | None = None):
    return header(console.snapshot(50), console, ui or Ui())


def health(console: FakeConsole, ui: Ui | None = None) -> dict[str, tuple[str, Tone]]:
    return {value.label: (value.text, value.tone) for value in head(console, ui).health}


def test_a_frame_is_a_function_of_what_it_is_given():
    assert build(ready()) == build(ready())


def test_the_header_says_who_when_and_how_healthy():
    top = head(ready(), Ui(rows_per_s=12_400.0))
    assert (top.symbol, top.mode, top.clock, top.speed) == (
        "BTCUSDT",
        "REPLAY",
        "2024-08-05 11:44:12.125 UTC",
        "1x",
    )
    assert health(ready(), Ui(rows_per_s=12_400.0)) == {
        "book": ("0.0s", Tone.PLAIN),
        "lag": ("0.0s", Tone.PLAIN),
        "gaps": ("1", Tone.WARN),
        "rows/s": ("12.4k", Tone.PLAIN),
    }


def test_silence_ages_the_book_although_no_row_arrives():
    console = ready()
    console.clock.jump(START + 262_100_000)
    assert book_age_us(console.snapshot(1), console) == 10_000_000
    picture = build(console)
    assert health(console)["book"] == ("10.0s", Tone.WARN) and picture.ladder.stale == "10.0s"


def test_a_late_engine_does_not_make_the_book_look_old():
    console = ready()
    console.clock.jump(START + 262_100_000)
    console.lag_us = 10_000_000
    assert book_age_us(console.snapshot(1), console) == 25_000
    assert health(console)["lag"] == ("10.0s", Tone.WARN)


def test_an_unknown_book_has_no_age():
    assert health(ready(book_known=False, touch=None, gap_cause=2))["book"] == ("UNKNOWN", Tone.BAD)
    assert health(ready(crossed=True, touch=None))["book"] == ("UNKNOWN", Tone.BAD)


def test_unclassified_trades_are_counted_aloud():
    assert build(ready()).trades_note == "5,210, 18.4% unclassified"
    assert build(ready(label_counts=(5, 0, 0, 0, 0))).trades_note == "5 seen"


def test_no_more_trades_than_there_is_room_for():
    assert len(build(ready(), Ui(trade_rows=7)).trades) == 7
    assert build(ready(), Ui(trade_rows=0)).trades == ()


def test_before_the_engine_is_there():
    console = FakeConsole()
    picture = frame(None, console, Ui(loading_s=3))
    assert picture.ladder.unknown == ("LOADING", console.loading_note, "3 s")
    assert picture.skew.unknown == picture.hazard.unknown == "loading"
    assert (picture.maker, picture.trades, loading_header(console, Ui()).health) == ((), (), ())
    assert (picture.waits, picture.pressure.window, picture.maker_state) == ("loading", "loading", "loading")


def test_an_engine_that_did_not_load_says_so():
    picture = frame(None, FakeConsole(), Ui(load_failure="no compiler"))
    assert loading_header(FakeConsole(), Ui(load_failure="no compiler")).failure == "no compiler"
    assert picture.transport.state is RunState.FAILED


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, RunState.PAUSED),
        ({"finished": True}, RunState.ENDED),
        ({"failure": "torn"}, RunState.FAILED),
        ({"ready": False}, RunState.LOADING),
    ],
)
def test_what_the_transport_says(change, state):
    console = ready()
    for name, value in change.items():
        setattr(console, name, value)
    assert build(console).transport.state is state


def test_playing():
    console = ready()
    console.clock.play()
    assert build(console).transport.state is RunState.PLAYING


@pytest.mark.parametrize(
    ("change", "since_s", "trouble"),
    [
        ({}, 0, None),
        ({}, 12, "feed SILENT 12.0s"),
        ({"book_known": False}, 3, "book UNKNOWN, last 3.0s ago"),
        ({"crossed": True}, 0, "book UNKNOWN, last 0.0s ago"),
        ({"book_ts": 0}, 0, "no book yet"),
    ],
)
def test_a_live_market_is_live_not_played_and_says_what_is_wrong_with_it(change, since_s, trouble):
    console = ready(**change)
    console.mode = "LIVE"
    console.clock.play()
    console.clock.jump(snapshot(**change).book_ts + since_s * 1_000_000 or START)
    console.lag_us = 0
    told = build(console).transport
    assert told.state is RunState.LIVE and told.progress is None and not told.end
    assert "lag 0.0s" in told.speed and "1x" not in told.speed
    assert (told.trouble.text if told.trouble else None) == trouble
    assert build_transport(console, Ui()).trouble == told.trouble, "a screen that builds no whole frame says the same"
    console.failure = "banned"
    stopped = build(console).transport
    assert (stopped.state, stopped.progress, stopped.speed) == (RunState.FAILED, None, ""), "no tape, no speed"


def test_a_live_engine_that_is_behind_is_not_taken_for_good():
    console = ready()
    console.mode, console.lag_us = "LIVE", 12_340_000
    console.clock.jump(snapshot().book_ts + 12_340_000)
    assert health(console)["lag"] == ("12.3s", Tone.BAD)
    assert build(console).transport.trouble.text == "engine BEHIND 12.3s"
    console.lag_us = 900_000
    console.clock.jump(snapshot().book_ts + 900_000)
    assert health(console)["lag"] == ("0.9s", Tone.WARN) and build(console).transport.trouble is None


def test_a_live_market_has_no_speed():
    console = ready()
    assert header(console.snapshot(1), console, Ui()).speed == "1x"
    console.mode = "LIVE"
    assert header(console.snapshot(1), console, Ui()).speed == ""


def test_progress_is_of_rows():
    assert build(ready()).transport.progress == 105_000 / 250_000
    console = ready()
    console.rows_total = 0
    assert build(console).transport.progress == 0.0


def test_why_the_maker_is_silent():
    assert build(ready()).maker_state == ""
    assert build(ready(quoting=False, quote_why_not="no cluster model")).maker_state == "no cluster model"


def test_the_ladder_stands_where_it_stood():
    console = ready()
    first = build(console)
    moved = replace(snapshot(), mid2=2 * first.ladder.centre + 2)
    assert frame(moved, console, Ui(centre=first.ladder.centre)).ladder.centre == first.ladder.centre


def test_a_seek_that_waits_shows_how_far_it_is_and_one_that_failed_says_why():
    console = ready()
    console.seeking = Seeking(30_000, 120_000, "trigger")
    picture = build(console)
    assert picture.transport.state is RunState.SEEKING and picture.transport.progress == 0.25
    assert head(console).seek.startswith("seeking a trigger: 25 %")
    console.seeking, console.seek_note = None, "no trigger after here"
    assert head(console).seek == "no trigger after here"
