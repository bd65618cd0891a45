"""A headless Chromium and one page in it, over its debugging port on the loopback."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--window-size=1200,760",
)  # fmt: skip


class Page:
    """A page that is told what to do, and remembers what it asked for."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._called = socket, 0
        self.asked: list[str] = []

    async def call(self, method: str, **words: object) -> dict:
        self._called += 1
        await self._socket.send_json({"id": self._called, "method": method, "params": words})
        while True:
            told = json.loads((await self._socket.receive()).data)
            if told.get("method") == "Network.requestWillBeSent":
                self.asked.append(told["params"]["request"]["url"])
            if told.get("id") == self._called:
                assert "error" not in told, told
                return told["result"]

    async def press(self, key: str) -> None:
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def value(self, expression: str) -> object:
        return (await self.call("Runtime.evaluate", expression=expression))["result"].get("value")

    async def picture(self, path: Path) -> bytes:
        data = base64.b64decode((await self.call("Page.captureScreenshot", format="png"))["data"])
        path.write_bytes(data)
        return data


@contextlib.asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Page]:
    """Open a browser with a profile of its own in `folder`, and a page in it."""
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    with (folder / "chromium.err").open("w") as told:
        browser = subprocess.Popen(command, stderr=told, stdout=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(60):
            while not (folder / "profile" / "DevToolsActivePort").is_file():
                await asyncio.sleep(0.1)
            port = (folder / "profile" / "DevToolsActivePort").read_text().split()[0]
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    pages = await answer.json(content_type=None)
                url = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        async with aiohttp.ClientSession() as session, session.ws_connect(url, max_msg_size=0) as socket:
            page = Page(socket)
            await page.call("Network.enable")
            await page.call("Page.enable")
            yield page
    finally:
        browser.terminate()
        browser.wait()
