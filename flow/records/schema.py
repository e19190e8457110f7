"""The tables of a catalogue, their version (SQLite's user_version), and the steps from each version to the next.

A catalogue of an earlier version is migrated inside one transaction, after a copy of it was written beside it; one of a
later version is refused and not touched; columns that are not known here are left alone. (beets does likewise.)
"""

import contextlib
import sqlite3
from pathlib import Path

from flow.base import files
from flow.base.errors import RoboError

VERSION = 2

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
LABELS_LATER = ("came", "TEXT NOT NULL DEFAULT 'whole'")  # a column of labels that the first catalogues lack

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


def bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new catalogue, or migrate those of an earlier version.

    Raises:
        RoboError: the catalogue is of a later version; nothing is touched.
        sqlite3.DatabaseError: it is damaged.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise RoboError(
            f"The catalogue {path} has version {version}, and this RoboFlow knows versions up to {VERSION}.",
            "Use the newer RoboFlow that made it. Nothing was touched.",
        )
    if version == VERSION:
        return
    if connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
        _copy_beside(connection, path, version)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number, step in enumerate(_STEPS[version:], version + 1):
            step(connection)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _to_one(connection: sqlite3.Connection) -> None:
    _run_all(connection, _ONE)
    name, kind = LABELS_LATER
    if name not in {row[1] for row in connection.execute("PRAGMA table_info(labels)")}:
        # What a person sorted before that column came counts as sorted in whole folders, as it did then.
        connection.execute(f"ALTER TABLE labels ADD COLUMN {name} {kind}")


def _to_two(connection: sqlite3.Connection) -> None:
    _run_all(connection, _TWO)


_STEPS = (_to_one, _to_two)
assert len(_STEPS) == VERSION


def _run_all(connection: sqlite3.Connection, script: str) -> None:
    """Statement by statement: `executescript` would commit the transaction that all steps share."""
    for statement in filter(str.strip, script.split(";")):
        connection.execute(statement)


def _copy_beside(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """robots.v0.sqlite, written whole before anything is changed; an earlier copy of that version stays."""
    target = path.with_name(f"{path.stem}.v{version}{path.suffix}")
    if target.exists():
        return
    part = target.with_name(f"{files.PART}{target.name}")
    part.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(part)) as copy:
        connection.backup(copy)
    files.sync_file(part)
    part.rename(target)
    files.sync_folder(target.parent)
