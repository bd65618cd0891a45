"""The report says what the log says, in the order of a careful reader, and no more than a sample can bear."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lobterm import cli, config, headless, runs, session
from lobterm.cli.rerun import scenarios
from lobterm.engine.rows import HORIZONS_US, TABLES, Label, Marked
from lobterm.errors import InputError
from lobterm.models import model
from lobterm.session.bootstrap import Bins
from lobterm.session.log import SessionLog
from lobterm.session.report import earned, marks, quality, tape
from lobterm.session.report.build import report
from lobterm.session.report.samples import Samples
from lobterm.tape import parquet

REPLAYS = Path(__file__).resolve().parents[2] / "replays"
LIVELY = (
    "lpi.z_clamp=1000000", "exhaustion.rollover_ticks=1", "exhaustion.divergence_s=30", "state.z_oi=20", "maker.w_base_bps=0.5"
)  # fmt: skip
S = 1_000_000


def replayed(path, name, *changes):
    settings = config.Config(())
    for change in changes:
        settings = settings.with_override(change)
    source = REPLAYS / f"{name}.parquet"
    beside = runs.model_beside(source)
    with SessionLog(path, columnar=True) as log:
        setup = runs.Setup(parquet.open_tape(source), settings, model.load(beside) if beside else None, log)
        headless.replay(setup, setup.tape.read())
    return session.open(log=path)


@pytest.fixture(scope="module")
def lively(tmp_path_factory):
    """Return a session with fills of both strategies and with triggers."""
    return replayed(tmp_path_factory.mktemp("lively") / "s.sqlite", "demo", *LIVELY)


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """Return a session whose book was lost three times."""
    return replayed(tmp_path_factory.mktemp("broken") / "s.sqlite", "gap-and-reconnect")


class Page(HTMLParser):
    """Everything that a page would fetch or run, and its words."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.fetched, self.words, self.sections = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sections += [value for name, value in attrs if tag == "section" and name == "id"]
        self.fetched += [value for name, value in attrs if name in ("src", "href", "xlink:href", "data", "action")]
        self.fetched += [value for name, value in attrs if name == "style" and "url(" in value]

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_stands_alone_and_begins_with_data_quality(lively, tmp_path):
    said = report(lively, tmp_path / "r.html", "not asked for")
    text = (tmp_path / "r.html").read_text()
    page = Page(text)
    assert page.sections == ["quality", "profit", "fills", "mapping", "triggers", "scenarios"]
    assert "script" not in page.tags and "iframe" not in page.tags
    assert {link[0] for link in page.fetched if not link.startswith("data:")} == {"#"}
    assert "@import" not in text and "url(http" not in text
    assert page.tags.count("svg") >= 10
    assert said["fills"] == len(lively.fills()) > 50
    assert said["triggers"] == len(lively.triggers()) > 5
    assert said["bytes"] == len(text.encode()) < 3_000_000
    assert "Not run: not asked for" in text
    changed = ", ".join(f"{key} = {float(value)}" for key, value in (word.split("=") for word in LIVELY))
    (told,) = [word for word in page.words if word.startswith("parameters that are not the defaults")]
    assert sorted(told.partition(": ")[2].split(", ")) == sorted(changed.split(", "))


def test_profit_and_its_parts_are_the_engines(lively):
    about = lively.about()
    lines = earned.earned(lively, lively.fills(), about)
    whole, said = lines[-1], about["summary"]["pnl_usdt"]
    assert (whole.spread, whole.slippage, whole.fees) == pytest.approx((said["spread"], said["slippage"], said["fees"]))
    assert (whole.inventory, whole.funding, whole.total) == (said["inventory"], said["funding"], said["total"])
    assert sum(line.fills for line in lines[:-1]) == whole.fills == about["summary"]["fills"]
    assert sum(line.spread for line in lines[:-1]) == pytest.approx(whole.spread)
    assert {line.who for line in lines} == {"maker", "fade", "all"}
    ticks = earned.course(lively)
    assert len(ticks) <= earned.POINTS
    assert ticks["pnl_quote"][-1] == lively.pnl()["pnl_quote"][-1]


def test_times_without_a_book_are_told_with_their_causes(broken, tmp_path):
    about = broken.about()
    found, said = quality.look(broken, about), tape.read(about)
    assert len(found.unknown) == about["summary"]["gaps"] == 3
    perp = said.gaps.filter(pl.col("market") == "perp")
    for stretch, ts in zip(found.unknown, perp["ts"], strict=True):
        assert stretch.from_us <= ts <= stretch.to_us
        assert ts - stretch.from_us <= 2 * 250_000
    assert found.trades == about["summary"]["trades"]
    assert dict(found.labels) == {name: n for name, n in about["summary"]["labels"].items() if n}
    report(broken, tmp_path / "r.html", "no")
    text = (tmp_path / "r.html").read_text()
    assert "in 3 stretches" in text and "chain break" in text and "disconnect" in text


