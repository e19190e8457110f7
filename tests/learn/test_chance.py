"""Where there is nothing to learn, nothing is claimed: labels drawn at random, from two images a label on."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.learn import descent, split
from scripts.learn.dataset import Dataset, fold_count
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.head import Examples
from scripts.learn.sgd import Sgd, fit_sgd_folds
from scripts.learn.train import HeadConfig, train
from tests.learn.test_train import dataset

SOLVERS = (HeadConfig(steps=250, every=10**9), HeadConfig(solver="lbfgs", every=10**9))


def noise(each: int, labels: int, seed: int, dims: int = 600) -> Dataset:
    """Rows of noise with more features than images, as photos have, all for cross-validation."""
    rng = np.random.default_rng([seed, each, labels])
    y = rng.permutation(np.repeat(np.arange(labels), each))
    x = np.abs(rng.normal(0, 1, (len(y), dims))).astype(np.float32)
    data = dataset(x, y, np.zeros(len(y), bool), watched=0)
    return replace(
        data, folds=np.array(split.folds([str(i) for i in y], [f"g{i}" for i in range(len(y))], fold_count(len(y))))
    )


@pytest.mark.parametrize("config", SOLVERS, ids=["sgd", "lbfgs"])
@pytest.mark.parametrize("labels", [2, 3, 5])
def test_labels_at_random_are_reported_as_predicted_by_chance(labels, config):
    """In at least 95 of 100 draws the interval holds what is true, one in `labels`, and on average the figure is that."""
    draws = 25 if config.solver == "sgd" else 5
    reported = [
        train(noise(each, labels, seed), config).facts["accuracy"] for each in (2, 3, 4, 6) for seed in range(draws)
    ]
    held = sum(share["low"] <= 1 / labels <= share["high"] for share in reported)
    assert held >= 0.95 * len(reported)
    assert np.mean([share["value"] for share in reported]) == pytest.approx(
        1 / labels, abs=3 * 0.5 / np.sqrt(4 * len(reported))
    )


def test_a_left_out_image_has_no_say_in_the_scaling():
    """Thrown far away it moves no head but those that learn from it."""
    data = noise(3, 3, 0)
    moved = data.vectors[:].copy()
    moved[data.folds == 1] += 100
    before, after = (
        fit_sgd_folds(Examples(x, data.y, data.weights, 3, data.folds), Sgd(50, 32, 0.01, 1), 3)
        for x in (data.vectors, EmbeddingTable.of(moved))
    )
    assert np.allclose(before[2].weights, after[2].weights, atol=1e-6)
    assert not np.allclose(before[1].weights, after[1].weights, atol=1e-6)


def test_both_ways_of_descending_come_to_the_same(monkeypatch):
    data = noise(6, 3, 1)
    examples = Examples(data.vectors, data.y, data.weights, 3, data.folds)
    quick = fit_sgd_folds(examples, Sgd(200, 32, 0.01, 1), 6)
    monkeypatch.setattr(descent, "PRODUCTS_MAX", 0)
    plain = fit_sgd_folds(examples, Sgd(200, 32, 0.01, 1), 6)
    for one, other in zip(quick, plain, strict=True):
        assert np.allclose(one.weights, other.weights, atol=1e-5) and np.allclose(one.bias, other.bias, atol=1e-4)
