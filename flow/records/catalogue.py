"""The SQLite catalogue of one basetag: what was found, kept, labelled and sorted, and by whom.

Folders are the truth, the catalogue remembers: a row about an image that is gone is normal, never an error.
A damaged file is set aside under another name and a new catalogue begins; labels are then read again from the
journals of the harvests (`flow/records/journal.py`), so that a robot's label never turns into a person's.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from flow.base import files
from flow.base.errors import RoboError
from flow.records.rows import KEPT, PENDING, Archived, Begun, Decision, Image, Label, Sorting

SCHEMA = """
CREATE TABLE IF NOT EXISTS archive(
  source TEXT NOT NULL, source_id TEXT NOT NULL, url TEXT NOT NULL, origin_sha256 TEXT, sha256 TEXT,
  status TEXT NOT NULL, reason TEXT, at TEXT NOT NULL, PRIMARY KEY(source, source_id));
CREATE INDEX IF NOT EXISTS archive_url ON archive(url);
CREATE INDEX IF NOT EXISTS archive_origin ON archive(origin_sha256);
CREATE TABLE IF NOT EXISTS images(
  sha256 TEXT PRIMARY KEY, origin_sha256 TEXT, file_name TEXT, source TEXT, source_id TEXT, image_url TEXT,
  page_url TEXT, title TEXT, creator TEXT, license TEXT, license_url TEXT, credit TEXT, searchtag TEXT, at TEXT);
CREATE TABLE IF NOT EXISTS labels(
  sha256 TEXT PRIMARY KEY, label TEXT NOT NULL, given_by TEXT NOT NULL, score REAL, model TEXT, at TEXT,
  came TEXT NOT NULL DEFAULT 'whole');
CREATE TABLE IF NOT EXISTS sortings(
  folder TEXT NOT NULL, file_name TEXT NOT NULL, sha256 TEXT NOT NULL, place TEXT NOT NULL, label TEXT NOT NULL,
  score REAL, model TEXT, at TEXT, PRIMARY KEY(folder, sha256));
