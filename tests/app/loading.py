"""Waiting for the engine of an app under test: it is loaded behind the first paint, whenever that comes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from textual.worker import WorkerFailed


async def loaded(pilot) -> None:
    """Return once the engine has been loaded, or could not be, and the app knows; a first load compiles, minutes of it."""
    async with asyncio.timeout(600):
        while pilot.app.loading is None:
            await pilot.pause(0.005)
        with suppress(WorkerFailed):
            await pilot.app.loading.wait()
    await pilot.pause()
