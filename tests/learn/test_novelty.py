"""The novelty limit, and distances of rows of unit length."""

import numpy as np
import pytest

from scripts.learn.novelty import novelty_limit
from scripts.learn.vectors import nearest_distance, unit_rows


def test_the_novelty_limit_admits_nearly_all_training_images_and_ignores_their_copies():
    rng = np.random.default_rng(0)
    rows = unit_rows(rng.normal(0, 1, (600, 8)), np.zeros(8))
    alone = novelty_limit(rows, np.arange(600))
    doubled = novelty_limit(np.repeat(rows, 2, axis=0), np.repeat(np.arange(600), 2))
    assert doubled == pytest.approx(alone, rel=0.05)
    others = unit_rows(rng.normal(0, 1, (300, 8)), np.zeros(8))
    assert 0.96 < (nearest_distance(others, rows) <= alone).mean() <= 1


def test_distances_in_blocks_are_those_of_all_at_once():
    rng = np.random.default_rng(0)
    a, b = (unit_rows(rng.normal(0, 1, (n, 5)), np.zeros(5)) for n in (1100, 30))
    assert nearest_distance(a, b) == pytest.approx(1 - (a @ b.T).max(axis=1))
    assert nearest_distance(b[:0], b).shape == (0,)
