"""What is written straight to the terminal leaves the picture there that Textual would have painted."""

from __future__ import annotations

import pyte
import pytest
from rich.color import ColorSystem
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Region
from textual.screen import Screen

from tests.app.fake import MID, FakeConsole, labels, said
from widgets.direct import DirectRows, free_places


@pytest.fixture
def terminal(monkeypatch) -> pyte.Screen:
    """Return a terminal that reads what the app writes."""
    found = pyte.Screen(80, 24)
    stream = pyte.Stream(found)

    def write(driver: HeadlessDriver, text: str) -> None:
        stream.feed(text.replace("\x1b[?2026h", "").replace("\x1b[?2026l", ""))

    monkeypatch.setattr(HeadlessDriver, "write", write)
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    return found


@pytest.fixture
def written(monkeypatch) -> list[tuple[int, int]]:
    """Return where rows went straight to the terminal."""
    places: list[tuple[int, int]] = []
    write = DirectRows.write

    def noted(rows: DirectRows, x: int, y: int, text: str) -> None:
        places.append((x, y))
        write(rows, x, y, text)

    monkeypatch.setattr(DirectRows, "write", noted)
    return places


def meant(screen: Screen) -> list[list[tuple]]:
    """Return each cell as Textual would paint it: character, colours, weight."""
    other = pyte.Screen(*screen.size)
    stream = pyte.Stream(other)
    for y, strip in enumerate(screen._compositor.render_strips()):
        stream.feed(
            f"\x1b[{y + 1};1H" + "".join(s.style.render(s.text, color_system=ColorSystem.TRUECOLOR) for s in strip)
        )
    return cells(other)


def cells(screen: pyte.Screen) -> list[list[tuple]]:
    """Return each cell of a terminal as it looks; what is blank has only a ground."""
    return [[look(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


def look(at) -> tuple:
    if at.data == " ":
        return (at.fg if at.reverse else at.bg,)
    return at.data, at.fg, at.bg, at.bold, at.italics, at.reverse, at.underscore


def market(step: int) -> FakeConsole:
    """Return a market at some moment: its prices wander, its sizes change, its last trades too."""
    console = FakeConsole(depth=60)
    at = MID + (step * 7) % 5
    console.changes = {"touch": (at, 100 + 37 * step, at + 1, 4_000 - 11 * step), "mid2": 2 * at + 1, "inventory": step}
    console.clock.jump(console.clock.now + step * 250_000)
    console.history.rows(said(labels=labels(40 + step, console.clock.now)))
    return console


async def advance(pilot, step: int) -> None:
    """Put the next moment on the screen."""
    console, then = pilot.app.market, market(step)
    console.changes, console.history = then.changes, then.history
    console.clock.jump(then.clock.now)
    pilot.app.paint()


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_the_terminal_shows_what_textual_would_have_painted(opened, terminal, written, size):
    terminal.resize(size[1], size[0])
    async with opened(market(0), size=size) as pilot:
        for step, key in enumerate("12351", 1):
            await pilot.press(key)
            await pilot.pause()
            written.clear()
            await advance(pilot, step)
            at_once = cells(terminal)
            assert written
            await pilot.pause()
            assert at_once == cells(terminal) == meant(pilot.app.screen)


async def test_what_lies_over_the_rows_stays_there(opened, terminal):
    async with opened(market(0), notifications=True) as pilot:
        pilot.app.notify("the book is unknown", timeout=1_000)
        await pilot.pause()
        await pilot.pause()
        await advance(pilot, 1)
        assert "the book is unknown" in "\n".join(terminal.display)
        await pilot.pause()
        assert cells(terminal) == meant(pilot.app.screen)
        await pilot.press("question_mark")
        await pilot.pause()
        before = cells(terminal)
        await advance(pilot, 2)
        assert cells(terminal) == before
        await pilot.press("escape", "v", "h")
        await pilot.pause()
        await advance(pilot, 3)
        await pilot.pause()
        assert cells(terminal) == meant(pilot.app.screen)


async def test_another_theme_or_size_leaves_nothing_of_the_old_one(opened, terminal):
    async with opened(market(0)) as pilot:
        await advance(pilot, 1)
        pilot.app.action_next_theme()
        await advance(pilot, 2)
        await pilot.pause()
        assert cells(terminal) == meant(pilot.app.screen)
        terminal.resize(20, 70)
        await pilot.resize_terminal(70, 20)
        await advance(pilot, 3)
        await pilot.pause()
        assert cells(terminal) == meant(pilot.app.screen)


async def test_only_rows_that_stand_free_and_whole_go_straight_to_the_terminal(opened):
    async with opened(market(0)) as pilot:
        book = pilot.app.monitor.query_one("#book")
        other, above = pilot.app.monitor.query_one("#trades"), pilot.app.monitor.query_one("#header")
        whole, region = Region(0, 0, 80, 24), Region(0, 0, *book.size)
        over = Region(3, 3, 5, 1)
        assert free_places({book: (region, whole)}, whole) == {book: (0, 0)}
        assert free_places({above: (over, whole), book: (region, whole)}, whole).get(book) is None
        assert free_places({book: (region, whole), other: (over, whole)}, whole).get(book) == (0, 0)
        assert not free_places({book: (region, Region(0, 0, 80, 3))}, whole)
        assert not free_places({book: (region.translate((0, 20)), whole)}, whole)
        assert not free_places({book: (region.grow((0, 0, 1, 0)), whole)}, whole)
