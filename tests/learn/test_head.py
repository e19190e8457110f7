"""The softmax head: it learns what can be learned, the same way every time, and every label counts the same."""

import numpy as np
import pytest

from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.head import Examples, balanced_weights, softmax
from scripts.learn.lbfgs import fit_lbfgs
from scripts.learn.sgd import Sgd, fit_sgd, fit_sgd_folds
from tests.helpers import blobs

USUAL = Sgd(steps=400, batch_size=32, learning_rate=0.01, seed=1)


def examples(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None, folds: np.ndarray | None = None
) -> Examples:
    return Examples(EmbeddingTable.of(x), y, np.ones(len(y)) if weights is None else weights, int(y.max()) + 1, folds)


def right(head, x: np.ndarray, y: np.ndarray) -> float:
    return float((head.logits(x).argmax(axis=1) == y).mean())


def fit(solver: str, data: Examples):
    return fit_sgd(data, USUAL) if solver == "sgd" else fit_lbfgs(data, 1e-4)


both = pytest.mark.parametrize("solver", ["sgd", "lbfgs"])


def test_softmax_is_safe_far_out():
    p = softmax(np.array([[1e4, 0.0], [-1e4, -1e4]], np.float32))
    assert p.tolist() == [[1, 0], [0.5, 0.5]]


@both
def test_what_can_be_told_apart_is_learned(solver):
    x, y = blobs(80, 4)
    head = fit(solver, examples(x[::2], y[::2]))
    assert right(head, x[1::2], y[1::2]) > 0.95


@both
def test_labels_without_meaning_are_not_learned(solver):
    x, y = blobs(200, 4)
    y = np.random.default_rng(3).permutation(y)
    head = fit(solver, examples(x[::2], y[::2]))
    assert 0.15 < right(head, x[1::2], y[1::2]) < 0.35


@both
def test_units_of_the_features_do_not_matter(solver):
    """One learning rate means the same for every backbone."""
    x, y = blobs(50, 3)
    stretched = x * np.linspace(0.01, 100, x.shape[1], dtype=np.float32) + 7
    a, b = fit(solver, examples(x, y)), fit(solver, examples(stretched, y))
    assert np.abs(a.probabilities(x) - b.probabilities(stretched)).max() < 0.01


@both
def test_a_feature_that_never_changes_does_no_harm(solver):
    x, y = blobs(50, 3)
    x[:, 3] = 5
    assert right(fit(solver, examples(x, y)), x, y) > 0.95


@both
def test_a_rare_label_counts_as_much_as_a_common_one(solver):
    x, y = blobs(300, 2, gap=0.3)
    few = np.r_[0:300, 300:330]
    head = fit(solver, examples(x[few], y[few]))
    common, rare = right(head, x[:300], y[:300]), right(head, x[330:], y[330:])
    assert rare > 0.5 and abs(common - rare) < 0.25


def test_weights_share_out_what_a_label_has():
    data = examples(np.zeros((4, 1), np.float32), np.array([0, 0, 0, 1]), np.array([1, 0.5, 0.5, 1]))
    assert balanced_weights(data.labels, data.weights).tolist() == [0.25, 0.125, 0.125, 0.5]


@both
def test_a_light_image_pulls_less(solver):
    x = np.array([[0.0], [1.0], [1.0]], np.float32)
    y = np.array([0, 0, 1])
    heavy, light = (fit(solver, examples(x, y, np.array([1, w, 1]))) for w in (1.0, 0.01))
    assert light.probabilities(x)[1, 0] < heavy.probabilities(x)[1, 0]


def test_the_same_seed_gives_the_same_head_and_another_one_does_not():
    x, y = blobs(40, 3)
    one, same = (fit_sgd(examples(x, y), USUAL) for _ in range(2))
    other = fit_sgd(examples(x, y), Sgd(400, 32, 0.01, seed=2))
    assert np.array_equal(one.weights, same.weights) and np.array_equal(one.bias, same.bias)
    assert not np.array_equal(one.weights, other.weights)


def test_steps_batch_size_and_rate_all_do_something():
    x, y = blobs(40, 3, gap=0.5)
    how = [Sgd(400, 32, 0.01, 1), Sgd(800, 32, 0.01, 1), Sgd(400, 16, 0.01, 1), Sgd(400, 32, 0.03, 1)]
    sure = [float(fit_sgd(examples(x, y), h).probabilities(x).max(axis=1).mean()) for h in how]
    assert sure[1] > sure[0] < sure[3] and sure[2] != sure[0]


def test_no_other_weights_are_better_than_those_of_lbfgs():
    x, y = blobs(60, 3, gap=0.5, dims=5)
    head, l2 = fit_lbfgs(examples(x, y), 1e-2), 1e-2
    scale = x.std(axis=0) * np.sqrt(x.shape[1])  # the features as lbfgs sees them

    def loss(w, b):
        p = softmax(x @ w + b)
        return -np.log(p[np.arange(len(y)), y]).mean() + l2 / 2 * np.square(w * scale[:, None]).sum()

    least, rng = loss(head.weights, head.bias), np.random.default_rng(0)
    for size in (1e-1, 1e-2, 1e-3):
        for _ in range(30):
            nudged = head.weights + rng.normal(0, size, head.weights.shape)
            assert loss(nudged, head.bias + rng.normal(0, size, 3)) > least - 1e-6


def test_a_warm_start_ends_at_the_same_place():
    x, y = blobs(60, 3, gap=0.5)
    cold = fit_lbfgs(examples(x, y), 1e-3)
    warm = fit_lbfgs(examples(x, y), 1e-3, start=fit_lbfgs(examples(x, y), 1e-1))
    assert np.abs(cold.probabilities(x) - warm.probabilities(x)).max() < 1e-2


def test_the_head_of_a_fold_knows_nothing_of_the_foldss_labels():
    """Two labels swapped inside fold 0: every head changes but the one that must not have seen them."""
    x, y = blobs(40, 2)
    folds = np.arange(80) % 5
    before = fit_sgd_folds(examples(x, y, folds=folds), USUAL, 5)
    swapped = y.copy()
    swapped[[0, 40]] = swapped[[40, 0]]
    after = fit_sgd_folds(examples(x, swapped, folds=folds), USUAL, 5)
    same = [np.allclose(a.weights, b.weights, atol=1e-6) for a, b in zip(before, after, strict=True)]
    assert same == [False, True, False, False, False, False]


def test_the_first_of_the_heads_is_the_head_itself():
    x, y = blobs(40, 3)
    alone = fit_sgd(examples(x, y), USUAL)
    together = fit_sgd_folds(examples(x, y, folds=np.arange(120) % 5), USUAL, 5)
    assert len(together) == 6
    assert np.allclose(alone.weights, together[0].weights, atol=1e-5)


def test_the_watcher_sees_the_head_grow():
    x, y = blobs(40, 3)
    seen = []
    last = fit_sgd(examples(x, y), Sgd(25, 16, 0.01, 1), lambda step, heads: seen.append((step, heads[0])), 10)
    assert [step for step, _ in seen] == [10, 20, 25]
    assert np.array_equal(seen[-1][1].weights, last.weights)


def test_a_temperature_changes_scores_and_no_label():
    x, y = blobs(40, 3, gap=0.5)
    head = fit_lbfgs(examples(x, y), 1e-4)
    cool = head.with_temperature(2.0)
    assert np.allclose(cool.logits(x), head.logits(x) / 2, atol=1e-5)
    assert cool.probabilities(x).max() < head.probabilities(x).max()
