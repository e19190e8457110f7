"""The lbfgs solver's heads, each with an L2 strength chosen on images that it may learn from. numpy only."""

import numpy as np

from scripts.learn import metrics
from scripts.learn.head import IN_NO_FOLD, Examples, Head, fit_lbfgs

STRENGTHS = (1e-3, 1e-4, 1e-5, 1e-6)  # tried, strong to weak, each starting from the last
BLOCKS = 5  # parts the folds are dealt into: a fifth of the images tells strengths apart, a single small fold does not


def head_strength(train: Examples, validation: Examples) -> float:
    """By the least loss on the validation images; where nothing is watched, on a fifth of the folds."""
    if len(validation.labels):
        return _best(train, validation)
    part = _parts(train)
    return _best(train.take(part != 0), train.take(part == 0))


def fold_strengths(examples: Examples, count: int) -> list[float]:
    """For each fold's head, chosen without the whole block of folds that its own is in: a head must not be helped by
    the images that it will judge, not even by one number."""
    blocks, part, found = min(BLOCKS, count), _parts(examples), []
    for block in range(blocks):
        learned = (part != block) & (part != IN_NO_FOLD)
        inner = part == (block + 1) % blocks
        found.append(_best(examples.take(learned & ~inner), examples.take(learned & inner)))
    return [found[fold % blocks] for fold in range(count)]


def fit_folds(examples: Examples, strengths: list[float]) -> list[Head]:
    """The head and, after it, one for each fold that has not learned from the fold's images.

    Args:
        strengths: of each of them, in that order.
    """
    parts = [examples, *(examples.take(others(examples, fold)) for fold in range(len(strengths) - 1))]
    return [
        fit_lbfgs(part if len(part.labels) else examples, strength)
        for part, strength in zip(parts, strengths, strict=True)
    ]


def others(examples: Examples, fold: int) -> np.ndarray:
    """bool [n]: what the head of a fold learns from."""
    assert examples.folds is not None
    return (examples.folds != fold) & (examples.folds != IN_NO_FOLD)


def _parts(examples: Examples) -> np.ndarray:
    """The block of folds that each image is in, int [n]; IN_NO_FOLD and IN_EVERY_FOLD stay."""
    assert examples.folds is not None
    blocks = min(BLOCKS, max(1, int(examples.folds.max(initial=0)) + 1))
    return np.where(examples.folds >= 0, examples.folds % blocks, examples.folds)


def _best(train: Examples, validation: Examples) -> float:
    best, least, head = STRENGTHS[0], np.inf, None
    for strength in STRENGTHS if len(validation.labels) and len(set(train.labels)) > 1 else ():
        head = fit_lbfgs(train, strength, head)
        loss = metrics.nll(head.probabilities(validation.vectors), validation.labels)
        if loss < least:
            best, least = strength, loss
    return best
