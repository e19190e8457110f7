"""The SQLite catalogue of one basetag: what was found, kept, labelled and sorted, and by whom.

Folders are the truth, the catalogue remembers: a row about an image that is no longer there is normal, never an error.
A damaged file is renamed and a new catalogue begins; labels are then read again from the journals of the harvests
(`flow/records/journal.py`), so that a model's label never turns into a person's. A catalogue of another version is not
damaged: see `flow/records/schema.py`.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from flow.base import files
from flow.base.errors import RoboError
from flow.records import schema
from flow.records.rows import (
    KEPT,
    PENDING,
    ArchiveEntry,
    Decision,
    Image,
    Label,
    LabelChange,
    SortedCopy,
    UnfinishedDownload,
    from_columns,
    to_columns,
)


class Catalogue:
    """Open with `Catalogue.open(path)`; use as a context manager. Every write is committed at once."""

    def __init__(self, path: Path, damaged: Path | None = None):
        self._db = _connect(path)
        self._path = path
        self.damaged = damaged  # the new name of a damaged predecessor, or None

    @classmethod
    def open(cls, path: Path) -> "Catalogue":
        """The catalogue at `path`, made where missing, begun anew where damaged.

        Raises:
            RoboError: where the folder cannot be written, or the catalogue is of a later version.
        """
        files.make_folder(path.parent)
        try:
            return cls(path)
        except sqlite3.OperationalError as problem:
            hint = "Is the disk full or read-only?"
            raise RoboError(f"The catalogue {path} cannot be opened: {problem}.", hint) from problem
        except sqlite3.DatabaseError:
            renamed = files.free_path(path.parent, f"{path.stem}.damaged")
            path.rename(renamed)
            for ending in ("-journal", "-wal", "-shm"):  # else SQLite would roll the old one's changes into the new one
                with contextlib.suppress(FileNotFoundError):
                    os.rename(f"{path}{ending}", f"{renamed}{ending}")
        return cls(path, renamed)

    def __enter__(self) -> "Catalogue":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Before its file is moved."""
        self._db.close()

    @property
    def is_unfilled(self) -> bool:
        """Whether it knows nothing yet: it is the first, or its predecessor is gone. True until `set_filled`, so that
        a filling that was cut short is begun again."""
        return schema.is_unfilled(self._db)

    def set_filled(self) -> None:
        with self._writing():
            schema.set_filled(self._db)

    # What sources offered

    def archived(self, source: str, source_id: str, url: str) -> ArchiveEntry | None:
        """The entry for this image, by the site's id first, then by URL."""
        row = self._one("SELECT * FROM archive WHERE source=? AND source_id=?", (source, source_id))
        row = row or self._one("SELECT * FROM archive WHERE url=? AND url<>''", (url,))
        return _make(ArchiveEntry, row)

    def archived_content(self, origin_sha256: str) -> ArchiveEntry | None:
        """A kept entry with these very bytes, from whatever source."""
        sql = "SELECT * FROM archive WHERE origin_sha256=? AND status=?"
        return _make(ArchiveEntry, self._one(sql, (origin_sha256, KEPT)))

    def archive_size(self, source: str) -> int:
        """How many images of a source are remembered, whatever became of them."""
        row = self._one("SELECT COUNT(*) AS count FROM archive WHERE source=?", (source,))
        return int(row["count"]) if row else 0

    def archive(self, *entries: ArchiveEntry) -> None:
        self._insert("archive", [to_columns(entry) for entry in entries])

    def keep(self, *kept: tuple[ArchiveEntry, Image]) -> None:
        """Remember kept images and their provenance, all together or not at all."""
        with self._writing():
            self._put("archive", [to_columns(entry) for entry, _ in kept])
            self._put("images", [to_columns(image) for _, image in kept])

    def pending(self) -> list[ArchiveEntry]:
        """Entries whose file was about to be published when the run ended."""
        return [
            from_columns(ArchiveEntry, row)
            for row in self._db.execute("SELECT * FROM archive WHERE status=?", (PENDING,))
        ]

    def forget(self, entry: ArchiveEntry) -> None:
        """Take back a pending entry whose file never came to be."""
        with self._writing():
            key = (entry.source, entry.source_id)
            self._db.execute("DELETE FROM archive WHERE source=? AND source_id=? AND status=?", (*key, PENDING))
            self._db.execute("DELETE FROM images WHERE source=? AND source_id=? AND sha256=?", (*key, entry.sha256))

    def images_of(self, searchtag: str) -> list[Image]:
        """Everything ever kept for a searchtag, oldest first."""
        rows = self._db.execute("SELECT * FROM images WHERE searchtag=? ORDER BY rowid", (searchtag,))
        return [from_columns(Image, row) for row in rows]

    def begun(self, searchtag: str) -> UnfinishedDownload | None:
        """The download of this searchtag that has not come to its end, or None."""
        return _make(UnfinishedDownload, self._one("SELECT * FROM downloads WHERE searchtag=?", (searchtag,)))

    def begin(self, download: UnfinishedDownload) -> None:
        self._insert("downloads", [to_columns(download)])

    def finish(self, searchtag: str) -> None:
        with self._writing():
            self._db.execute("DELETE FROM downloads WHERE searchtag=?", (searchtag,))

    def image(self, sha256: str) -> Image | None:
        return _make(Image, self._one("SELECT * FROM images WHERE sha256=?", (sha256,)))

    def images(self) -> list[Image]:
        return [from_columns(Image, row) for row in self._db.execute("SELECT * FROM images ORDER BY at, file_name")]

    # Who labelled what

    def labels(self) -> dict[str, Label]:
        """All remembered labels by content hash."""
        return {row["sha256"]: from_columns(Label, row) for row in self._db.execute("SELECT * FROM labels")}

    def label(self, sha256: str) -> Label | None:
        return _make(Label, self._one("SELECT * FROM labels WHERE sha256=?", (sha256,)))

    def set_labels(self, labels: Iterable[Label]) -> None:
        self._insert("labels", [to_columns(label) for label in labels])

    def drop_labels(self, sha256s: Iterable[str]) -> None:
        with self._writing():
            self._db.executemany("DELETE FROM labels WHERE sha256=?", [(sha,) for sha in sha256s])

    def by_keys(self, labels: list[str]) -> list[str]:
        """The labels in the order of their keys on the check page. One that has no key yet gets the next, for good."""
        places = dict(self._db.execute("SELECT label, place FROM label_keys"))
        fresh = [label for label in labels if label not in places]
        if fresh:
            places |= {label: place for place, label in enumerate(fresh, max(places.values(), default=0) + 1)}
            self._insert("label_keys", [{"label": label, "place": places[label]} for label in fresh])
        return sorted(labels, key=places.__getitem__)

    def sortings(self, folder: str) -> dict[str, SortedCopy]:
        """What classify put into one sorted_ folder, by content hash."""
        rows = self._db.execute("SELECT * FROM sortings WHERE folder=?", (folder,))
        return {row["sha256"]: from_columns(SortedCopy, row) for row in rows}

    def add_sortings(self, sortings: Iterable[SortedCopy]) -> None:
        self._insert("sortings", [to_columns(sorting) for sorting in sortings])

    def approved(self) -> set[str]:
        """Names of sorted_ folders a person approved as a whole."""
        return {row["folder"] for row in self._db.execute("SELECT folder FROM approvals")}

    def approve(self, folder: str, at: str) -> None:
        self._insert("approvals", [{"folder": folder, "at": at}])

    # What a person decided on the check page

    def decisions(self, state: str, folder: str = "", action: int = 0) -> list[Decision]:
        """Decisions in one state, oldest first; of one folder or action, or of all."""
        sql, values = "SELECT * FROM decisions WHERE state=?", [state]
        for column, value in (("folder", folder), ("action", action)):
            if value:
                sql, values = f"{sql} AND {column}=?", [*values, str(value)]
        return [from_columns(Decision, row) for row in self._db.execute(sql + " ORDER BY number", values)]

    def all_decisions(self) -> list[Decision]:
        """Every decision, whatever its state."""
        return [from_columns(Decision, row) for row in self._db.execute("SELECT * FROM decisions ORDER BY number")]

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
        return [from_columns(Decision, row) for row in rows]

    def decisions_of(self, sha256: str, folder: str) -> list[Decision]:
        """The done decisions about one image of a folder, oldest first."""
        sql = "SELECT * FROM decisions WHERE folder=? AND sha256=? AND state='done' ORDER BY number"
        return [from_columns(Decision, row) for row in self._db.execute(sql, (folder, sha256))]

    def last_decision(self) -> int:
        """The highest number so far; 0 where there is none."""
        row = self._one("SELECT MAX(number) AS number FROM decisions", ())
        return int(row["number"] or 0) if row else 0

    def put_decisions(
        self, decisions: Iterable[Decision], labels: Iterable[Label] = (), dropped: Iterable[str] = ()
    ) -> None:
        """Write decisions, and the labels that they give and take, all together or not at all."""
        with self._db:
            self._put("decisions", [to_columns(one) for one in decisions])
            self._put("labels", [to_columns(label) for label in labels])
            self._db.executemany("DELETE FROM labels WHERE sha256=?", [(sha,) for sha in dropped])

    def drop_decisions(self, numbers: Iterable[int]) -> None:
        with self._db:
            self._db.executemany("DELETE FROM decisions WHERE number=?", [(number,) for number in numbers])

    # Which images belong together, and how labels changed

    def groups(self) -> dict[str, str]:
        """Content hash -> group, of images that belong together: one recording, one observation."""
        return {row["sha256"]: row["image_group"] for row in self._db.execute("SELECT * FROM image_groups")}

    def set_groups(self, groups: dict[str, str]) -> None:
        self._insert("image_groups", [{"sha256": sha, "image_group": group} for sha, group in groups.items()])

    def label_changes(self) -> list[LabelChange]:
        """How labels were renamed, merged, split and removed, oldest first; see `flow/records/labels/history.py`."""
        rows = self._db.execute("SELECT * FROM label_changes ORDER BY number")
        return [from_columns(LabelChange, row) for row in rows]

    def put_label_changes(
        self,
        changes: Iterable[LabelChange],
        labels: Iterable[Label] = (),
        dropped: Iterable[str] = (),
        sortings: Iterable[SortedCopy] = (),
        decisions: Iterable[Decision] = (),
        keys: dict[str, str] | None = None,
    ) -> None:
        """Write what a change of labels comes to, all together or not at all.

        Args:
            dropped: content hashes of images that have no label any more.
            keys: old label -> the new one that takes over its key on the check page.
        """
        with self._writing():
            self._put("label_changes", [to_columns(change) for change in changes])
            self._put("labels", [to_columns(label) for label in labels])
            self._db.executemany("DELETE FROM labels WHERE sha256=?", [(sha,) for sha in dropped])
            self._put("sortings", [to_columns(sorting) for sorting in sortings])
            self._put("decisions", [to_columns(decision) for decision in decisions])
            for old, new in (keys or {}).items():
                self._db.execute("UPDATE OR REPLACE label_keys SET label=? WHERE label=?", (new, old))

    def label_rows(self) -> dict[str, int]:
        """Label -> how many images are remembered under it."""
        return dict(self._db.execute("SELECT label, COUNT(*) FROM labels GROUP BY label"))

    @property
    def data_version(self) -> int:
        """A number that changes when another process writes into this catalogue."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    # Which images measure

    def splits(self) -> dict[str, str]:
        """Content hash -> part of the images that are held out: test (catalogues of earlier versions also hold
        train)."""
        return {row["sha256"]: row["part"] for row in self._db.execute("SELECT sha256, part FROM splits")}

    def held_out_by(self, version: int) -> set[str]:
        """Content hashes of the images that measured and never trained at a version of the split."""
        sql = "SELECT sha256 FROM splits WHERE part='test' AND version<=?"
        return {row["sha256"] for row in self._db.execute(sql, (version,))}

    def add_splits(self, parts: dict[str, str]) -> int:
        """Hold out more images; those held out before keep their version. Returns the version now in force."""
        version = self.split_version()
        if parts:
            version += 1
            with self._writing():
                rows = [(sha, part, version) for sha, part in parts.items()]
                sql = (
                    "INSERT INTO splits(sha256, part, version) VALUES(?,?,?) ON CONFLICT(sha256) DO UPDATE "
                    "SET part=excluded.part, version=excluded.version WHERE splits.part<>excluded.part"
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
        """Write rows inside the transaction of the caller. Columns that are not ours keep what is in them."""
        if not rows:
            return
        keys = schema.PRIMARY_KEYS[table]
        marks = ", ".join(f":{name}" for name in rows[0])
        news = ", ".join(f"{name}=excluded.{name}" for name in rows[0] if name not in keys)
        update = f"DO UPDATE SET {news}" if news else "DO NOTHING"
        sql = f"INSERT INTO {table}({', '.join(rows[0])}) VALUES({marks}) ON CONFLICT({', '.join(keys)}) {update}"
        self._db.executemany(sql, map(_storable, rows))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10)
    try:
        connection.row_factory = sqlite3.Row
        schema.refuse_later(connection, path)  # before its tables are looked at: they may be of a kind unknown here
        connection.execute("PRAGMA synchronous=FULL")
        if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("quick_check found damage")
        schema.bring_up_to_date(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _storable(row: dict) -> dict:
    """A row whose texts are all UTF-8; a file name may hold bytes that are not."""
    return {name: _utf8(value) if isinstance(value, str) else value for name, value in row.items()}


def _utf8(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _make(kind: type, row: sqlite3.Row | None) -> Any:
    return from_columns(kind, row) if row else None