def test_a_session_that_played_a_part_of_its_tape_says_which(tmp_path):
    """A console starts in the middle, goes to and fro, and ends before the tape does."""
    alpha = np.zeros(40, TABLES["alpha"])
    alpha["ts"] = 1_000 * S + np.concatenate([np.arange(20), 100 + np.arange(20)]) * 250_000
    with SessionLog(tmp_path / "s.sqlite") as log:
        log.begin({"first_ts_us": 0, "last_ts_us": 5_000 * S})
        log.write({"alpha": alpha})
        log.end({"events": 1_000, "stretches": [[200, 260], [400, 440]]})
    opened = session.open(log=tmp_path / "s.sqlite")
    found = quality.look(opened, opened.about())
    assert found.played == (100, 1_000)
    assert (found.first_us, found.last_us) == (alpha["ts"][0], alpha["ts"][-1])
    assert len(found.unknown) == 1
    report(opened, tmp_path / "r.html", "no")
    assert "1,000 rows 100 were played (10.0%)" in (tmp_path / "r.html").read_text()


def test_a_tape_that_is_gone_or_another_is_said_so_and_nothing_else_is_lost(lively, broken, tmp_path, monkeypatch):
    about = lively.about()
    assert "no such file" in tape.read({**about, "tape": str(tmp_path / "gone.parquet")}).why_not
    assert "other rows" in tape.read({**about, "tape": broken.about()["tape"]}).why_not
    monkeypatch.setattr(tape, "MOST_ROWS", 10)
    said = tape.read(about)
    assert "read at most" in said.why_not
    report(lively, tmp_path / "r.html", "no")
    assert "Funding is not known" in (tmp_path / "r.html").read_text()


def test_words_of_a_log_are_never_markup(tmp_path):
    with SessionLog(tmp_path / "s.sqlite") as log:
        log.begin(
            {
                "tape": "<script>alert(1)</script>.parquet",
                "instrument": {"symbol": "<b>&"},
                "fill_rule": '"><img src=x>',
            }
        )
        log.end({})
    report(session.open(log=tmp_path / "s.sqlite"), tmp_path / "r.html", "<i>why</i>")
    page = Page((tmp_path / "r.html").read_text())
    assert not {"script", "b", "img", "i"} & set(page.tags)
    assert "<script>alert(1)</script>.parquet" in "".join(page.words)


def test_an_empty_session_has_a_page_that_says_so(tmp_path):
    with SessionLog(tmp_path / "s.sqlite") as log:
        log.begin({})
    report(session.open(log=tmp_path / "s.sqlite"), tmp_path / "r.html", "no")
    text = (tmp_path / "r.html").read_text()
    for words in ("There were no fills", "There were no triggers", "no trades of the market", "has not ended"):
        assert words in text


def market(path, directional_bps, opportunistic_bps, n=2_000):
    """Log a market whose clusters' trades are followed by known moves, and noise."""
    rng = np.random.default_rng(5)
    rows = np.zeros(2 * n, TABLES["markouts"])
    rows["ts"] = np.sort(rng.integers(0, 7_200 * S, 2 * n)) + S
    rows["what"], rows["side"], rows["ref2"] = Marked.LABEL, rng.choice([-1, 1], 2 * n), 2_000_000
    rows["label"] = np.tile([Label.DIRECTIONAL, Label.OPPORTUNISTIC], n)
    bps = np.tile([directional_bps, opportunistic_bps], n) + rng.normal(0, 3, 2 * n)
    rows["mid2"] = (rows["ref2"] + rows["side"] * np.round(bps * rows["ref2"] / 1e4).astype(int))[:, None]
    rows["valid"] = 63
    with SessionLog(path) as log:
        log.begin({})
        log.write({"markouts": rows})
    return session.open(log=path)


@pytest.mark.parametrize(
    ("directional", "opportunistic", "said"),
    [(1.0, 0.0, "inverted"), (-0.5, 0.5, "traditional"), (0.5, 0.5, "not known")],
)
def test_the_mapping_that_the_market_speaks_for_is_named_only_if_it_speaks(tmp_path, directional, opportunistic, said):
    opened = market(tmp_path / "s.sqlite", directional, opportunistic)
    found = marks.clusters(opened, Bins.over(0, 7_200 * S))
    verdicts = marks.verdict(found, "inverted")
    assert len(verdicts) == len(HORIZONS_US)
    assert all(words.startswith(said) for _, words in verdicts)
    assert {curve.group: curve.means[0].mean for curve in found.curves} == {
        "directional": pytest.approx(directional, abs=0.3), "opportunistic": pytest.approx(opportunistic, abs=0.3)
    }  # fmt: skip


