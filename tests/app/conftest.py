"""An app on a fake market, loaded and standing still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from textual.pilot import Pilot

from lobterm.app.app import LobtermApp
from tests.app.fake import FakeConsole
from tests.app.loading import loaded

Opened = Callable[..., AbstractAsyncContextManager[Pilot]]


@pytest.fixture(autouse=True)
def true_colours(monkeypatch):
    """Let no picture hang on the terminal that the tests are run in."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.fixture
def opened() -> Opened:
    @asynccontextmanager
    async def open_app(
        console: FakeConsole, size=(80, 24), play=False, keymap=None, bookmarks=None, **options
    ) -> AsyncIterator[Pilot]:
        app = LobtermApp(console, play=play, wall_us=lambda: 0, keymap=keymap, bookmarks=bookmarks)
        async with app.run_test(size=size, **options) as pilot:
            await loaded(pilot)
            app.paint()
            await pilot.pause()
            yield pilot

    return open_app
