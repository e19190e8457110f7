"""Label folders that a person renamed, merged or removed in a file manager: recognised by what lies in them.

A label is remembered and its folder is gone. Where its images lie now tells what happened; the images keep who labelled
them and how they were sampled, which they would lose if each counted as dragged because it looked wrong.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from flow.records.catalogue import Catalogue
from flow.records.labels.history import MERGE, REMOVE, RENAME, LabelHistory
from flow.records.rows import Label

MOST = 0.9  # share of a label's images that must lie in one folder to be taken for a rename or a merge


@dataclass(frozen=True)
class ByHand:
    """What became of one label. `new` is empty where its images are gone; `images`: how many that is about."""

    kind: str
    old: str
    new: str
    images: int

    @property
    def words(self) -> str:
        images = f"{self.images} image{'s' * (self.images != 1)}"
        if self.kind == RENAME:
            return f"{self.old} is now {self.new}: {images}"
        if self.kind == MERGE:
            return f"the folder {self.old} is gone, and its {images} lie in {self.new}"
        return f"the folder {self.old} is gone, with its {images}"

    @property
    def question(self) -> str:
        what = {RENAME: "a rename", MERGE: "a merge", REMOVE: "a removal"}[self.kind]
        return f"{self.words[:1].upper()}{self.words[1:]}; take it as {what}?"


def missing_labels(catalogue: Catalogue, folders: Iterable[str]) -> list[str]:
    """Labels that images are remembered under and whose folder is gone, without those known to be removed. Where the
    basetag has no label folders at all it was deleted as a whole, to start over: none."""
    there = set(folders)
    remembered = catalogue.label_rows()
    if not there or not remembered.keys() - there:
        return []
    history = LabelHistory.of(catalogue.label_changes())
    removed = {c.old for c in history.changes if c.kind == REMOVE and c.action not in history.undone}
    return sorted(remembered.keys() - there - removed)


def recognise(missing: list[str], labels: dict[str, Label], now: dict[str, str]) -> list[ByHand]:
    """What became of labels whose folders are gone.

    Args:
        labels: as remembered, by content hash.
        now: content hash -> the label folder an image lies in.
    """
    known = {row.label for row in labels.values()}
    found: list[ByHand] = []
    for old in missing:
        shas = [sha for sha, row in labels.items() if row.label == old]
        lies = Counter(now[sha] for sha in shas if sha in now)
        new, n = max(lies.items(), key=lambda pair: (pair[1], pair[0]), default=("", 0))
        if not lies:
            found.append(ByHand(REMOVE, old, "", len(shas)))
        elif n >= MOST * sum(lies.values()):
            is_new = new not in known and new not in {one.new for one in found}
            found.append(ByHand(RENAME if is_new else MERGE, old, new, n))
    return found


def followed(labels: dict[str, Label], found: Iterable[ByHand], now: dict[str, str]) -> dict[str, Label]:
    """What is remembered, as if the changes had been made by a command."""
    becomes = {one.old: one.new for one in found if one.new}
    return {
        sha: replace(row, label=becomes[row.label]) if now.get(sha) == becomes.get(row.label, "") else row
        for sha, row in labels.items()
    }
