"""What can be made of the same pictures, simplest first, for `chooser.choose`: heads, tuned last stages, their mean."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from scripts.learn.chooser import Candidate, Ground, Logits, Stop, Stopped
from scripts.learn.dataset import Dataset
from scripts.learn.head import IN_NO_FOLD, softmax
from scripts.learn.train import HeadConfig, fit_fold_heads
from scripts.learn.tune import FOLDS, TuneRun

HEAD, LBFGS, TUNED, MEAN = "head", "head, lbfgs", "last stages", "mean of head and last stages"
EFFORTS = {"quick": (HEAD,), "normal": (HEAD, LBFGS, TUNED, MEAN)}
EFFORTS["high"] = EFFORTS["normal"]  # and what the caller adds: other sizes, larger backbones


def ground_of(material: Dataset) -> Ground:
    """What candidates are measured on: images that a person labelled and nobody chose, outside the test set, in as many
    folds as tuning can afford."""
    rows = measured_rows(material)
    return Ground(material.y[rows], _folds(material)[rows], material.groups[rows])


def measured_rows(material: Dataset) -> np.ndarray:
    """Indices int [m] of the rows that `ground_of` is about."""
    return np.flatnonzero(material.train & material.measures & (material.folds >= 0))


def head(name: str, material: Dataset, recipe: HeadConfig, seconds: float = 1.0) -> Candidate:
    """A head on the material's vectors; of another backbone or size where those of that one are given."""

    def run(_: dict[str, Logits], stop: Stop) -> Logits:
        fold = _folds(material)
        heads = fit_fold_heads(replace(material, folds=fold), recipe, FOLDS)[1:]
        logits = np.zeros((len(material.y), len(material.labels)), np.float32)
        for number, each in enumerate(heads):
            logits[fold == number] = each.logits(material.vectors[fold == number])
        return logits[measured_rows(material)]

    return Candidate(name, seconds, run)


def last_stages(material: Dataset, prepare: Callable[[], TuneRun], seconds: float) -> Candidate:
    """The last stages tuned, from the head.

    Args:
        prepare: makes the tuning ready, with FOLDS folds; called when it is its turn, as it takes some seconds.
    """

    def run(_: dict[str, Logits], stop: Stop) -> Logits:
        def look(_: int) -> None:
            if stop():
                raise Stopped

        logits, _judged = prepare().measure(look)
        return logits[measured_rows(material)]

    return Candidate(TUNED, seconds, run)


def mean(name: str, one: str, other: str, ground: Ground) -> Candidate:
    """The mean of the probabilities of two that were measured, each calibrated."""

    def run(found: dict[str, Logits], _: Stop) -> Logits:
        both = [softmax(ground.cooled(found[each])) for each in (one, other)]
        return np.log(np.maximum(np.mean(both, axis=0), 1e-9)).astype(np.float32)

    return Candidate(name, 0.0, run, needs=(one, other))


def usual(
    material: Dataset, recipe: HeadConfig, prepare: Callable[[], TuneRun], seconds: float, effort: str
) -> list[Candidate]:
    """The candidates of an effort (`EFFORTS`), simplest first.

    Args:
        seconds: that tuning is likely to take, its folds and what is made ready for it (`Tuning.estimate`).
    """
    ways = [
        head(HEAD, material, replace(recipe, solver="sgd")),
        head(LBFGS, material, replace(recipe, solver="lbfgs"), 10.0),
        last_stages(material, prepare, seconds),
        mean(MEAN, HEAD, TUNED, ground_of(material)),
    ]
    return [way for way in ways if way.name in EFFORTS[effort]]


def _folds(material: Dataset) -> np.ndarray:
    """The material's folds dealt into FOLDS."""
    return np.where(material.folds >= 0, material.folds % FOLDS, IN_NO_FOLD)
