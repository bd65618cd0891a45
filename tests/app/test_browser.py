"""The console in a browser: who may open it, what the page loads, and that keys and screens really pass."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from lobterm import cli, jit_cache
from lobterm.app import browser
from lobterm.app.browser import Browser, is_loopback
from tests.app.browsing import CHROMIUM, browsing

ROOT = Path(__file__).resolve().parents[2]
LOADED = 100_000
"""Bytes of a picture with a book in it; there is less to see while the engine is being loaded."""
TAPE = ROOT / "replays" / "long-cascade.parquet"


@contextlib.asynccontextmanager
async def served(host="127.0.0.1"):
    server = Browser(["replay", str(TAPE)], host, 8000)
    async with TestClient(TestServer(await server._make_app())) as client:
        yield client, server


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True), ("localhost", True), ("::1", True), ("[::1]", True), ("127.9.9.9", True),
        ("10.0.0.1", False), ("example.org", False), ("", False), ("127.0.0.1.example.org", False),
    ],
)  # fmt: skip
def test_what_is_this_machine(host, own):
    assert is_loopback(host) is own


@pytest.mark.parametrize("path", ["/", "/static/js/textual.js", "/ws"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "example.org:8000"},
        {"Host": "127.0.0.1.example.org"},
        {"Origin": "http://example.org"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "[", "Origin": "http://["},
    ],
)
async def test_no_page_of_another_site_and_no_name_of_another_machine_is_let_in(headers, path):
    async with served() as (client, server):
        assert (await client.get(path, headers=headers)).status == 403
        assert server.refused == 1
        with pytest.raises(WSServerHandshakeError, match="403"):
            await client.ws_connect("/ws", headers=headers)
        assert server.pages == 0


async def test_an_exposed_console_answers_to_any_name_but_to_no_other_site():
    async with served("192.0.2.1") as (client, _):
        assert (await client.get("/", headers={"Host": "desk:8000"})).status == 200
        assert (await client.get("/", headers={"Host": "desk:8000", "Origin": "http://evil"})).status == 403
        assert (await client.get("/", headers={"Host": "desk:8000", "Origin": "http://desk:8000"})).status == 200


async def test_the_page_names_nothing_that_is_elsewhere_and_what_it_names_is_there():
    async with served() as (client, _):
        answer = await client.get("/?fontsize=99999999")
        page = await answer.text()
        host = f"127.0.0.1:{client.port}"
        assert page.count("//") == page.count("ws://") + page.count("// keys") == 2
        assert f'data-session-websocket-url="ws://{host}/ws" data-font-size="16"' in page
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        for name in ("css/xterm.css", "js/textual.js", "fonts/RobotoMono-VariableFont_wght.ttf"):
            assert f"/static/{name}" in page
            assert (await client.get(f"/static/{name}")).status == 200


async def test_no_more_consoles_than_the_machine_can_bear(monkeypatch):
    monkeypatch.setattr(browser, "MOST", 0)
    async with served() as (client, server):
        with pytest.raises(WSServerHandshakeError, match="503"):
            await client.ws_connect("/ws")
        assert (server.pages, server.refused) == (0, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no command cannot be served; name replay or live"),
        (["tape"], "'tape' cannot be served"),
        (["replay", "nowhere.parquet"], "no such file"),
        (["replay", str(TAPE), "--headless"], "--headless leaves nothing to show"),
        (["--host", "192.0.2.1", "replay", str(TAPE)], "192.0.2.1 can be reached from other machines"),
        (["--host", "example.org", "replay", str(TAPE)], "add --expose"),
    ],
)
def test_what_cannot_be_served_is_refused(words, said, capsys, monkeypatch):
    monkeypatch.setattr(Browser, "serve", lambda self: pytest.fail("served"))
    assert cli.main(["serve", *words]) == 2
    assert said in capsys.readouterr().err


def test_an_exposed_console_says_so(capsys, monkeypatch):
    monkeypatch.setattr(Browser, "serve", lambda self: None)
    assert cli.main(["serve", "--expose", "--host", "192.0.2.1", "--json", "replay", str(TAPE)]) == 130
    told = capsys.readouterr()
    assert "EXPOSED on 192.0.2.1: no password, no encryption" in told.err
    assert told.out == '{"url":"http://192.0.2.1:8000","pages":0,"refused":0}\n'


def test_a_port_that_is_taken_is_told(capsys, unused_tcp_port):
    import socket

    with socket.create_server(("127.0.0.1", unused_tcp_port)):
        assert cli.main(["serve", "--port", str(unused_tcp_port), "replay", str(TAPE)]) == 2
    assert f"cannot listen on port {unused_tcp_port}" in capsys.readouterr().err


@pytest.fixture
def serving(tmp_path, unused_tcp_port):
    """Serve a replay for real, from a process of its own; yield it, its address and its session log."""
    log = tmp_path / "log.sqlite"
    words = [
        "serve",
        "--port",
        str(unused_tcp_port),
        "replay",
        str(TAPE),
        "--at",
        "07:54",
        "--paused",
        "--sessions",
        str(log),
    ]
    own = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "LOBTERM_JIT_CACHE": str(jit_cache.directory().parents[1])}
    server = subprocess.Popen([sys.executable, "-m", "lobterm", *words], cwd=ROOT, env=os.environ | own)
    yield server, f"http://127.0.0.1:{unused_tcp_port}/", log
    if server.poll() is None:
        server.terminate()
        server.wait(60)


async def shows(page, path, *, other_than=b"", least=1):
    """Return the page's picture once it stands still, is not `other_than`, and has so many bytes."""
    last = b""
    async with asyncio.timeout(120):
        while True:
            seen = await page.value("document.body.classList.contains('-first-byte')")
            data = await page.picture(path)
            if seen and data == last and data != other_than and len(data) >= least:
                return data
            last = data
            await asyncio.sleep(0.7)


async def ended(log):
    """Wait until the session in the log has ended."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(log)) as connection:
                if connection.execute("select count(*) from runs where ended_us is not null").fetchone()[0]:
                    return
            await asyncio.sleep(0.2)


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium")
@pytest.mark.parametrize("end", ["left", "closed", "server", "killed"])
async def test_a_real_browser_shows_the_console_and_its_keys_reach_it(tmp_path, serving, end):
    server, url, log = serving
    async with browsing(tmp_path) as page:
        async with asyncio.timeout(60):
            while "errorText" in await page.call("Page.navigate", url=url):
                await asyncio.sleep(0.2)
        monitor = await shows(page, tmp_path / "monitor.png", least=LOADED)
        await page.press("2")
        heat = await shows(page, tmp_path / "heat.png", other_than=monitor)
        await page.press("6")
        assert await shows(page, tmp_path / "log.png", other_than=heat) != monitor
        elsewhere = [asked for asked in page.asked if not asked.startswith((url, "data:"))]
        assert elsewhere == []
        if end == "left":
            await page.call("Page.navigate", url="about:blank")
            await ended(log)
        elif end == "closed":
            await page.call("Page.close")
            await ended(log)
        elif end == "server":
            server.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(server.wait, 60) == 130
            await ended(log)
        else:
            server.kill()
            await ended(log)
