"""What a change of labels makes of the catalogue's rows. Pure: rows in, rows out."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

import config as cfg
from flow.base import paths
from flow.base.names import split_under
from flow.records.decisions import SUPERSEDED
from flow.records.rows import Decision, Label, SortedCopy


@dataclass(frozen=True)
class Renaming:
    """`names`: label -> what it becomes, empty where its images are set aside; `moved`: paths of files that get another
    name too, from and to; `lies`: (sorted_ folder, content hash) -> the folders in it that the image lies in, or None
    where every label gets a name of its own."""

    names: dict[str, str]
    moved: dict[str, str] = field(default_factory=dict)
    lies: dict[tuple[str, str], set[str]] | None = None

    def place(self, place: str) -> str:
        """A folder of a sorted_ folder: cat_under925 -> kitten_under925."""
        label, tail = split_under(place)
        return self.names.get(label, label) + tail

    def label(self, row: Label) -> Label:
        """Who gave it, its score and its sampling stay."""
        return replace(row, label=self.names.get(row.label, row.label))

    def sorting(self, row: SortedCopy) -> SortedCopy:
        """What the model said. Where labels are put together, an image that a person dragged from one to the other
        must not look as if it lay where the model put it: its row keeps the old place, which is no folder any more."""
        row = replace(row, label=self.names.get(row.label, row.label))
        lies = self.lies.get((row.folder, row.sha256), set()) if self.lies is not None else {row.place}
        if row.place in lies:
            return replace(row, place=self.place(row.place))
        dragged_from = [place for place in lies if self.place(place) == row.place]
        return replace(row, place=dragged_from[0]) if dragged_from else row

    def decision(self, row: Decision) -> Decision:
        """A decision for a label that is set aside counts no more."""
        if not self.names.get(row.label, row.label) and row.label:
            return replace(row, state=SUPERSEDED)
        label = self.names.get(row.label, row.label)
        return replace(row, label=label, source=self._path(row.source), target=self._path(row.target))

    def _path(self, text: str) -> str:
        """A file's path after the change: training_photos/robots/cat/1.jpg -> training_photos/robots/kitten/1.jpg."""
        if text in self.moved:
            return self.moved[text]
        path = PurePosixPath(text)
        label, tail = split_under(path.parent.name)
        home = path.parent.parent
        is_label = home.name.startswith(cfg.sorted_name) or home.parent.name == paths.training_root().name
        new = self.names.get(label, "") if is_label else ""
        return str(home / f"{new}{tail}" / path.name) if new else text


def touched(rows: Iterable[Decision], renaming: Renaming) -> list[Decision]:
    """The decisions that a change makes another row of."""
    return [row for row in rows if renaming.decision(row) != row]
