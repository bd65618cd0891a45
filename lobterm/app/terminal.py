"""The terminal when it goes away: a closed window, a killed multiplexer, a lost connection.

A hang-up does not always come as a signal, and Textual's driver does not notice one: reading gives nothing for ever, and
what writes dies. Here it is noticed, what is written into the void is dropped, and the app may end in order.
"""

from __future__ import annotations

import errno
import os
import signal
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver

GONE = frozenset({errno.EIO, errno.EBADF, errno.ENXIO, errno.EPIPE})
"""How a call on a terminal fails that is no longer there."""
STANDARD = (0, 1, 2)
ASKED = (signal.SIGHUP, signal.SIGTERM)


def hung_up(fd: int) -> bool:
    """Say whether `fd` was a terminal that is gone; a file or a pipe never is."""
    try:
        termios.tcgetattr(fd)
    except termios.error as error:
        return error.args[0] in GONE
    return False


def let_go() -> None:
    """Point standard streams whose terminal is gone at nothing: the interpreter flushes them when it ends."""
    for fd in STANDARD:
        if hung_up(fd):
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, fd)
            if nothing != fd:
                os.close(nothing)


@contextmanager
def heeding(leave: Callable[[], None]) -> Iterator[None]:
    """Call `leave` when the process is asked to end, instead of dying of it."""
    before = {number: signal.signal(number, lambda *_: leave()) for number in ASKED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Output:
    """A terminal that is written to; once it is gone, what is written is dropped, so that no writer waits for it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.gone = False

    def write(self, text: str) -> int:
        """Write, or drop."""
        if not self.gone:
            self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush what was not dropped."""
        if not self.gone:
            self._try(self._stream.flush)

    def fileno(self) -> int:
        """Return the descriptor beneath."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Say whether there is a terminal beneath."""
        return self._stream.isatty()

    def _try(self, call: Callable[[], object]) -> None:
        try:
            call()
        except OSError as error:
            if error.errno not in GONE:
                raise
            self.gone = True


class TerminalDriver(LinuxDriver):
    """Textual's driver, which knows whether its terminal is still there."""

    def start_application_mode(self) -> None:
        """Begin to draw."""
        if not isinstance(cast("object", self._file), Output):
            self._file = cast("Any", Output(cast("TextIO", self._file)))
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def run_input_thread(self) -> None:
        """Read keys until the end, or until there is nobody who types."""
        try:
            super().run_input_thread()
        except OSError as error:
            if error.errno not in GONE:
                raise

    @property
    def gone(self) -> bool:
        """Say whether the terminal has gone away."""
        output: object = self._file
        if isinstance(output, Output):
            output.gone = output.gone or hung_up(output.fileno()) or hung_up(self.fileno)
            return output.gone
        return False
