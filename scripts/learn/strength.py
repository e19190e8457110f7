"""The heads of the solver lbfgs, each with an L2 strength chosen on its own training images. numpy only."""

import numpy as np

from scripts.learn import metrics
from scripts.learn.head import IN_NO_FOLD, Examples, Head
from scripts.learn.lbfgs import fit_lbfgs

STRENGTHS = (1e-3, 1e-4, 1e-5, 1e-6)  # tried, strong to weak, each starting from the last
BLOCKS = 5  # of folds; a fifth of the images is enough to compare strengths, a single small fold is not


def head_strength(train: Examples, validation: Examples) -> float:
    """The strength with the lowest loss on the validation images; without any, on a fifth of the folds."""
    if len(validation.labels):
        return _best(train, validation)
    block_of = _blocks(train)
    return _best(train.take(block_of != 0), train.take(block_of == 0))


def fold_strengths(examples: Examples, count: int) -> list[float]:
    """The strength of each fold's head, chosen without the whole block of folds that its own fold is in: not even one
    number may depend on the images that the head will be measured on."""
    blocks, block_of, found = min(BLOCKS, count), _blocks(examples), []
    for block in range(blocks):
        trains = (block_of != block) & (block_of != IN_NO_FOLD)
        inner = block_of == (block + 1) % blocks
        found.append(_best(examples.take(trains & ~inner), examples.take(trains & inner)))
    return [found[fold % blocks] for fold in range(count)]


def fit_folds(examples: Examples, strengths: list[float]) -> list[Head]:
    """The main head, then one for each fold that was not trained on the fold's images.

    Args:
        strengths: of each of them, in that order.
    """
    parts = [examples, *(examples.take(outside_fold(examples, fold)) for fold in range(len(strengths) - 1))]
    return [
        fit_lbfgs(part if len(part.labels) else examples, strength)
        for part, strength in zip(parts, strengths, strict=True)
    ]


def outside_fold(examples: Examples, fold: int) -> np.ndarray:
    """bool [n]: what the head of a fold is trained on."""
    assert examples.folds is not None
    return (examples.folds != fold) & (examples.folds != IN_NO_FOLD)


def _blocks(examples: Examples) -> np.ndarray:
    """The block of folds that each image is in, int [n]; IN_NO_FOLD and IN_EVERY_FOLD stay as they are."""
    assert examples.folds is not None
    blocks = min(BLOCKS, max(1, int(examples.folds.max(initial=0)) + 1))
    return np.where(examples.folds >= 0, examples.folds % blocks, examples.folds)


def _best(train: Examples, validation: Examples) -> float:
    best, lowest, head = STRENGTHS[0], np.inf, None
    for strength in STRENGTHS if len(validation.labels) and len(set(train.labels)) > 1 else ():
        head = fit_lbfgs(train, strength, head)
        loss = metrics.nll(head.probabilities(validation.vectors), validation.labels)
        if loss < lowest:
            best, lowest = strength, loss
    return best
