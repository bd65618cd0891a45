"""Make the pictures of the README: `make pictures`. The same tape gives the same pictures, to the byte."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

os.environ.pop("NO_COLOR", None)

from lobterm import config, runs, runtime
from lobterm.app.app import LobtermApp
from lobterm.models import model
from lobterm.tape import parquet

DOCS = Path(__file__).parent
TAPE = DOCS.parent / "replays" / "long-cascade.parquet"
MOMENT_S = 560
"""How far into the bundled market the pictures are taken: the cascade is running."""
PICTURES = {
    "console.svg": ("1", (120, 40)),
    "heatmap.svg": ("2", (120, 40)),
    "pressure.svg": ("3", (120, 40)),
    "log.svg": ("6", (120, 40)),
    "console-80x24.svg": ("1", (80, 24)),
    "console-200x60.svg": ("1", (200, 60)),
}
"""The key of the screen, and the size of the terminal."""


async def picture(key: str, size: tuple[int, int], theme: str = "") -> str:
    """Return a screen as it stands MOMENT_S into the tape, as SVG."""
    tape = parquet.open_tape(TAPE)
    chosen = runs.model_beside(TAPE)
    setup = runs.Setup(tape, config.load(config.PACKAGED), model.load(chosen) if chosen else None)
    console = runtime.Replay(setup)
    app = LobtermApp(console, play=False, wall_us=lambda: 0)
    async with app.run_test(size=size) as pilot:
        while not console.ready:
            await pilot.pause(0.05)
        if theme:
            app.theme = theme
        await asyncio.to_thread(console.seeker.indexer.wait, console.rows_total)
        # only now: how far back the lists reach hangs on which states the index has kept by then
        console.seek(tape.meta.first_ts_us + MOMENT_S * 1_000_000)
        await pilot.press(key)
        await pilot.pause()
        app.paint()
        await pilot.pause()
        return app.export_screenshot(title="lobterm")


if __name__ == "__main__":
    for name, (key, size) in PICTURES.items():
        (DOCS / name).write_text(asyncio.run(picture(key, size)), encoding="utf-8")
