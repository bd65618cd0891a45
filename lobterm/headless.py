"""A replay without a screen: flat out, digested, logged, summed up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from lobterm import warm
from lobterm.events import EventArray
from lobterm.runs import CHUNK, Setup, model_warning

if TYPE_CHECKING:
    from lobterm.engine.drive import Engine, Rows

PIECE = CHUNK
RANDOM_CUTS = 200


def pieces(rows: int, seed: int | None) -> list[tuple[int, int]]:
    """Return (start, stop) cuts of a tape: whole chunks, or random ones to prove that cutting changes nothing."""
    if seed is None:
        edges = [*range(0, rows, PIECE), rows]
    else:
        rng = np.random.default_rng(seed)
        edges = [0, *sorted(set(rng.integers(1, max(rows, 2), size=min(RANDOM_CUTS, rows)).tolist())), rows]
    return [(a, b) for a, b in zip(edges, edges[1:], strict=False) if b > a]


def _outputs(engine: Engine, events: EventArray, cut_seed: int | None) -> Iterator[tuple[int, Rows]]:
    """Yield (rows of the tape that were folded, what came of them), the end of the session included."""
    from lobterm.engine import drive

    for start, stop in pieces(len(events), cut_seed):
        for rows in drive.fold(engine, events[start:stop]):
            yield stop, rows
    for rows in drive.finish(engine):
        yield len(events), rows


def replay(
    setup: Setup,
    events: EventArray,
    *,
    cut_seed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Replay `events` flat out and return the summary that `lobterm replay --headless --json` prints."""
    from lobterm.engine.digest import RowsDigest

    warm.load()  # the time below is the engine's, not the compiler's
    engine, digest = setup.new_engine(), RowsDigest()
    session_id = setup.log.begin(setup.provenance()) if setup.log else None
    started, in_engine = time.perf_counter(), 0.0
    outputs = _outputs(engine, events, cut_seed)
    while True:
        mark = time.perf_counter()
        output = next(outputs, None)
        in_engine += time.perf_counter() - mark
        if output is None:
            break
        done, rows = output
        digest.add(rows)
        if setup.log:
            setup.log.write(rows)
        if progress:
            progress(done, len(events))
    if setup.log:
        setup.log.flush()
    elapsed = time.perf_counter() - started
    result = summary(setup, engine, len(events), elapsed, in_engine, digest.hexdigest(), session_id)
    if setup.log:
        setup.log.end(result)
    return result


def summary(
    setup: Setup, engine: Engine, events: int, elapsed: float, in_engine: float, sha256: str, session_id: str | None
) -> dict[str, Any]:
    """Return the keys of DESIGN §7; what this version does not compute is null, never zero."""
    from lobterm.engine import account, read
    from lobterm.engine import state as st
    from lobterm.engine.rows import Label, Strategy

    s, lot = engine.state, setup.instrument.lot_size
    counts = [int(n) for n in s.counts]
    pnl = read.pnl(s)
    by_strategy = {who.name.lower(): int(s.acct[who, account.FILLS]) for who in Strategy}
    orders, fills = counts[st.PLACED], sum(by_strategy.values())
    return {
        "tape": str(setup.tape.path),
        "events": events,
        "trades": counts[st.TRADES],
        "elapsed_s": elapsed,
        "engine_s": in_engine,
        "events_per_s": events / elapsed if elapsed else None,
        "labels": {
            label.name.lower(): counts[st.LABELLED + label] for label in (Label(1), Label(2), *map(Label, (0, 3, 4)))
        },
        "alpha_ticks": counts[st.ALPHA_TICKS],
        "triggers": int(s.clock[st.TRIGGERED]),
        "forced_ticks": int(s.clock[st.FORCED_TICKS]),
        "orders": orders,
        "requotes": counts[st.REQUOTES],
        "rejects": counts[st.REJECTS],
        "throttled": counts[st.THROTTLED],
        "fills": fills,
        "fill_rate": fills / orders if orders else None,
        "fills_by_strategy": by_strategy,
        "inventory_end": float(int(account.position(s.acct)) * lot),
        "inventory_max": float(int(s.clock[st.POSITION_MAX]) * lot),
        "pnl_usdt": {
            "total": _quote(pnl.total_e8),
            "spread": _quote(pnl.spread_e8),
            "inventory": _quote(pnl.inventory_e8),
            "fees": _quote(pnl.fees_e8),
            "slippage": _quote(pnl.slippage_e8),
            "funding": _quote(pnl.funding_e8),
        },
        "gaps": counts[st.GAPS],
        "rows_sha256": sha256,
        "session_id": session_id,
        "log": setup.log.keep if setup.log else "none",
        "model_sha256": setup.model.sha256 if setup.model else None,
        "warning": model_warning(setup),
    }


def _quote(e8: int | None) -> float | None:
    return None if e8 is None else e8 / 1e8
