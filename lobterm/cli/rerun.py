"""A session's tape run again with one thing changed: the fill rule, or the latency."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lobterm.events import EventArray
    from lobterm.runs import Setup
    from lobterm.session.opening import Session
    from lobterm.session.report.build import Scenario

LATENCIES_MS = (0, 50, 100, 150, 300)
"""003 §9.2 asks for 50 to 150 ms."""
MOST_ROWS = 5_000_000
"""Rows of a tape up to which it is run again unasked: some seconds."""


def scenarios(
    session: Session, *, wanted: bool | None, progress: Callable[[int, int], None] | None = None
) -> list[Scenario] | str:
    """Return what other rules and latencies come to, or why that was not run. `wanted` None: if the tape is short."""
    from lobterm.session.report.tape import tape_of

    if wanted is False:
        return "it was not asked for (--no-rerun)"
    about = session.about()
    if about["mode"] != "replay":
        return "only a replay's tape can be run again"
    tape = tape_of(about)
    if isinstance(tape, str):
        return tape
    if wanted is None and tape.meta.rows > MOST_ROWS:
        return f"the tape has {tape.meta.rows:,} rows; --rerun runs it again all the same"
    setups = list(_setups(session, about, tape))
    if not setups:
        return "the cluster model that was run is not kept with the session, nor does it lie beside the tape"
    from lobterm.headless import summary
    from lobterm.session.report.build import Scenario

    events, found = tape.read(), []
    base = about["params"]
    for number, (kind, name, setup) in enumerate(setups):
        marked, engine, elapsed = _run(setup, events)
        as_run = name == (base["matching.rule"] if kind == "fill rule" else _latency(base))
        found.append(
            Scenario(kind, name, as_run, summary(setup, engine, len(events), elapsed, elapsed, "", None), marked)
        )
        if progress:
            progress(number + 1, len(setups))
    return found


def _latency(params: dict[str, Any]) -> str:
    order, cancel = params["matching.order_latency_us"], params["matching.cancel_latency_us"]
    return f"{order / 1e3:g} ms" if order == cancel else f"{order / 1e3:g} and {cancel / 1e3:g} ms"


def _setups(session: Session, about: dict[str, Any], tape: Any) -> Iterator[tuple[str, str, Setup]]:
    """Yield (what is changed, to what, the setup); nothing where the model that was run cannot be had."""
    from lobterm.config import Config
    from lobterm.runs import FILL_RULES, Setup

    model = _model(session, about, Path(tape.path))
    if model is None and about["model_sha256"]:
        return
    base = Config(())
    for key, value in about["params"].items():
        base = base.with_override(f"{key}={value}")
    for rule in FILL_RULES:
        yield "fill rule", rule, Setup(tape, base.with_override(f"matching.rule={rule}"), model)
    latencies = dict.fromkeys([*(f"{ms} ms" for ms in LATENCIES_MS), _latency(about["params"])])
    for name in latencies:
        if "and" in name:
            yield "latency", name, Setup(tape, base, model)
            continue
        us = int(float(name.removesuffix(" ms")) * 1_000)
        changed = base.with_override(f"matching.order_latency_us={us}").with_override(
            f"matching.cancel_latency_us={us}"
        )
        yield "latency", name, Setup(tape, changed, model)


def _model(session: Session, about: dict[str, Any], tape: Path) -> Any:
    import msgspec

    from lobterm.models.model import ClusterModel, load
    from lobterm.runs import model_beside

    kept = session.kept_model()
    if kept is not None:
        return msgspec.convert(kept, ClusterModel)
    beside = model_beside(tape)
    found = load(beside) if beside else None
    return found if found is not None and found.sha256 == about["model_sha256"] else None


def _run(setup: Setup, events: EventArray) -> tuple[tuple[float | None, ...], Any, float]:
    """Return (mean markout of the fills in bps for each horizon, the engine at its end, seconds)."""
    import time

    import numpy as np

    from lobterm.engine import drive
    from lobterm.engine.rows import HORIZONS_US, Marked

    engine, started = setup.new_engine(), time.perf_counter()
    fills = []
    for rows in [*drive.fold(engine, events), *drive.finish(engine)]:
        marks = rows["markouts"]
        fills.append(marks[marks["what"] == Marked.FILL])
    marks = np.concatenate(fills)
    found: list[float | None] = []
    for h in range(len(HORIZONS_US)):
        known = marks[(marks["valid"] & (1 << h)) != 0]
        moved = 1e4 * known["side"] * (known["mid2"][:, h] - known["ref2"]) / known["ref2"]
        found.append(float(moved.mean()) if len(known) else None)
    return tuple(found), engine, time.perf_counter() - started
