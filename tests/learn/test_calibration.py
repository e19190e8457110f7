"""Temperature scaling finds the temperature that was put in, and is careful where few images are known."""

import numpy as np
import pytest

from scripts.learn import calibration, metrics
from scripts.learn.head import softmax


def made_up(n: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are right about how sure they are, and labels drawn by them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 4))
    return logits, (softmax(logits).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 3.0])
def test_the_temperature_that_was_put_in_is_found(temperature):
    logits, y = made_up()
    assert calibration.fit_temperature(logits * temperature, y) == pytest.approx(temperature, rel=0.06)


def test_calibration_mends_what_is_too_sure():
    logits, y = made_up()
    raw, cooled = softmax(logits * 4), softmax(logits * 4 / calibration.fit_temperature(logits * 4, y))
    assert metrics.ece(raw, y) > 0.1 > 0.03 > metrics.ece(cooled, y)
    assert metrics.nll(cooled, y) < metrics.nll(raw, y)


def test_temperatures_stay_within_reason_when_all_is_right_or_wrong():
    sure = np.eye(3)[np.arange(60) % 3] * 5
    assert 0.5 < calibration.fit_temperature(sure, np.arange(60) % 3) < 1.5  # 60 right ones do not rule out a wrong one
    assert 19 < calibration.fit_temperature(sure, (np.arange(60) + 1) % 3) < 21


@pytest.mark.parametrize("each", [5, 20, 100])
def test_where_every_prediction_is_right_the_score_tells_how_many_there_were(each):
    """Without the brake the temperature runs to its end stop, and every score becomes 1."""
    labels = np.repeat(np.arange(3), each)
    logits = np.eye(3)[labels] * 2.0
    temperature = calibration.fit_temperature(logits, labels)
    score = float(np.exp(2 / temperature) / (np.exp(2 / temperature) + 2))
    assert score == pytest.approx(1 - 1 / (3 * each + 2), abs=1e-3)


def test_targets_leave_room_for_what_was_not_seen():
    targets = calibration.soft_targets(np.array([0, 2]), 3)
    assert targets.tolist() == [[0.75, 0.125, 0.125], [0.125, 0.125, 0.75]]
