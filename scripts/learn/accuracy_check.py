"""How good are the predictions of a labeling session? One more page to find out, and a forecast of what going on
brings.

numpy only. A fifth of a hundred decisions were drawn at random, and the interval from those is .25 wide. One more page
of random images, with the predictions on it, costs one key where all are right, and halves the interval.
"""

from dataclasses import dataclass

import numpy as np

from scripts.learn import grouping
from scripts.learn.active_learning import CONFIRMED, Query, Strategy
from scripts.learn.intervals import Share
from scripts.learn.labeling import LabelingState, Propagated

# Errors fall with a power of the number of decisions (Cortes et al. 1993, NIPS 6; Hestness et al. 2017, arXiv
# 1712.00409: .3 to .5 for images). With this power +.011 was forecast where +.012 came (90 steps of 10 to 44 decisions
# on ten pools). A power fitted to each pool was no better on average and further off in a single step.
POWER = 0.35


@dataclass(frozen=True)
class AccuracyCheck:
    """A random sample of the whole pool. `page`: those of its rows that a person should look at; `decided`: those that
    a person has decided before."""

    page: Query
    decided: tuple[int, ...]


def draw_check(state: LabelingState, seed: int, count: int = CONFIRMED) -> AccuracyCheck:
    """Rows of the whole pool in random order until there are `count` to look at; of a group only the first.

    Decided rows are part of the sample: without them it would be a sample of what the session left over.
    """
    taken, groups = state.unavailable, state.groups_of(list(range(len(state.graph))))
    fresh, known, seen = list[int](), list[int](), set[int]()
    for row in np.random.default_rng([seed, len(state.decided)]).permutation(len(state.graph)).tolist():
        if row in state.decided:
            known.append(row)
        elif not taken[row] and groups[row] not in seen:
            fresh.append(row)
            seen.add(int(groups[row]))
        if len(fresh) == count:
            break
    return AccuracyCheck(Query(Strategy.SAMPLE, tuple(fresh), frozenset(fresh)), tuple(known))


def checked_accuracy(
    state: LabelingState, propagated: Propagated, check: AccuracyCheck, answers: dict[int, int]
) -> Share:
    """How often the predictions are right on images like these. The page's rows are judged by the prediction that was
    shown, as none was trained on; rows decided before and drawn at random, then or now, by their out-of-fold
    prediction.

    Args:
        state, propagated: as they were when the page was shown; `propagated` cross-validated.
        answers: row -> the label that the person gave; rows that were set aside are missing.
    """
    before = (state.random | set(check.decided)) & propagated.out_of_fold.keys()
    rows = [*answers, *before]
    right = sum(int(propagated.guesses[row]) == label for row, label in answers.items())
    right += sum(propagated.out_of_fold[row] == state.decided[row] for row in before)
    return Share(right, len(rows), grouping.efficiency(state.groups_of(rows)))


def forecast_gain(state: LabelingState, propagated: Propagated, more: int) -> float:
    """By how much the share of right predictions, 0..1, is likely to rise with `more` decisions; 0 where nothing was
    cross-validated."""
    if not propagated.out_of_fold:
        return 0.0
    wrong = float(np.mean([guess != state.decided[row] for row, guess in propagated.out_of_fold.items()]))
    decided = len(state.decided)
    return wrong * (1 - (decided / (decided + more)) ** POWER)
