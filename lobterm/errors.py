"""What can go wrong, in words for the person at the keyboard.

LobtermError            it failed (exit code 1)
└── InputError          the input or the config is wrong (exit code 2): names file, place and mend
    ├── ConfigError     a key or value of the configuration
    ├── TapeError       a tape that cannot be read: torn, of another version, not a tape
    └── FormatError     a recording that an importer cannot read
"""

from __future__ import annotations

from pathlib import Path


class LobtermError(Exception):
    """Something failed; the message is one line that a person can act on."""

    exit_code = 1


class InputError(LobtermError):
    """The input is wrong. `place` is a line, key or column; `mend` says what to do about it."""

    exit_code = 2

    def __init__(self, what: str, *, file: Path | str | None = None, place: str = "", mend: str = "") -> None:
        self.what, self.file, self.place, self.mend = what, file, place, mend
        head = ": ".join(str(part) for part in (file, place, what) if part)
        super().__init__(f"{head}; {mend}" if mend else head)


class ConfigError(InputError):
    """A key or value of the configuration is wrong."""


class TapeError(InputError):
    """A tape cannot be read."""


class FormatError(InputError):
    """A recording cannot be imported."""
