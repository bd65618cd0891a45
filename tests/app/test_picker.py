"""The picker: found by typing, opened by enter, pressure as it comes to be known."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.widgets import Input

from lobterm import app as console
from lobterm.app.app import BACK, LobtermApp
from lobterm.app.picker import PickerApp, matching
from lobterm.cli import picker
from lobterm.errors import LobtermError
from lobterm.library.entries import Entry, Folders, Group, live
from lobterm.view.timeline import Mark, Part
from tests.app.fake import START, FakeConsole
from tests.app.test_monitor import screen_text

HOUR = 3_600_000_000


def tape(name: str, symbol: str = "BTCUSDT", **changes) -> Entry:
    known = {"when_us": START, "length_us": HOUR, "size_bytes": 4_953_000, "words": ("replay", f"/t/{name}.parquet")}
    return Entry(Group.TAPE, name, symbol, **(known | changes))


def everything() -> list[Entry]:
    return [
        live(("BTCUSDT",)), live(("ETHUSDT",)),
        tape("long-cascade", note="simulated"), tape("quiet-night", "ETHUSDT"),
        tape("torn", "", when_us=None, length_us=None, size_bytes=None, words=(), problem="/t/torn.parquet: is torn"),
        Entry(Group.RECORDING, "20261121T144739.123456Z-0a1b2c", "SOLUSDT", START, None, 77_000_000_000,
              "enter makes a tape of it", words=("replay", "/t/made.parquet"),
              first=("tape", "import", "a", "--out", "/t/made.parquet")),
        Entry(Group.SESSION, "replay long-cascade", "BTCUSDT", START, HOUR, None, "1,234 rows · PnL -1.50",
              words=("replay", "/t/long-cascade.parquet"), session="20261121T144739.123456Z-0a1b2c"),
        Entry(Group.SESSION, "replay gone", "BTCUSDT", START, HOUR, None, "", "its tape is gone: /t/gone.parquet",
              session="20261120T144739.123456Z-0a1b2c"),
    ]  # fmt: skip


def spark() -> tuple[Part, ...]:
    parts = [Part(at / 24, -1 if at % 2 else 1, at > 20, -1 if at > 18 else 0, at == 3, True) for at in range(24)]
    parts[5] = Part(indexed=True, gap=True)
    parts[22] = Part(0.9, -1, True, -1, False, True, Mark.TRIGGER_SELLS)
    return tuple(parts)


class FakeSource:
    """Entries at once; lines when a test lets them come."""

    def __init__(self, entries: list[Entry] | None = None, lines: dict[str, tuple[Part, ...]] | None = None) -> None:
        self.held, self.known = everything() if entries is None else entries, lines or {}
        self.error: Exception | None = None
        self.go, self.closed = threading.Event(), False
        self.go.set()

    def entries(self) -> list[Entry]:
        if self.error:
            raise self.error
        return self.held

    def lines(self, entries):
        self.go.wait(30)
        yield from ((Path(name), line) for name, line in self.known.items())

    def close(self) -> None:
        self.closed = True


async def read(pilot) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def test_typing_finds_and_enter_opens():
    app = PickerApp(FakeSource())
    async with app.run_test(size=(120, 40)) as pilot:
        await read(pilot)
        for text in (
            "LIVE",
            "TAPES",
            "RECORDINGS",
            "PAST SESSIONS",
            "long-cascade",
            "2024-08-05 11:40",
            "5.0 MB",
            "1h00m",
        ):
            assert text in screen_text(pilot)
        await pilot.press(*"casc tape")
        assert [entry.name for entry in app.seen] == ["long-cascade"]
        assert "enter: lobterm replay /t/long-cascade.parquet" in screen_text(pilot)
        await pilot.press("enter")
    assert app.return_value.words == ("replay", "/t/long-cascade.parquet")


async def test_a_symbol_that_is_typed_can_be_followed_and_several_too():
    app = PickerApp(FakeSource())
    async with app.run_test() as pilot:
        await read(pilot)
        await pilot.press(*"solusdt xrpusdt", "enter")
    assert app.return_value.words == ("live", "SOLUSDT", "XRPUSDT")


def test_what_is_no_symbol_is_not_offered_and_a_known_one_once():
    held = everything()
    assert [entry.words for entry in matching(held, "btcusdt") if entry.group is Group.LIVE] == [("live", "BTCUSDT")]
    for text in ("btc/usdt", "abc", "--help xxxxx", "btcusdt btcusdt", "x" * 21, "ſſſſſſ"):
        assert not [entry for entry in matching(held, text) if len(entry.words) > 2 or entry not in held], text


async def test_arrows_pages_wheel_and_mouse_light_entries():
    app = PickerApp(FakeSource([tape(f"day-{n:03}") for n in range(100)]))
    async with app.run_test(size=(80, 24)) as pilot:
        await read(pilot)
        await pilot.press("down", "down", "up", "pagedown")
        assert app.lit == 11
        await pilot.press(*["pagedown"] * 12)
        assert app.lit == 99 and "▸day-099" in screen_text(pilot)
        await pilot.press(*["pageup"] * 12)
        assert app.lit == 0 and "TAPES" in screen_text(pilot), "the heading is seen with the first"
        await pilot.click("#catalogue", offset=(3, 4))
        assert app.seen[app.lit].name == "day-003"
        await pilot.click("#catalogue", offset=(3, 4))
    assert app.return_value.name == "day-003"


async def test_what_cannot_be_opened_says_why_and_stays():
    app = PickerApp(FakeSource())
    async with app.run_test() as pilot:
        await read(pilot)
        for text, words in (("torn", "/t/torn.parquet: is torn"), ("gone", "its tape is gone: /t/gone.parquet")):
            await pilot.press(*text, "enter")
            assert app.is_running and words in screen_text(pilot)
            await pilot.press("escape")
        assert app.query_one(Input).value == ""
        await pilot.press("escape")
    assert app.return_value is None


async def test_pressure_is_blank_until_it_is_known_and_blocks_nothing():
    source = FakeSource(lines={"/t/long-cascade.parquet": spark()})
    source.go.clear()
    app = PickerApp(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.pause()
        await pilot.press(*"long")
        assert app.query_one(Input).value == "long" and "▁" not in screen_text(pilot)
        source.go.set()
        await read(pilot)
        line = next(line for line in screen_text(pilot).split("\n") if "long-cascade" in line)
        assert "▁" in line and "▼" in line and "░" in line


async def test_a_list_that_cannot_be_read_says_why():
    source = FakeSource()
    source.error = LobtermError("the [bold]log is torn")
    app = PickerApp(source)
    async with app.run_test() as pilot:
        await read(pilot)
        assert "the [bold]log is torn" in screen_text(pilot)


async def test_hostile_names_show_as_text():
    name = "[red]x[/]\x1b[31m\u202e"
    app = PickerApp(FakeSource([tape(name, name, note=name), tape("b", problem=name)]), note=name)
    async with app.run_test(size=(200, 60)) as pilot:
        await read(pilot)
        assert "[red]x[/]?[31m?" in screen_text(pilot) and "\x1b" not in screen_text(pilot)
        assert "\u202e" not in screen_text(pilot)


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (120, 40), (200, 60), (300, 80)])
async def test_any_size_paints(size):
    app = PickerApp(FakeSource(lines={"/t/long-cascade.parquet": spark()}))
    async with app.run_test(size=size) as pilot:
        await read(pilot)
        await pilot.resize_terminal(90, 30)
        await pilot.press("f2", "down")
        await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_look_of_the_picker(snap_compare, size):
    app = PickerApp(
        FakeSource(lines={"/t/long-cascade.parquet": spark(), "/t/quiet-night.parquet": spark()[:2] + spark()[:22]})
    )
    assert snap_compare(app, terminal_size=size, run_before=read)


async def test_o_leaves_a_console_for_the_picker():
    app = LobtermApp(FakeConsole(), play=False, wall_us=lambda: 0)
    async with app.run_test() as pilot:
        await pilot.press("o")
    assert app.return_code == BACK == picker.BACK


# --- the loop around it ---


class Loop:
    """What is picked one after the other, and the commands that come of it."""

    def __init__(self, monkeypatch, tmp_path, *picked: Entry | None, codes=()) -> None:
        self.picked, self.codes, self.notes, self.ran = list(picked), list(codes), [], []
        self.folders = Folders((tmp_path,), tmp_path / "r", tmp_path / "log")
        monkeypatch.setattr(console, "pick", self.pick)
        monkeypatch.setattr(picker, "folders", lambda setting: self.folders)

    def pick(self, source, note=""):
        self.notes.append(note)
        return self.picked.pop(0)

    def run(self, words):
        self.ran.append(words)
        code = self.codes.pop(0) if self.codes else 0
        if isinstance(code, Exception):
            raise code
        return code


def test_the_picker_comes_again_after_o_and_ends_with_what_was_run(monkeypatch, tmp_path):
    loop = Loop(monkeypatch, tmp_path, tape("a"), live(("BTCUSDT",)), codes=[picker.BACK, 130])
    assert picker.run(None, loop.run) == 130
    assert loop.ran == [["replay", "/t/a.parquet"], ["live", "BTCUSDT"]]
    assert picker.run(None, Loop(monkeypatch, tmp_path, None).run) == 0


def test_what_does_not_open_is_said_in_the_picker(monkeypatch, tmp_path):
    loop = Loop(monkeypatch, tmp_path, tape("a"), None, codes=[LobtermError("is torn")])
    assert picker.run(None, loop.run) == 0
    assert loop.notes == ["", "is torn"]


def test_a_recording_is_made_a_tape_first(monkeypatch, tmp_path):
    recording = everything()[5]
    config = tmp_path / "c.toml"
    config.write_text("")
    loop = Loop(monkeypatch, tmp_path, recording)
    assert picker.run(config, loop.run) == 0
    head = ["--config", str(config)]
    assert loop.ran == [[*head, *recording.first], [*head, *recording.words]]
    stopped = Loop(monkeypatch, tmp_path, recording, codes=[130])
    assert picker.run(None, stopped.run) == 130 and len(stopped.ran) == 1


def test_a_session_opens_where_it_stood_on_its_own_tape_alone(monkeypatch, tmp_path):
    demo = Path(__file__).resolve().parents[2] / "replays" / "demo.parquet"
    from lobterm.library import entries
    from lobterm.tape import parquet

    meta = parquet.open_tape(demo).meta
    session = Entry(Group.SESSION, "x", words=("replay", str(demo)), session="s")
    stood = meta.first_ts_us + 61_000_001
    for place, words in (
        ((stood, meta.sha256), ["--at", "2025-12-01T00:01:01.000001", "--paused"]),
        ((None, meta.sha256), []),
        ((meta.last_ts_us + 1, meta.sha256), []),
    ):
        monkeypatch.setattr(entries, "place", lambda log, ident, place=place: place)
        loop = Loop(monkeypatch, tmp_path, session)
        picker.run(None, loop.run)
        assert loop.ran == [["replay", str(demo), *words]]
    monkeypatch.setattr(entries, "place", lambda log, ident: (stood, "a" * 64))
    loop = Loop(monkeypatch, tmp_path, session, None)
    assert picker.run(None, loop.run) == 0
    assert "is another tape than the one" in loop.notes[1] and loop.ran == []
