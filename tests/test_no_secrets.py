"""No secret, no key, no door: nothing is kept that could be stolen, and nothing listens but what a person started to."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lobterm import jit_cache
from tests.feeds.binance.test_feed import DEMO, exchange

ROOT = Path(__file__).resolve().parents[1]
CODE = sorted((ROOT / "lobterm").rglob("*.py")) + sorted((ROOT / "widgets").rglob("*.py"))
LISTENERS = {
    "lobterm/simulator/exchange/server.py": ('HOST = "127.0.0.1"', "HOST, port"),
    "lobterm/app/browser.py": ("self.host, self.port",),
    "lobterm/cli/serve.py": ('default="127.0.0.1"', "if not arguments.expose:"),
}
"""What a person starts, and how it says that it is on the loopback: the emulated exchange, the console in a browser."""
ENVIRONMENT = {
    "LOBTERM_CONFIG", "LOBTERM_JIT_CACHE", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "OPENBLAS_NUM_THREADS", "TEXTUAL_FPS",
}  # fmt: skip
SECRETS = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "key as the exchange gives them": r"(?<!\w)(?=[0-9A-Za-z]*[G-Zg-z])(?=[0-9A-Za-z]*[0-9])[0-9A-Za-z]{64}(?!\w)",
    "cloud key": r"AKIA[0-9A-Z]{16}",
    "token": r"(?:ghp|gho|glpat|xox[bp]|sk_live)[-_][0-9A-Za-z_-]{16,}",
    "password": r"(?i)(?:password|passwd|secret|token)\s*[:=]\s*['\"][^'\"\s]{6,}['\"]",
    "name and password in an address": r"[a-z]+://[^/\s:@'\"]+:[^/\s:@'\"{]+@",
}


def tracked():
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.decode().split("\0") if name]


def test_no_file_holds_a_secret():
    for path in tracked():
        if not path.is_file() or path.suffix in (".parquet", ".svg"):
            continue
        text = path.read_text(errors="ignore")
        for what, pattern in SECRETS.items():
            found = re.search(pattern, text)
            assert found is None, (path, what, found and found[0])


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("private key", "-----BEGIN RSA " + "PRIVATE KEY-----"),
        ("key as the exchange gives them", "x" + "1" * 31 + "Zq" * 16),
        ("password", "password = '" + "hunter22'"),
        ("name and password in an address", "https://" + "me:mine@host/"),
    ],
)
def test_the_patterns_find_what_they_look_for(what, text):
    assert re.search(SECRETS[what], text)


def test_nothing_signs_a_request_or_reads_a_key():
    for path in CODE:
        text = path.read_text()
        assert not re.search(r"(?m)^\s*(?:import|from) (?:hmac|keyring|netrc)\b", text), path
        for word in ("X-MBX-APIKEY", "listenKey", "/fapi/v1/order", "/fapi/v1/leverage", "/sapi/", "signature="):
            assert word.lower() not in text.lower(), (path, word)
        for name in re.findall(r"environ(?:\.get|\.setdefault)?[\[(]\s*['\"](\w+)", text):
            assert name in ENVIRONMENT, (path, name)


def test_only_what_a_person_starts_can_listen_and_only_on_the_loopback():
    opens = (
        r"\bserve\(|\.bind\(|start_server\(|create_server\(|\.listen\(|HTTPServer|start_unix_server|TCPSite|run_app\("
    )
    found = {str(path.relative_to(ROOT)) for path in CODE if re.search(opens, path.read_text())}
    assert found == set(LISTENERS)
    for name, words in LISTENERS.items():
        text = (ROOT / name).read_text()
        assert all(word in text for word in words)
    for path in CODE:
        assert not re.search(r"0\.0\.0\.0|['\"]::['\"]", path.read_text()), path


AUDITED = """
import sys
def heard(event, arguments):
    if event in ("socket.bind", "socket.connect", "socket.getaddrinfo"):
        where = arguments[1] if event != "socket.getaddrinfo" else arguments[:2]
        print("AUDIT", event, where, file=sys.stderr)
sys.addaudithook(heard)
from lobterm.cli import main
sys.exit(main(sys.argv[1:]))
"""


async def test_a_live_session_binds_nothing_and_speaks_to_the_exchange_alone(tmp_path):
    own = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "LOBTERM_JIT_CACHE": str(jit_cache.directory().parents[1])}
    async with exchange(speed=20) as emulator:
        port = emulator.bases.perp_ws.rpartition(":")[2]
        words = [
            "live", "BTCUSDT", "--ws", emulator.bases.perp_ws, "--rest", emulator.bases.perp_rest, "--headless",
            "--seconds", "2", "--sessions", str(tmp_path / "log"), "--recordings", str(tmp_path / "r"), "--json",
        ]  # fmt: skip
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", AUDITED, *words],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=os.environ | own,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    audited = [line for line in done.stderr.splitlines() if line.startswith("AUDIT")]
    assert any("connect" in line for line in audited)
    assert not [line for line in audited if "bind" in line]
    assert not [line for line in audited if "127.0.0.1" not in line or port not in line]


async def test_an_emulated_exchange_binds_the_loopback_alone():
    async with exchange() as emulator:
        assert {host for host, _ in emulator.addresses} == {"127.0.0.1"}
    assert DEMO.is_file()


def test_a_served_console_binds_the_loopback_alone(unused_tcp_port):
    words = ["serve", "--port", str(unused_tcp_port), "replay", str(DEMO)]
    told = []
    with subprocess.Popen(
        [sys.executable, "-c", AUDITED, *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as server:
        for line in server.stderr:
            told.append(line)
            if line.startswith("Ctrl-C"):
                server.terminate()
    assert server.returncode == 130, told
    binds = [line for line in told if line.startswith("AUDIT socket.bind")]
    assert binds and all(f"('127.0.0.1', {unused_tcp_port})" in line for line in binds)
    assert not [line for line in told if "connect" in line]
