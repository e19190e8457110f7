"""The threshold that is used follows the model, and is never below the user's."""

from pathlib import Path

import numpy as np
import pytest

from scripts.learn import out_of_fold, threshold
from scripts.learn.dataset import LabeledImage
from scripts.learn.out_of_fold import OutOfFold
from scripts.learn.train import HeadConfig, train
from tests.learn.test_unchecked import two_labels

ALONE = np.arange(10_000)


def sample(spread: float, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores that mean what they say, and whether each is right; the larger the spread, the more of them near 1."""
    rng = np.random.default_rng(seed)
    scores = 1 - 0.5 * rng.random(n) ** spread
    return scores, rng.random(n) < scores


def found(scores: np.ndarray, right: np.ndarray, wanted: float = 0.925) -> float:
    return threshold.model_threshold(scores, right, wanted, ALONE[: len(scores)])


def test_where_nearly_all_is_sure_and_right_the_users_threshold_is_used():
    assert found(*sample(8, 300)) == 0.925


def test_on_a_hard_set_the_threshold_is_raised_until_the_target_is_reached():
    scores, right = sample(1, 400)
    raised = found(scores, right)
    assert 0.925 < raised < 1
    more, rights = sample(1, 200_000, seed=1)
    assert rights[more >= 0.925].mean() < threshold.target_precision(0.925) <= rights[more >= raised].mean()


def test_fewer_images_and_frames_of_few_recordings_ask_for_more():
    scores, right = sample(1.5, 400)
    assert threshold.model_threshold(scores, right, 0.925, ALONE[:400] % 20) > found(scores, right)


def test_where_nothing_is_known_to_be_sure_no_score_is():
    scores = np.full(30, 0.93)
    assert found(scores, np.ones(30, bool)) == threshold.UNREACHABLE
    assert found(scores - 0.2, np.ones(30, bool)) == 0.925  # nothing is above it anyway
    assert found(np.zeros(0), np.zeros(0, bool)) == 0.925


@pytest.mark.parametrize(("wanted", "promised"), [(0.925, 0.97), (0.5, 0.8), (1.0, 1.0)])
def test_what_a_threshold_promises(wanted, promised):
    assert threshold.target_precision(wanted) == pytest.approx(promised)


def test_a_stored_model_knows_its_threshold():
    scores, right = sample(1, 400)
    shas = [f"{i:064x}" for i in range(400)]
    labels = {sha: "a" for sha in shas}
    guesses = {sha: "a" if ok else "b" for sha, ok in zip(shas, right, strict=True)}
    predictions = OutOfFold(guesses, dict(zip(shas, scores.tolist(), strict=True)), labels, frozenset())
    assert predictions.threshold(0.925) == found(scores, right)
    assert OutOfFold({}, {}, {}, frozenset()).threshold(0.925) == 0.925


def test_images_that_somebody_chose_tell_the_threshold_too_and_are_stored(tmp_path):
    """A labeling session leaves few others; from those alone hardly anything would count as sure."""
    data = two_labels(120, 0)
    data.images = [LabeledImage(Path("a.jpg"), "a", f"{i:064x}") for i in range(120)]
    data.chosen = np.arange(120) % 10 > 0
    trained = train(data, HeadConfig(steps=300, every=10**9))
    assert len(trained.evaluation.rows) == 12 and len(trained.evidence.scores) == 120
    out_of_fold.save(tmp_path, data, trained)
    stored = out_of_fold.load(tmp_path, data.labels)
    assert len(stored.scores) == 12
    assert stored.threshold(0.7) == pytest.approx(trained.evidence.threshold(0.7), abs=1e-6)
    assert stored.threshold(0.7) == pytest.approx(trained.facts["lines"]["0.7"], abs=1e-6)
