"""The distance gate: what is unlike every training image is not sorted with confidence, whatever it scores."""

from dataclasses import dataclass

import numpy as np

from scripts.learn import metrics
from scripts.learn.dataset import Dataset
from scripts.learn.head import Scaler

PROTOTYPES_MAX = 3000  # training vectors kept with a model for the distance gate; 6 MB at 1,024 numbers
IMAGES_MIN = 40  # training images below which distances say nothing


@dataclass(frozen=True)
class NoveltyDetector:
    """An image whose nearest training image is farther than `limit` (1 - cosine, 0..2) is unlike all of them.

    `rows` float16 [m, d] of unit length, after centring by `centre` and dividing by `spread` float32 [d]; limit 2 = no
    gate. Every feature has the same say: of photos of other things (clothing to a grocery classifier of five labels and
    the other way round, twice) 80, 82, 99 and 100 % lie beyond it then, 43, 48, 95 and 96 % without dividing.
    """

    rows: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    limit: float
    columns: tuple[int, int] | None = None  # of the features, those that count: from, to; None = all

    def distances(self, vectors: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> float32 [n]."""
        if not len(self.rows):
            return np.zeros(len(vectors), np.float32)
        return metrics.nearest_distance(self.unit(vectors), self.rows.astype(np.float32))

    def unit(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors float32 [n, d] in the space that distances are measured in: rows of unit length."""
        return metrics.unit_rows(_counting(vectors, self.columns), self.centre, self.spread)


def fit_novelty(material: Dataset, columns: tuple[int, int] | None = None) -> NoveltyDetector:
    """The gate of the training images, by some columns of their vectors."""
    rows = np.flatnonzero(material.train)
    if len(rows) > PROTOTYPES_MAX:
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:PROTOTYPES_MAX])
    vectors = _counting(material.vectors[rows], columns)
    scaler = Scaler.fit(vectors)
    unit = metrics.unit_rows(vectors, scaler.mean, scaler.spread)
    limit = metrics.distance_gate(unit, material.groups[rows]) if len(rows) >= IMAGES_MIN else 2.0
    return NoveltyDetector(unit.astype(np.float16), scaler.mean, scaler.spread, limit, columns)


def _counting(vectors: np.ndarray, columns: tuple[int, int] | None) -> np.ndarray:
    return vectors if columns is None else vectors[:, slice(*columns)]
