"""A command of the person's own, run for each alert: a program with its arguments, never a shell.

What: a thread starts it, so that no screen waits; what it says is thrown away. AT_ONCE run at a time, A_MINUTE are begun in
any minute, and one that has not ended after LONGEST_S is ended: an alert beyond that is left out, and said so. A failure is
said once in words. The fields of the alert come as LOBTERM_ALERT_SYMBOL, _WHAT, _TIME and _TEXT in its environment, and
where an argument says {symbol}, {what}, {time} or {text}; what is put there stays part of that one argument.
"""

from __future__ import annotations

import os
import queue
import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lobterm.view import format as fmt

if TYPE_CHECKING:
    from lobterm.app.alerts import Alert

AT_ONCE = 4
A_MINUTE = 20
MINUTE_S = 60.0
LONGEST_S = 30.0
LOOK_S = 0.25
FIELD = re.compile(r"\{(symbol|what|time|text)\}")
LONGEST_TEXT = 300


def fields(alert: Alert) -> dict[str, str]:
    """Return what an alert says, as text that steers nothing."""
    return {name: fmt.printable(value)[:LONGEST_TEXT] for name, value in alert._asdict().items()}


def filled(command: Sequence[str], alert: Alert) -> list[str]:
    """Return the arguments with the alert's fields put in, each once: what a field says is not looked through again."""
    said = fields(alert)
    return [FIELD.sub(lambda found: said[found[1]], argument) for argument in command]


def environment(alert: Alert) -> dict[str, str]:
    """Return the variables that an alert adds to the environment."""
    return {f"LOBTERM_ALERT_{name.upper()}": value for name, value in fields(alert).items()}


class AlertCommand:
    """Runs the command; `run` may be called from a screen, it waits for nothing."""

    def __init__(self, command: Sequence[str], clock_s: Callable[[], float] = time.monotonic) -> None:
        self._command, self._clock_s = list(command), clock_s
        self._wanted: queue.SimpleQueue[Alert] = queue.SimpleQueue()
        self._running: list[tuple[subprocess.Popen[bytes], float]] = []
        self._begun: deque[float] = deque()
        self._said: deque[str] = deque()
        self._failed = self._left_out = False
        self._thread: threading.Thread | None = None

    def run(self, alert: Alert) -> None:
        """Have the command run for an alert."""
        self._wanted.put(alert)
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="alert-command", daemon=True)
            self._thread.start()

    def complaint(self) -> str:
        """Return what a person should know and was not told yet, or nothing."""
        return self._said.popleft() if self._said else ""

    def _serve(self) -> None:
        while True:
            try:
                alert = self._wanted.get(timeout=LOOK_S) if self._running else self._wanted.get()
            except queue.Empty:
                self.look_after()
            else:
                self.begin(alert)

    def begin(self, alert: Alert) -> bool:
        """Start the command now, unless it runs too often already; say whether it was started."""
        self.look_after()
        now_s = self._clock_s()
        while self._begun and now_s - self._begun[0] >= MINUTE_S:
            self._begun.popleft()
        if len(self._running) >= AT_ONCE or len(self._begun) >= A_MINUTE:
            if not self._left_out:
                self._said.append(f"an alert was left out: {AT_ONCE} run at a time, {A_MINUTE} a minute at most")
            self._left_out = True
            return False
        self._begun.append(now_s)
        try:
            process = subprocess.Popen(
                filled(self._command, alert), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env={**os.environ, **environment(alert)}, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            self._fail(getattr(error, "strerror", None) or str(error))
            return False
        self._running.append((process, now_s))
        return True

    def look_after(self) -> None:
        """Take leave of those that have ended, and end those that do not."""
        now_s, still = self._clock_s(), []
        for process, since_s in self._running:
            code = process.poll()
            if code is None and now_s - since_s >= LONGEST_S:
                process.kill()
                process.wait()
                self._fail(f"not done after {LONGEST_S:.0f} s, ended")
            elif code is None:
                still.append((process, since_s))
            elif code:
                self._fail(f"exit code {code}" if code > 0 else f"ended by signal {-code}")
        self._running = still

    def _fail(self, why: str) -> None:
        if not self._failed:
            self._failed = True
            self._said.append(f"{fmt.printable(self._command[0])}: {why}; further failures are not told")
