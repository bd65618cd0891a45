"""The console in a browser: every page that is opened runs a console of its own, which ends with the page.

textual-serve carries keys and screens; what is here decides who may come: this machine alone, unless it is told otherwise,
and never a page that another site has opened. Nothing on the page comes from anywhere else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import secrets
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp_jinja2
from aiohttp import web
from textual_serve.server import Server

PAGES = Path(__file__).with_name("pages")
MOST = 8
"""Consoles at a time: each is a process with an engine."""
LONGEST_END_S = 30.0
SMALLEST_FONT, LARGEST_FONT = 6, 40

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(host: str) -> bool:
    """Say whether a name or an address, in brackets or not, is this machine's own."""
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return bare == "localhost" or ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def _name(authority: str) -> str:
    """Return the host of `host:port`, as far as it can be read."""
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""


class Browser(Server):
    """Serves one command line of lobterm."""

    def __init__(self, words: Sequence[str], host: str, port: int) -> None:
        command = shlex.join([sys.executable, "-m", "lobterm", *words])
        super().__init__(command, host=host, port=port, title="lobterm", templates_path=PAGES)
        self.words = tuple(words)
        self.pages = self.refused = 0
        self._open: set[asyncio.Task[object]] = set()

    @property
    def url(self) -> str:
        """Return the address to open."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    def initialize_logging(self) -> None:
        """Say what goes wrong, on stderr, and nothing else."""
        logging.basicConfig(level=logging.WARNING, format="lobterm: %(message)s", stream=sys.stderr)

    async def _make_app(self) -> web.Application:
        made = await super()._make_app()

        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not self._may(request):
                self.refused += 1
                raise web.HTTPForbidden(text="lobterm: this console is not open to that page\n")
            return await handler(request)

        made.middlewares.append(guarded)
        return made

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing yet: it does not listen."""

    def serve(self, debug: bool = False) -> None:
        """Listen until a person stops it; raise OSError if that cannot be."""
        self.initialize_logging()
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        runner = web.AppRunner(await self._make_app())
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
            sys.stderr.write(f"{self.url}  shows  lobterm {shlex.join(self.words)}\n")
            sys.stderr.write("Ctrl-C ends it, and every console in it\n")
            sys.stderr.flush()
            await stop.wait()
        finally:
            await runner.cleanup()

    async def on_shutdown(self, app: web.Application) -> None:
        """End every console that is open, in order: each of them saves what it has."""
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=LONGEST_END_S)

    def _may(self, request: web.Request) -> bool:
        """Say whether a request comes from a page of ours.

        A name that is not this machine's own may have been pointed here by somebody else's name server; an origin that is
        not ours is a page of another site, which a browser lets speak to us.
        """
        if is_loopback(self.host) and not is_loopback(_name(request.host)):
            return False
        origin = request.headers.get("Origin")
        return origin is None or urlsplit(origin).netloc == request.host

    async def handle_index(self, request: web.Request) -> web.Response:
        """Return the page, which may load nothing from elsewhere and stand in no frame."""
        asked = request.query.get("fontsize", "")
        size = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 3 else 16
        nonce = secrets.token_urlsafe(16)
        font_size = min(max(size, SMALLEST_FONT), LARGEST_FONT)
        known = {"host": request.host, "font_size": font_size, "nonce": nonce}
        page: web.Response = aiohttp_jinja2.render_template("console.html", request, known)
        page.headers["Cache-Control"] = (
            "no-store"  # else a browser keeps a page that was left, and its console, for minutes
        )
        page.headers["Content-Security-Policy"] = (
            f"default-src 'self'; connect-src 'self' ws://{request.host}; script-src 'self' 'nonce-{nonce}'; "
            "style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
        )
        return page

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run a console for a page, as long as it is open."""
        if len(self._open) >= MOST:
            self.refused += 1
            raise web.HTTPServiceUnavailable(text=f"lobterm: {MOST} consoles are open\n")
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.pages += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._open.discard(task)
