"""honest.npz of a model: what it says of images that the head which says it has not learned from, by content hash.

So models can be compared on images that taught them: each is judged by the head of the fold that left the image out.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scripts.learn import sure
from scripts.learn.dataset import Dataset
from scripts.learn.train import TrainedHead

NAME = "honest.npz"


@dataclass(frozen=True)
class OutOfFold:
    """`guesses`: content hash -> label the model gives it unseen; `scores`: content hash -> score 0..1 of that guess;
    `labels`: content hash -> label it had then; `learned`: content hashes that the head has learned from;
    `groups`: content hash -> what it belonged to then, named by one of its images; a model of before groups were kept
    has none."""

    guesses: dict[str, str]
    scores: dict[str, float]
    labels: dict[str, str]
    trained_on: frozenset[str]
    groups: dict[str, str] = field(default_factory=dict)

    def above(self, line: float) -> tuple[int, int]:
        """(right, all) of the honest predictions that score at least `line`."""
        over = [sha for sha, score in self.scores.items() if score >= line]
        return sum(self.guesses[sha] == self.labels[sha] for sha in over), len(over)

    def line(self, wanted: float) -> float:
        """The score 0..1 from which on this model is as sure as a line `wanted` 0..1 promises; see `sure.line`."""
        shas = list(self.scores)
        right = np.array([self.guesses[sha] == self.labels[sha] for sha in shas], bool)
        _, groups = np.unique([self.groups.get(sha, sha) for sha in shas], return_inverse=True)
        return sure.line(np.array([self.scores[sha] for sha in shas]), right, wanted, groups)


def save(folder: Path, material: Dataset, trained: TrainedHead) -> None:
    """Write honest.npz: arrays only, no pickle."""
    rows = trained.evaluation.rows
    np.savez_compressed(
        folder / NAME,
        images=_packed(material, rows),
        labels=material.y[rows].astype(np.int32),
        probabilities=trained.evaluation.calibrated.astype(np.float32),
        learned=_packed(material, np.flatnonzero(material.train)),
        groups=_packed(material, _firsts(material.groups)[rows]),
    )


def load(folder: Path, labels: list[str]) -> OutOfFold:
    """What `save` wrote.

    Args:
        labels: of the model, in its order.

    Raises:
        OSError, ValueError, KeyError, IndexError: missing or damaged.
    """
    with np.load(folder / NAME, allow_pickle=False) as kept:
        images, learned = (_unpacked(kept[name]) for name in ("images", "learned"))
        p, given = kept["probabilities"], kept["labels"]
        groups = _unpacked(kept["groups"]) if "groups" in kept else []
    guesses = [labels[i] for i in p.argmax(axis=1)] if len(p) else []
    return OutOfFold(
        dict(zip(images, guesses, strict=True)),
        dict(zip(images, p.max(axis=1).tolist() if len(p) else [], strict=True)),
        dict(zip(images, (labels[i] for i in given), strict=True)),
        frozenset(learned),
        dict(zip(images, groups, strict=True)) if groups else {},
    )


def _firsts(groups: np.ndarray) -> np.ndarray:
    """For each row int [n] the first row of its group."""
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    return first[number]


def _packed(material: Dataset, rows: np.ndarray) -> np.ndarray:
    """Content hashes as uint8 [n, 32]."""
    raw = bytes.fromhex("".join(material.images[i].sha256 for i in rows))
    return np.frombuffer(raw, np.uint8).reshape(-1, 32)


def _unpacked(hashes: np.ndarray) -> list[str]:
    return [row.tobytes().hex() for row in hashes]
