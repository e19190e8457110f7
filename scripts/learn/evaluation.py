"""The figures of a trained head: out-of-fold predictions in, the facts of model.json out. numpy only."""

from dataclasses import dataclass

import numpy as np

from scripts.learn import grouping, metrics
from scripts.learn.dataset import Dataset
from scripts.learn.intervals import Share
from scripts.learn.threshold import Evidence

# The evidence of an image that a fold's head predicted, beside one of a held-out test set: the heads were trained on
# mostly the same images, so their errors hang together, and no estimate of by how much is unbiased (Bengio & Grandvalet
# 2004, JMLR 5, 1089-1105). Where labels were assigned at random, the shares right of 2,500 draws of 2 to 10 images a
# label varied with 1.25 to 1.8 times the variance of independent images; so an image counts as 0.6.
FOLD_EFFICIENCY = 0.6
TEST_SET_SUFFICES = 100  # groups; a test set of so many reports the accuracy without the folds


@dataclass(frozen=True)
class Evaluation:
    """Predictions of images by heads that were trained neither on the image nor on anything of its group.

    `rows` int [m] of the dataset; `plain` and `calibrated` float32 [m, k]: probabilities before and after temperature
    scaling; `test_only`: these are the images of the test set; else also training images, each predicted by the head of
    the fold that left it out; `recorded`: how many of the rows come from recordings, and from how many recordings.
    """

    rows: np.ndarray
    plain: np.ndarray
    calibrated: np.ndarray
    test_only: bool
    recorded: tuple[int, int] = (0, 0)

    @property
    def measured_on(self) -> str:
        """What an accuracy was measured on: cross-validated on 240 images, or on 120 held-out images."""
        n = len(self.rows)
        images = f"image{'s' * (n != 1)}"
        frames, recordings = self.recorded
        if frames:
            some = "" if frames == n else f", {frames:,} of them"
            images += f"{some} of {recordings} recording{'s' * (recordings != 1)}"
        return f"on {n:,} held-out {images}" if self.test_only else f"cross-validated on {n:,} {images}"

    def efficiency(self, data: Dataset) -> float:
        """The evidence of one of these images, 0..1."""
        return grouping.efficiency(data.groups[self.rows]) * (1.0 if self.test_only else FOLD_EFFICIENCY)

    def headline(self, data: Dataset) -> "Evaluation":
        """The images that the reported accuracy rests on: the test set alone where that suffices."""
        tests = data.test[self.rows]
        if not test_set_suffices(data):
            return self
        rows = self.rows[tests]
        recorded = recorded_in(data, rows)
        return Evaluation(rows, self.plain[tests], self.calibrated[tests], test_only=True, recorded=recorded)


def recorded_in(data: Dataset, rows: np.ndarray) -> tuple[int, int]:
    """How many of the rows int [m] come from recordings, and from how many recordings."""
    frames = rows[data.grouped[rows]]
    return len(frames), len(np.unique(data.groups[frames]))


def test_set_suffices(data: Dataset) -> bool:
    """Whether the test set is large enough to report the accuracy without the folds."""
    return len(np.unique(data.groups[data.test & data.measures])) >= TEST_SET_SUFFICES


def figures(
    evaluation: Evaluation,
    folded: np.ndarray,
    temperature: float,
    data: Dataset,
    evidence: Evidence,
    optimistic: np.ndarray | None = None,
) -> dict:
    """Every figure of a model, as model.json has it; see `metrics` and, for `lines`, `threshold`.

    `accuracy` and what follows from single predictions rest on `Evaluation.headline`, `honest_thresholds` on all images
    of the evaluation, `lines` on the evidence, `test` and `cross_validation` on their own.

    Args:
        folded: bool [n], training rows with out-of-fold predictions.
        temperature: of the head.
        optimistic: float [n, k], predictions that are too good where the others may be too bad: the accuracy's interval
            reaches up to that of these.
    """
    headline = evaluation.headline(data)
    y = data.y[headline.rows]
    efficiency = headline.efficiency(data)
    facts = _prediction_figures(headline.calibrated, y, data.labels, efficiency, data.groups[headline.rows])
    if optimistic is not None:
        right = int((optimistic[headline.rows].argmax(axis=1) == y).sum())
        upper = Share(right, len(y), efficiency).facts()
        if upper["high"] > facts["accuracy"]["high"]:
            facts["accuracy"] |= {"high": upper["high"], "with_robots": upper["value"]}
    facts["measured_on"] = {"images": len(y), "test_alone": headline.test_only, "words": headline.measured_on}
    if headline.recorded[0]:
        facts["measured_on"] |= dict(zip(("recorded", "recordings"), headline.recorded, strict=True))
    p, labels, groups = evaluation.calibrated, data.y[evaluation.rows], data.groups[evaluation.rows]
    correct = p.argmax(axis=1) == labels
    facts["honest_thresholds"] = [metrics.above(p, labels, t, groups=groups) for t in metrics.THRESHOLDS]
    facts["lines"] = {str(t): evidence.threshold(t) for t in metrics.THRESHOLDS}
    by_folds = folded & data.measures
    for name, rows, per_image in (("test", data.test, 1.0), ("cross_validation", by_folds, FOLD_EFFICIENCY)):
        own = np.isin(evaluation.rows, np.flatnonzero(rows))
        if own.any():
            worth = per_image * grouping.efficiency(groups[own])
            facts[name] = Share(int(correct[own].sum()), int(own.sum()), worth).facts()
    facts["temperature"], facts["ece"] = temperature, {}
    if len(y):
        facts["ece"] = {"before": metrics.ece(headline.plain, y), "after": metrics.ece(headline.calibrated, y)}
    return facts


def recording_warnings(data: Dataset) -> list[str]:
    """Why no accuracy can be reported: a sentence for each label that comes from too few recordings; empty where it
    can."""
    rows = data.measures
    found = grouping.too_few_recordings(data.y[rows], data.groups[rows], data.grouped[rows])
    return [
        f"{data.labels[label]} comes from {count} recording{'s' * (count != 1)}; an accuracy needs "
        f"{grouping.RECORDINGS_MIN}. Record it again, elsewhere."
        for label, count in found
    ]


def _prediction_figures(
    probabilities: np.ndarray, y: np.ndarray, labels: list[str], efficiency: float, groups: np.ndarray
) -> dict:
    """Accuracy, confusion, reliability and thresholds of predictions float [m, k] for labels int [m], groups int
    [m]."""
    guesses = probabilities.argmax(axis=1)
    table = metrics.confusion(y, guesses, len(labels))
    rows = metrics.per_label(table)
    return {
        "accuracy": Share(int((guesses == y).sum()), len(y), efficiency).facts(),
        "loss": metrics.nll(probabilities, y) if len(y) else None,
        "confusion": table.tolist(),
        "per_label": dict(zip(labels, rows, strict=True)),
        "reliability": metrics.reliability(probabilities, y) if len(y) else [],
        "thresholds": [metrics.above(probabilities, y, t, groups=groups) for t in metrics.THRESHOLDS],
        "targets": _targets(probabilities, y, labels),
    }


def _targets(probabilities: np.ndarray, y: np.ndarray, labels: list[str]) -> list[dict]:
    """For each precision of `metrics.TARGETS` the score that reaches it, for all images and for each label."""
    rows = []
    for target in metrics.TARGETS:
        per_label = {label: metrics.threshold_for(probabilities, y, target, i) for i, label in enumerate(labels)}
        rows.append({"precision": target, "all": metrics.threshold_for(probabilities, y, target), "labels": per_label})
    return rows
