"""The out-of-fold predictions that are stored with a model (honest.npz), by content hash.

With them models can be compared on images that they were trained on: each image is predicted by the head of the fold
that left it out.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scripts.learn import grouping
from scripts.learn.dataset import Dataset
from scripts.learn.threshold import Evidence
from scripts.learn.trained_head import TrainedHead

NAME = "honest.npz"


@dataclass(frozen=True)
class OutOfFold:
    """What a model says of images by heads that were not trained on them; keys are content hashes.

    `guesses`: predicted label; `scores`: its score 0..1; `labels`: the label that the image had then; `groups`: the
    name of its group then, which is one of its images (a model from before groups has none); `trained_on`: all images
    that the main head was trained on; `evidence`: None in models of earlier versions.
    """

    guesses: dict[str, str]
    scores: dict[str, float]
    labels: dict[str, str]
    trained_on: frozenset[str]
    groups: dict[str, str] = field(default_factory=dict)
    evidence: Evidence | None = None

    def above(self, threshold: float) -> tuple[int, int]:
        """(right, all) of the predictions that score at least `threshold`, 0..1."""
        over = self._above(threshold)
        return sum(self.guesses[sha] == self.labels[sha] for sha in over), len(over)

    def efficiency(self, threshold: float) -> float:
        """The evidence of one of the predictions that score at least `threshold`, 0..1."""
        return grouping.efficiency([self.groups.get(sha, sha) for sha in self._above(threshold)])

    def _above(self, threshold: float) -> list[str]:
        return [sha for sha, score in self.scores.items() if score >= threshold]

    def threshold(self, confidence_min: float) -> float:
        """The score 0..1 from which on this model is as sure as `confidence_min` promises; see `threshold.py`."""
        if self.evidence is not None:
            return self.evidence.threshold(confidence_min)
        shas = list(self.scores)
        correct = np.array([self.guesses[sha] == self.labels[sha] for sha in shas], bool)
        _, groups = np.unique([self.groups.get(sha, sha) for sha in shas], return_inverse=True)
        return Evidence(np.array([self.scores[sha] for sha in shas]), correct, groups).threshold(confidence_min)


def save(folder: Path, data: Dataset, trained: TrainedHead) -> None:
    """Write honest.npz: arrays only, no pickle."""
    rows = trained.evaluation.rows
    np.savez_compressed(
        folder / NAME,
        images=_packed(data, rows),
        labels=data.y[rows].astype(np.int32),
        probabilities=trained.evaluation.calibrated.astype(np.float32),
        learned=_packed(data, np.flatnonzero(data.train)),
        groups=_packed(data, _first_rows(data.groups)[rows]),
        evidence_scores=trained.evidence.scores.astype(np.float32),
        evidence_correct=trained.evidence.correct,
        evidence_groups=trained.evidence.groups.astype(np.int64),
    )


def load(folder: Path, labels: list[str]) -> OutOfFold:
    """What `save` wrote.

    Args:
        labels: of the model, in its order.

    Raises:
        OSError, ValueError, KeyError, IndexError: missing or damaged.
    """
    with np.load(folder / NAME, allow_pickle=False) as stored:
        images, trained_on = (_unpacked(stored[name]) for name in ("images", "learned"))
        p, given = stored["probabilities"], stored["labels"]
        groups = _unpacked(stored["groups"]) if "groups" in stored else []
        parts = [f"evidence_{name}" for name in ("scores", "correct", "groups")]
        evidence = Evidence(*(stored[part] for part in parts)) if parts[0] in stored else None
    guesses = [labels[i] for i in p.argmax(axis=1)] if len(p) else []
    return OutOfFold(
        dict(zip(images, guesses, strict=True)),
        dict(zip(images, p.max(axis=1).tolist() if len(p) else [], strict=True)),
        dict(zip(images, (labels[i] for i in given), strict=True)),
        frozenset(trained_on),
        dict(zip(images, groups, strict=True)) if groups else {},
        evidence,
    )


def _first_rows(groups: np.ndarray) -> np.ndarray:
    """For each row int [n] the first row of its group."""
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    return first[number]


def _packed(data: Dataset, rows: np.ndarray) -> np.ndarray:
    """Content hashes as uint8 [n, 32]."""
    raw = bytes.fromhex("".join(data.images[i].sha256 for i in rows))
    return np.frombuffer(raw, np.uint8).reshape(-1, 32)


def _unpacked(hashes: np.ndarray) -> list[str]:
    return [row.tobytes().hex() for row in hashes]