CREATE INDEX IF NOT EXISTS sortings_sha ON sortings(sha256);
CREATE TABLE IF NOT EXISTS downloads(
  searchtag TEXT PRIMARY KEY, asked INTEGER NOT NULL, sources TEXT NOT NULL, had INTEGER NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS approvals(folder TEXT PRIMARY KEY, at TEXT);
CREATE TABLE IF NOT EXISTS decisions(
  number INTEGER PRIMARY KEY, action INTEGER NOT NULL, folder TEXT NOT NULL, sha256 TEXT NOT NULL, kind TEXT NOT NULL,
  label TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, page TEXT NOT NULL, came TEXT NOT NULL,
  who TEXT NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL, before TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS decisions_folder ON decisions(folder, state);
CREATE INDEX IF NOT EXISTS decisions_sha ON decisions(sha256);
CREATE INDEX IF NOT EXISTS decisions_page ON decisions(page);
CREATE INDEX IF NOT EXISTS decisions_state ON decisions(state, action);
CREATE TABLE IF NOT EXISTS label_keys(label TEXT PRIMARY KEY, place INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS splits(sha256 TEXT PRIMARY KEY, part TEXT NOT NULL, version INTEGER NOT NULL);
"""

# Columns that came later than their table.
LATER = (("labels", "came", "TEXT NOT NULL DEFAULT 'whole'"),)


class Catalogue:
    """Open with `Catalogue.open(path)`; use as a context manager. Every write is committed at once."""

    def __init__(self, path: Path, is_new: bool = False, set_aside: Path | None = None):
        self._db = _connect(path)
        self._path = path
        self.is_new = is_new  # it knows nothing yet: the first, or its predecessor is gone
        self.set_aside = set_aside  # where a damaged predecessor went, or None

    @classmethod
    def open(cls, path: Path) -> "Catalogue":
        """The catalogue at `path`, made where missing, begun anew where damaged.

        Raises:
            RoboError: where the folder cannot be written.
        """
        files.make_folder(path.parent)
        aside = None
        try:
            is_new = not path.exists() or not path.stat().st_size
            return cls(path, is_new)
        except sqlite3.OperationalError as problem:
            hint = "Is the disk full or read-only?"
            raise RoboError(f"The catalogue {path} cannot be opened: {problem}.", hint) from problem
        except sqlite3.DatabaseError:
            aside = files.free_path(path.parent, f"{path.stem}.damaged")
            path.rename(aside)
            for ending in ("-journal", "-wal", "-shm"):  # else SQLite would roll the old one's changes into the new one
                with contextlib.suppress(FileNotFoundError):
                    os.rename(f"{path}{ending}", f"{aside}{ending}")
        return cls(path, True, aside)

    def __enter__(self) -> "Catalogue":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    # What sources offered

    def archived(self, source: str, source_id: str, url: str) -> Archived | None:
        """The entry for this image, by the site's id first, then by URL."""
        row = self._one("SELECT * FROM archive WHERE source=? AND source_id=?", (source, source_id))
        row = row or self._one("SELECT * FROM archive WHERE url=? AND url<>''", (url,))
        return _make(Archived, row)

    def archived_content(self, origin_sha256: str) -> Archived | None:
        """A kept entry with these very bytes, from whatever source."""
        sql = "SELECT * FROM archive WHERE origin_sha256=? AND status=?"
        return _make(Archived, self._one(sql, (origin_sha256, KEPT)))

    def archive_size(self, source: str) -> int:
        """How many images of a source are remembered, whatever became of them."""
        row = self._one("SELECT COUNT(*) AS count FROM archive WHERE source=?", (source,))
        return int(row["count"]) if row else 0

    def archive(self, *entries: Archived) -> None:
        self._insert("archive", [asdict(entry) for entry in entries])

    def keep(self, *kept: tuple[Archived, Image]) -> None:
        """Remember kept images and their provenance, all together or not at all."""
        with self._writing():
            self._put("archive", [asdict(entry) for entry, _ in kept])
            self._put("images", [asdict(image) for _, image in kept])

    def pending(self) -> list[Archived]:
        """Entries whose file was about to be published when the run ended."""
        return [Archived(**dict(row)) for row in self._db.execute("SELECT * FROM archive WHERE status=?", (PENDING,))]

    def forget(self, entry: Archived) -> None:
        """Take back a pending entry whose file never came to be."""
        with self._writing():
            key = (entry.source, entry.source_id)
            self._db.execute("DELETE FROM archive WHERE source=? AND source_id=? AND status=?", (*key, PENDING))
            self._db.execute("DELETE FROM images WHERE source=? AND source_id=? AND sha256=?", (*key, entry.sha256))

    def images_of(self, searchtag: str) -> list[Image]:
        """Everything ever kept for a searchtag, oldest first."""
        rows = self._db.execute("SELECT * FROM images WHERE searchtag=? ORDER BY rowid", (searchtag,))
        return [Image(**dict(row)) for row in rows]

    def begun(self, searchtag: str) -> Begun | None:
        """The download of this searchtag that has not come to its end, or None."""
        return _make(Begun, self._one("SELECT * FROM downloads WHERE searchtag=?", (searchtag,)))

    def begin(self, download: Begun) -> None:
        self._insert("downloads", [asdict(download)])

    def finish(self, searchtag: str) -> None:
        with self._writing():
            self._db.execute("DELETE FROM downloads WHERE searchtag=?", (searchtag,))

    def image(self, sha256: str) -> Image | None:
        return _make(Image, self._one("SELECT * FROM images WHERE sha256=?", (sha256,)))

    def images(self) -> list[Image]:
        return [Image(**dict(row)) for row in self._db.execute("SELECT * FROM images ORDER BY at, file_name")]

    # Who labelled what

    def labels(self) -> dict[str, Label]:
        """All remembered labels by content hash."""
        return {row["sha256"]: Label(**dict(row)) for row in self._db.execute("SELECT * FROM labels")}

    def label(self, sha256: str) -> Label | None:
        return _make(Label, self._one("SELECT * FROM labels WHERE sha256=?", (sha256,)))

    def set_labels(self, labels: Iterable[Label]) -> None:
        self._insert("labels", [asdict(label) for label in labels])

    def drop_labels(self, sha256s: Iterable[str]) -> None:
        with self._writing():
            self._db.executemany("DELETE FROM labels WHERE sha256=?", [(sha,) for sha in sha256s])

    def by_keys(self, labels: list[str]) -> list[str]:
        """The labels in the order of their keys at the check page. One that has no key yet gets the next, for good."""
        places = dict(self._db.execute("SELECT label, place FROM label_keys"))
        fresh = [label for label in labels if label not in places]
        if fresh:
            places |= {label: place for place, label in enumerate(fresh, max(places.values(), default=0) + 1)}
            self._insert("label_keys", [{"label": label, "place": places[label]} for label in fresh])
        return sorted(labels, key=places.__getitem__)

    def sortings(self, folder: str) -> dict[str, Sorting]:
        """What classify put into one sorted_ folder, by content hash."""
        rows = self._db.execute("SELECT * FROM sortings WHERE folder=?", (folder,))
        return {row["sha256"]: Sorting(**dict(row)) for row in rows}

    def add_sortings(self, sortings: Iterable[Sorting]) -> None:
        self._insert("sortings", [asdict(sorting) for sorting in sortings])

    def approved(self) -> set[str]:
        """Names of sorted_ folders a person approved as a whole."""
        return {row["folder"] for row in self._db.execute("SELECT folder FROM approvals")}

    def approve(self, folder: str, at: str) -> None:
        self._insert("approvals", [{"folder": folder, "at": at}])

    # What a person said at the check page

    def decisions(self, state: str, folder: str = "", action: int = 0) -> list[Decision]:
        """Decisions in one state, oldest first; of one folder or action, or of all."""
        sql, values = "SELECT * FROM decisions WHERE state=?", [state]
        for column, value in (("folder", folder), ("action", action)):
            if value:
                sql, values = f"{sql} AND {column}=?", [*values, str(value)]
        return [Decision(**dict(row)) for row in self._db.execute(sql + " ORDER BY number", values)]

    def actions(self, state: str, folders: Iterable[str], after: int = 0) -> tuple[int, int]:
        """The first and the last action in a state and some folders, of those after `after`; zeros where there is
        none."""
        names = list(folders)
        marks = ",".join("?" * len(names))
        sql = f"SELECT MIN(action), MAX(action) FROM decisions WHERE state=? AND action>? AND folder IN ({marks})"
        first, last = self._db.execute(sql, (state, after, *names)).fetchone()
        return first or 0, last or 0

    def decisions_of_page(self, page: str) -> list[Decision]:
        rows = self._db.execute("SELECT * FROM decisions WHERE page=? ORDER BY number", (page,))
        return [Decision(**dict(row)) for row in rows]

    def decisions_of(self, sha256: str, folder: str) -> list[Decision]:
        """The done decisions on one picture of a folder, oldest first."""
        sql = "SELECT * FROM decisions WHERE folder=? AND sha256=? AND state='done' ORDER BY number"
        return [Decision(**dict(row)) for row in self._db.execute(sql, (folder, sha256))]

    def last_decision(self) -> int:
        """The highest number so far; 0 where there is none."""
        row = self._one("SELECT MAX(number) AS number FROM decisions", ())
        return int(row["number"] or 0) if row else 0

    def put_decisions(
        self, decisions: Iterable[Decision], labels: Iterable[Label] = (), dropped: Iterable[str] = ()
    ) -> None:
        """Write decisions, and the labels that they give and take, all together or not at all."""
        with self._db:
            self._put("decisions", [asdict(one) for one in decisions])
            self._put("labels", [asdict(label) for label in labels])
            self._db.executemany("DELETE FROM labels WHERE sha256=?", [(sha,) for sha in dropped])

    def drop_decisions(self, numbers: Iterable[int]) -> None:
        with self._db:
            self._db.executemany("DELETE FROM decisions WHERE number=?", [(number,) for number in numbers])

    # Which images measure

    def splits(self) -> dict[str, str]:
        """What is set apart, by content hash: test (catalogues of earlier versions also hold train)."""
        return {row["sha256"]: row["part"] for row in self._db.execute("SELECT sha256, part FROM splits")}

    def set_apart_by(self, version: int) -> set[str]:
        """Content hashes of the images that measured and never trained at a version of the split."""
        sql = "SELECT sha256 FROM splits WHERE part='test' AND version<=?"
        return {row["sha256"] for row in self._db.execute(sql, (version,))}

    def add_splits(self, parts: dict[str, str]) -> int:
        """Set more images apart; what was set apart before keeps its version. Returns the version now in force."""
        version = self.split_version()
        if parts:
            version += 1
            with self._writing():
                rows = [(sha, part, version) for sha, part in parts.items()]
                sql = (
                    "INSERT INTO splits VALUES(?,?,?) ON CONFLICT(sha256) DO UPDATE SET part=excluded.part, "
                    "version=excluded.version WHERE splits.part<>excluded.part"
                )
                self._db.executemany(sql, rows)
        return version

    def split_version(self) -> int:
        row = self._one("SELECT MAX(version) AS version FROM splits", ())
        return int(row["version"] or 0) if row else 0

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """All or nothing of what is written inside. Raises RoboError where the disk does not take it."""
        try:
            with self._db:
                yield
        except sqlite3.OperationalError as problem:
            hint = "Make room or allow it, and run the same command again; nothing was lost."
            raise RoboError(f"{self._path.parent} cannot be written: {problem}.", hint) from problem

    def _one(self, sql: str, values: tuple) -> sqlite3.Row | None:
        return self._db.execute(sql + " LIMIT 1", values).fetchone()

    def _insert(self, table: str, rows: list[dict]) -> None:
        with self._writing():
            self._put(table, rows)

    def _put(self, table: str, rows: list[dict]) -> None:
        """Write rows inside the transaction of the caller."""
        if rows:
            marks = ", ".join(f":{name}" for name in rows[0])
            sql = f"INSERT OR REPLACE INTO {table}({', '.join(rows[0])}) VALUES({marks})"
            self._db.executemany(sql, map(_storable, rows))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(SCHEMA)
        _bring_up_to_date(connection)
        if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("quick_check found damage")
        for kind, table in (
            (Archived, "archive"),
            (Image, "images"),
            (Label, "labels"),
            (Sorting, "sortings"),
            (Begun, "downloads"),
            (Decision, "decisions"),
        ):
            columns = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
            if columns != {field.name for field in fields(kind)}:
                raise sqlite3.DatabaseError(f"{table} has other columns")
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Add columns that a catalogue of an earlier version lacks. What a person sorted before counts as sorted in whole
    folders, as it did then."""
    for table, column, kind in LATER:
        if column not in {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    connection.commit()


def _storable(row: dict) -> dict:
    """A row whose texts are all UTF-8; a file name may hold bytes that are not."""
    return {name: _utf8(value) if isinstance(value, str) else value for name, value in row.items()}


def _utf8(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _make(kind: type, row: sqlite3.Row | None) -> Any:
    return kind(**dict(row)) if row else None
