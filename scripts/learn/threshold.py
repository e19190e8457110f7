"""The score from which on a model is as sure as the user asked. numpy only.

Calibrated scores are right as often as they are high on average. Above a threshold of 0.925 that is 0.98 where most
scores lie near 1, and 0.96 on a hard set, where most lie just above the threshold. So the threshold follows the model:
it is never below the user's `confidence_min`, and it is higher where too many of the images above that would be wrong.
"""

from dataclasses import dataclass

import numpy as np

from scripts.learn import grouping

# At most this share of 1 - confidence_min is wrong above the threshold: 3 % above 0.925.
ERROR_FACTOR = 0.4
# A safety margin, as out-of-fold scores come from few images: in standard errors of a share of all of them. With 20
# images a label on five sets of .62 to .78 accuracy (8 seeds) .959 were right above 0.925, .965 above a model's own
# threshold without a margin, .972 with this one; a whole standard error gives .984 and leaves a third of the images.
MARGIN = 0.5
UNREACHABLE = 1.0  # a threshold that no score reaches


def target_precision(confidence_min: float) -> float:
    """The share of correct predictions, 0..1, that a `confidence_min` 0..1 promises above the threshold."""
    return 1 - ERROR_FACTOR * (1 - confidence_min)


@dataclass(frozen=True)
class Evidence:
    """What a model's threshold is found from: calibrated predictions of images that a person labelled by heads that
    were not trained on them, also of images that somebody chose. These are harder than most, so the threshold errs
    upwards; without them a labeling session leaves so few images that hardly anything counted as sure.

    `scores` float [n], 0..1; `correct` bool [n]; `groups` int [n], images that are right or wrong together.
    """

    scores: np.ndarray
    correct: np.ndarray
    groups: np.ndarray

    @classmethod
    def of(cls, probabilities: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> "Evidence":
        """Of probabilities float [n, k] and labels int [n]."""
        return cls(probabilities.max(axis=1, initial=0), probabilities.argmax(axis=1) == labels, groups)

    def threshold(self, confidence_min: float) -> float:
        """See `model_threshold`."""
        return model_threshold(self.scores, self.correct, confidence_min, self.groups)


def model_threshold(scores: np.ndarray, correct: np.ndarray, confidence_min: float, groups: np.ndarray) -> float:
    """The lowest score >= `confidence_min` from which on `target_precision` is reached; UNREACHABLE where none is.

    It is reached where the mean score above the threshold is at least the target plus the margin. The target alone
    suffices where the images above the threshold were themselves correct often enough (with Jeffreys' prior: half a
    correct and half a wrong image added).

    Args:
        scores: float [n], calibrated and out of fold, 0..1.
        correct: bool [n].
        confidence_min: fraction 0..1.
        groups: int [n], images that are right or wrong together.
    """
    if not len(scores) or not confidence_min:  # 0: the person wants everything to count as sure
        return confidence_min
    order = np.argsort(-scores, kind="stable")
    score, count = scores[order].astype(float), np.arange(1, len(scores) + 1)
    target = target_precision(confidence_min)
    safe = target + MARGIN * np.sqrt(target * (1 - target) / grouping.effective_size(groups))
    precision = (np.cumsum(correct[order]) + 0.5) / (count + 1)
    reached = np.cumsum(score) / count >= np.where(precision >= safe, target, safe)
    above = int((score >= confidence_min).sum())
    good = np.flatnonzero(reached[:above])
    if not len(good):
        return UNREACHABLE if above else confidence_min
    last = int(good[-1])
    # Where all images above the user's threshold reach the target, the user's threshold is used.
    return confidence_min if last + 1 == above else float(score[last])
