"""What a quiet market left behind: window samples for a tape's head, so that every z is defined from its first minute.

What: a market of the scenario's pace, without news, leverage worth the name or bad lines, is lived through before the tape
begins; what its engine holds in its windows at the end becomes SAMPLE rows, their times moved to just before the tape.
Units: as events.EVENT says.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lobterm.engine import carry, drive
from lobterm.engine import state as st
from lobterm.engine.drive import Engine
from lobterm.events import EventArray, empty
from lobterm.simulator import agents
from lobterm.simulator.agents import Options, Run
from lobterm.simulator.scenarios import SCENARIOS, Scenario

BEFORE_SEED = 1 << 31
"""Added to the tape's seed: the market before it is another draw."""


def before(scenario: Scenario) -> Scenario:
    """Return the market that a scenario is judged against: quiet, at its pace."""
    return replace(SCENARIOS["quiet-night"], calm=scenario.calm)


def engines(
    scenario: Scenario, seed: int, seconds: int, options: Options, params: list[npt.NDArray[np.float64]]
) -> list[Engine]:
    """Return one engine for each parameter vector, all having lived through the market before."""
    found = [drive.start(agents.INSTRUMENTS[0], vector) for vector in params]
    for piece in Run(before(scenario), (seed + BEFORE_SEED) % 2**32, seconds, options).pieces():
        for engine in found:
            for _ in drive.fold(engine, piece.rows):
                pass
    return found


def samples(engine: Engine) -> EventArray:
    """Return the SAMPLE rows that a simulated tape may open with; its first µs follows their last."""
    rows = carry.samples(engine.state, agents.START_TS)
    rows["exch_ts"] += agents.START_TS - 1 - int(engine.state.clock[st.NOW])
    return rows


def head(scenario: Scenario, seed: int, seconds: int, options: Options, params: npt.NDArray[np.float64]) -> EventArray:
    """Return the samples of `seconds` of market before a tape; none for 0."""
    return samples(engines(scenario, seed, seconds, options, [params])[0]) if seconds else empty(0)
