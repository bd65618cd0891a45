from __future__ import annotations

from textual.app import App
from textual.geometry import Region

from tests.widgets.styles import STYLES, text
from widgets.line_widget import LineWidget, fit, pad, runs_of


class Rows(LineWidget[str]):
    """Shows a list of texts and remembers what it was asked to repaint and to draw."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = ["one", "two", "three"]
        self.dirty: list[Region] = []
        self.drawn: list[str] = []

    def row_keys(self, width, height):
        return self.lines

    def row_segments(self, key, width, styles):
        self.drawn.append(key)
        return fit([(key, styles["text"])], width, styles["text"])

    def refresh(self, *regions, **options):
        self.dirty += regions
        return super().refresh(*regions, **options)


class Host(App[None]):
    CSS = "Rows { width: 100%; height: 100%; }"

    def compose(self):
        yield Rows()


async def test_only_changed_rows_are_repainted_and_drawn():
    app = Host()
    async with app.run_test(size=(20, 6)) as pilot:
        rows = app.query_one(Rows)
        await pilot.pause()
        rows.dirty.clear()
        rows.drawn.clear()
        rows.lines = ["one", "2", "three"]
        rows.changed()
        await pilot.pause()
        assert rows.dirty == [Region(0, 1, 20, 1)]
        assert rows.drawn == ["2"]
        rows.changed()
        await pilot.pause()
        assert rows.drawn == ["2"]
        assert [rows.render_line(y).text.rstrip() for y in range(6)] == ["one", "2", "three", "", "", ""]


async def test_a_crop_is_cut_out_of_the_row():
    app = Host()
    async with app.run_test(size=(20, 6)) as pilot:
        await pilot.pause()
        assert [strip.text for strip in app.query_one(Rows).render_lines(Region(1, 0, 3, 2))] == ["ne ", "wo "]


async def test_a_theme_change_repaints_in_its_colours():
    app = Host()
    async with app.run_test(size=(20, 6)) as pilot:
        rows = app.query_one(Rows)
        await pilot.pause()
        before = next(iter(rows.render_line(0))).style
        app.theme = "textual-light"
        await pilot.pause()
        await pilot.pause()
        assert next(iter(rows.render_line(0))).style != before


def test_runs():
    assert runs_of([0, 1, 2, 5, 7, 8]) == [(0, 3), (5, 1), (7, 2)]
    assert runs_of([]) == []


def test_pad_shows_that_it_cut():
    assert pad("12345", 3) == "12…"
    assert pad("12", 4, ">") == "  12"
    assert pad("12", 0) == ""


def test_fit_counts_cells_not_characters():
    style = STYLES["text"]
    assert text(fit([("価格価格", style)], 5, style)) == "価格 "
    assert len(fit([("a", style), ("b", style)], 4, STYLES["dim"])) == 2
