"""Pictures -> bottlenecks, each once in its life: one SQLite store a backbone, keyed by content hash.

files -> decoded in threads -> batches -> backbone -> store. Decoding runs ahead of the backbone by a bounded number of
batches; a picture that cannot be read is set aside with its reason.
"""

import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scripts.backbones import Backbone
from scripts.hashes import open_store
from scripts.images import VERSION, Unreadable, load_pixels
from scripts.runners import CORES, Runner

BATCH = 32  # pictures handed to the backbone at a time; at 299 pixels 34 MB
AHEAD = 3  # batches decoded ahead of the backbone
LOOK_UP = 500  # keys a query (SQLite allows 32,766; older builds 999)
SCHEMA = "CREATE TABLE IF NOT EXISTS vectors(key TEXT PRIMARY KEY, vector BLOB NOT NULL);"


@dataclass
class Bottlenecks:
    """`vectors`: content hash -> float32 [d]. `bad`: content hash -> why it cannot be read. `computed`: how many went
    through the backbone now; the rest came from the store."""

    vectors: dict[str, np.ndarray] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)
    computed: int = 0


class Store:
    """The vectors of one backbone. Use as a context manager; `path` None keeps them in memory.

    A damaged store is begun anew: what it held can be computed again.
    """

    def __init__(self, path: Path | None):
        self._db = open_store(path, SCHEMA)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def get(self, keys: list[str], length: int) -> dict[str, np.ndarray]:
        """Those of the vectors that are there and have `length` numbers."""
        found: dict[str, np.ndarray] = {}
        for begin in range(0, len(keys), LOOK_UP):
            some = keys[begin : begin + LOOK_UP]
            rows = self._db.execute(f"SELECT key, vector FROM vectors WHERE key IN ({','.join('?' * len(some))})", some)
            for key, raw in rows:
                if len(raw) == 4 * length:
                    found[key] = np.frombuffer(raw, np.float32)
        return found

    def put(self, vectors: dict[str, np.ndarray]) -> None:
        """Keep vectors; a full disk means computing them again next time, no more."""
        with contextlib.suppress(sqlite3.OperationalError), self._db:
            rows = [(key, np.ascontiguousarray(v, np.float32).tobytes()) for key, v in vectors.items()]
            self._db.executemany("INSERT OR REPLACE INTO vectors VALUES(?,?)", rows)


def store_path(folder: Path, backbone: Backbone, key: str) -> Path:
    """The store's file: named for the backbone, its weights and the decoder's version."""
    return folder / f"{backbone.title}_{key[:12]}_v{VERSION}.sqlite"


def compute(files: dict[str, Path], runner: Runner, store: Store,
            progress: Callable[[int], None] = lambda n: None) -> Bottlenecks:
    """The bottlenecks of pictures, from the store where they are known.

    Args:
        files: content hash -> a file with that content.
        progress: called with how many more are done.
    """
    done = Bottlenecks(vectors=store.get(list(files), runner.vector_length))
    progress(len(done.vectors))
    missing = [sha for sha in files if sha not in done.vectors]
    for shas, pixels, bad in _decoded(missing, files, runner.input_size):
        done.bad.update(bad)
        if shas:
            fresh = dict(zip(shas, runner.vectors(pixels), strict=True))
            store.put(fresh)
            done.vectors.update(fresh)
            done.computed += len(fresh)
        progress(len(shas) + len(bad))
    return done


def compute_pixels(pictures: dict[str, np.ndarray], runner: Runner, store: Store) -> dict[str, np.ndarray]:
    """Bottlenecks of pictures made in memory (distortions), by a key that tells what was done to which content.

    Args:
        pictures: key -> float32 [size, size, 3] in [0, 1].
    """
    vectors = store.get(list(pictures), runner.vector_length)
    missing = [key for key in pictures if key not in vectors]
    for begin in range(0, len(missing), BATCH):
        keys = missing[begin : begin + BATCH]
        fresh = dict(zip(keys, runner.vectors(np.stack([pictures[k] for k in keys])), strict=True))
        store.put(fresh)
        vectors.update(fresh)
    return vectors


def _decoded(missing: list[str], files: dict[str, Path], size: int) -> Iterator[tuple[list[str], np.ndarray, dict[str, str]]]:
    """Batches of (hashes, float32 [n, size, size, 3], unreadable ones with reasons), decoded ahead in threads."""
    with ThreadPoolExecutor(CORES) as pool:
        waiting: deque[tuple[list[str], list[Future]]] = deque()
        todo = iter(range(0, len(missing), BATCH))

        def submit() -> None:
            with contextlib.suppress(StopIteration):
                begin = next(todo)
                shas = missing[begin : begin + BATCH]
                waiting.append((shas, [pool.submit(_pixels, files[sha], size) for sha in shas]))

        for _ in range(AHEAD):
            submit()
        while waiting:
            shas, futures = waiting.popleft()
            results = [future.result() for future in futures]
            submit()
            bad = {sha: r for sha, r in zip(shas, results, strict=True) if isinstance(r, str)}
            good = [r for r in results if not isinstance(r, str)]
            yield [s for s in shas if s not in bad], np.stack(good) if good else np.empty(0), bad


def _pixels(path: Path, size: int) -> np.ndarray | str:
    """The pixels, or why there are none."""
    try:
        return load_pixels(path, size)
    except Unreadable as problem:
        return str(problem)
