"""Figures against values worked out elsewhere or by hand."""

import numpy as np
import pytest

from scripts.learn import metrics
from scripts.learn.head import softmax
from tests.learn.test_calibration import made_up


def test_calibration_error_by_hand():
    """Fifteen bins of two: half sure .9 and always right, half sure .6 and half of them right."""
    p = np.array([[0.9, 0.1]] * 16 + [[0.6, 0.4]] * 14)
    y = np.array([0] * 16 + [0, 1] * 7)
    assert metrics.ece(p, y) == pytest.approx(16 / 30 * 0.1 + 14 / 30 * 0.1)
    assert metrics.ece(np.array([[1.0, 0.0]] * 30), np.ones(30, int)) == pytest.approx(1)
    assert metrics.ece(np.zeros((0, 2)), np.zeros(0, int)) == 0.0


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
