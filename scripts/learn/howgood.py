"""How good are the guesses, when a person is about to stop: one page more to know it, and what going on would bring.

numpy only. Of a hundred decisions a fifth were drawn at random, and the interval from those is .25 wide. One more page
from the whole heap, with the guesses on it, costs one look where all are right, and halves it.
"""

from dataclasses import dataclass

import numpy as np

from scripts.learn import grouping
from scripts.learn.active_learning import CONFIRMED, LabelingState, Propagated, Query, Strategy
from scripts.learn.metrics import Share

# Errors fall with a power of the number of decisions (Cortes et al. 1993, NIPS 6; Hestness et al. 2017, arXiv
# 1712.00409: .3 to .5 for images). Of the honest predictions' error, which is a little high as doubtful pictures are
# decided first, this power told +.011 where +.012 came (90 steps of 10 to 44 decisions on ten heaps); fitted to each
# heap by halves of its decisions it was no better in the mean and farther off in the single case.
POWER = 0.35


@dataclass(frozen=True)
class Sample:
    """A random sample of the whole heap. `page`: those of its rows that are to be looked at; `decided`: those that a
    person has decided before."""

    page: Query
    decided: tuple[int, ...]


def sample(lesson: LabelingState, seed: int, count: int = CONFIRMED) -> Sample:
    """Rows of the whole heap in random order, until there are `count` to be looked at; of a group only the first.

    Rows that are decided are part of it: without them the sample would be of what the lesson has left over.
    """
    taken, groups = lesson.unavailable, lesson.groups_of(list(range(len(lesson.graph))))
    fresh, known, seen = list[int](), list[int](), set[int]()
    for row in np.random.default_rng([seed, len(lesson.decided)]).permutation(len(lesson.graph)).tolist():
        if row in lesson.decided:
            known.append(row)
        elif not taken[row] and groups[row] not in seen:
            fresh.append(row)
            seen.add(int(groups[row]))
        if len(fresh) == count:
            break
    return Sample(Query(Strategy.SAMPLE, tuple(fresh), frozenset(fresh)), tuple(known))


def seen(lesson: LabelingState, taught: Propagated, drawn: Sample, answers: dict[int, int]) -> Share:
    """How often `taught` is right on pictures like these: its guesses of the page's rows, none of which it learned
    from, and its honest predictions of what was decided before and drawn at random, then or now.

    Args:
        lesson, taught: as they were when the page was shown, `taught` measured.
        answers: row -> label that the person gave; rows that were set aside are missing.
    """
    before = (lesson.random | set(drawn.decided)) & taught.out_of_fold.keys()
    rows = [*answers, *before]
    right = sum(int(taught.guesses[row]) == label for row, label in answers.items())
    right += sum(taught.out_of_fold[row] == lesson.decided[row] for row in before)
    return Share(right, len(rows), grouping.worth(lesson.groups_of(rows)))


def forecast(lesson: LabelingState, taught: Propagated, more: int) -> float:
    """By how much the share of right ones, 0..1, is likely to rise with so many more decisions; 0 where nothing was
    measured."""
    if not taught.out_of_fold:
        return 0.0
    wrong = float(np.mean([guess != lesson.decided[row] for row, guess in taught.out_of_fold.items()]))
    decided = len(lesson.decided)
    return wrong * (1 - (decided / (decided + more)) ** POWER)
