"""Intervals and tests against values worked out elsewhere or by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.learn import beta, intervals
from scripts.learn.intervals import Share, exact_interval


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(0, 0, 0, 1), (0, 10, 0, 0.3085), (10, 10, 0.6915, 1), (18, 19, 0.7397, 0.9987), (5, 10, 0.1871, 0.8129)],
)
def test_the_exact_interval(right, total, low, high):
    """Figures as in the tables of Clopper and Pearson."""
    assert exact_interval(right, total) == pytest.approx((low, high), abs=1e-4)
    assert Share(right, total).facts()["high"] == pytest.approx(high, abs=1e-4)


def test_of_nothing_nothing_is_known():
    assert exact_interval(0, 0) == (0.0, 1.0)
    assert Share(0, 0).facts() == {"right": 0, "total": 0, "value": 0.0, "low": 0.0, "high": 1.0}


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share(pair):
    right, total = pair
    low, high = exact_interval(right, total)
    assert 0 <= low <= 1 and 0 <= high <= 1 and low - 1e-9 <= right / total <= high + 1e-9


def test_the_interval_covers_the_truth_at_least_95_times_in_100():
    for share in (0.8, 0.97):
        draws = np.random.default_rng(0).binomial(60, share, 4000)
        limits = {n: exact_interval(n, 60) for n in set(draws.tolist())}
        assert np.mean([limits[n][0] <= share <= limits[n][1] for n in draws.tolist()]) > 0.95


@pytest.mark.parametrize(
    ("x", "a", "b", "below"),
    [(0.5, 2, 3, 0.6875), (0.2, 1, 1, 0.2), (0.9, 20.5, 1.5, 0.224045), (0.999, 0.5, 0.5, 0.979869)],
)
def test_the_beta_distribution(x, a, b, below):
    """Figures worked out by hand (2, 3: 6x^2 - 8x^3 + 3x^4; halves: 2/pi asin sqrt x) and by summing the density."""
    assert beta.share_below(x, a, b) == pytest.approx(below, abs=2e-5)
    assert beta.quantile(below, a, b) == pytest.approx(x, abs=1e-4)


def test_evidence_that_is_worth_less_gives_a_wider_interval():
    assert Share(38, 40, 0.6).interval == pytest.approx(exact_interval(22.8, 24))
    assert Share(38, 40, 0.6).interval[0] < Share(38, 40).interval[0] < 0.95 < Share(38, 40).interval[1]


@pytest.mark.parametrize(
    ("one", "other", "p"), [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (1, 9, 0.021484375), (0, 6, 0.03125)]
)
def test_mcnemars_exact_test(one, other, p):
    assert intervals.mcnemar(one, other) == intervals.mcnemar(other, one) == pytest.approx(p)


def test_the_upper_limit_of_mistakes_holds_as_often_as_it_claims():
    """Drawn again and again from one share: what 40 tell of the next 100."""
    rng = np.random.default_rng(0)
    held = []
    for share in (0.0, 0.02, 0.1, 0.5):
        for _ in range(300):
            wrong = int(rng.binomial(40, share))
            held.append(rng.binomial(100, share) <= intervals.most_wrong(wrong, 40, 100))
    assert np.mean(held) > 0.96
    assert (
        intervals.most_wrong(0, 10**6, 100) == 0
        and intervals.most_wrong(5, 5, 3) == 3
        and intervals.most_wrong(0, 9, 0) == 0
    )
