"""Content hashes and fingerprints of image files, stored in one SQLite file so that unchanged files are not read again.

A file is taken for unchanged while its path, size, mtime (ns) and inode are. Writes are an optimisation: a damaged or
unwritable store is begun anew or done without, never an error.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.learn.artifact_cache import sha256_of
from scripts.learn.fingerprints import SIDE, Fingerprint, fingerprint
from scripts.learn.images import Unreadable, decode

THREADS = min(4, os.cpu_count() or 1)
BATCH = 500  # rows a transaction, and files in memory at a time
PAGE = 4096  # bytes
SCHEMA = """
CREATE TABLE IF NOT EXISTS files(path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, inode INTEGER, sha256 TEXT);
CREATE TABLE IF NOT EXISTS looks(sha256 TEXT PRIMARY KEY, dhash TEXT, thumb BLOB);
"""


class HashCache:
    """Use as a context manager. `path` None = everything in memory."""

    def __init__(self, path: Path | None):
        self._cache = CacheFile(path, SCHEMA)
        self.read = 0  # files whose content was really read

    def __enter__(self) -> "HashCache":
        return self

    def __exit__(self, *_: object) -> None:
        self._cache.close()

    def sha256s(self, paths: Iterable[Path]) -> dict[Path, str]:
        """Content hashes (hex) of files; a file that vanished or cannot be read is left out."""
        found: dict[Path, str] = {}
        for batch in _batches(paths):
            known, stats = self._known(batch)
            found.update(known)
            missing = [path for path in batch if path in stats and path not in known]
            with ThreadPoolExecutor(THREADS) as pool:
                hashed = {p: sha for p, sha in zip(missing, pool.map(_sha256, missing), strict=True) if sha}
            self.read += len(hashed)
            found.update(hashed)
            self._write(
                "INSERT OR REPLACE INTO files VALUES(?,?,?,?,?)",
                [(_text(p), *stats[p], sha) for p, sha in hashed.items()],
            )
        return found

    def fingerprints(self, files: dict[str, Path]) -> dict[str, Fingerprint]:
        """Fingerprints by content hash; images that cannot be read are left out.

        Args:
            files: content hash -> any file with that content.
        """
        found: dict[str, Fingerprint] = {}
        for batch in _batches(files):
            known = self._known_fingerprints(batch)
            found.update(known)
            missing = [sha for sha in batch if sha not in known]
            with ThreadPoolExecutor(THREADS) as pool:
                computed = pool.map(_fingerprint, (files[sha] for sha in missing))
                new = {sha: one for sha, one in zip(missing, computed, strict=True) if one}
            self.add_fingerprints(new)
            found.update(new)
        return found

    def add_fingerprints(self, fingerprints: dict[str, Fingerprint]) -> None:
        """Store fingerprints that were computed elsewhere, by content hash."""
        self._write(
            "INSERT OR REPLACE INTO looks VALUES(?,?,?)",
            [(sha, f"{one.dhash:016x}", one.thumb) for sha, one in fingerprints.items()],
        )

    def _known(self, batch: list[Path]) -> tuple[dict[Path, str], dict[Path, tuple[int, int, int]]]:
        stats: dict[Path, tuple[int, int, int]] = {}
        for path in batch:
            with contextlib.suppress(OSError):
                stat = path.stat()
                stats[path] = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        rows = self._select(
            "SELECT path, size, mtime_ns, inode, sha256 FROM files WHERE path IN", [_text(p) for p in stats]
        )
        by_text = {row[0]: row for row in rows}
        known = {}
        for path, facts in stats.items():
            row = by_text.get(_text(path))
            if row and tuple(row[1:4]) == facts:
                known[path] = row[4]
        return known, stats

    def _known_fingerprints(self, batch: list[str]) -> dict[str, Fingerprint]:
        rows = self._select("SELECT sha256, dhash, thumb FROM looks WHERE sha256 IN", batch)
        return {sha: Fingerprint(int(dhash, 16), thumb) for sha, dhash, thumb in rows if len(thumb) == SIDE * SIDE}

    def _select(self, sql: str, keys: list[str]) -> list[tuple]:
        return self._cache.select(sql, keys)

    def _write(self, sql: str, rows: list[tuple]) -> None:
        self._cache.write(sql, rows)


class CacheFile:
    """Rows in a SQLite file that can all be computed again. Damage found late, while reading, begins it anew too."""

    def __init__(self, path: Path | None, schema: str, page: int = PAGE):
        self._path, self._schema, self._page = path, schema, page
        self._db = open_store(path, schema, page)

    def close(self) -> None:
        self._db.close()

    def select(self, sql: str, keys: list[str]) -> list[tuple]:
        """Rows of `SELECT ... WHERE key IN` for the keys; none where the store cannot be read."""
        try:
            return self._db.execute(f"{sql} ({','.join('?' * len(keys))})", keys).fetchall()
        except sqlite3.OperationalError:
            return []
        except sqlite3.DatabaseError:
            self._db.close()
            if self._path:
                _move_damaged(self._path)
            self._db = open_store(self._path, self._schema, self._page)
            return []

    def write(self, sql: str, rows: list[tuple]) -> None:
        """Store rows; a full or read-only disk makes the next run slower, no more."""
        with contextlib.suppress(sqlite3.DatabaseError), self._db:
            self._db.executemany(sql, rows)


def _move_damaged(path: Path) -> None:
    """A damaged store and what SQLite keeps beside it get another name."""
    for ending in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            os.replace(f"{path}{ending}", f"{path}.damaged{ending}")


def open_store(path: Path | None, schema: str, page: int = PAGE) -> sqlite3.Connection:
    """A SQLite store that may be thrown away: begun anew where damaged, in memory where it cannot be written.

    Args:
        page: bytes of a page, where the file is new.
    """
    if path is None:
        return _connect(":memory:", schema, page)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _connect(str(path), schema, page)
    except sqlite3.OperationalError:
        return _connect(":memory:", schema, page)
    except sqlite3.DatabaseError:
        _move_damaged(path)
    try:
        return _connect(str(path), schema, page)
    except sqlite3.DatabaseError:
        return _connect(":memory:", schema, page)


def _connect(name: str, schema: str, page: int) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=10, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA page_size={page}")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(schema)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _batches(keys: Iterable) -> Iterator[list]:
    batch: list = []
    for key in keys:
        batch.append(key)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _sha256(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:
        return None


def _fingerprint(path: Path) -> Fingerprint | None:
    try:
        return fingerprint(decode(path, draft_side=64))
    except Unreadable:
        return None


def _text(path: Path) -> str:
    """A path as SQLite text, also where its bytes are not UTF-8."""
    return os.fsencode(path.absolute()).decode("utf-8", "backslashreplace")
