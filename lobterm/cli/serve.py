"""lobterm serve: the console in a browser on this machine."""

from __future__ import annotations

import argparse
from typing import Any

from lobterm.cli import output
from lobterm.errors import InputError

EPILOG = """\
  lobterm serve replay replays/long-cascade.parquet --at 07:54
  lobterm serve --port 9000 live BTCUSDT

Everything after `serve` and its own options is the command that each page runs: a page that is opened starts a console of its
own, and closing it ends that console in order; what it logged or recorded is kept. Two pages of `live` are two sessions.

Only this machine can open it. Nothing on the page comes from the network. --expose lets other machines in: there is no
password and no encryption, and whoever comes can use every key of the console.
"""
PORT = 8000
SERVED = ("replay", "live")
NOT_SERVED = ("--headless", "--json")


def register(commands: Any) -> None:
    """Add `serve`."""
    serve = commands.add_parser(
        "serve",
        help="the console in a browser, on this machine",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    serve.add_argument("--host", default="127.0.0.1", metavar="NAME", help="where to listen (default 127.0.0.1)")
    serve.add_argument("--port", type=_port, default=PORT, metavar="N", help=f"its port (default {PORT})")
    serve.add_argument("--expose", action="store_true", help="allow a --host that other machines can reach")
    output.add_json(serve)
    serve.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND", help="replay or live, with its options")
    serve.set_defaults(run=run)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 1 to 65535")
    return int(text)


def _checked(arguments: argparse.Namespace) -> list[str]:
    """Return the command that each page runs; raise InputError, or leave as argparse does, if it cannot be meant."""
    from lobterm.cli import parser
    from lobterm.tape.parquet import open_tape

    words = list(arguments.words)
    if not words or words[0] not in SERVED:
        named = repr(words[0]) if words else "no command"
        raise InputError(f"{named} cannot be served", mend="name replay or live: lobterm serve replay TAPE")
    for word in NOT_SERVED:
        if word in words:
            raise InputError(f"{word} leaves nothing to show", place="serve", mend="leave it out")
    meant = parser().parse_args(words)
    if words[0] == "replay":
        open_tape(meant.tape)
    return ["--config", str(arguments.config), *words] if arguments.config else words


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    from lobterm.app.browser import Browser, is_loopback

    words = _checked(arguments)
    if not is_loopback(arguments.host):
        if not arguments.expose:
            raise InputError(
                f"{arguments.host} can be reached from other machines", place="--host",
                mend="leave it out, or add --expose if whoever reaches it may use this console",
            )  # fmt: skip
        output.warn(f"EXPOSED on {arguments.host}: no password, no encryption; whoever reaches it can use this console")
    server = Browser(words, arguments.host, arguments.port)
    try:
        server.serve()
    except OSError as error:
        mend = "another --port may be free" if arguments.port >= 1024 else "ports below 1024 are the system's"
        raise InputError(
            f"cannot listen on port {arguments.port}: {error.strerror}", place="--port", mend=mend
        ) from error
    output.show({"url": server.url, "pages": server.pages, "refused": server.refused}, arguments.json)
    return 130
