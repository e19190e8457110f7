"""An evening of teaching without any page: what is asked in which order, what is made of the answers, what measures."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.learn import active_learning
from scripts.learn.active_learning import CONFIRMED, PAGE, LabelingState, Propagated, Strategy
from scripts.learn.neighbor_graph import build_graph
from tests.helpers import blobs

EACH, KINDS = 60, 4


@pytest.fixture
def lesson():
    vectors, _ = blobs(EACH, KINDS, gap=1.0)
    return LabelingState(build_graph(vectors), vectors)


def truth(row: int) -> int:
    return row // EACH


def evening(lesson: LabelingState, pages: int = 1000):
    """Answer page after page with the truth; yields each page with what guessed it."""
    taught = None
    for turn in range(pages):
        page = active_learning.next_query(lesson, taught, turn)
        if page is None:
            return
        yield page, taught
        lesson.decided |= {row: truth(row) for row in page.rows}
        lesson.random |= page.random
        taught = active_learning.fit(lesson) if lesson.can_learn() else taught


def told(lesson: LabelingState, rows, **wrong: int) -> LabelingState:
    """These rows with their right labels, but `r7=2` says that row 7 is of label 2."""
    lesson.decided = {row: wrong.get(f"r{row}", truth(row)) for row in rows}
    return lesson


def test_every_picture_is_asked_for_once_and_then_nothing(lesson):
    asked: list[int] = []
    for page, _ in evening(lesson):
        assert page.rows and page.random <= set(page.rows)
        asked += page.rows
    assert sorted(asked) == list(range(EACH * KINDS))


def test_typical_ones_first_then_doubt_and_pages_of_one_guess(lesson):
    kinds = []
    for page, taught in evening(lesson, 9):
        kinds.append(page.kind)
        assert len(page.rows) <= (CONFIRMED if page.kind is Strategy.CONFIRM else PAGE)
        if page.kind is Strategy.CONFIRM:
            assert {int(taught.guesses[row]) for row in page.rows} == {page.guess} and not page.random
    assert kinds[:2] == [Strategy.TYPICAL, Strategy.TYPICAL] and {Strategy.UNCERTAIN, Strategy.CONFIRM} <= set(kinds[2:])


def test_as_long_as_new_labels_come_typical_pictures_go_on():
    vectors, kinds = blobs(12, 30, gap=1.5, dims=40)
    lesson, shown = LabelingState(build_graph(vectors), vectors), []
    names: dict[int, int] = {}
    taught = None
    for turn in range(6):
        page = active_learning.next_query(lesson, taught, turn)
        before = len(names)
        lesson.decided |= {row: names.setdefault(int(kinds[row]), len(names)) for row in page.rows}
        lesson.random |= page.random
        shown.append((page.kind, len(names) - before))
        taught = active_learning.fit(lesson)
    for (_, new), (kind, _) in zip(shown[1:], shown[2:], strict=False):
        assert (kind is Strategy.TYPICAL) == (new > 1)
    assert [kind for kind, _ in shown[:4]] == [Strategy.TYPICAL] * 4 and len(names) > 25


def test_one_picture_in_five_is_drawn_by_chance(lesson):
    for _ in evening(lesson, 12):
        if len(lesson.decided) > 2 * PAGE:  # two pages of one guess may come in a row
            assert len(
                lesson.decided
            ) / active_learning.RANDOM_EVERY - CONFIRMED / active_learning.RANDOM_EVERY - 2 <= len(lesson.random)
    assert len(lesson.random) <= len(lesson.decided) / active_learning.RANDOM_EVERY + 1


def test_what_is_set_aside_or_alike_is_never_asked_for(lesson):
    lesson.excluded = set(range(0, EACH * KINDS, 3))
    asked = [row for page, _ in evening(lesson) for row in page.rows]
    assert not lesson.excluded & set(asked) and len(asked) == EACH * KINDS - len(lesson.excluded)


def test_a_page_of_doubt_holds_the_smallest_margins(lesson):
    for page, taught in evening(lesson, 12):
        if page.kind is Strategy.UNCERTAIN:
            margins = active_learning.heaps.margins(taught.scores)
            free = np.flatnonzero(~lesson.unavailable)
            most = np.sort(margins[free])[min(4 * PAGE, len(free)) - 1]
            assert all(margins[row] <= most for row in page.rows if row not in page.random)
            return
    pytest.fail("no page of doubt in twelve")


def test_one_decided_picture_of_each_kind_is_enough_for_clouds(lesson):
    taught = active_learning.fit(told(lesson, [EACH * kind + 3 for kind in range(KINDS)]))
    right = [taught.guesses[row] == truth(row) for row in range(EACH * KINDS)]
    assert taught.propagates and np.mean(right) > 0.9
    assert taught.scores.shape == (EACH * KINDS, KINDS) and np.allclose(taught.scores.sum(axis=1), 1, atol=1e-4)


def test_an_honest_guess_knows_nothing_of_what_was_said_of_the_picture(lesson):
    """One picture in the middle of its cloud was given another label by a slip of the finger."""
    rows = [row for kind in range(KINDS) for row in range(EACH * kind, EACH * kind + 6)]
    taught = active_learning.cross_validate(told(lesson, rows, r2=3), active_learning.fit(told(lesson, rows, r2=3)))
    assert set(taught.out_of_fold) == set(rows) and taught.out_of_fold[2] == 0


@pytest.mark.parametrize("first", range(3))
def test_of_a_label_with_two_pictures_one_is_left_to_tell_the_other_by(first):
    """However many others lie between the two."""
    vectors, _ = blobs(EACH, KINDS)
    lesson = LabelingState(build_graph(vectors), vectors)
    rows = [first, *range(EACH, EACH + 9), *range(2 * EACH, 2 * EACH + 10), first + 1]
    taught = active_learning.cross_validate(told(lesson, rows), active_learning.fit(told(lesson, rows)))
    assert taught.out_of_fold[first] == taught.out_of_fold[first + 1] == 0


def test_only_draws_measure(lesson):
    rows = [row for kind in range(KINDS) for row in range(EACH * kind, EACH * kind + 6)]
    taught = replace(active_learning.fit(told(lesson, rows)), out_of_fold={row: truth(row) for row in rows} | {0: 3, 1: 3})
    lesson.random = {0, 3, 65, 200}  # the last is not decided
    share = active_learning.accuracy(lesson, taught)
    assert (share.right, share.total) == (2, 3)
    lesson.random = set()
    assert active_learning.accuracy(lesson, taught).total == 0


def test_the_graph_is_left_where_the_decided_pictures_are_guessed_better_without():
    """The label is one direction of thirty: no neighbour knows it, a head learns it."""
    vectors = np.random.default_rng(0).normal(0, 1, (400, 30)).astype(np.float32)
    labels = (vectors[:, 0] + vectors[:, 1] > 0).astype(int)
    lesson = LabelingState(build_graph(vectors), vectors)
    for count, spreads in ((30, True), (200, False)):
        lesson.decided = {row: int(labels[row]) for row in range(count)}
        assert active_learning.fit(lesson).propagates is spreads


def test_two_labels_that_are_taken_for_each_other_are_named(lesson):
    rows = range(0, EACH * KINDS, 10)
    taught = active_learning.fit(told(lesson, rows))
    honest = {row: truth(row) for row in rows}
    assert active_learning.mixed_up(lesson, replace(taught, out_of_fold=honest)) is None
    assert active_learning.mixed_up(lesson, replace(taught, out_of_fold=honest | {0: 2})) is None  # once is chance
    assert active_learning.mixed_up(lesson, replace(taught, out_of_fold=honest | {0: 2, 120: 0, 60: 3})) == (0, 2, 2)


def test_a_stop_is_suggested_only_after_enough_draws_and_where_the_guesses_are_sure(lesson):
    rows = list(range(0, EACH * KINDS, 4))
    taught = active_learning.fit(told(lesson, rows))
    sure = replace(taught, scores=np.eye(KINDS, dtype=np.float32)[taught.guesses])
    assert not active_learning.enough(lesson, sure)
    lesson.random = set(rows[: 2 * PAGE])
    assert active_learning.enough(lesson, sure)
    assert not active_learning.enough(lesson, Propagated(np.full_like(sure.scores, 1 / KINDS), taught.head, True))
