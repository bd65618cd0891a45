"""One HTML page that stands alone: text, tables and drawn charts, no script, nothing fetched.

What: the only markup is this module's own; every word that comes from a log or a tape is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

STYLE = """
:root { color-scheme: light }
* { box-sizing: border-box }
body { font: 14px/1.45 Helvetica, Arial, sans-serif; color: #222; background: #fff; margin: 0 auto; padding: 20px 28px 60px;
  max-width: 1160px }
h1 { font-size: 22px; margin: 0 0 2px } h2 { font-size: 18px; margin: 38px 0 6px; padding-top: 12px; border-top: 2px solid #222 }
h3 { font-size: 14px; margin: 22px 0 2px } p { margin: 4px 0 8px; max-width: 92ch } .faint { color: #666 }
table { border-collapse: collapse; margin: 6px 0 14px; font-size: 12.5px; font-variant-numeric: tabular-nums }
th, td { padding: 3px 9px; text-align: right; border-bottom: 1px solid #e6e6e6; white-space: nowrap; vertical-align: top }
th { font-weight: 600; border-bottom: 1px solid #888 } th:first-child, td:first-child { text-align: left; padding-left: 0 }
td.words, th.words { text-align: left; white-space: normal }
td .range { color: #666; font-size: 11.5px; display: block } td .none { color: #999; font-size: 11.5px; display: block }
.bad { background: #fdeee3 } .said { border-left: 4px solid #0072b2; padding: 4px 12px; background: #f2f7fb }
.warn { border-left: 4px solid #d55e00; padding: 4px 12px; background: #fdf3ec }
svg { max-width: 100%; height: auto }
nav { margin: 10px 0 0; font-size: 13px } nav a { margin-right: 14px; color: #0072b2 } .wide { overflow-x: auto }
@media print { h2 { break-after: avoid } table, svg { break-inside: avoid } }
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, a smaller line below, and whether it is words rather than a number."""

    text: str
    below: str = ""
    is_doubt: bool = False  # the line below says why there is no interval
    is_words: bool = False

    def html(self) -> str:
        """Return the cell's markup."""
        kind = ' class="words"' if self.is_words else ""
        line = f'<span class="{"none" if self.is_doubt else "range"}">{escape(self.below)}</span>' if self.below else ""
        return f"<td{kind}>{escape(self.text)}{line}</td>"


@dataclass(slots=True)
class Section:
    """One part of the page, under a heading that can be jumped to."""

    ident: str
    title: str
    parts: list[str] = field(default_factory=list)

    def text(self, words: str, kind: str = "") -> None:
        """Add a paragraph: plain, `faint`, `said` or `warn`."""
        self.parts.append(f'<p class="{kind}">{escape(words)}</p>' if kind else f"<p>{escape(words)}</p>")

    def heading(self, words: str, explained: str = "") -> None:
        """Add a small heading, with a line that explains it."""
        self.parts.append(f"<h3>{escape(words)}</h3>")
        if explained:
            self.text(explained, "faint")

    def table(self, head: Sequence[str], rows: Iterable[Sequence[Cell | str]]) -> None:
        """Add a table."""
        self.parts.append(_table(head, rows))

    def drawing(self, svg: str) -> None:
        """Add a chart."""
        self.parts.append(f'<div class="wide">{svg}</div>')

    def html(self) -> str:
        """Return the section's markup."""
        return f'<section id="{self.ident}"><h2>{escape(self.title)}</h2>{"".join(self.parts)}</section>'


def _table(head: Sequence[str], rows: Iterable[Sequence[Cell | str]]) -> str:
    cells = "".join(f"<th>{escape(word)}</th>" for word in head)
    lines = "".join(
        "<tr>" + "".join((cell if isinstance(cell, Cell) else Cell(cell)).html() for cell in row) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table></div>'


def page(title: str, lead: Sequence[str], sections: Sequence[Section], foot: str) -> str:
    """Return the whole page."""
    links = "".join(f'<a href="#{section.ident}">{escape(section.title)}</a>' for section in sections)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # an icon of its own: a browser would ask the network for one
        '<link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        + "".join(f'<p class="faint">{escape(line)}</p>' for line in lead)
        + f"<nav>{links}</nav>"
        + "".join(section.html() for section in sections)
        + f'<p class="faint">{escape(foot)}</p></body></html>\n'
    )
