"""Each row of a tape is logged once, however often a session goes back over it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as hs

from lobterm.session.stretches import Stretches


@given(plays=hs.lists(hs.tuples(hs.integers(0, 60), hs.integers(1, 25)), max_size=12))
def test_whatever_is_played_is_cut_into_what_is_new_and_what_is_not(plays):
    stretches, known = Stretches(), set()
    for start, n in plays:
        at = start
        while at < start + n:
            stop, new = stretches.run(at, start + n)
            assert at < stop <= start + n
            assert {row in known for row in range(at, stop)} == {not new}
            if new:
                stretches.add(at, stop)
                known |= set(range(at, stop))
            at = stop
    held = stretches.to_json()
    assert {row for a, b in held for row in range(a, b)} == known
    assert all(b < c for (_, b), (c, _) in zip(held, held[1:], strict=False)), "what touches is one"
