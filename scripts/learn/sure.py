"""From which score on the classifier is as sure as the user asked. numpy only.

Scores that mean what they say are right as often as they are high on average. Over a line of 0.925 that is 0.98 where
most scores lie near 1, and 0.96 on a hard set, where most lie just above it. So the line that is used follows the
model: it is never below the user's, and above it where what lies over the user's would not be right often enough.
"""

import numpy as np

from scripts.learn import grouping

# What a line promises: of the images over it at most this share of 1 - line is wrong; 0.97 right over 0.925.
WRONG = 0.4
# The honest scores come from few images, so what is asked of them has a margin: half the standard error of a share of
# them all. Twenty images a label, five sets of .62 to .78 accuracy, 8 seeds: .959 right over 0.925 without a
# line, .965 without the margin, .972 with it; a whole standard error gives .984 and leaves a third of the images.
MARGIN = 0.5
NOTHING = 1.0  # a line that no score reaches


def promise(wanted: float) -> float:
    """The share 0..1 of right ones that a line `wanted` 0..1 stands for."""
    return 1 - WRONG * (1 - wanted)


def line(scores: np.ndarray, right: np.ndarray, wanted: float, groups: np.ndarray) -> float:
    """The least score >= `wanted` from which on the promise is kept; NOTHING where none is known to be.

    It is kept where the mean score over the line comes to the promise and its margin; to the promise alone, where the
    images over the line themselves were right often enough (half a right and half a wrong one added, Jeffreys' prior).

    Args:
        scores: float [n], calibrated and honest; right: bool [n]; groups: int [n], right or wrong together.
    """
    if not len(scores):
        return wanted
    order = np.argsort(-scores, kind="stable")
    score, count = scores[order].astype(float), np.arange(1, len(scores) + 1)
    target = promise(wanted)
    safe = target + MARGIN * np.sqrt(target * (1 - target) / grouping.effective(groups))
    seen = (np.cumsum(right[order]) + 0.5) / (count + 1)
    kept = np.cumsum(score) / count >= np.where(seen >= safe, target, safe)
    good = np.flatnonzero(kept & (score >= wanted))
    if not len(good):
        return NOTHING if (score >= wanted).any() else wanted
    last = good[-1]
    # Where all that lies over the user's line keeps the promise, the user's line is the one.
    return wanted if last + 1 == int((score >= wanted).sum()) else float(score[last])
