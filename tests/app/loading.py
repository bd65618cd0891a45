"""Waiting for the engine of an app under test: it is loaded behind the first paint, whenever that comes."""

from __future__ import annotations

import asyncio


async def loaded(pilot) -> None:
    """Return once the engine is loaded, or could not be, and the app knows."""
    app = pilot.app
    async with asyncio.timeout(60):
        while not (app.market.ready or app.failure):
            await pilot.pause(0.005)
    await app.workers.wait_for_complete()
    await pilot.pause()
