"""The beta distribution: what a share may be, given so many right and so many wrong. Standard library only."""

import math

TERMS, EXACT = 300, 1e-12  # of the continued fraction; it needs some tens, more for very large counts


def share_below(x: float, a: float, b: float) -> float:
    """The probability, 0..1, that a share with a beta distribution of a, b > 0 is at most x, 0..1.

    The regularised incomplete beta function by its continued fraction, summed by Lentz' method (DLMF 8.17.22;
    Thompson & Barnett 1986, J. Comput. Phys. 64, 490-509).
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # the fraction converges quickly on the other side
        return 1 - share_below(1 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / _away(1 + term * d), _away(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < EXACT:
            break
    return math.exp(front) * value / a


def quantile(p: float, a: float, b: float) -> float:
    """The share, 0..1, that lies above the beta-distributed one with probability p."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if share_below(middle, a, b) < p else (low, middle)
    return (low + high) / 2


def _away(x: float) -> float:
    """x, but never so near to zero that it cannot be divided by."""
    return x if abs(x) > 1e-300 else 1e-300
