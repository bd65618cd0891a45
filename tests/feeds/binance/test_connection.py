"""Real sockets: the emulator on the loopback, another library's server, TLS."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess

import pytest
from websockets.asyncio.server import serve

from lobterm.feeds.binance.connection import Connection, Unreachable

TLS = ssl.create_default_context()


async def until(done):
    async with asyncio.timeout(10):
        while not done():
            await asyncio.sleep(0.001)


class Server:
    """Says what it is told to, keeps what it hears."""

    def __init__(self, **settings):
        self.heard, self.socket, self.settings = [], None, settings

    async def __aenter__(self):
        self.server = await serve(self.listen, "127.0.0.1", 0, compression=None, **self.settings)
        self.port = next(iter(self.server.sockets)).getsockname()[1]
        return self

    async def __aexit__(self, *error):
        self.server.close()
        await self.server.wait_closed()

    async def listen(self, socket):
        self.socket = socket
        async for text in socket:
            self.heard.append(text)
        self.closed = socket.close_code


async def test_texts_come_whole_and_in_order_and_requests_go_out():
    heard = []
    async with Server() as server:
        connection = await Connection.open(f"ws://127.0.0.1:{server.port}/public/stream", heard.append, TLS)
        connection.send("ask")
        await until(lambda: server.heard)
        await server.socket.send("one")
        await server.socket.send(["t", "w", "ö"])
        await server.socket.send("x" * 3_000_000)
        await until(lambda: len(heard) == 3)
        assert (server.heard, heard[:2], len(heard[2])) == (["ask"], [b"one", "twö".encode()], 3_000_000)
        await server.socket.ping()
        connection.close()
        await until(connection.ended.is_set)
        connection.send("too late")


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1012, 1014, 3000])
async def test_a_goodbye_says_its_code(code):
    async with Server() as server:
        connection = await Connection.open(f"ws://127.0.0.1:{server.port}", lambda text: None, TLS)
        await until(lambda: server.socket)
        await server.socket.close(code)
        await until(connection.ended.is_set)
        assert connection.why == f"closed by the exchange with {code}"


async def test_a_line_that_goes_dead_is_noticed():
    async with Server() as server:
        connection = await Connection.open(f"ws://127.0.0.1:{server.port}", lambda text: None, TLS)
        await until(lambda: server.socket)
        server.socket.transport.abort()
        await until(connection.ended.is_set)
        assert connection.why == "the line went dead"


async def test_a_closed_connection_is_deaf():
    heard = []
    async with Server() as server:
        connection = await Connection.open(f"ws://127.0.0.1:{server.port}", heard.append, TLS)
        await until(lambda: server.socket)
        connection.close()
        await server.socket.wait_closed()
        connection._heard(b"late")
        assert heard == []


@pytest.mark.parametrize(("status", "final"), [(451, True), (418, True), (503, False), (429, False)])
async def test_a_refused_handshake_says_its_status(status, final):
    async with Server(process_request=lambda socket, request: socket.respond(status, "no")) as server:
        with pytest.raises(Unreachable, match=f"status {status}") as caught:
            await Connection.open(f"ws://127.0.0.1:{server.port}", lambda text: None, TLS)
        assert caught.value.final is final


async def test_nobody_there():
    async with Server() as server:
        port = server.port
    with pytest.raises(Unreachable, match="127.0.0.1"):
        await Connection.open(f"ws://127.0.0.1:{port}", lambda text: None, TLS)
    with pytest.raises(Unreachable):
        await Connection.open("ws://nowhere.invalid", lambda text: None, TLS)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return a certificate for 127.0.0.1, made for this run, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*command.split(), "-out", cert, "-keyout", key], check=True, capture_output=True)
    return cert, key


async def test_tls_is_spoken_and_a_stranger_is_not_trusted(certificate):
    cert, key = certificate
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(cert, key)
    heard = []
    async with Server(ssl=theirs) as server:
        ours = ssl.create_default_context(cafile=cert)
        connection = await Connection.open(f"wss://127.0.0.1:{server.port}/stream", heard.append, ours)
        await until(lambda: server.socket)
        await server.socket.send("over tls")
        await until(lambda: heard)
        assert heard == [b"over tls"]
        connection.close()
        await until(connection.ended.is_set)
        with pytest.raises(Unreachable, match=r"(?i)certificate"):
            await Connection.open(f"wss://127.0.0.1:{server.port}/stream", heard.append, TLS)


async def test_a_frame_that_is_too_large_ends_the_connection():
    async with Server() as server:
        heard = []
        connection = await Connection.open(f"ws://127.0.0.1:{server.port}", heard.append, TLS)
        await until(lambda: server.socket)
        server.socket.transport.write(b"\x81\x7f" + (17 << 20).to_bytes(8, "big") + b"xx")
        await until(connection.ended.is_set)
        assert "exceeding max" in connection.why
        assert not heard


async def test_a_listener_that_fails_ends_the_connection_and_is_named():
    def fail(text):
        raise ValueError("no room")

    async with Server() as server:
        connection = await Connection.open(f"ws://127.0.0.1:{server.port}", fail, TLS)
        await until(lambda: server.socket)
        await server.socket.send("x")
        await until(connection.ended.is_set)
        assert connection.why == "ValueError: no room"
