"""Exact money: products wider than 64 bits, rounded once, half to even.

What: a * b * c / 10**(9 n) in limbs of 10**9, so that a fee or a mark is never rounded twice.
Seeds: DESIGN §4 (account).
Units: whatever the caller says; results in 1e-8 of the quote coin.
"""

from __future__ import annotations

from lobterm.engine.kernel import kernel

LIMB = 1_000_000_000


@kernel
def _limbs(n: int) -> tuple[int, int, int]:
    return n % LIMB, n // LIMB % LIMB, n // LIMB // LIMB


@kernel
def mul_div(a: int, b: int, c: int, limbs: int) -> int:
    """Return a * b * c / 10**(9 * limbs), half to even. `b` >= 0, 0 <= `c` < 10**9, 1 <= `limbs` <= 2; the result fits 64 bits."""
    sign = -1 if a < 0 else 1
    a0, a1, a2 = _limbs(abs(a))
    b0, b1, b2 = _limbs(b)
    p0 = a0 * b0
    p1 = a0 * b1 + a1 * b0
    p2 = a0 * b2 + a1 * b1 + a2 * b0
    p3 = a1 * b2 + a2 * b1
    p4 = a2 * b2
    p1 += p0 // LIMB
    p2 += p1 // LIMB
    p3 += p2 // LIMB
    p4 += p3 // LIMB
    q0 = p0 % LIMB * c
    q1 = p1 % LIMB * c + q0 // LIMB
    q2 = p2 % LIMB * c + q1 // LIMB
    q3 = p3 % LIMB * c + q2 // LIMB
    q4 = p4 * c + q3 // LIMB
    q0, q1, q2, q3 = q0 % LIMB, q1 % LIMB, q2 % LIMB, q3 % LIMB
    if limbs == 1:
        whole = ((q4 * LIMB + q3) * LIMB + q2) * LIMB + q1
        rest, half = q0, LIMB // 2
    else:
        whole = (q4 * LIMB + q3) * LIMB + q2
        rest, half = q1 * LIMB + q0, LIMB * LIMB // 2
    if rest > half or (rest == half and whole % 2 == 1):
        whole += 1
    return sign * whole
