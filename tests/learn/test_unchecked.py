"""Unchecked images are trained on only where that makes out-of-fold predictions of people's images clearly better."""

from dataclasses import replace

import numpy as np

from scripts.learn import split, unchecked
from scripts.learn.dataset import Dataset
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.head import IN_NO_FOLD, Head
from scripts.learn.train import HeadConfig, train
from scripts.learn.unchecked import Verdict
from tests.learn.test_train import dataset

QUICK = HeadConfig(steps=300, batch_size=32, every=10**9)


def two_labels(people: int, by_model: int, seed: int = 0) -> Dataset:
    """Two labels told apart by the first of sixty numbers; the other numbers are noise."""
    rng = np.random.default_rng(seed)
    n = people + by_model
    y = np.arange(n) % 2
    x = rng.normal(0, 1, (n, 60))
    x[:, 0] += np.where(y == 1, 2.2, -2.2)
    data = dataset(x.astype(np.float32), y, np.zeros(n, bool), watched=0)
    human = np.arange(n) < people
    folds = np.full(n, IN_NO_FOLD)
    folds[human] = split.folds([str(i) for i in y[human]], [f"g{i}" for i in range(people)], 20)
    weights = np.where(human, 1, 0.5).astype(np.float32)
    return replace(data, human=human, folds=folds, weights=weights)


def test_images_that_make_predictions_better_are_trained_on(monkeypatch):
    """As if a head that was trained on them knew the one number that counts."""
    knows = np.zeros((60, 2), np.float32)
    knows[0] = -1, 1
    monkeypatch.setattr(unchecked, "_self_trained", lambda *_: Head(knows, np.zeros(2, np.float32)))
    data = two_labels(60, 40)
    data = replace(
        data, vectors=EmbeddingTable.of(data.vectors[:] * np.array([1] + [3] * 59))
    )  # so much noise that sixty images are not enough
    kept, verdict = unchecked.keep_if_helpful(data, QUICK)
    assert verdict.helps and kept is data and verdict.better > verdict.worse and not verdict.sentence


def test_images_that_change_nothing_are_not_trained_on():
    """A head labelled noise."""
    data = two_labels(60, 120)
    noise = np.random.default_rng(1).normal(0, 1, data.vectors.shape).astype(np.float32)
    data = replace(data, vectors=EmbeddingTable.of(np.where(data.human[:, None], data.vectors[:], noise)))
    kept, verdict = unchecked.keep_if_helpful(data, QUICK)
    assert not verdict.helps and not (kept.train & ~kept.human).any() and (kept.train == data.human).all()
    assert verdict.sentence == "nothing learned from 120 unchecked images: they would not help"
    alone = replace(data, train=data.human)
    assert np.array_equal(train(kept, QUICK).head.weights, train(alone, QUICK).head.weights)


def test_the_labels_of_the_model_itself_prove_nothing():
    """Copies of people's images with people's labels would make every fold right: they are labelled anew."""
    data = two_labels(60, 0)
    rng = np.random.default_rng(0)
    data.y[:] = rng.permutation(data.y)
    twice = [np.concatenate([a, a]) for a in (data.vectors[:], data.y, data.folds)]
    human = np.arange(120) < 60
    both = dataset(twice[0] + 0.01, twice[1], np.zeros(120, bool), watched=0)
    both = replace(both, human=human, folds=np.where(human, twice[2], IN_NO_FOLD))
    assert not unchecked.compare(both, QUICK).helps


def test_without_unchecked_images_there_is_nothing_to_compare():
    data = two_labels(20, 0)
    assert unchecked.keep_if_helpful(data, QUICK) == (data, Verdict())
    assert Verdict().sentence == "" and Verdict(1).sentence.startswith("nothing learned from 1 unchecked image:")
    only = two_labels(2, 10)
    assert not unchecked.compare(only, QUICK).helps  # no fold can compare them
