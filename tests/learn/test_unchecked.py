"""Unchecked images are learned from only where that makes honest guesses of people's images clearly better."""

from dataclasses import replace

import numpy as np

from scripts.learn import split, unchecked
from scripts.learn.dataset import Dataset
from scripts.learn.head import IN_NO_FOLD, Head
from scripts.learn.train import HeadConfig, train
from scripts.learn.unchecked import Verdict
from tests.learn.test_train import dataset

QUICK = HeadConfig(steps=300, batch_size=32, every=10**9)


def line(people: int, robots: int, seed: int = 0) -> Dataset:
    """Two labels told apart by the first of sixty numbers; the other numbers are noise."""
    rng = np.random.default_rng(seed)
    n = people + robots
    y = np.arange(n) % 2
    x = rng.normal(0, 1, (n, 60))
    x[:, 0] += np.where(y == 1, 2.2, -2.2)
    stuff = dataset(x.astype(np.float32), y, np.zeros(n, bool), watched=0)
    human = np.arange(n) < people
    folds = np.full(n, IN_NO_FOLD)
    folds[human] = split.folds([str(i) for i in y[human]], [f"g{i}" for i in range(people)], 20)
    weights = np.where(human, 1, 0.5).astype(np.float32)
    return replace(stuff, human=human, folds=folds, weights=weights)


def test_those_that_make_honest_guesses_better_are_taken(monkeypatch):
    """As if a head that learned from them knew the one number that counts."""
    knows = np.zeros((60, 2), np.float32)
    knows[0] = -1, 1
    monkeypatch.setattr(unchecked, "_taught", lambda *_: Head(knows, np.zeros(2, np.float32)))
    stuff = line(60, 40)
    stuff.vectors[:, 1:] *= 3  # so much noise that sixty images are not enough
    kept, verdict = unchecked.checked(stuff, QUICK)
    assert verdict.taken and kept is stuff and verdict.better > verdict.worse and not verdict.words


def test_those_that_change_nothing_are_left_alone():
    """What a head is told of images that it guessed itself from noise."""
    stuff = line(60, 120)
    noise = np.random.default_rng(1).normal(0, 1, stuff.vectors.shape).astype(np.float32)
    stuff = replace(stuff, vectors=np.where(stuff.human[:, None], stuff.vectors, noise))
    kept, verdict = unchecked.checked(stuff, QUICK)
    assert not verdict.taken and not (kept.train & ~kept.human).any() and (kept.train == stuff.human).all()
    assert verdict.words == "nothing learned from 120 unchecked images: they would not help"
    alone = replace(stuff, train=stuff.human)
    assert np.array_equal(train(kept, QUICK).head.weights, train(alone, QUICK).head.weights)


def test_the_robots_own_labels_prove_nothing():
    """Copies of people's images under people's labels would make every fold right: they are labelled anew."""
    stuff = line(60, 0)
    rng = np.random.default_rng(0)
    stuff.y[:] = rng.permutation(stuff.y)
    twice = [np.concatenate([a, a]) for a in (stuff.vectors, stuff.y, stuff.folds)]
    human = np.arange(120) < 60
    both = dataset(twice[0] + 0.01, twice[1], np.zeros(120, bool), watched=0)
    both = replace(both, human=human, folds=np.where(human, twice[2], IN_NO_FOLD))
    assert not unchecked.judge(both, QUICK).taken


def test_without_unchecked_images_there_is_nothing_to_judge():
    stuff = line(20, 0)
    assert unchecked.checked(stuff, QUICK) == (stuff, Verdict())
    assert Verdict().words == "" and Verdict(1).words.startswith("nothing learned from 1 unchecked image:")
    only = line(2, 10)
    assert not unchecked.judge(only, QUICK).taken  # nobody can judge them
