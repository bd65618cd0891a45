"""hftbacktest on the bench's tape; run by bench/engine.py in the peers' own environment, never by hand.

    python bench/peers.py TAPE.npz SETUP.json

Reads the name of a run a line from stdin, answers with one JSON object a line: seconds, fills, and the touch it ended with.
The maker follows hftbacktest's own examples: one level a side around mid, a stale price is cancelled and sent anew.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from hftbacktest import GTX, LIMIT, BacktestAsset, ROIVectorMarketDepthBacktest
from numba import njit

STEP_NS = 200_000_000
IDLE_NS = 100_000_000
BUY_ID, SELL_ID = 1, 2
"""The examples use the price as the order's id; one of each parity a side is enough for one level."""


def asset(events, setup):
    """Return the recorded market with the latencies, fees and fill rule that ours has."""
    return (
        BacktestAsset()
        .data(events)
        .linear_asset(1.0)
        .constant_order_latency(setup["latency_ns"], setup["latency_ns"])
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(setup["fee"], setup["fee"])
        .tick_size(setup["tick"])
        .lot_size(setup["lot"])
        .roi_lb(setup["low"])
        .roi_ub(setup["high"])
        .last_trades_capacity(0)
    )


@njit
def idle(hbt, step):
    steps = 0
    while hbt.elapse(step) == 0:
        steps += 1
    return steps


@njit
def maker(hbt, step, half_spread, qty, most):
    """Keep one bid and one ask `half_spread` (a share of mid) from mid, unless the inventory stands against it."""
    tick = hbt.depth(0).tick_size
    steps = 0
    while hbt.elapse(step) == 0:
        steps += 1
        hbt.clear_inactive_orders(0)
        depth, position, orders = hbt.depth(0), hbt.position(0), hbt.orders(0)
        if not depth.best_bid > 0 or not depth.best_ask > depth.best_bid:
            continue
        mid = (depth.best_bid + depth.best_ask) / 2.0
        bid_tick = min(np.floor(mid * (1.0 - half_spread) / tick), depth.best_bid_tick)
        ask_tick = max(np.ceil(mid * (1.0 + half_spread) / tick), depth.best_ask_tick)
        bid_id, ask_id = np.uint64(2 * bid_tick), np.uint64(2 * ask_tick + 1)
        has_bid = has_ask = False
        values = orders.values()
        while values.has_next():
            order = values.get()
            if order.order_id == bid_id:
                has_bid = True
            elif order.order_id == ask_id:
                has_ask = True
            elif order.cancellable:
                hbt.cancel(0, order.order_id, False)
        if not has_bid and position + qty <= most:
            hbt.submit_buy_order(0, bid_id, bid_tick * tick, qty, GTX, LIMIT, False)
        if not has_ask and position - qty >= -most:
            hbt.submit_sell_order(0, ask_id, ask_tick * tick, qty, GTX, LIMIT, False)
    return steps


def main() -> None:
    events, setup = np.load(sys.argv[1])["data"], json.loads(Path(sys.argv[2]).read_text())
    runs = {
        "idle": lambda hbt: idle(hbt, IDLE_NS),
        "maker": lambda hbt: maker(hbt, STEP_NS, setup["half_spread"], setup["size"], setup["most"]),
    }
    print(json.dumps({"events": len(events)}), flush=True)
    for line in sys.stdin:
        hbt = ROIVectorMarketDepthBacktest([asset(events, setup)])
        started = time.perf_counter()
        steps = runs[line.strip()](hbt)
        seconds = time.perf_counter() - started
        # an error inside ends `elapse` just as the end of the data does
        if int(hbt.current_timestamp) < events["local_ts"].max() - STEP_NS:
            sys.exit(f"hftbacktest stopped at {hbt.current_timestamp} ns, before its data ended")
        state = hbt.state_values(0)
        depth = hbt.depth(0)
        answer = {
            "seconds": seconds,
            "steps": steps,
            "fills": int(state.num_trades),
            "bid": depth.best_bid,
            "ask": depth.best_ask,
        }
        hbt.close()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
