"""The driver of a console that a page in a browser shows: it notices when whoever serves the page is gone."""

from __future__ import annotations

from typing import Any

from textual.drivers.web_driver import WebDriver

from lobterm.app.terminal import GONE


class PageDriver(WebDriver):
    """Textual's driver for the web. Once nobody is there, what is written is dropped, and the app may end in order."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.gone = False
        write = self._write

        def heeded(data: bytes) -> int:
            if not self.gone:
                try:
                    return int(write(data))
                except OSError as error:
                    if error.errno not in GONE:
                        raise
                    self.gone = True
            return len(data)

        self._write: Any = heeded

    def run_input_thread(self) -> None:
        """Read keys until the end, or until there is nobody who types."""
        super().run_input_thread()
        self.gone = True
