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
from flow.records.rows import ROBOT

SCORE = re.compile(r"_\d{3}(?=\.[^.]*$)")  # what classify puts into a copy's name


@dataclass(frozen=True)
class Glance:
    """What the catalogue of a basetag remembers, as far as a status needs it.

    `robots`: label -> images only a robot labelled; `done`: names of downloads that were sorted, or are in training;
    `approved`: sorted_ folders a person agreed with; `begun`: searchtag -> (asked, sources) of downloads not ended;
    `said`: folder -> names of the pictures in it that a person gave a label at the check page; of unsorted ones only
    those that are no training data yet; `placed`: sorted_ folder -> name -> the folder in it that the program chose.
    """

    robots: Counter = field(default_factory=Counter)
    done: frozenset[str] = frozenset()
    approved: frozenset[str] = frozenset()
    begun: dict[str, tuple[int, str]] = field(default_factory=dict)
    said: dict[str, set[str]] = field(default_factory=dict)
    placed: dict[str, dict[str, str]] = field(default_factory=dict)


def glance(basetag: str) -> Glance:
    """The catalogue at a glance."""
    with _reading(paths.catalogue(basetag)) as db:
        if db is None:
            return Glance()
        try:
            robots = db.execute("SELECT label, COUNT(*) FROM labels WHERE given_by=? GROUP BY label", (ROBOT,))
            placed = _placed(db)
            sorted_names = {SCORE.sub("", name) for names in placed.values() for name in names}
            trained = db.execute("SELECT file_name FROM images JOIN labels USING(sha256) WHERE file_name IS NOT NULL")
            begun = db.execute("SELECT searchtag, asked, sources FROM downloads ORDER BY at")
            return Glance(
                Counter(dict(robots)),
                frozenset(sorted_names | {name for (name,) in trained}),
                frozenset(name for (name,) in db.execute("SELECT folder FROM approvals")),
                {tag: (asked, sources) for tag, asked, sources in begun},
                _said(db),
                placed,
            )
        except sqlite3.DatabaseError:
            return Glance()


def _placed(db: sqlite3.Connection) -> dict[str, dict[str, str]]:
    placed: dict[str, dict[str, str]] = defaultdict(dict)
    for folder, name, place in db.execute("SELECT folder, file_name, place FROM sortings"):
        placed[folder][name] = place
    return placed


def _said(db: sqlite3.Connection) -> dict[str, set[str]]:
    said: dict[str, set[str]] = defaultdict(set)
    sql = """SELECT folder, target FROM decisions WHERE state='done' AND label!=''
             AND (folder NOT LIKE ? OR sha256 NOT IN (SELECT sha256 FROM labels))"""
    with contextlib.suppress(sqlite3.OperationalError):  # a catalogue from before there was a check page
        for folder, target in db.execute(sql, (f"{cfg.unsorted_name}%",)):
            said[folder].add(PurePosixPath(target).name)
    return said


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The database, without the right to write; None where there is none."""
    if not path.exists():
        yield None
        return
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2)) as db:
        yield db
