"""One more page measures how good the predictions are; and a forecast of what more decisions would bring."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.learn import accuracy_check, active_learning, labeling
from scripts.learn.active_learning import LabelingState, Strategy
from scripts.learn.neighbor_graph import build_graph
from tests.helpers import blobs

EACH, KINDS = 60, 4


@pytest.fixture
def state() -> LabelingState:
    vectors, _ = blobs(EACH, KINDS)
    state = LabelingState(build_graph(vectors), vectors)
    state.decided = {row: row // EACH for row in range(0, EACH * KINDS, 4)}
    state.random = set(range(0, EACH * KINDS, 20))
    return state


def test_the_sample_is_of_the_whole_pool_and_only_undecided_images_are_shown(state):
    found = accuracy_check.draw_check(state, 1)
    assert found.page.kind is Strategy.SAMPLE and len(found.page.rows) == active_learning.CONFIRMED == len(
        set(found.page.rows)
    )
    assert not set(found.page.rows) & state.decided.keys() and set(found.decided) <= state.decided.keys()
    shares = [
        len(f.decided) / (len(f.decided) + 24) for f in (accuracy_check.draw_check(state, seed) for seed in range(200))
    ]
    assert np.mean(shares) == pytest.approx(0.25, abs=0.03)  # as many as in the pool
    state.excluded = set(range(EACH * KINDS)) - state.decided.keys()
    assert accuracy_check.draw_check(state, 1).page.rows == ()


def test_new_images_are_judged_by_the_prediction_shown_and_decided_ones_out_of_fold(state):
    propagated = active_learning.cross_validate(state, active_learning.fit(state))
    found = accuracy_check.draw_check(state, 1)
    answers = {row: int(propagated.guesses[row]) for row in found.page.rows}
    share = accuracy_check.checked_accuracy(state, propagated, found, answers)
    before = state.random | set(found.decided)
    assert share.total == len(answers) + len(before)
    assert share.right == len(answers) + sum(propagated.out_of_fold[row] == state.decided[row] for row in before)
    assert share.facts()["high"] - share.facts()["low"] < 0.15
    wrong = answers | {found.page.rows[0]: (answers[found.page.rows[0]] + 1) % KINDS}
    assert accuracy_check.checked_accuracy(state, propagated, found, wrong).right == share.right - 1


def test_the_forecast_is_less_the_more_is_decided_and_the_less_is_wrong(state):
    propagated = active_learning.cross_validate(state, active_learning.fit(state))
    bad = replace(
        propagated, out_of_fold={row: (label + (row % 5 == 0)) % KINDS for row, label in state.decided.items()}
    )
    wrong = np.mean([guess != state.decided[row] for row, guess in bad.out_of_fold.items()])
    soon, later = accuracy_check.forecast_gain(state, bad, 30), accuracy_check.forecast_gain(state, bad, 300)
    assert 0 < soon < later < wrong
    assert accuracy_check.forecast_gain(state, replace(propagated, out_of_fold=dict(state.decided)), 30) == 0
    assert accuracy_check.forecast_gain(state, replace(propagated, out_of_fold={}), 30) == 0


def test_one_frame_of_a_recording_is_asked_about_and_all_of_it_is_in_one_fold(state):
    state.groups = np.arange(EACH * KINDS) // 3
    state.decided = {row: row // EACH for row in (0, 1, 60, 61, 120, 180, 183)}
    assert state.unavailable[:3].all() and not state.unavailable[3:60].any()
    propagated = active_learning.cross_validate(state, active_learning.fit(state))
    for fold, rest in labeling.folds_of(state, 5):
        assert not {row // 3 for row in fold} & {row // 3 for row in rest}
    state.random = {0, 1, 60}
    assert active_learning.accuracy(state, propagated).efficiency == pytest.approx((3**2 / (2**2 + 1)) / 3)
    found = accuracy_check.draw_check(state, 1)
    assert len({row // 3 for row in found.page.rows}) == len(found.page.rows)
