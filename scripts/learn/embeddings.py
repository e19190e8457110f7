"""Images -> embeddings (bottlenecks), each once in its life: one SQLite store a backbone, keyed by content hash.

files -> decoded -> backbone, a few at a time in each of several threads -> store. Memory is bounded; an image that
cannot be read is returned with its reason. Where the vectors of a backbone take 256 values only (int8), a store keeps a
byte a number, which loses nothing.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np

from scripts.learn.backbones import Backbone
from scripts.learn.embedding_table import KeyedEmbeddings
from scripts.learn.grid import Grid
from scripts.learn.hash_cache import CacheFile
from scripts.learn.images import VERSION, Unreadable, load_pixels
from scripts.learn.runners import CORES

PART_LEAST = 4  # the last parts are smaller than the runner's batch, so that all threads end together
THREADS = CORES  # one more, to wait for the disk meanwhile, costs 3 % (measured)
AHEAD = 2  # parts a thread may be ahead of the one whose turn it is to be stored
BATCH = 64  # vectors written at a time
LOOK_UP = 500  # keys a query (SQLite allows 32,766; older builds 999)
ImageSource = Path | bytes


class Embeds(Protocol):
    """Turns pixels into embeddings: a `Runner`, or an `Embedder`, which opens one when it is needed."""

    input_size: int
    vector_length: int

    @property
    def batch(self) -> int: ...

    @property
    def pixels(self) -> type: ...

    @property
    def grid(self) -> Grid | None: ...

    def vectors(self, pixels: np.ndarray) -> np.ndarray:
        """float32 [n, size, size, 3] in 0..1, or uint8 -> float32 [n, vector_length]."""


Vectors = dict[str, np.ndarray]  # by content hash
Reasons = dict[str, str]
PAGE = 32_768  # bytes; SQLite puts whole rows into a page: 15 in int8 here, and of its usual 4,096 bytes one alone
SCHEMA = "CREATE TABLE IF NOT EXISTS vectors(key TEXT PRIMARY KEY, vector BLOB NOT NULL);"
GRID = "grid"  # the key of the grid in a store that has one; images go by their hashes


@dataclass
class Embeddings:
    """`vectors`: content hash -> float32 [d]. `bad`: content hash -> why it cannot be read. `computed`: how many went
    through the backbone now; the rest came from the store."""

    vectors: KeyedEmbeddings
    bad: dict[str, str] = field(default_factory=dict)
    computed: int = 0


class EmbeddingStore:
    """The vectors of one backbone. Use as a context manager; `path` None keeps them in memory.

    A damaged store is begun anew: what it held can be computed again.
    """

    def __init__(self, path: Path | None):
        self._cache = CacheFile(path, SCHEMA, PAGE)
        self._grid = self._kept_grid()

    def __enter__(self) -> "EmbeddingStore":
        return self

    def __exit__(self, *_: object) -> None:
        self._cache.close()

    def get(self, keys: list[str], length: int) -> KeyedEmbeddings:
        """Those of the vectors that are there and are `length` finite numbers."""
        found = KeyedEmbeddings(length, len(keys))
        for begin in range(0, len(keys), LOOK_UP):
            some = keys[begin : begin + LOOK_UP]
            rows = self._cache.select("SELECT key, vector FROM vectors WHERE key IN", some)
            if self._grid and len(self._grid) == length:
                found.add(*_as_rows(rows, length, np.int8), self._grid)
            found.add(*_as_rows(rows, length, np.float32))
        return found

    def put(self, vectors: dict[str, np.ndarray], grid: Grid | None = None) -> None:
        """Store vectors; a full disk means computing them again next time, no more.

        Args:
            grid: the values that they take, None = any. A store keeps the grid that it was begun with.
        """
        if grid and self._grid is None and vectors:
            self._cache.write("INSERT OR REPLACE INTO vectors VALUES(?,?)", [(GRID, grid.to_bytes())])
            self._grid = self._kept_grid()
        whole = self._grid if grid else None
        rows = [
            (key, (whole.places(v) if whole else np.ascontiguousarray(v, np.float32)).tobytes())
            for key, v in vectors.items()
        ]
        self._cache.write("INSERT OR REPLACE INTO vectors VALUES(?,?)", rows)

    def _kept_grid(self) -> Grid | None:
        for (raw,) in self._cache.select("SELECT vector FROM vectors WHERE key IN", [GRID]):
            with contextlib.suppress(ValueError):
                return Grid.from_bytes(raw)
        return None


def _as_rows(rows: list[tuple[str, bytes]], length: int, kind: type) -> tuple[list[str], np.ndarray]:
    """Keys and vectors [m, length] of the rows that are so many finite numbers of this kind."""
    fitting = [(key, raw) for key, raw in rows if len(raw) == length * np.dtype(kind).itemsize]
    whole: np.ndarray = np.frombuffer(b"".join(raw for _, raw in fitting), kind)
    vectors = whole.reshape(len(fitting), length)
    finite = np.isfinite(vectors).all(axis=1)
    return [key for (key, _), good in zip(fitting, finite, strict=True) if good], vectors[finite]


def store_path(folder: Path, backbone: Backbone, key: str) -> Path:
    """The store's file: named for the backbone, its weights and the decoder's version."""
    return folder / f"{backbone.title}_{key[:12]}_v{VERSION}.sqlite"


def embed(
    files: Mapping[str, ImageSource],
    runner: Embeds,
    store: EmbeddingStore,
    progress: Callable[[int], None] = lambda n: None,
) -> Embeddings:
    """The embeddings of images, from the store where they are known.

    Args:
        files: content hash -> a file with that content, or the content.
        progress: called with how many more are done.
    """
    done = Embeddings(vectors=store.get(list(files), runner.vector_length))
    progress(len(done.vectors))
    missing = [sha for sha in files if sha not in done.vectors]
    unwritten: dict[str, np.ndarray] = {}
    try:
        for fresh, bad in through(missing, files, runner):
            done.vectors.update(fresh, runner.grid)
            done.bad.update(bad)
            done.computed += len(fresh)
            unwritten.update(fresh)
            if len(unwritten) >= BATCH:
                store.put(unwritten, runner.grid)
                unwritten = {}
            progress(len(fresh) + len(bad))
    finally:
        store.put(
            unwritten, runner.grid
        )  # also of a run that is stopped: what went through the backbone is not done again
    return done


def compute_pixels(images: dict[str, np.ndarray], runner: Embeds, store: EmbeddingStore) -> KeyedEmbeddings:
    """Embeddings of images made in memory (distortions), by a key that says what was done to which content.

    Args:
        images: key -> float32 [size, size, 3] in [0, 1].
    """
    vectors = store.get(list(images), runner.vector_length)
    missing = [key for key in images if key not in vectors]
    for begin in range(0, len(missing), BATCH):
        keys = missing[begin : begin + BATCH]
        fresh = dict(zip(keys, runner.vectors(np.stack([images[k] for k in keys])), strict=True))
        store.put(fresh, runner.grid)
        vectors.update(fresh, runner.grid)
    return vectors


def through(missing: list[str], files: Mapping[str, ImageSource], runner: Embeds) -> Iterator[tuple[Vectors, Reasons]]:
    """(vectors, unreadable ones with reasons) of a few images at a time, in order.

    Each thread decodes a few and takes them through the backbone itself, a thread a core: no core waits for another.
    The files were read a moment ago, for their hashes, so the disk is seldom waited for. The first readable image
    goes alone: a runner that opens when it is first used is then opened once, by the caller's thread.
    """
    memory, begun = threading.local(), 0
    for sha in missing:
        alone = _take([sha], files, runner, memory)
        begun += 1
        yield alone
        if alone[0]:
            break
    parts = _parts(missing[begun:], runner.batch)
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future] = deque()

        def submit(more: int) -> None:
            waiting.extend(pool.submit(_take, part, files, runner, memory) for part in islice(parts, more))

        submit(THREADS * AHEAD)
        try:
            while waiting:
                result = waiting.popleft().result()
                submit(1)
                yield result
        finally:
            for future in waiting:  # the caller was interrupted: what has not begun need not
                future.cancel()


def _parts(shas: list[str], most: int) -> Iterator[list[str]]:
    """Cut up: `most` at a time, and less towards the end."""
    begin = 0
    while begin < len(shas):
        size = min(most, max(PART_LEAST, (len(shas) - begin) // (2 * THREADS)))
        yield shas[begin : begin + size]
        begin += size


def _take(
    shas: list[str], files: Mapping[str, ImageSource], runner: Embeds, memory: threading.local
) -> tuple[Vectors, Reasons]:
    """Vectors and reasons of a few images; the thread's `memory` for pixels is used again and again."""
    if not hasattr(memory, "pixels") or len(memory.pixels) < len(shas) or memory.pixels.dtype != runner.pixels:
        memory.pixels = np.empty((len(shas), runner.input_size, runner.input_size, 3), runner.pixels)
    good, bad = list[str](), dict[str, str]()
    for sha in shas:
        try:
            load_pixels(files[sha], runner.input_size, memory.pixels[len(good)])
            good.append(sha)
        except Unreadable as problem:
            bad[sha] = str(problem)
    vectors = runner.vectors(memory.pixels[: len(good)]) if good else ()
    return dict(zip(good, vectors, strict=True)), bad
