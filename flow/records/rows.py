"""The rows of a basetag's catalogue, and the words that stand in them."""

from dataclasses import dataclass

HUMAN, ROBOT = "human", "robot"
# How an image came before the person who labelled it. Drawn at random, or as part of a folder that was looked at whole:
# such labels teach and measure. Chosen, by doubt or because it looked wrong: such labels teach and never measure, for
# what is chosen is harder, or easier, than what comes.
DRAWN, WHOLE, CHOSEN = "drawn", "whole", "chosen"
# Status of a found image in the archive. GONE and REFUSED and DUPLICATE are never asked for again.
KEPT, DUPLICATE, REFUSED, GONE, FAILED, DEFERRED = "kept", "duplicate", "refused", "gone", "failed", "deferred"
PENDING = "pending"  # the row is written, the file perhaps not yet: settled by the next download


@dataclass(frozen=True)
class Archived:
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
    license: str
    license_url: str
    credit: str  # one ready attribution line
    searchtag: str
    at: str


@dataclass(frozen=True)
class Begun:
    """A download that has not come to its end. `had`: images of this searchtag there were before it began."""

    searchtag: str
    asked: int
    sources: str
    had: int
    at: str


@dataclass(frozen=True)
class Label:
    """An image's label in the training data. `given_by` is HUMAN or ROBOT; `came` is DRAWN, WHOLE or CHOSEN."""

    sha256: str
    label: str
    given_by: str
    score: float | None = None  # fraction 0..1, of the model that gave it
    model: str = ""
    at: str = ""
    came: str = WHOLE


@dataclass(frozen=True)
class Sorting:
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
    """What a person said of one picture at the check page; see `flow/records/decisions.py`."""

    number: int
    action: int  # the number of the first decision of the same key press; they are undone together
    folder: str  # name of the sorted_ or unsorted_ folder, or TRAINING
    sha256: str
    kind: str  # keep, label or aside
    label: str  # empty where set aside
    source: str  # relative to tf_files; equal to `target` where nothing moves
    target: str
    page: str
    came: str  # DRAWN, WHOLE or CHOSEN
    who: str
    at: str
    state: str  # pending, done, undoing, undone or over
    before: str = ""  # the label that the catalogue had, as JSON, where the decision changes it
