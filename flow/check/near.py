"""The training pictures most like one, by the bottlenecks that are known already; nothing is computed for it."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flow.base import files, paths
from flow.models import shelf
from flow.models.backbone import LazyRunner
from flow.records import labelling

if TYPE_CHECKING:
    import numpy as np

MOST = 20_000  # training pictures compared with; 100 MB of vectors


class Neighbour(NamedTuple):
    """A training picture, its label, and the cosine of the angle to the one asked about."""

    sha256: str
    label: str
    likeness: float


class Nearest:
    """Read when first asked, in the thread that asks. Any thread may use it."""

    def __init__(self, basetag: str):
        self._basetag = basetag
        self._lock = threading.Lock()
        self._rows: np.ndarray | None = None  # float32 [n, d], of unit length
        self._shas: list[str] = []
        self._where: dict[str, Path] = {}
        self._is_read = False

    def find(self, sha256: str) -> Path | None:
        """Where a training picture lies that was named before."""
        path = self._where.get(sha256)
        return path if path and path.is_file() else None

    def to(self, sha256: str, count: int = 3) -> list[Neighbour]:
        """The nearest training pictures, nearest first; none where a bottleneck is not known."""
        with self._lock:
            if not self._is_read:
                self._read()
                self._is_read = True
        vector = self._vectors([sha256]).get(sha256) if self._rows is not None else None
        if vector is None or self._rows is None:
            return []
        import numpy as np

        likeness = self._rows @ self._unit(vector[None])[0]
        best = [i for i in np.argsort(-likeness)[: count + 1] if self._shas[i] != sha256][:count]
        return [Neighbour(self._shas[i], self._where[self._shas[i]].parent.name, round(float(likeness[i]), 3))
                for i in best]  # fmt: skip

    def _read(self) -> None:
        import numpy as np

        from scripts.learn.hashes import HashBook

        listed = [p for folder in labelling.label_folders(self._basetag) for p in files.images_in(folder)][:MOST]
        with HashBook(paths.hashes()) as book:
            self._where = {sha: path for path, sha in book.sha256s(listed).items()}
        known = self._vectors(list(self._where))
        if len(known) < 2:
            return
        self._shas = list(known)
        rows = np.stack([known[sha] for sha in self._shas])
        self._centre, self._spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
        self._rows = self._unit(rows)

    def _unit(self, rows: "np.ndarray") -> "np.ndarray":
        from scripts.learn.metrics import unit_rows

        return unit_rows(rows, self._centre, self._spread)

    def _vectors(self, shas: list[str]) -> "dict[str, np.ndarray]":
        """What the best model's backbone saw in pictures, as far as it is kept."""
        from scripts.learn import bottlenecks

        models = shelf.all_models(self._basetag)
        if not models:
            return {}
        runner = LazyRunner(models[0])
        path = bottlenecks.store_path(paths.bottlenecks(), runner.backbone, runner.key)
        if not path.exists():
            return {}
        with bottlenecks.Store(path) as store:
            return store.get(shas, runner.vector_length)
