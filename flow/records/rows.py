"""The rows of a basetag's catalogue, and the values that stand in them.

Fields are named by the field's own words; columns keep the names that catalogues on users' disks have always had
(`COLUMN_OF`).
"""

import sys
from dataclasses import asdict, dataclass, fields
from typing import Any

# Who gave a label.
PERSON, MODEL = "human", "robot"
# How an image came before the person who labelled it. Drawn at random, or as part of a folder that was checked as a
# whole: such labels train and measure. Chosen, by uncertainty or because it looked wrong: such labels train and never
# measure, because what is chosen is harder, or easier, than the images that come.
RANDOM, WHOLE_FOLDER, CHOSEN = "drawn", "whole", "chosen"
# Status of an image that a source offered. MISSING, REFUSED and DUPLICATE are never asked for again.
KEPT, DUPLICATE, REFUSED, MISSING, FAILED, DEFERRED = "kept", "duplicate", "refused", "gone", "failed", "deferred"
PENDING = "pending"  # the row is written, the file perhaps not yet: finished by the next download

COLUMN_OF = {"sampling": "came", "licence": "license", "licence_url": "license_url", "after": "after_decision"}
FIELD_OF = {column: field for field, column in COLUMN_OF.items()}


@dataclass(frozen=True)
class ArchiveEntry:
    """One image a source offered, and what became of it. `url` is normalised (no fragment, no utm_ parameters)."""

    source: str
    source_id: str
    url: str
    status: str
    at: str
    reason: str = ""
    origin_sha256: str = ""  # of the bytes as they came
    sha256: str = ""  # of the file on disk (kept), or of the one it is a duplicate of


@dataclass(frozen=True)
class Image:
    """Where a kept image comes from. `sha256` is that of the file on disk."""

    sha256: str
    origin_sha256: str
    file_name: str
    source: str
    source_id: str
    image_url: str
    page_url: str
    title: str
    creator: str
    licence: str
    licence_url: str
    credit: str  # one ready attribution line
    searchtag: str
    at: str


@dataclass(frozen=True)
class UnfinishedDownload:
    """A download that has not ended. `had`: images of this searchtag there were before it began."""

    searchtag: str
    asked: int
    sources: str
    had: int
    at: str


@dataclass(frozen=True)
class Label:
    """An image's label in the training data. `given_by` is PERSON or MODEL; `sampling` RANDOM, WHOLE_FOLDER or
    CHOSEN."""

    sha256: str
    label: str
    given_by: str
    score: float | None = None  # fraction 0..1, of the model that gave it
    model: str = ""
    at: str = ""
    sampling: str = WHOLE_FOLDER


@dataclass(frozen=True)
class SortedCopy:
    """One copy that classify made. `place` is the folder it went to: the label, or {label}_under925."""

    folder: str
    file_name: str
    sha256: str
    place: str
    label: str
    score: float
    model: str
    at: str


@dataclass(frozen=True)
class Decision:
    """What a person decided about one image on the check page; see `flow/records/decisions.py`."""

    number: int
    action: int  # the number of the first decision of the same key press; they are undone together
    folder: str  # name of the sorted_ or unsorted_ folder, or TRAINING
    sha256: str
    kind: str  # ACCEPT, RELABEL or QUARANTINE
    label: str  # empty where set aside
    source: str  # relative to tf_files; equal to `target` where nothing moves
    target: str
    page: str
    sampling: str  # RANDOM, WHOLE_FOLDER or CHOSEN
    who: str
    at: str
    state: str  # pending, done, undoing, undone or over
    before: str = ""  # the label that the catalogue had, as JSON, where the decision changes it


@dataclass(frozen=True)
class LabelChange:
    """One label that was renamed, merged, split or removed, or the taking back of a change; see
    `flow/records/labels/history.py`.

    `action`: number of the journal, shared by the rows of one change; `undoes`: the action that this row takes back, or
    0; `after`: the last decision before it, so that the page's undo knows which came later.
    """

    number: int
    kind: str  # RENAME, MERGE, SPLIT, REMOVE or UNDO
    old: str
    new: str  # empty where the images were set aside
    at: str
    action: int = 0
    undoes: int = 0
    after: int = 0


def columns_of(kind: type) -> set[str]:
    """The columns of a kind of rows."""
    return {COLUMN_OF.get(one.name, one.name) for one in fields(kind)}


def to_columns(row: Any) -> dict[str, object]:
    """A row as column -> value, as the catalogue and the journals write it."""
    return {COLUMN_OF.get(name, name): value for name, value in asdict(row).items()}


def from_columns(kind: type, columns: Any) -> Any:
    """A row of a kind from column -> value; columns that it does not know are left out."""
    known = {one.name for one in fields(kind)}
    values = {FIELD_OF.get(name, name): columns[name] for name in columns.keys()}  # noqa: SIM118 - also for sqlite3.Row
    return kind(**{name: _once(value) for name, value in values.items() if name in known})


def _once(value: Any) -> Any:
    """Text that repeats from row to row (who, how, which model) is kept once."""
    return sys.intern(value) if type(value) is str else value
