"""What a trained head is worth: honest predictions in, every figure of model.json out. numpy only."""

from dataclasses import dataclass

import numpy as np

from scripts.learn import grouping, metrics
from scripts.learn.dataset import Dataset
from scripts.learn.metrics import Share
from scripts.learn.sure import line

# What an image that a fold's head judges is worth as evidence beside one that was held back: the heads learned from
# mostly the same images, so their errors hang together, and no estimate of by how much is unbiased (Bengio & Grandvalet
# 2004, JMLR 5, 1089-1105). Seen where labels were dealt at random: the shares right of 2,500 draws of 2 to 10 images a
# label spread 1.1 to 1.3 times as wide as as many coins would, a variance of 1.25 to 1.8; so an image is worth 0.6.
FOLD_WORTH = 0.6
TEST_SET_SUFFICES = 100  # images, each in a group of its own, from which on the test set alone tells the accuracy


@dataclass(frozen=True)
class Evaluation:
    """Honest predictions: of each image by a head that learned neither from it nor from a near-duplicate.

    `rows` int [m]: which rows of the material; `plain` and `calibrated` float32 [m, k]: probabilities before and after
    the temperature; `alone`: they are the test set's alone, else also those of training images, each by the head of the
    fold that left it out.
    """

    rows: np.ndarray
    plain: np.ndarray
    calibrated: np.ndarray
    alone: bool

    @property
    def words(self) -> str:
        """What an accuracy was measured on, to end a sentence with."""
        n = len(self.rows)
        images = f"{n:,} image{'s' * (n != 1)}"
        return f"on {images} kept apart" if self.alone else f"on {images}, each predicted without it"

    def worth(self, material: Dataset) -> float:
        """What an image is worth as evidence, 0..1: what is in one group is right or wrong together."""
        return grouping.worth(material.groups[self.rows]) * (1.0 if self.alone else FOLD_WORTH)

    def headline(self, material: Dataset) -> "Evaluation":
        """What the accuracy that is told rests on: the test set where it is large enough to tell it alone."""
        tests = material.test[self.rows]
        if not test_set_suffices(material):
            return self
        return Evaluation(self.rows[tests], self.plain[tests], self.calibrated[tests], alone=True)


def test_set_suffices(material: Dataset) -> bool:
    """Whether the test set is large enough to tell the accuracy without the folds."""
    return len(np.unique(material.groups[material.test & material.measures])) >= TEST_SET_SUFFICES


def figures(
    honest: Evaluation, folded: np.ndarray, temperature: float, material: Dataset, hopeful: np.ndarray | None = None
) -> dict:
    """Every figure a model is judged by; see `metrics` and, for `lines`, `sure`.

    `accuracy` and all that follows from single predictions rest on what `headline` chooses, `honest_thresholds` on all
    honest predictions, `test` and `cross_validation` on their own.

    Args:
        folded: bool [n], training rows with out-of-fold predictions.
        hopeful: float [n, k], predictions that are too good, where the honest ones may be too bad: the upper end of the
            accuracy's interval is that of these.
    """
    measured = honest.headline(material)
    y = material.y[measured.rows]
    facts = evaluate(measured.calibrated, y, material.labels, measured.worth(material), material.groups[measured.rows])
    if hopeful is not None:
        right = int((hopeful[measured.rows].argmax(axis=1) == y).sum())
        promised = Share(right, len(y), measured.worth(material)).facts()
        if promised["high"] > facts["accuracy"]["high"]:
            facts["accuracy"] |= {"high": promised["high"], "with_robots": promised["value"]}
    facts["measured_on"] = {"images": len(y), "test_alone": measured.alone, "words": measured.words}
    sure = honest.calibrated, material.y[honest.rows]
    together = material.groups[honest.rows]
    facts["honest_thresholds"] = [metrics.above(*sure, t, groups=together) for t in metrics.THRESHOLDS]
    scores, rights = sure[0].max(axis=1, initial=0), sure[0].argmax(axis=1) == sure[1]
    facts["lines"] = {str(t): line(scores, rights, t, together) for t in metrics.THRESHOLDS}
    by_folds = folded & material.measures
    for name, rows, worth in (("test", material.test, 1.0), ("cross_validation", by_folds, FOLD_WORTH)):
        own = np.isin(honest.rows, np.flatnonzero(rows))
        if own.any():
            right = sure[0][own].argmax(axis=1) == sure[1][own]
            worth *= grouping.worth(material.groups[honest.rows[own]])
            facts[name] = Share(int(right.sum()), int(own.sum()), worth).facts()
    facts["temperature"], facts["ece"] = temperature, {}
    if len(y):
        facts["ece"] = {"before": metrics.ece(measured.plain, y), "after": metrics.ece(measured.calibrated, y)}
    return facts


def untold(material: Dataset) -> list[str]:
    """Why no accuracy can be told, a sentence for each label that comes from too few recordings; empty where it can."""
    rows = material.measures
    said = []
    for label, count in grouping.too_few(material.y[rows], material.groups[rows], material.recorded[rows]):
        told = f"{count} recording{'s' * (count != 1)}"
        said.append(
            f"{material.labels[label]} comes from {told}: how well it is known elsewhere cannot be told before "
            f"there are {grouping.LEAST}. Record it again, elsewhere."
        )
    return said


def evaluate(
    probabilities: np.ndarray, y: np.ndarray, labels: list[str], worth: float = 1.0, groups: np.ndarray | None = None
) -> dict:
    """Figures of predictions float [m, k] for labels int [m] and groups int [m]: accuracy, confusion, reliability,
    thresholds."""
    guesses = probabilities.argmax(axis=1)
    table = metrics.confusion(y, guesses, len(labels))
    rows = metrics.per_label(table)
    return {
        "accuracy": Share(int((guesses == y).sum()), len(y), worth).facts(),
        "loss": metrics.nll(probabilities, y) if len(y) else None,
        "confusion": table.tolist(),
        "per_label": dict(zip(labels, rows, strict=True)),
        "reliability": metrics.reliability(probabilities, y) if len(y) else [],
        "thresholds": [metrics.above(probabilities, y, t, groups=groups) for t in metrics.THRESHOLDS],
        "targets": _targets(probabilities, y, labels),
    }


def _targets(probabilities: np.ndarray, y: np.ndarray, labels: list[str]) -> list[dict]:
    """For each precision people ask for: the score that reaches it, for all and for each label."""
    rows = []
    for target in metrics.TARGETS:
        per_label = {label: metrics.threshold_for(probabilities, y, target, i) for i, label in enumerate(labels)}
        rows.append({"precision": target, "all": metrics.threshold_for(probabilities, y, target), "labels": per_label})
    return rows
