"""Embeddings as the rows of a table: a byte a number where they are of a grid, so that 100,000 take 200 MB. numpy only.

Rows are read as float32 when they are needed, and a selection of rows is a view. What goes over many rows does so block
by block.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from scripts.learn.grid import Grid

BLOCK = 256  # rows read at a time; 2 MB, which stay in the cache of the processor


class EmbeddingTable:
    """n embeddings of d numbers each, read like a float32 array [n, d] of which rows are selected."""

    def __init__(self, stored: np.ndarray, grid: Grid | None = None, rows: np.ndarray | None = None):
        """
        Args:
            stored: [m, d], int8 places of `grid` where there is one, else float32.
            rows: int [n], which of these, in which order; None = all.
        """
        self._stored, self._grid, self._rows = stored, grid, rows

    @classmethod
    def of(cls, vectors: "EmbeddingTable | np.ndarray") -> "EmbeddingTable":
        """A table of float32 [n, d], which is not copied; a table stays as it is."""
        if isinstance(vectors, EmbeddingTable):
            return vectors
        stored = np.asarray(vectors, np.float32)[:]
        stored.flags.writeable = False
        return cls(stored)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self), self._stored.shape[1]

    def __len__(self) -> int:
        return len(self._stored if self._rows is None else self._rows)

    def __getitem__(self, rows: Any) -> np.ndarray:
        """A row float32 [d] by its number; rows float32 [m, d] by numbers, a mask or a slice. Not to be written to."""
        found = self._stored[self._places(rows)]
        return self._grid.values(found) if self._grid else found

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[row] for row in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def subset(self, rows: Any) -> "EmbeddingTable":
        """The same rows as `[rows]`, as a table; nothing is copied."""
        return EmbeddingTable(self._stored, self._grid, self._index()[rows])

    def scaled(self, mean: np.ndarray, spread: np.ndarray) -> Callable[[Any], np.ndarray]:
        """Reads rows float32 [m, d] less `mean` [d] and divided by `spread` [d], as quickly as it reads them bare."""
        grid = self._grid
        if grid is None:
            return lambda rows: (self[rows] - mean) / spread
        factor = grid.scale / spread  # scale and spread in one multiplication
        shift = grid.zero * factor + mean / spread

        def read(rows: Any) -> np.ndarray:
            found = self._stored[self._places(rows)].astype(np.float32)
            found *= factor
            found -= shift
            return found

        return read

    def blocks(self, read: Callable[[slice], np.ndarray] | None = None) -> Iterator[tuple[slice, np.ndarray]]:
        """All rows, float32 [m, d], some at a time, and where they are; at least one block, which may be empty.

        Args:
            read: how they are read (`scaled`); None = as they are.
        """
        for begin in range(0, max(1, len(self)), BLOCK):
            where = slice(begin, begin + BLOCK)
            yield where, read(where) if read else self[where]

    def mean(self) -> np.ndarray:
        """Of each column, float32 [d]."""
        total = np.zeros(self.shape[1])
        for _, block in self.blocks():
            total += block.sum(axis=0, dtype=np.float64)
        return (total / max(1, len(self))).astype(np.float32)

    def followed_by(self, other: "EmbeddingTable") -> "EmbeddingTable":
        """The rows of both. Copied only where they are not rows of one table."""
        if other._stored is self._stored:
            return EmbeddingTable(self._stored, self._grid, np.concatenate([self._index(), other._index()]))
        if self._grid and other._grid and self._grid.equals(other._grid):
            stored = np.concatenate([one._stored[one._index()] for one in (self, other)])
            return EmbeddingTable(stored, self._grid)
        return EmbeddingTable(np.concatenate([self[:], other[:]]))

    def _index(self) -> np.ndarray:
        """Where each row is stored, int [n]."""
        return np.arange(len(self._stored)) if self._rows is None else self._rows

    def _places(self, rows: Any) -> Any:
        """Where these rows are stored; a slice stays one where it can, as nothing is copied for it."""
        return rows if self._rows is None else self._rows[rows]


class KeyedEmbeddings(Mapping[str, np.ndarray]):
    """Embeddings float32 [d] by content hash, in one table that is filled bit by bit."""

    def __init__(self, length: int, capacity: int):
        """
        Args:
            length: d.
            capacity: embeddings that are likely to come; it grows with more.
        """
        self._shape, self._stored = (capacity, length), np.empty((0, length), np.float32)
        self._grid: Grid | None = None
        self._row: dict[str, int] = {}

    def __getitem__(self, key: str) -> np.ndarray:
        return self.table([key])[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._row)

    def __len__(self) -> int:
        return len(self._row)

    def __contains__(self, key: object) -> bool:
        return key in self._row

    def table(self, keys: Sequence[str]) -> EmbeddingTable:
        """The embeddings of these, in this order; nothing is copied. Raises KeyError."""
        return EmbeddingTable(self._stored, self._grid, np.array([self._row[key] for key in keys], int))

    def add(self, keys: Sequence[str], vectors: np.ndarray, grid: Grid | None = None) -> None:
        """Add embeddings, or put them in place of those that are there.

        Args:
            vectors: float32 [m, d], or int8 [m, d]: places of `grid`.
            grid: the values that they take; None = any. Where all have one, a byte a number is kept.
        """
        if not len(keys):
            return
        if not self._row:
            self._begin(grid)
        if self._grid is not None and not (grid and self._grid.equals(grid)):
            self._widen()
        if self._grid is None and vectors.dtype == np.int8:
            assert grid is not None
            vectors = grid.values(vectors)
        elif self._grid is not None and vectors.dtype != np.int8:
            vectors = self._grid.places(vectors)
        rows = [self._row.setdefault(key, len(self._row)) for key in keys]
        self._grow(len(self._row))
        self._stored[rows] = vectors

    def update(self, vectors: Mapping[str, np.ndarray], grid: Grid | None = None) -> None:
        """Add embeddings float32 [d] by content hash; see `add`."""
        self.add([*vectors], np.array([*vectors.values()]), grid)

    def _begin(self, grid: Grid | None) -> None:
        self._grid = grid
        self._stored = np.empty(self._shape, np.int8 if grid else np.float32)

    def _widen(self) -> None:
        """To float32, for a vector of another kind."""
        assert self._grid is not None
        self._stored, self._grid = self._grid.values(self._stored), None

    def _grow(self, rows: int) -> None:
        if rows > len(self._stored):
            more = np.empty((2 * rows, self._shape[1]), self._stored.dtype)
            more[: len(self._stored)] = self._stored
            self._stored = more
