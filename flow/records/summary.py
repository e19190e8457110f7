"""A quick look into a catalogue for a status: read-only, nothing is made, locked or hashed; empty where it cannot be
read."""

import contextlib
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import config as cfg
from flow.base import paths
from flow.records.labels.history import LabelHistory
from flow.records.rows import MODEL, LabelChange

CHANGES = "SELECT number, kind, old, new, at, action, undoes, after_decision FROM label_changes"
SCORE = re.compile(r"_\d{3}(?=\.[^.]*$)")  # what classify puts into a copy's name


@dataclass(frozen=True)
class CatalogueSummary:
    """What the catalogue of a basetag remembers, as far as a status needs it.

    `by_model`: label -> training images that only a model labelled; `done`: names of downloads that were sorted, or are
    training data; `approved`: sorted_ folders that a person approved; `unfinished`: searchtag -> (asked, sources) of
    downloads that have not ended; `labeled`: folder -> names of its images that a person labelled on the check page (of
    unsorted_ folders only those that are not yet training data); `placed`: sorted_ folder -> name -> the folder in it
    that the program chose; `changes`: how labels were renamed, merged, split and removed.
    """

    by_model: Counter = field(default_factory=Counter)
    done: frozenset[str] = frozenset()
    approved: frozenset[str] = frozenset()
    unfinished: dict[str, tuple[int, str]] = field(default_factory=dict)
    labeled: dict[str, set[str]] = field(default_factory=dict)
    placed: dict[str, dict[str, str]] = field(default_factory=dict)
    changes: LabelHistory = LabelHistory()


def summarize(basetag: str) -> CatalogueSummary:
    """Read what a status needs; empty where there is no catalogue, or it cannot be read."""
    with _reading(paths.catalogue(basetag)) as db:
        if db is None:
            return CatalogueSummary()
        try:
            by_model = db.execute("SELECT label, COUNT(*) FROM labels WHERE given_by=? GROUP BY label", (MODEL,))
            placed = _sorted_names(db)
            sorted_names = {SCORE.sub("", name) for names in placed.values() for name in names}
            trained = db.execute("SELECT file_name FROM images JOIN labels USING(sha256) WHERE file_name IS NOT NULL")
            unfinished = _later_table(db, "SELECT searchtag, asked, sources FROM downloads ORDER BY at")
            return CatalogueSummary(
                Counter(dict(by_model)),
                frozenset(sorted_names | {name for (name,) in trained}),
                frozenset(name for (name,) in db.execute("SELECT folder FROM approvals")),
                {tag: (asked, sources) for tag, asked, sources in unfinished},
                _labeled_names(db),
                placed,
                LabelHistory.of(LabelChange(*row) for row in _later_table(db, CHANGES)),
            )
        except sqlite3.DatabaseError:
            return CatalogueSummary()


def _sorted_names(db: sqlite3.Connection) -> dict[str, dict[str, str]]:
    placed: dict[str, dict[str, str]] = defaultdict(dict)
    for folder, name, place in db.execute("SELECT folder, file_name, place FROM sortings"):
        placed[folder][name] = place
    return placed


def _labeled_names(db: sqlite3.Connection) -> dict[str, set[str]]:
    labeled: dict[str, set[str]] = defaultdict(set)
    sql = """SELECT folder, target FROM decisions WHERE state='done' AND label!=''
             AND (folder NOT LIKE ? OR sha256 NOT IN (SELECT sha256 FROM labels))"""
    for folder, target in _later_table(db, sql, f"{cfg.unsorted_name}%"):
        labeled[folder].add(PurePosixPath(target).name)
    return labeled


def _later_table(db: sqlite3.Connection, sql: str, *values: object) -> list[tuple]:
    """Rows of a table that catalogues have not always had; none where it is missing."""
    try:
        return db.execute(sql, values).fetchall()
    except sqlite3.OperationalError:
        return []


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The database, without the right to write; None where there is none."""
    if not path.exists():
        yield None
        return
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2)) as db:
        yield db
