from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding

from tests.widgets.styles import STYLES
from widgets.keys_line import NOTHING, Cap, Entry, KeysLine, cap_at, laid_out

PAIR = Binding.Group("Pair", compact=True)


def entry(keys: str, words: str) -> Entry:
    return Entry(tuple(Cap(key, key, True, f"tip of {key}") for key in keys), words)


ENTRIES = (entry("ab", "Both"), entry("q", "Quit"), entry("x", "More"))


def text_of(width: int) -> str:
    line = KeysLine()
    return "".join(segment.text for segment in line.row_segments(laid_out(ENTRIES, width), width, STYLES))


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (30, "ab Both  q Quit  x More"),
        (23, "ab Both  q Quit  x More"),
        (22, "ab Both q Quit x More"),
        (20, "ab Both q Quit …"),
        (16, "ab Both q Quit …"),
        (15, "ab Both …"),
        (1, "…"),
    ],
)
def test_what_does_not_fit_draws_together_then_goes_whole(width, text):
    assert text_of(width) == text.ljust(width)


def test_a_column_belongs_to_the_key_whose_picture_it_is():
    row = laid_out(ENTRIES, 30)
    #               ab Both  q Quit  x More
    assert [cap_at(row, x) for x in range(24)] == [
        0, 1, *[NOTHING] * 7, *[2] * 6, *[NOTHING] * 2, *[3] * 6, NOTHING,
    ]  # fmt: skip


class Keys(App[None]):
    BINDINGS = [
        Binding("a", "press('a')", "First", group=PAIR, tooltip="the first"),
        Binding("b", "press('b')", "Second", group=PAIR),
        Binding("c", "press('c')", "Single", tooltip="the third"),
        Binding("d", "press('d')", "Hidden", show=False),
        Binding("e", "off", "Off"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.pressed: list[str] = []
        self.rung, self.off = 0, None

    def compose(self) -> ComposeResult:
        yield KeysLine()

    def action_press(self, key: str) -> None:
        self.pressed.append(key)

    def action_off(self) -> None:
        self.pressed.append("e")

    def check_action(self, action, parameters):
        return self.off if action == "off" else True

    def bell(self) -> None:
        self.rung += 1


def line_of(app: App[None]) -> str:
    return app.query_one(KeysLine).render_line(0).text.rstrip()


async def test_it_shows_the_keys_of_its_screen_as_they_come_and_go():
    async with Keys().run_test(size=(60, 3)) as pilot:
        assert "ab Pair  c Single  e Off" in line_of(pilot.app)
        assert "Hidden" not in line_of(pilot.app)
        pilot.app.off = False
        pilot.app.refresh_bindings()
        await pilot.pause()
        assert "ab Pair  c Single" in line_of(pilot.app)
        assert "Off" not in line_of(pilot.app)


async def test_a_click_presses_a_key_and_one_that_does_nothing_now_rings():
    async with Keys().run_test(size=(60, 3)) as pilot:
        at = line_of(pilot.app).index
        for x in (at("ab"), at("ab") + 1, at("Single"), at("Pair")):
            await pilot.click(KeysLine, offset=(x, 0))
        await pilot.pause()
        assert pilot.app.pressed == ["a", "b", "c"]
        assert pilot.app.rung == 0
        await pilot.click(KeysLine, offset=(at("Off"), 0))
        assert pilot.app.rung == 1
        assert "e" not in pilot.app.pressed


async def test_a_key_that_is_pointed_at_says_what_it_does():
    async with Keys().run_test(size=(60, 3)) as pilot:
        line, at = pilot.app.query_one(KeysLine), line_of(pilot.app).index
        said = []
        for x in (at("ab"), at("ab") + 1, at("Pair"), at("Single"), 59):
            await pilot.hover(KeysLine, offset=(x, 0))
            said.append(line.tooltip)
        assert said == ["the first", "Second", None, "the third", None]
