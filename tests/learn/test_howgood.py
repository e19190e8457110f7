"""One page more tells how good the guesses are; and what more decisions would bring."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.learn import active_learning, howgood
from scripts.learn.active_learning import LabelingState, Strategy
from scripts.learn.neighbor_graph import build_graph
from tests.helpers import blobs

EACH, KINDS = 60, 4


@pytest.fixture
def lesson() -> LabelingState:
    vectors, _ = blobs(EACH, KINDS)
    known = LabelingState(build_graph(vectors), vectors)
    known.decided = {row: row // EACH for row in range(0, EACH * KINDS, 4)}
    known.random = set(range(0, EACH * KINDS, 20))
    return known


def test_the_sample_is_of_the_whole_heap_and_only_what_is_new_is_shown(lesson):
    found = howgood.sample(lesson, 1)
    assert found.page.kind is Strategy.SAMPLE and len(found.page.rows) == active_learning.CONFIRMED == len(
        set(found.page.rows)
    )
    assert not set(found.page.rows) & lesson.decided.keys() and set(found.decided) <= lesson.decided.keys()
    shares = [len(f.decided) / (len(f.decided) + 24) for f in (howgood.sample(lesson, seed) for seed in range(200))]
    assert np.mean(shares) == pytest.approx(0.25, abs=0.03)  # as many as in the heap
    lesson.excluded = set(range(EACH * KINDS)) - lesson.decided.keys()
    assert howgood.sample(lesson, 1).page.rows == ()


def test_new_ones_are_judged_by_the_guess_and_known_ones_by_an_honest_prediction(lesson):
    taught = active_learning.cross_validate(lesson, active_learning.fit(lesson))
    found = howgood.sample(lesson, 1)
    answers = {row: int(taught.guesses[row]) for row in found.page.rows}
    share = howgood.seen(lesson, taught, found, answers)
    before = lesson.random | set(found.decided)
    assert share.total == len(answers) + len(before)
    assert share.right == len(answers) + sum(taught.out_of_fold[row] == lesson.decided[row] for row in before)
    assert share.facts()["high"] - share.facts()["low"] < 0.15
    wrong = answers | {found.page.rows[0]: (answers[found.page.rows[0]] + 1) % KINDS}
    assert howgood.seen(lesson, taught, found, wrong).right == share.right - 1


def test_the_forecast_is_less_the_more_is_decided_and_the_less_is_wrong(lesson):
    taught = active_learning.cross_validate(lesson, active_learning.fit(lesson))
    bad = replace(taught, out_of_fold={row: (label + (row % 5 == 0)) % KINDS for row, label in lesson.decided.items()})
    wrong = np.mean([guess != lesson.decided[row] for row, guess in bad.out_of_fold.items()])
    soon, later = howgood.forecast(lesson, bad, 30), howgood.forecast(lesson, bad, 300)
    assert 0 < soon < later < wrong
    assert howgood.forecast(lesson, replace(taught, out_of_fold=dict(lesson.decided)), 30) == 0
    assert howgood.forecast(lesson, replace(taught, out_of_fold={}), 30) == 0


def test_of_a_recording_one_frame_is_asked_and_all_of_it_lies_in_one_fold(lesson):
    lesson.groups = np.arange(EACH * KINDS) // 3
    lesson.decided = {row: row // EACH for row in (0, 1, 60, 61, 120, 180, 183)}
    assert lesson.unavailable[:3].all() and not lesson.unavailable[3:60].any()
    taught = active_learning.cross_validate(lesson, active_learning.fit(lesson))
    for fold, rest in active_learning._folds(lesson, 5):
        assert not {row // 3 for row in fold} & {row // 3 for row in rest}
    lesson.random = {0, 1, 60}
    assert active_learning.accuracy(lesson, taught).worth == pytest.approx((3**2 / (2**2 + 1)) / 3)
    found = howgood.sample(lesson, 1)
    assert len({row // 3 for row in found.page.rows}) == len(found.page.rows)
