"""Numbers about predictions: calibration error, confusion, what a threshold lets through, suspected wrong labels. numpy
only; intervals and tests are in `intervals.py`."""

import numpy as np

from scripts.learn import grouping
from scripts.learn.intervals import Share

BINS = 15  # of the expected calibration error (Guo et al. 2017, arXiv 1706.04599)
THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.925, 0.95, 0.99)
TARGETS = (0.95, 0.98, 0.99)  # precisions people ask for


def nll(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative log-likelihood of the right labels, in nats."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12)).mean())


def ece(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error over 15 bins with equally many images, a fraction 0..1."""
    if not len(labels):
        return 0.0
    scores, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    parts = np.array_split(np.argsort(scores, kind="stable"), min(BINS, len(labels)))
    return float(sum(len(p) / len(labels) * abs(right[p].mean() - scores[p].mean()) for p in parts if len(p)))


def confusion(labels: np.ndarray, guesses: np.ndarray, count: int) -> np.ndarray:
    """int [count, count]: row = true label, column = guess."""
    table = np.zeros((count, count), int)
    np.add.at(table, (labels, guesses), 1)
    return table


def per_label(table: np.ndarray) -> list[dict]:
    """Precision, recall, F1 (fractions 0..1, None where undefined) and n for each label of a confusion table."""
    rows = []
    for i in range(len(table)):
        hit, predicted, actual = int(table[i, i]), int(table[:, i].sum()), int(table[i].sum())
        precision = hit / predicted if predicted else None
        recall = hit / actual if actual else None
        f1 = 2 * hit / (predicted + actual) if predicted + actual else None
        rows.append({"precision": precision, "recall": recall, "f1": f1, "n": actual, "said": predicted, "right": hit})
    return rows


def reliability(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> list[dict]:
    """Bins of equal width over the top score: mean score, share right, and n; empty bins left out."""
    scores, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    rows = []
    edges = np.arange(bins + 1) / bins
    for low, high in zip(edges, edges[1:], strict=False):
        inside = (scores > low) & (scores <= high)
        if inside.any():
            rows.append(
                {
                    "from": float(low),
                    "score": float(scores[inside].mean()),
                    **Share(int(right[inside].sum()), int(inside.sum())).facts(),
                }
            )
    return rows


def above(
    probabilities: np.ndarray,
    labels: np.ndarray,
    threshold: float,
    label: int | None = None,
    groups: np.ndarray | None = None,
) -> dict:
    """What a threshold lets through: coverage and the share that is right, with its interval.

    Args:
        label: only predictions of this label; None = all.
        groups: int [n], images that are right or wrong together.
    """
    scores, guess = probabilities.max(axis=1), probabilities.argmax(axis=1)
    candidates = np.ones(len(labels), bool) if label is None else guess == label
    passed = candidates & (scores >= threshold)
    efficiency = 1.0 if groups is None else grouping.efficiency(groups[passed])
    share = Share(int((guess[passed] == labels[passed]).sum()), int(passed.sum()), efficiency)
    coverage = float(passed.sum()) / float(candidates.sum()) if candidates.any() else 0.0
    return {"threshold": threshold, "coverage": coverage, **share.facts()}


def threshold_for(
    probabilities: np.ndarray, labels: np.ndarray, target: float, label: int | None = None
) -> float | None:
    """The smallest score from which on the share right is at least `target`, or None where none reaches it.

    At least 5 images must lie above it.

    Args:
        target: fraction 0..1.
        label: only predictions of this label; None = all.
    """
    scores, guess = probabilities.max(axis=1), probabilities.argmax(axis=1)
    candidates = np.ones(len(labels), bool) if label is None else guess == label
    order = np.argsort(-scores[candidates], kind="stable")
    hits = np.cumsum((guess == labels)[candidates][order])
    shares = hits / np.arange(1, len(hits) + 1)
    good = np.flatnonzero((shares >= target) & (np.arange(1, len(hits) + 1) >= 5))
    return float(scores[candidates][order][good[-1]]) if len(good) else None


def suspects(probabilities: np.ndarray, labels: np.ndarray) -> list[int]:
    """Indices of images most likely mislabelled, worst first (confident learning: Northcutt et al. 2021, JAIR 70).

    Args:
        probabilities: out-of-fold, float [n, k]; never from a head trained on the same images.

    Suspected are images predicted as another label, ranked by normalised margin: the score of the own label less the
    best other score, each less the mean score of its label's own images.
    """
    count = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    confidence = np.array([own[labels == j].mean() if (labels == j).any() else 1.0 for j in range(count)])
    others = probabilities - confidence[None, :]
    others[np.arange(len(labels)), labels] = -np.inf
    margin = (own - confidence[labels]) - others.max(axis=1)
    guess = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(guess != labels)
    return [int(i) for i in wrong[np.argsort(margin[wrong], kind="stable")]]
