"""The best is taken only where a paired comparison says so, else the simplest; whatever time and person allow."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.learn import candidates, model_selection
from scripts.learn.model_selection import Candidate, EvaluationSet, Stopped, select
from scripts.learn.train import HeadConfig
from tests.learn.test_unchecked import two_labels

N = 120
DATA = EvaluationSet(np.arange(N) % 3, np.arange(N) % 5, np.arange(N))


def logits_of(skill: float, seed: int = 0) -> np.ndarray:
    """Out-of-fold logits of a candidate: the more skill, the higher the true label's."""
    rng = np.random.default_rng(seed)
    return (np.eye(3)[DATA.y] * skill + rng.normal(0, 1, (N, 3))).astype(np.float32)


def candidate(name: str, logits: np.ndarray, seconds: float = 1.0) -> Candidate:
    return Candidate(name, seconds, lambda stop: logits)


def test_what_is_clearly_better_is_taken():
    selection = select([candidate("head", logits_of(1.0)), candidate("tuned", logits_of(3.0, 1))], DATA, 60)
    assert (
        selection.name == "tuned"
        and selection.trials[1].p_value < 0.001
        and selection.trials[1].result.startswith("better (p ")
    )


def test_of_equally_good_ones_the_simplest_stays():
    """A hundred pairs that differ by luck alone: another one is taken no more often than promised."""
    taken = [
        select(
            [
                candidate("head", logits_of(1.5, seed)),
                candidate("a", logits_of(1.5, 1000 + seed)),
                candidate("b", logits_of(1.5, 2000 + seed)),
            ],
            DATA,
            60,
        ).name
        for seed in range(100)
    ]
    assert sum(name != "head" for name in taken) <= 100 * model_selection.ALPHA


def test_fewer_right_is_never_taken_for_better():
    """Surer where it is right, but wrong more often."""
    calm = np.eye(3, dtype=np.float32)[DATA.y] * 0.1
    bold = np.eye(3, dtype=np.float32)[DATA.y] * 5
    bold[:3] = np.eye(3)[(DATA.y[:3] + 1) % 3] * 0.1
    assert select([candidate("head", calm), candidate("bold", bold)], DATA, 60).name == "head"


def test_frames_of_few_recordings_do_not_make_a_difference_clear():
    few = replace(DATA, groups=np.arange(N) // 12, folds=np.arange(N) // 12 % 5)
    assert select([candidate("head", logits_of(1.0)), candidate("tuned", logits_of(3.0, 1))], few, 60).name == "head"


def test_time_decides_what_is_tried():
    now = iter(np.arange(0, 1000, 10.0))
    tried = [
        candidate("head", logits_of(1), 500),
        candidate("short", logits_of(1), 5),
        candidate("long", logits_of(9), 400),
    ]
    selection = select(tried, DATA, 60, clock=lambda: float(next(now)))
    assert [row.result for row in selection.trials if row.right is None] == ["no time"]
    assert selection.trials[0].right is not None  # the simplest is measured whatever the time


def test_a_stop_leaves_the_best_so_far():
    asked = iter([False, True])

    def long(stop):
        while not stop():
            pass
        raise Stopped

    tried = [candidate("head", logits_of(1)), Candidate("long", 1, long), candidate("last", logits_of(9))]
    selection = select(tried, DATA, 60, stop=lambda: next(asked, True))
    assert selection.name == "head" and [row.result for row in selection.trials[1:]] == ["stopped", "stopped"]
    assert selection.facts()["tried"][2]["name"] == "last" and selection.facts()["tried"][1]["right"] is None


def test_heads_are_measured_by_folds_within_the_time():
    data = two_labels(60, 20)
    tried = candidates.usual(data, HeadConfig(steps=200, every=10**9), lambda: pytest.fail("no time for that"), 1e6)
    selection = select(tried, candidates.evaluation_set(data), 60)
    assert [row.name for row in selection.trials] == [candidates.HEAD, candidates.LBFGS, candidates.TUNED]
    assert selection.images == 60 and selection.trials[0].right > 40
    assert selection.name in (candidates.HEAD, candidates.LBFGS)
    assert [row.result for row in selection.trials if row.right is None] == ["no time"]
