"""The tables of a catalogue, their version (SQLite's user_version), and the steps from each version to the next.

A catalogue of an earlier version is migrated inside one transaction, after a copy of it was written beside it; one of a
later version is refused and not touched; columns and tables that are not known here are left alone. (beets does
likewise.)

The way back: up to version 3, migrating adds tables, indexes and columns, and changes nothing else.
Programs from before version numbers know every table by its exact columns; those that know labels.came can go on with a
migrated catalogue, and leave what is new in it alone. The very first ones take it for damaged and rename it; for them
there is the copy.
"""

import contextlib
import sqlite3
from pathlib import Path

from flow.base import files
from flow.base.errors import RoboError
from flow.records.rows import (
    ArchiveEntry,
    Decision,
    Image,
    Label,
    LabelChange,
    SortedCopy,
    UnfinishedDownload,
    columns_of,
)

VERSION = 3
# SQLite's application_id of a catalogue that is new and not yet filled with what journals and score files say.
UNFILLED = 0x6E6577

# Version 1: everything that catalogues had before they carried a number; tables and columns came to it one by one.
_ONE = """
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
# Version 2: which images belong together (one recording, one observation), and how labels were renamed and merged.
_TWO = """
CREATE TABLE IF NOT EXISTS image_groups(sha256 TEXT PRIMARY KEY, image_group TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS label_changes(
  number INTEGER PRIMARY KEY, kind TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL, at TEXT NOT NULL);
"""
# Version 3: which change of labels each row belongs to, which change it takes back, and which decision came before it.
_THREE = {column: "INTEGER NOT NULL DEFAULT 0" for column in ("action", "undoes", "after_decision")}
LABELS_LATER = {"came": "TEXT NOT NULL DEFAULT 'whole'"}  # a column of labels that the first catalogues lack

PRIMARY_KEYS = {
    "archive": ("source", "source_id"),
    "images": ("sha256",),
    "labels": ("sha256",),
    "sortings": ("folder", "sha256"),
    "downloads": ("searchtag",),
    "approvals": ("folder",),
    "decisions": ("number",),
    "label_keys": ("label",),
    "image_groups": ("sha256",),
    "label_changes": ("number",),
}
_ROWS = {
    "archive": ArchiveEntry,
    "images": Image,
    "labels": Label,
    "sortings": SortedCopy,
    "downloads": UnfinishedDownload,
    "decisions": Decision,
    "label_changes": LabelChange,
}


def refuse_later(connection: sqlite3.Connection, path: Path) -> None:
    """Raise RoboError where the catalogue is of a later version. Reads its first page alone, whatever its tables are
    like; nothing is touched."""
    version = _version(connection)
    if version > VERSION:
        raise RoboError(
            f"The catalogue {path} has version {version}, and this RoboFlow knows versions up to {VERSION}.",
            "Use the newer RoboFlow that made it. Nothing was touched.",
        )


def bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new catalogue, or migrate those of an earlier version. All of it or nothing.

    Raises:
        sqlite3.DatabaseError: it is damaged, or no catalogue of ours.
    """
    if _version(connection) == VERSION:
        return _need_columns(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)  # another process may have migrated it meanwhile
        if not connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
            connection.execute(f"PRAGMA application_id = {UNFILLED}")
        elif version < VERSION:
            _copy_beside(path, version)
        for number, step in enumerate(_STEPS[version:], version + 1):
            step(connection)
            connection.execute(f"PRAGMA user_version = {number}")
        _need_columns(connection)
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    return None


def is_unfilled(connection: sqlite3.Connection) -> bool:
    """Whether the catalogue is new and knows nothing yet: the first, or its predecessor is gone."""
    return bool(connection.execute("PRAGMA application_id").fetchone()[0] == UNFILLED)


def set_filled(connection: sqlite3.Connection) -> None:
    """The catalogue knows all that there is to know."""
    connection.execute("PRAGMA application_id = 0")


def _need_columns(connection: sqlite3.Connection) -> None:
    """Raise DatabaseError where a table lacks a column of ours. It may have others."""
    for table, kind in _ROWS.items():
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        if missing := columns_of(kind) - columns:
            raise sqlite3.DatabaseError(f"{table} lacks {', '.join(sorted(missing))}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _to_one(connection: sqlite3.Connection) -> None:
    _run_all(connection, _ONE)
    # What a person sorted before that column came counts as sorted in whole folders, as it did then.
    _add_columns(connection, "labels", LABELS_LATER)


def _to_two(connection: sqlite3.Connection) -> None:
    _run_all(connection, _TWO)


def _to_three(connection: sqlite3.Connection) -> None:
    _add_columns(connection, "label_changes", _THREE)


_STEPS = (_to_one, _to_two, _to_three)
assert len(_STEPS) == VERSION


def _add_columns(connection: sqlite3.Connection, table: str, columns: dict[str, str]) -> None:
    """Those that the table lacks."""
    there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    for name, kind in columns.items():
        if name not in there:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")


def _run_all(connection: sqlite3.Connection, script: str) -> None:
    """Statement by statement: `executescript` would commit the transaction that all steps share."""
    for statement in filter(str.strip, script.split(";")):
        connection.execute(statement)


def _copy_beside(path: Path, version: int) -> None:
    """robots.v0.sqlite, written whole before anything is changed; where that name is taken by another content,
    robots.v0_2.sqlite. The caller holds the right to write, so that nobody else changes it meanwhile."""
    name = f"{path.stem}.v{version}{path.suffix}"
    part = path.with_name(f"{files.PART}{name}")
    for left in (part, part.with_name(f"{part.name}-journal")):  # of a run that was killed
        left.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
    files.sync_file(part)
    earlier = path.parent.glob(f"{path.stem}.v{version}*{path.suffix}")
    if files.sha256_of(part) in map(files.sha256_of, earlier):
        part.unlink()
    else:
        files.publish(part, path.parent, name)
