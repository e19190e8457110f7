"""One temperature for a head, and others for the predictions that measure it. numpy only."""

import numpy as np

from scripts.learn import grouping, metrics


def temperatures(
    logits: np.ndarray, labels: np.ndarray, rows: np.ndarray, folds: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """The temperature that each image's honest logits are divided by, float32 [n], fitted on honest logits of images
    outside its own fold: of one that helped to choose it the score would be told too good.

    Args:
        logits: float32 [n, k]; labels: int [n]; rows: bool [n], those that calibrate; folds, groups: int [n].
    """
    heat = np.full(len(labels), temperature(logits[rows], labels[rows], groups[rows]), np.float32)
    for fold in np.unique(folds[rows]):
        rest = rows & (folds != fold)
        if rest.any():
            heat[folds == fold] = temperature(logits[rest], labels[rest], groups[rest])
    return heat


def temperature(logits: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> float:
    """The one temperature of honest logits float32 [n, k]; 1 where there are none. Frames of a recording that are all
    right rule out no more wrong ones than a single picture does."""
    return metrics.fit_temperature(logits, labels, grouping.effective(groups)) if len(labels) else 1.0
