"""The candidates of `model_selection.select`, simplest first: heads, then tuned last layers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from scripts.learn.dataset import Dataset
from scripts.learn.head import IN_NO_FOLD
from scripts.learn.model_selection import Candidate, EvaluationSet, Logits, Stop, Stopped
from scripts.learn.train import HeadConfig, fit_fold_heads
from scripts.learn.tune import FOLDS, TuneRun

HEAD, LBFGS, TUNED = "head", "head, lbfgs", "last layers"


def evaluation_set(data: Dataset) -> EvaluationSet:
    """What candidates are measured on: images labelled by a person that nobody chose, outside the test set, in as many
    folds as tuning can afford."""
    rows = evaluation_rows(data)
    return EvaluationSet(data.y[rows], _folds(data)[rows], data.groups[rows])


def evaluation_rows(data: Dataset) -> np.ndarray:
    """The rows of `evaluation_set`, int [m]."""
    return np.flatnonzero(data.train & data.measures & (data.folds >= 0))


def head(name: str, data: Dataset, config: HeadConfig, seconds: float = 1.0) -> Candidate:
    """A head on the vectors of the dataset, which may be those of another backbone or image size."""

    def run(stop: Stop) -> Logits:
        fold = _folds(data)
        heads = fit_fold_heads(replace(data, folds=fold), config, FOLDS)[1:]
        logits = np.zeros((len(data.y), len(data.labels)), np.float32)
        for number, each in enumerate(heads):
            logits[fold == number] = each.logits(data.vectors.subset(fold == number))
        return logits[evaluation_rows(data)]

    return Candidate(name, seconds, run)


def last_layers(
    data: Dataset, prepare: Callable[[], TuneRun], seconds: float, progress: Callable[[int], None] = lambda n: None
) -> Candidate:
    """The last layers tuned, from the head.

    Args:
        prepare: makes a TuneRun with FOLDS folds; called when it is its turn, as it takes some seconds.
        progress: called with 1 for each step.
    """

    def run(stop: Stop) -> Logits:
        def check(steps: int) -> None:
            progress(steps)
            if stop():
                raise Stopped

        logits, _folded = prepare().measure(check)
        return logits[evaluation_rows(data)]

    return Candidate(TUNED, seconds, run)


def usual(data: Dataset, config: HeadConfig, prepare: Callable[[], TuneRun], seconds: float) -> list[Candidate]:
    """Both solvers for the head, then tuned last layers.

    Args:
        seconds: that tuning is likely to take, with its folds (`TuneRun.estimate`).
    """
    return [
        head(HEAD, data, replace(config, solver="sgd")),
        head(LBFGS, data, replace(config, solver="lbfgs"), 10.0),
        last_layers(data, prepare, seconds),
    ]


def _folds(data: Dataset) -> np.ndarray:
    """The folds of the dataset, dealt into FOLDS."""
    return np.where(data.folds >= 0, data.folds % FOLDS, IN_NO_FOLD)
