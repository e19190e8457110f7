"""The best is taken only where a paired comparison says so, else the simplest; whatever time and person allow."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.learn import candidates, chooser
from scripts.learn.chooser import Candidate, Ground, Stopped, choose
from scripts.learn.train import HeadConfig
from tests.learn.test_unchecked import line

N = 120
GROUND = Ground(np.arange(N) % 3, np.arange(N) % 5, np.arange(N))


def says(skill: float, seed: int = 0) -> np.ndarray:
    """Honest logits of a candidate: the more skill, the higher the right label's."""
    rng = np.random.default_rng(seed)
    return (np.eye(3)[GROUND.y] * skill + rng.normal(0, 1, (N, 3))).astype(np.float32)


def way(name: str, logits: np.ndarray, seconds: float = 1.0, needs: tuple[str, ...] = ()) -> Candidate:
    return Candidate(name, seconds, lambda found, stop: logits, needs)


def test_what_is_clearly_better_is_taken():
    choice = choose([way("head", says(1.0)), way("tuned", says(3.0, 1))], GROUND, 60)
    assert (
        choice.name == "tuned" and choice.tried[1].chance < 0.001 and choice.tried[1].said.startswith("clearly better")
    )


def test_of_equally_good_ones_the_simplest_stays():
    """A hundred pairs that differ by luck alone: another one is taken no more often than promised."""
    taken = [
        choose(
            [way("head", says(1.5, seed)), way("a", says(1.5, 1000 + seed)), way("b", says(1.5, 2000 + seed))],
            GROUND,
            60,
        ).name
        for seed in range(100)
    ]
    assert sum(name != "head" for name in taken) <= 100 * chooser.ALPHA


def test_fewer_right_is_never_taken_for_better():
    """Surer where it is right, but wrong more often."""
    calm = np.eye(3, dtype=np.float32)[GROUND.y] * 0.1
    bold = np.eye(3, dtype=np.float32)[GROUND.y] * 5
    bold[:3] = np.eye(3)[(GROUND.y[:3] + 1) % 3] * 0.1
    assert choose([way("head", calm), way("bold", bold)], GROUND, 60).name == "head"


def test_frames_of_few_recordings_do_not_make_a_difference_clear():
    few = replace(GROUND, groups=np.arange(N) // 12, folds=np.arange(N) // 12 % 5)
    assert choose([way("head", says(1.0)), way("tuned", says(3.0, 1))], few, 60).name == "head"


def test_time_and_needs_decide_what_is_tried():
    now = iter(np.arange(0, 1000, 10.0))
    ways = [
        way("head", says(1), 500),
        way("short", says(1), 5),
        way("long", says(9), 400),
        way("mean", says(9), 0, ("head", "long")),
    ]
    choice = choose(ways, GROUND, 60, clock=lambda: float(next(now)))
    assert [row.said for row in choice.tried if row.right is None] == ["no time", "needs long"]
    assert choice.tried[0].right is not None  # the simplest is measured whatever the time


def test_a_stop_leaves_the_best_so_far():
    asked = iter([False, True])

    def long(found, stop):
        while not stop():
            pass
        raise Stopped

    ways = [way("head", says(1)), Candidate("long", 1, long), way("last", says(9))]
    choice = choose(ways, GROUND, 60, stop=lambda: next(asked, True))
    assert choice.name == "head" and [row.said for row in choice.tried[1:]] == ["stopped", "stopped"]
    assert "last" in choice.table() and choice.facts()["tried"][1]["right"] is None


@pytest.mark.parametrize("effort", candidates.EFFORTS)
def test_heads_are_measured_by_folds_and_the_mean_needs_both(effort):
    stuff = line(60, 20)
    ways = candidates.usual(
        stuff, HeadConfig(steps=200, every=10**9), lambda: pytest.fail("no time for that"), 1e6, effort
    )
    choice = choose(ways, candidates.ground_of(stuff), 60)
    assert [row.name for row in choice.tried] == list(candidates.EFFORTS[effort])
    assert choice.images == 60 and choice.name in (candidates.HEAD, candidates.LBFGS) and choice.tried[0].right > 40
    skipped = {row.name: row.said for row in choice.tried if row.right is None}
    assert skipped == ({} if effort == "quick" else {candidates.TUNED: "no time", candidates.MEAN: "needs last stages"})


def test_the_mean_of_two_is_of_their_calibrated_probabilities():
    found = {"one": says(2.0) * 10, "other": says(2.0, 1)}
    both = candidates.mean("mean", "one", "other", GROUND).run(found, lambda: False)
    assert np.allclose(np.exp(both).sum(axis=1), 1, atol=1e-4)
    right = [GROUND.right(found["one"]), GROUND.right(found["other"])]
    assert GROUND.right(both) > max(right) - 2
