"""Novelty detection: an image that is unlike all training images is unfamiliar, whatever it scores. numpy only."""

from dataclasses import dataclass

import numpy as np

from scripts.learn.dataset import Dataset
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.head import Moments, Scaler
from scripts.learn.vectors import nearest_distance, unit_rows

PROTOTYPES_MAX = 3000  # training vectors stored with a model; 6 MB at 1,024 numbers
IMAGES_MIN = 40  # training images; with fewer there is no limit
PERCENTILE = 99.0  # of the training images lie within the limit
BLOCK = 512  # rows compared at a time, so that memory is bounded
NO_LIMIT = 2.0  # the largest distance there is


@dataclass(frozen=True)
class NoveltyDetector:
    """An image whose nearest training image is farther than `limit` (1 - cosine, 0..2) is unfamiliar.

    `rows` float16 [m, d]: training images, of unit length after subtracting `centre` and dividing by `spread` float32
    [d]. Dividing gives every feature the same influence: of photos of other things (clothing to a grocery classifier of
    five labels and the other way round, twice) 80, 82, 99 and 100 % are farther than the limit then, 43, 48, 95 and 96
    % without. `columns`: which of the features are compared, from and to; None = all.
    """

    rows: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    limit: float
    columns: tuple[int, int] | None = None

    def distances(self, vectors: np.ndarray | EmbeddingTable) -> np.ndarray:
        """1 - cosine to the nearest training image: float32 [n, d] -> float32 [n]."""
        if not len(self.rows):
            return np.zeros(len(vectors), np.float32)
        rows, table = self.rows.astype(np.float32), EmbeddingTable.of(vectors)
        return np.concatenate([nearest_distance(self.unit(block), rows) for _, block in table.blocks()])

    def unit(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors float32 [n, d] in the space that distances are measured in: rows of unit length."""
        return unit_rows(vectors[:, _slice(self.columns)], self.centre, self.spread)


def fit_novelty(data: Dataset, columns: tuple[int, int] | None = None) -> NoveltyDetector:
    """The novelty detector of the training images, by some columns of their vectors."""
    rows = np.flatnonzero(data.train)
    if len(rows) > PROTOTYPES_MAX:
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:PROTOTYPES_MAX])
    table, some = data.vectors.subset(rows), _slice(columns)
    all_columns = Moments.of(table)
    scaler = Scaler.of(Moments(len(rows), all_columns.mean[some], all_columns.squares[some]))
    unit = np.empty((len(rows), len(scaler.mean)), np.float32)
    for where, block in table.blocks():
        unit[where] = unit_rows(block[:, some], scaler.mean, scaler.spread)
    limit = novelty_limit(unit, data.groups[rows]) if len(rows) >= IMAGES_MIN else NO_LIMIT
    return NoveltyDetector(unit.astype(np.float16), scaler.mean, scaler.spread, limit, columns)


def novelty_limit(train: np.ndarray, groups: np.ndarray, percentile: float = PERCENTILE) -> float:
    """The distance (1 - cosine) that `percentile` of the training images stay under, each measured to its nearest one
    outside its own group.

    Args:
        train: float [n, d], rows of unit length.
        groups: int [n].
    """
    nearest = np.empty(len(train), np.float32)
    for begin in range(0, len(train), BLOCK):
        rows = slice(begin, begin + BLOCK)
        near = train[rows] @ train.T
        near[groups[rows, None] == groups[None, :]] = -1
        nearest[rows] = 1 - near.max(axis=1)
    return float(np.percentile(nearest, percentile))


def _slice(columns: tuple[int, int] | None) -> slice:
    return slice(None) if columns is None else slice(*columns)
