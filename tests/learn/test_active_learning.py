"""A labeling session without any page: what is asked in which order, what is learned of the answers, what measures."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.learn import active_learning, neighbor_graph
from scripts.learn.active_learning import CONFIRMED, PAGE, LabelingState, Propagated, Strategy
from scripts.learn.neighbor_graph import build_graph
from tests.helpers import blobs

EACH, KINDS = 60, 4


@pytest.fixture
def state():
    vectors, _ = blobs(EACH, KINDS, gap=1.0)
    return LabelingState(build_graph(vectors), vectors)


def truth(row: int) -> int:
    return row // EACH


def session(state: LabelingState, pages: int = 1000):
    """Answer page after page with the truth; yields each page with what guessed it."""
    fitted = None
    for turn in range(pages):
        page = active_learning.next_query(state, fitted, turn)
        if page is None:
            return
        yield page, fitted
        state.decided |= {row: truth(row) for row in page.rows}
        state.random |= page.random
        fitted = active_learning.fit(state) if state.can_learn() else fitted


def labelled(state: LabelingState, rows, **wrong: int) -> LabelingState:
    """These rows with their right labels, but `r7=2` says that row 7 is of label 2."""
    state.decided = {row: wrong.get(f"r{row}", truth(row)) for row in rows}
    return state


def test_every_image_is_asked_for_once_and_then_nothing(state):
    asked: list[int] = []
    for page, _ in session(state):
        assert page.rows and page.random <= set(page.rows)
        asked += page.rows
    assert sorted(asked) == list(range(EACH * KINDS))


def test_typical_images_come_first_then_uncertain_ones_and_pages_of_one_guess(state):
    kinds = []
    for page, fitted in session(state, 9):
        kinds.append(page.kind)
        assert len(page.rows) <= (CONFIRMED if page.kind is Strategy.CONFIRM else PAGE)
        if page.kind is Strategy.CONFIRM:
            assert {int(fitted.guesses[row]) for row in page.rows} == {page.guess} and not page.random
    assert kinds[:2] == [Strategy.TYPICAL, Strategy.TYPICAL] and {Strategy.UNCERTAIN, Strategy.CONFIRM} <= set(
        kinds[2:]
    )


def test_typical_images_go_on_as_long_as_new_labels_come():
    vectors, kinds = blobs(12, 30, gap=1.5, dims=40)
    state, shown = LabelingState(build_graph(vectors), vectors), []
    names: dict[int, int] = {}
    fitted = None
    for turn in range(6):
        page = active_learning.next_query(state, fitted, turn)
        before = len(names)
        state.decided |= {row: names.setdefault(int(kinds[row]), len(names)) for row in page.rows}
        state.random |= page.random
        shown.append((page.kind, len(names) - before))
        fitted = active_learning.fit(state)
    for (_, new), (kind, _) in zip(shown[1:], shown[2:], strict=False):
        assert (kind is Strategy.TYPICAL) == (new > 1)
    assert [kind for kind, _ in shown[:4]] == [Strategy.TYPICAL] * 4 and len(names) > 25


def test_one_image_in_five_is_chosen_at_random(state):
    for _ in session(state, 12):
        if len(state.decided) > 2 * PAGE:  # two pages of one guess may come in a row
            assert len(
                state.decided
            ) / active_learning.RANDOM_EVERY - CONFIRMED / active_learning.RANDOM_EVERY - 2 <= len(state.random)
    assert len(state.random) <= len(state.decided) / active_learning.RANDOM_EVERY + 1


def test_excluded_images_are_never_asked_for(state):
    state.excluded = set(range(0, EACH * KINDS, 3))
    asked = [row for page, _ in session(state) for row in page.rows]
    assert not state.excluded & set(asked) and len(asked) == EACH * KINDS - len(state.excluded)


def test_an_uncertain_page_holds_the_smallest_margins(state):
    for page, fitted in session(state, 12):
        if page.kind is Strategy.UNCERTAIN:
            margins = neighbor_graph.margins(fitted.scores)
            free = np.flatnonzero(~state.unavailable)
            most = np.sort(margins[free])[min(4 * PAGE, len(free)) - 1]
            assert all(margins[row] <= most for row in page.rows if row not in page.random)
            return
    pytest.fail("no uncertain page in twelve")


def test_one_labelled_image_of_each_kind_is_enough_for_clouds(state):
    fitted = active_learning.fit(labelled(state, [EACH * kind + 3 for kind in range(KINDS)]))
    correct = [fitted.guesses[row] == truth(row) for row in range(EACH * KINDS)]
    assert fitted.propagates and np.mean(correct) > 0.9
    assert fitted.scores.shape == (EACH * KINDS, KINDS) and np.allclose(fitted.scores.sum(axis=1), 1, atol=1e-4)


def test_a_cross_validated_guess_does_not_know_the_label_of_its_image(state):
    """One image in the middle of its cloud was given another label by a slip of the finger."""
    rows = [row for kind in range(KINDS) for row in range(EACH * kind, EACH * kind + 6)]
    fitted = active_learning.cross_validate(
        labelled(state, rows, r2=3), active_learning.fit(labelled(state, rows, r2=3))
    )
    assert set(fitted.out_of_fold) == set(rows) and fitted.out_of_fold[2] == 0


@pytest.mark.parametrize("first", range(3))
def test_the_two_images_of_a_label_are_never_held_out_together(first):
    """However many others lie between the two."""
    vectors, _ = blobs(EACH, KINDS)
    state = LabelingState(build_graph(vectors), vectors)
    rows = [first, *range(EACH, EACH + 9), *range(2 * EACH, 2 * EACH + 10), first + 1]
    fitted = active_learning.cross_validate(labelled(state, rows), active_learning.fit(labelled(state, rows)))
    assert fitted.out_of_fold[first] == fitted.out_of_fold[first + 1] == 0


def test_only_randomly_chosen_images_measure(state):
    rows = [row for kind in range(KINDS) for row in range(EACH * kind, EACH * kind + 6)]
    fitted = replace(
        active_learning.fit(labelled(state, rows)), out_of_fold={row: truth(row) for row in rows} | {0: 3, 1: 3}
    )
    state.random = {0, 3, 65, 200}  # the last is not decided
    share = active_learning.accuracy(state, fitted)
    assert (share.right, share.total) == (2, 3)
    state.random = set()
    assert active_learning.accuracy(state, fitted).total == 0


def test_the_graph_is_left_out_where_guesses_are_better_without_it():
    """The label is one direction of thirty: no neighbour knows it, a head learns it."""
    vectors = np.random.default_rng(0).normal(0, 1, (400, 30)).astype(np.float32)
    labels = (vectors[:, 0] + vectors[:, 1] > 0).astype(int)
    state = LabelingState(build_graph(vectors), vectors)
    for count, propagates in ((30, True), (200, False)):
        state.decided = {row: int(labels[row]) for row in range(count)}
        assert active_learning.fit(state).propagates is propagates


def test_two_labels_that_are_mixed_up_are_named(state):
    rows = range(0, EACH * KINDS, 10)
    fitted = active_learning.fit(labelled(state, rows))
    right = {row: truth(row) for row in rows}
    assert active_learning.mixed_up(state, replace(fitted, out_of_fold=right)) is None
    assert active_learning.mixed_up(state, replace(fitted, out_of_fold=right | {0: 2})) is None  # once is chance
    assert active_learning.mixed_up(state, replace(fitted, out_of_fold=right | {0: 2, 120: 0, 60: 3})) == (0, 2, 2)


def test_a_stop_is_suggested_only_after_enough_random_images_and_sure_guesses(state):
    rows = list(range(0, EACH * KINDS, 4))
    fitted = active_learning.fit(labelled(state, rows))
    sure = replace(fitted, scores=np.eye(KINDS, dtype=np.float32)[fitted.guesses])
    assert not active_learning.enough(state, sure)
    state.random = set(rows[: 2 * PAGE])
    assert active_learning.enough(state, sure)
    assert not active_learning.enough(state, Propagated(np.full_like(sure.scores, 1 / KINDS), fitted.head, True))
