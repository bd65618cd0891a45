"""Make the pictures of the README: `python docs/pictures.py`. The same tape gives the same picture."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lobterm import config, runtime
from lobterm.app.app import LobtermApp
from lobterm.models import model
from lobterm.tape import parquet

DOCS = Path(__file__).parent
DEMO = DOCS.parent / "replays" / "demo.parquet"
MOMENT_S = 268
"""How far into the bundled market the picture is taken."""
PICTURES = {
    "console.svg": ("1", (200, 60)),
    "console-80x24.svg": ("1", (80, 24)),
    "heatmap.svg": ("2", (120, 40)),
    "pressure.svg": ("3", (120, 40)),
}
"""The key of the screen, and the size of the terminal."""


async def picture(name: str, key: str, size: tuple[int, int]) -> None:
    """Save a screen as it stands MOMENT_S into the tape."""
    tape = parquet.open_tape(DEMO)
    chosen = runtime.model_beside(DEMO)
    setup = runtime.Setup(tape, config.load(), model.load(chosen) if chosen else None)
    console = runtime.Replay(setup, at=tape.meta.first_ts_us + MOMENT_S * 1_000_000)
    app = LobtermApp(console, play=False, wall_us=lambda: 0)
    async with app.run_test(size=size) as pilot:
        while not console.ready:
            await pilot.pause(0.05)
        await pilot.press(key)
        await pilot.pause(0.2)
        (DOCS / name).write_text(app.export_screenshot(title="lobterm"), encoding="utf-8")


if __name__ == "__main__":
    for name, (key, size) in PICTURES.items():
        asyncio.run(picture(name, key, size))
