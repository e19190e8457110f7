"""A trained head with its calibration and its figures. numpy only."""

from dataclasses import dataclass, field

import numpy as np

from scripts.learn.calibration import temperature_of, temperatures_by_fold
from scripts.learn.dataset import Dataset
from scripts.learn.evaluation import Evaluation, figures, recorded_in, recording_warnings
from scripts.learn.head import Head, softmax
from scripts.learn.novelty import NoveltyDetector
from scripts.learn.threshold import Evidence

NOT_MEASURED = "Nothing could be measured: every image labelled by a person was chosen because of doubt or suspicion."
WIDE = 0.1  # an interval wider than this is a warning


@dataclass(frozen=True)
class Point:
    """One point of the training curve: accuracies 0..1 and cross-entropies in nats."""

    step: int
    train_accuracy: float | None
    train_loss: float | None
    validation_accuracy: float | None
    validation_loss: float | None


@dataclass
class TrainedHead:
    """A head and all that is known of it.

    `head` has the temperature folded in, `plain_head` has not; `strength`: of lbfgs; `folded` bool [n]: training rows
    with out-of-fold predictions; `out_of_fold` float32 [n, k]: their calibrated probabilities, zero in other rows;
    `evaluation`: the predictions that measure; `evidence`: those that the threshold is found from; `facts`: the figures
    of model.json; `fold_heads`: of each fold, without temperature; none where each fold had a network of its own.
    """

    head: Head
    plain_head: Head
    temperature: float
    strength: float | None
    curve: list[Point]
    novelty: NoveltyDetector
    folded: np.ndarray
    out_of_fold: np.ndarray
    evaluation: Evaluation
    evidence: Evidence
    facts: dict = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    fold_heads: list[Head] = field(default_factory=list)


def calibrate_and_measure(
    head: Head,
    logits: np.ndarray,
    folded: np.ndarray,
    data: Dataset,
    novelty: NoveltyDetector,
    optimistic: np.ndarray | None = None,
    not_measured: str = NOT_MEASURED,
) -> TrainedHead:
    """The head with its temperature and every figure that it is judged by. Images that somebody chose calibrate only
    where there are no others.

    Args:
        logits: float32 [n, k], out of fold in the rows of `folded` bool [n], of the head itself in those of the test
            set.
        optimistic: see `evaluation.figures`.
        not_measured: the warning where nothing could be measured.
    """
    warnings = list[str]()
    measuring = folded & data.measures
    rows = measuring if measuring.any() else folded
    temperature = temperature_of(logits[rows], data.y[rows], data.groups[rows])
    if not rows.any():
        warnings.append("No image labelled by a person was left for calibrating the scores.")
    temperatures = temperatures_by_fold(logits, data.y, rows, data.folds, data.groups)
    calibrated = softmax(logits / temperatures[:, None])
    out_of_fold = np.where(folded[:, None], calibrated, 0)
    few = recording_warnings(data)
    measured = np.flatnonzero((measuring | (data.test & data.measures)) & (not few))
    recorded = recorded_in(data, measured)
    evaluation = Evaluation(
        measured, softmax(logits[measured]), calibrated[measured], test_only=False, recorded=recorded
    )
    known = np.flatnonzero((folded | data.test) & (not few))
    evidence = Evidence.of(calibrated[known], data.y[known], data.groups[known])
    trained = TrainedHead(
        head.with_temperature(temperature),
        head,
        temperature,
        None,
        [],
        novelty,
        folded,
        out_of_fold,
        evaluation,
        evidence,
        warnings=warnings,
    )
    trained.facts = figures(evaluation, folded & (not few), temperature, data, evidence, optimistic)
    tests = data.vectors.subset(data.test)
    unfamiliar = novelty.distances(tests) > novelty.limit
    trained.facts["gate"] = {"limit": novelty.limit, "test_outside": int(unfamiliar.sum()), "tests": len(tests)}
    if few:
        trained.facts["not_measured"] = few
    trained.warnings += few or _warnings(trained, data, not_measured)
    return trained


def _warnings(trained: TrainedHead, data: Dataset, not_measured: str) -> list[str]:
    found = []
    low, high, n = (trained.facts["accuracy"][k] for k in ("low", "high", "total"))
    if not n:
        found.append(not_measured)
    elif high - low > WIDE:
        found.append(
            f"The accuracy is uncertain: {trained.facts['measured_on']['words']}, "
            f"it may be anything from {100 * low:.0f} to {100 * high:.0f} %."
        )
    for label, row in zip(data.labels, trained.facts["confusion"], strict=True):
        if n and not sum(row):
            found.append(f"No image of {label} could be measured on.")
    return found
