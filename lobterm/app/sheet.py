"""A style sheet that is read once: Textual reads all of it anew for each screen, whether anything about it changed or not."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class Sheet(Stylesheet):
    """Keeps what it has read of a source until the colours change."""

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take the colours of a theme; the same ones change nothing."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Read what has not been read with these colours; an error leaves the rules as they were."""
        self.parse()
