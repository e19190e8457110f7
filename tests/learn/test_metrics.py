"""Figures against values worked out elsewhere or by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.learn import beta, metrics
from scripts.learn.head import softmax
from scripts.learn.metrics import Share


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [
        (8, 10, 0.490162, 0.943318),  # statsmodels proportion_confint(..., method="wilson")
        (50, 100, 0.403832, 0.596168),
        (0, 10, 0.0, 0.277533),
        (10, 10, 0.722467, 1.0),
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, Statistics in Medicine 17, table I: 0.2553 to 0.3662
        (1, 29, 0.0061, 0.1718),  # the same table: 0.0061 to 0.1718
    ],
)
def test_wilson_intervals_known_from_books(right, total, low, high):
    assert metrics.wilson(right, total) == pytest.approx((low, high), abs=5e-5)


def test_of_nothing_nothing_is_known():
    assert metrics.wilson(0, 0) == (0.0, 1.0)
    assert Share(0, 0).facts() == {"right": 0, "total": 0, "value": 0.0, "low": 0.0, "high": 1.0}


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share(pair):
    right, total = pair
    low, high = metrics.wilson(right, total)
    assert 0 <= low <= right / total <= high <= 1


def test_wilson_covers_the_truth_about_95_times_in_100():
    draws = np.random.default_rng(0).binomial(60, 0.8, 4000)
    inside = [low <= 0.8 <= high for low, high in (metrics.wilson(int(n), 60) for n in draws)]
    assert 0.93 < np.mean(inside) < 0.97


def test_calibration_error_by_hand():
    """Fifteen bins of two: half sure .9 and always right, half sure .6 and half of them right."""
    p = np.array([[0.9, 0.1]] * 16 + [[0.6, 0.4]] * 14)
    y = np.array([0] * 16 + [0, 1] * 7)
    assert metrics.ece(p, y) == pytest.approx(16 / 30 * 0.1 + 14 / 30 * 0.1)
    assert metrics.ece(np.array([[1.0, 0.0]] * 30), np.ones(30, int)) == pytest.approx(1)
    assert metrics.ece(np.zeros((0, 2)), np.zeros(0, int)) == 0.0


def made_up(n: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are right about how sure they are, and labels drawn by them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 4))
    return logits, (softmax(logits).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 3.0])
def test_the_temperature_that_was_put_in_is_found(temperature):
    logits, y = made_up()
    assert metrics.fit_temperature(logits * temperature, y) == pytest.approx(temperature, rel=0.06)


def test_calibration_mends_what_is_too_sure():
    logits, y = made_up()
    raw, cooled = softmax(logits * 4), softmax(logits * 4 / metrics.fit_temperature(logits * 4, y))
    assert metrics.ece(raw, y) > 0.1 > 0.03 > metrics.ece(cooled, y)
    assert metrics.nll(cooled, y) < metrics.nll(raw, y)


def test_temperatures_stay_within_reason_when_all_is_right_or_wrong():
    sure = np.eye(3)[np.arange(60) % 3] * 5
    assert 0.5 < metrics.fit_temperature(sure, np.arange(60) % 3) < 1.5  # 60 right ones do not rule out a wrong one
    assert 19 < metrics.fit_temperature(sure, (np.arange(60) + 1) % 3) < 21


@pytest.mark.parametrize("each", [5, 20, 100])
def test_where_every_guess_is_right_the_score_tells_how_many_there_were(each):
    """Without the brake the temperature runs to its end stop, and every score becomes 1."""
    labels = np.repeat(np.arange(3), each)
    logits = np.eye(3)[labels] * 2.0
    heat = metrics.fit_temperature(logits, labels)
    score = float(np.exp(2 / heat) / (np.exp(2 / heat) + 2))
    assert score == pytest.approx(1 - 1 / (3 * each + 2), abs=1e-3)


def test_targets_leave_room_for_what_was_not_seen():
    targets = metrics.soft_targets(np.array([0, 2]), 3)
    assert targets.tolist() == [[0.75, 0.125, 0.125], [0.125, 0.125, 0.75]]


@pytest.mark.parametrize(
    ("one", "other", "p"), [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (1, 9, 0.021484375), (0, 6, 0.03125)]
)
def test_mcnemars_exact_test(one, other, p):
    assert metrics.mcnemar(one, other) == metrics.mcnemar(other, one) == pytest.approx(p)


def test_the_upper_limit_of_mistakes_holds_as_often_as_it_claims():
    """Drawn again and again from one share: what 40 tell of the next 100."""
    rng = np.random.default_rng(0)
    held = []
    for share in (0.0, 0.02, 0.1, 0.5):
        for _ in range(300):
            wrong = int(rng.binomial(40, share))
            held.append(rng.binomial(100, share) <= metrics.most_wrong(wrong, 40, 100))
    assert np.mean(held) > 0.96
    assert (
        metrics.most_wrong(0, 10**6, 100) == 0 and metrics.most_wrong(5, 5, 3) == 3 and metrics.most_wrong(0, 9, 0) == 0
    )


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [
        (0, 0, 0, 1),
        (0, 1, 0, 0.7935),
        (1, 1, 0.2065, 1),
        (0, 50, 0, 0.0713),
        (50, 50, 0.9287, 1),
        (49, 50, 0.895, 0.9965),
    ],
)
def test_intervals_at_the_edges(right, total, low, high):
    assert metrics.wilson(right, total) == pytest.approx((low, high), abs=1e-4)
    assert (
        0
        <= metrics.wilson(right, total)[0]
        <= (right / total if total else 0.5)
        <= metrics.wilson(right, total)[1]
        <= 1
    )


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(0, 0, 0, 1), (0, 10, 0, 0.3085), (10, 10, 0.6915, 1), (18, 19, 0.7397, 0.9987), (5, 10, 0.1871, 0.8129)],
)
def test_the_exact_interval(right, total, low, high):
    """Figures as in the tables of Clopper and Pearson."""
    assert metrics.exact(right, total) == pytest.approx((low, high), abs=1e-4)
    assert Share(right, total).facts()["high"] == pytest.approx(high, abs=1e-4)


@pytest.mark.parametrize(
    ("x", "a", "b", "below"),
    [(0.5, 2, 3, 0.6875), (0.2, 1, 1, 0.2), (0.9, 20.5, 1.5, 0.224045), (0.999, 0.5, 0.5, 0.979869)],
)
def test_the_beta_distribution(x, a, b, below):
    """Figures worked out by hand (2, 3: 6x^2 - 8x^3 + 3x^4; halves: 2/pi asin sqrt x) and by summing the density."""
    assert beta.share_below(x, a, b) == pytest.approx(below, abs=2e-5)
    assert beta.quantile(below, a, b) == pytest.approx(x, abs=1e-4)


def test_evidence_that_is_worth_less_gives_a_wider_interval():
    assert Share(38, 40, 0.6).interval == pytest.approx(metrics.exact(22.8, 24))
    assert Share(38, 40, 0.6).interval[0] < Share(38, 40).interval[0] < 0.95 < Share(38, 40).interval[1]


def test_confusion_and_what_follows_from_it():
    table = metrics.confusion(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 0]), 3)
    assert table.tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    zero, one, two = metrics.per_label(table)
    assert (zero["precision"], zero["recall"], zero["f1"]) == (2 / 3, 2 / 3, 2 / 3)
    assert (one["precision"], one["recall"], one["n"]) == (2 / 3, 1.0, 2)
    assert (two["precision"], two["recall"], two["f1"], two["said"]) == (None, 0.0, 0.0, 0)


SCORES = np.array([[0.99, 0.01], [0.95, 0.05], [0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.45, 0.55]])
TRUE = np.array([0, 0, 1, 1, 1, 0])


def test_what_a_threshold_lets_through():
    row = metrics.above(SCORES, TRUE, 0.9)
    assert (row["coverage"], row["right"], row["total"]) == (0.5, 2, 3)
    row = metrics.above(SCORES, TRUE, 0.7, label=1)
    assert (row["coverage"], row["right"], row["total"]) == (2 / 3, 2, 2)
    assert metrics.above(SCORES, TRUE, 1.1)["total"] == 0


def test_the_score_that_reaches_a_target():
    assert metrics.threshold_for(SCORES, TRUE, 0.8) == 0.7  # four right of the five from .7 up
    assert metrics.threshold_for(SCORES, TRUE, 0.95) is None
    assert metrics.threshold_for(SCORES, TRUE, 0.5, label=1) is None  # three images above it say nothing


def test_from_a_target_score_on_the_share_really_is_reached():
    logits, y = made_up(500)
    p = softmax(logits)
    for target in metrics.TARGETS:
        score = metrics.threshold_for(p, y, target)
        assert score is None or metrics.above(p, y, score)["value"] >= target


def test_reliability_counts_every_image_once():
    rows = metrics.reliability(SCORES, TRUE)
    assert sum(row["total"] for row in rows) == 6
    assert [row["from"] for row in rows] == sorted(row["from"] for row in rows)


def test_wrong_labels_come_first_among_the_suspects():
    logits, _ = made_up(1000)
    y = logits.argmax(axis=1)
    planted = np.random.default_rng(1).permutation(1000)[:50]
    noisy = y.copy()
    noisy[planted] = (y[planted] + 1) % 4
    listed = metrics.suspects(softmax(logits * 2), noisy)
    assert len(listed) == len(set(listed)) == 50
    assert set(listed) == set(planted)


def test_the_most_blatant_suspect_comes_first():
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.02, 0.98], [0.1, 0.9], [0.1, 0.9]])
    assert metrics.suspects(p, np.array([0, 0, 0, 0, 1, 1])) == [3, 2]


def test_nothing_is_suspect_where_all_agree():
    assert metrics.suspects(np.eye(3)[[0, 1, 2]], np.array([0, 1, 2])) == []


def test_the_novelty_limit_admits_nearly_all_training_images_and_ignores_their_copies():
    rng = np.random.default_rng(0)
    rows = metrics.unit_rows(rng.normal(0, 1, (600, 8)), np.zeros(8))
    alone = metrics.distance_gate(rows, np.arange(600))
    doubled = metrics.distance_gate(np.repeat(rows, 2, axis=0), np.repeat(np.arange(600), 2))
    assert doubled == pytest.approx(alone, rel=0.05)
    others = metrics.unit_rows(rng.normal(0, 1, (300, 8)), np.zeros(8))
    assert 0.96 < (metrics.nearest_distance(others, rows) <= alone).mean() <= 1


def test_distances_in_blocks_are_those_of_all_at_once():
    rng = np.random.default_rng(0)
    a, b = (metrics.unit_rows(rng.normal(0, 1, (n, 5)), np.zeros(5)) for n in (1100, 30))
    assert metrics.nearest_distance(a, b) == pytest.approx(1 - (a @ b.T).max(axis=1))
    assert metrics.nearest_distance(b[:0], b).shape == (0,)
