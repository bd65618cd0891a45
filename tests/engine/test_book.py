"""The book against a dict: no level is ever lost, however far the market moves or however sparse it is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as hs

from lobterm.engine import book as bk


class Plain:
    """A book of two dicts."""

    def __init__(self):
        self.sides = {1: {}, -1: {}}

    def set(self, side, px, qty):
        self.sides[side].pop(px, None)
        if qty:
            self.sides[side][px] = qty

    def top(self, side, n):
        return [[px, self.sides[side][px]] for px in sorted(self.sides[side], reverse=side > 0)[:n]]


def set_level(book, side, px, qty):
    """Set a level, growing the book where it asks for it."""
    while not bk.set_level(book, side, px, qty):
        book = bk.grow(book)
    return book


def held(book, side):
    o = bk.part_of(book, side)
    return int(book[o + bk.NEAR] + book[o + bk.FAR])


def assert_equal(book, plain):
    for side in (1, -1):
        assert bk.top(book, side, 9).tolist() == plain.top(side, 9)
        assert held(book, side) == len(plain.sides[side])


@pytest.mark.parametrize("capacity", [64, 1024])
@pytest.mark.parametrize("start", [5, 100_000, 10**12])
def test_a_wandering_market_with_far_levels_jumps_and_clears(capacity, start):
    rng = random.Random(f"{capacity} {start}")
    book, plain, mid = bk.new_book(capacity), Plain(), start
    for i in range(6_000):
        if rng.random() < 0.002:
            bk.clear(book)
            plain = Plain()
        if rng.random() < 0.003:
            mid = max(5, mid + rng.choice([-1, 1]) * rng.choice([10, 5_000, 20_000, 300_000]))
        side, draw = rng.choice([1, -1]), rng.random()
        away = rng.randint(0, 10) if draw < 0.7 else rng.randint(0, 30_000) if draw < 0.95 else rng.randint(0, 10**7)
        px, qty = max(1, mid - side * away), rng.choice([0, 0, 1, 5, 100])
        if rng.random() < 0.3 and plain.sides[side]:
            px, qty = plain.top(side, 1)[0][0], 0
        book = set_level(book, side, px, qty)
        plain.set(side, px, qty)
        if i % 11 == 0:
            assert_equal(book, plain)


LEVELS = hs.lists(
    hs.tuples(hs.sampled_from([1, -1]), hs.integers(1, 50) | hs.integers(1, 10**9), hs.integers(0, 3)), max_size=80
)


@given(changes=LEVELS)
def test_walking_down_meets_every_level_once(changes):
    book, plain = bk.new_book(64), Plain()
    for side, px, qty in changes:
        book = set_level(book, side, px, qty)
        plain.set(side, px, qty)
    assert_equal(book, plain)
    for side in (1, -1):
        levels = plain.top(side, 10**6)
        walked, key = [], bk.best(book, side)
        while key != bk.NONE:
            walked.append([side * key, int(bk.level_qty(book, side, side * key))])
            key = bk.next_key(book, side, key)
        assert walked == levels
        assert bk.levels(book, side).tolist() == levels
        for i, (px, _) in enumerate(levels[:5]):
            assert bk.depth(book, side, side * px, 3) == sum(qty for _, qty in levels[i + 1 : i + 4])
            assert bk.level_qty(book, side, px + 10**10) == 0


def test_a_full_far_table_says_so_and_changes_nothing():
    book = bk.new_book(64)
    assert bk.set_level(book, 1, 10**6, 1)
    px = 1
    while bk.set_level(book, 1, px, 1):
        px += 1
    before = book.copy()
    assert not bk.set_level(book, 1, px, 7)
    assert (book == before).all()
    larger = bk.grow(book)
    assert bk.set_level(larger, 1, px, 7)
    assert bk.level_qty(larger, 1, px) == 7
    assert bk.top(larger, 1, 1000).tolist()[1:] == [[p, 7 if p == px else 1] for p in range(px, 0, -1)]
