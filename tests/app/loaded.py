"""Waiting for the engine: it is loaded once the first picture stands on the screen, some messages later."""

from __future__ import annotations

from textual.pilot import Pilot


async def loaded(pilot: Pilot) -> None:
    """Let the app load its engine, or fail to."""
    app = pilot.app
    await pilot.pause()
    while app.loading is None:
        await pilot.pause(0.01)
    await app.workers.wait_for_complete()
    await pilot.pause()
