"""Temperature scaling: one temperature for a head, and others for the predictions that measure it. numpy only."""

import math

import numpy as np

from scripts.learn import grouping


def temperature_of(logits: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> float:
    """The temperature of out-of-fold logits float32 [n, k]; 1 where there are none. The frames of one recording count
    as one image."""
    return fit_temperature(logits, labels, grouping.effective_size(groups)) if len(labels) else 1.0


def temperatures_by_fold(
    logits: np.ndarray, labels: np.ndarray, rows: np.ndarray, folds: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """For each image the temperature that its out-of-fold logits are divided by, float32 [n].

    It is fitted without the image's own fold: a score that was calibrated on itself would look too good.

    Args:
        logits: float32 [n, k].
        labels, folds, groups: int [n].
        rows: bool [n], the images to calibrate on.
    """
    result = np.full(len(labels), temperature_of(logits[rows], labels[rows], groups[rows]), np.float32)
    for fold in np.unique(folds[rows]):
        rest = rows & (folds != fold)
        if rest.any():
            result[folds == fold] = temperature_of(logits[rest], labels[rest], groups[rest])
    return result


def soft_targets(labels: np.ndarray, count: int, effective: float | None = None) -> np.ndarray:
    """Targets float [n, count] that leave room for what n images cannot rule out: 1 - 1/(n + 2) for the true label, the
    rest shared by the others (Platt 1999, "Probabilistic outputs for support vector machines", section 2.2).

    Args:
        effective: how many independent images these are; None = all of them.
    """
    slack = 1 / ((len(labels) if effective is None else effective) + 2)
    targets = np.full((len(labels), count), slack / max(1, count - 1))
    targets[np.arange(len(labels)), labels] = 1 - slack
    return targets


def fit_temperature(logits: np.ndarray, labels: np.ndarray, effective: float | None = None) -> float:
    """The one scalar T > 0 that makes softmax(logits / T) most likely (Guo et al. 2017, arXiv 1706.04599, section 4.2),
    with Platt's targets: where every prediction is right, the plain likelihood would make every score 1.

    A golden-section search over log T in [log 0.05, log 20]; the loss has a single minimum in 1/T.

    Args:
        effective: see `soft_targets`.
    """
    targets = soft_targets(labels, logits.shape[1], effective)
    low, high = math.log(0.05), math.log(20)
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(60):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if _cross_entropy(logits / math.exp(a), targets) < _cross_entropy(logits / math.exp(b), targets):
            high = b
        else:
            low = a
    return math.exp((low + high) / 2)


def _cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float((targets * (np.log(np.exp(shifted).sum(axis=1, keepdims=True)) - shifted)).sum(axis=1).mean())