def test_few_fills_look_few(lively):
    splits = marks.fill_splits(lively.fills(), Bins.over(*_span(lively)))
    (fade,) = [
        curve for split in splits if split.title == "strategy" for curve in split.curves if curve.group == "fade"
    ]
    assert fade.n < 20
    assert all(estimate.low is None and estimate.why_not for estimate in fade.means)
    assert all(tail is None for tail in fade.tails)
    for split in splits:
        assert sum(curve.n for curve in split.curves) == len(lively.fills()), split.title


def _span(opened):
    about = opened.about()
    return about["first_ts_us"], about["last_ts_us"]


def test_rows_may_come_in_any_pieces():
    rng = np.random.default_rng(3)
    ts, codes = np.sort(rng.integers(0, 100 * S, 500)), rng.integers(0, 2, 500).astype(np.uint8)
    bps = np.where(rng.random((500, len(HORIZONS_US))) < 0.1, np.nan, rng.normal(size=(500, len(HORIZONS_US))))
    whole, pieces = (Samples(("a", "b"), Bins.over(0, 100 * S - 1)) for _ in range(2))
    whole.add(ts, codes, bps)
    for cut in np.array_split(np.arange(500), 7):
        pieces.add(ts[cut], codes[cut], bps[cut])
    for one, other in zip(whole.curves(), pieces.curves(), strict=True):
        assert (one.group, one.n, one.tails) == (other.group, other.n, other.tails)
        assert [e.mean for e in one.means] == pytest.approx([e.mean for e in other.means])
        mine = bps[codes == ("a", "b").index(one.group), 0]
        assert one.means[0].mean == pytest.approx(np.nanmean(mine))
        assert one.tails[0] == pytest.approx(np.nanpercentile(mine, 5), abs=1e-5)


def test_run_again_as_it_was_run_it_comes_to_the_same(lively, tmp_path):
    found = scenarios(lively, wanted=None)
    assert [scenario.name for scenario in found if scenario.kind == "fill rule"] == ["through", "queue", "touch"]
    for scenario in (scenario for scenario in found if scenario.as_run):
        assert scenario.summary["pnl_usdt"] == lively.about()["summary"]["pnl_usdt"]
        fills = lively.fills()["markout_1000ms_bps"]
        assert scenario.markouts_bps[1] == pytest.approx(fills.mean())
    assert len([scenario for scenario in found if scenario.as_run]) == 2
    assert len({scenario.summary["fills"] for scenario in found}) > 3
    report(lively, tmp_path / "r.html", found)
    assert "queue (as run)" in (tmp_path / "r.html").read_text()


def test_what_cannot_be_run_again_says_why(lively, tmp_path, monkeypatch):
    assert "--no-rerun" in scenarios(lively, wanted=False)
    monkeypatch.setattr("lobterm.cli.rerun.MOST_ROWS", 10)
    assert "--rerun runs it again" in scenarios(lively, wanted=None)
    with SessionLog(tmp_path / "s.sqlite") as log:
        log.begin({"live": True})
    assert "only a replay's tape" in scenarios(session.open(log=tmp_path / "s.sqlite"), wanted=True)


def test_it_is_one_command(lively, tmp_path, capsys):
    out = tmp_path / "r.html"
    assert (
        cli.main(["session", "report", "last", "--log", str(lively.path), "--out", str(out), "--no-rerun", "--json"])
        == 0
    )
    assert re.search(r'"fills":\d+', capsys.readouterr().out)
    assert out.stat().st_size > 50_000
    with pytest.raises(InputError, match="cannot be written"):
        report(lively, tmp_path / "no" / "r.html", "no")


@pytest.mark.long
def test_a_browser_without_a_network_has_nothing_to_complain_about(lively, tmp_path):
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium here")
    report(lively, tmp_path / "r.html", "no")
    quiet = [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
    ]
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", *quiet, "--disable-sync", f"--user-data-dir={tmp_path / 'user'}",
         "--proxy-server=127.0.0.1:9", "--window-size=1366,768", "--enable-logging=stderr",
         f"--screenshot={tmp_path / 'r.png'}", (tmp_path / "r.html").as_uri()],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    assert (tmp_path / "r.png").stat().st_size > 20_000
    assert not [line for line in done.stderr.splitlines() if "CONSOLE" in line and "r.html" in line]
