"""One slow piece of work at a time beside the screen: begun by a key or a timer, looked at once a frame."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from lobterm.errors import LobtermError

T = TypeVar("T")


class GivenUp(Exception):
    """The work was told to stop."""


class Background(Generic[T]):
    """Runs one function in a daemon thread, so that nothing has to wait for it at the end; the newest wish wins."""

    def __init__(self) -> None:
        self.result: T | None = None
        self.failure = ""
        self.progress = 0
        self.finished = 0  # how often work has come to an end: tells whether there is something new to show
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def busy(self) -> bool:
        """Say whether work is going on."""
        return self._thread is not None

    def start(self, work: Callable[[Callable[[int], None]], T]) -> None:
        """Give up what is going on, and begin; `work` gets what it must call with its progress, which may raise."""
        self.give_up()
        stop = self._stop = threading.Event()
        self.progress = 0

        def told(done: int) -> None:
            if stop.is_set():
                raise GivenUp
            self.progress = done

        def run() -> None:
            result, failure = None, ""
            try:
                result = work(told)
            except GivenUp:
                return
            except LobtermError as error:
                failure = str(error)
            except Exception as error:  # the screen says so; a thread that dies in silence would leave it waiting
                failure = f"{type(error).__name__}: {error}"
            if not stop.is_set():
                self.result, self.failure = (result, "") if not failure else (self.result, failure)
                self._thread = None
                self.finished += 1

        self._thread = threading.Thread(target=run, name="review", daemon=True)
        self._thread.start()

    def give_up(self) -> None:
        """Let what is going on end without being heard."""
        self._stop.set()
        self._thread = None

    def wait(self) -> None:
        """Return once what is going on has ended."""
        if thread := self._thread:
            thread.join()
