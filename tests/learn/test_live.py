"""The model that learns while somebody shows things: right at once, and honest about what it has not seen."""

import numpy as np
import pytest

from scripts.learn.live import learn_live
from tests.helpers import blobs


def recordings(each: int, frames: int, spread: float = 2.0, seed: int = 0):
    """Embeddings of recordings of two labels: frames lie close together, recordings of a label farther apart."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 1.5, (2, 20))
    vectors, labels, groups = [], [], []
    for label in range(2):
        for number in range(each):
            place = centres[label] + rng.normal(0, spread, 20)
            vectors.append(place + rng.normal(0, 0.05, (frames, 20)))
            labels += ["cup" if label else "key"] * frames
            groups += [f"{label}/{number}"] * frames
    return np.concatenate(vectors).astype(np.float32), labels, groups


def test_one_label_is_no_model():
    vectors, _, groups = recordings(3, 4)
    assert learn_live(vectors, ["cup"] * len(vectors), groups, [True] * len(vectors)) is None
    assert learn_live(np.zeros((0, 1), np.float32), [], [], []) is None


def test_it_knows_what_it_was_shown_and_what_is_unfamiliar():
    vectors, numbers = blobs(30, 2)
    labels = [("cup", "key")[n] for n in numbers]
    model = learn_live(vectors, labels, [str(n) for n in range(60)], [False] * 60)
    right = model.head.probabilities(vectors).argmax(axis=1)
    assert model.labels == ["cup", "key"] and (right == numbers).mean() > 0.95
    far = np.full((1, vectors.shape[1]), 40, np.float32) * np.array([(-1) ** n for n in range(vectors.shape[1])])
    assert model.novelty.distances(far.astype(np.float32))[0] > model.novelty.limit


def test_accuracy_is_measured_on_recordings_it_has_not_seen():
    vectors, labels, groups = recordings(6, 10)
    by_recording = learn_live(vectors, labels, groups, [True] * len(labels)).facts
    by_frame = learn_live(vectors, labels, [str(n) for n in range(len(labels))], [False] * len(labels)).facts
    assert by_frame["accuracy"]["value"] == 1.0  # each frame has its like among those that were learned from
    assert by_recording["accuracy"]["value"] < 0.9
    assert by_recording["measured_on"]["recordings"] == 12
    widths = [facts["accuracy"]["high"] - facts["accuracy"]["low"] for facts in (by_recording, by_frame)]
    assert widths[0] > 5 * widths[1]


@pytest.mark.parametrize("each", [1, 2])
def test_below_three_recordings_of_a_label_there_is_no_accuracy(each):
    vectors, labels, groups = recordings(each, 10)
    facts = learn_live(vectors, labels, groups, [True] * len(labels)).facts
    assert len(facts["not_measured"]) == 2 and facts["accuracy"]["total"] == 0
