"""What a change of labels came to, in a sentence and as data."""

from dataclasses import dataclass

from flow.base.names import joined
from flow.records.labels.apply import Changed
from flow.records.labels.history import MERGE, MOVE, RENAME, SPLIT
from flow.records.labels.journal import Change


@dataclass(frozen=True)
class LabelsChanged:
    """A change that was made, would be made (`dry`), or was taken back (`undone`)."""

    changed: Changed
    undone: bool = False
    dry: bool = False

    @property
    def code(self) -> int:
        return 3 if self.changed.problems else 0

    def line(self) -> str:
        change, n = self.changed.change, self.changed.images
        old = joined(change.olds)
        images = f"{n} image{'s' * (n != 1)}"
        if self.changed.waiting:
            images += f" and {self.changed.waiting} sorted one{'s' * (self.changed.waiting != 1)}"
        if self.undone:
            text = f"{'would undo' if self.dry else 'undid'} the change of labels: {undone_words(change)} ({images})"
        elif change.kind == RENAME:
            text = f"{'would rename' if self.dry else 'renamed'} {old} to {change.new}: {images}"
        elif change.kind == MERGE:
            text = f"{'would merge' if self.dry else 'merged'} {old} into {change.new}: {images}"
        elif change.kind == MOVE:
            text = f"{'would move' if self.dry else 'moved'} {images} from {old} to {change.new}"
        else:
            went = f"{images} to {change.new}" if change.new else f"{images} to the quarantine, set aside"
            text = f"{'would remove' if self.dry else 'removed'} {old}: {went}"
        return "; ".join(
            [
                text,
                *self.changed.problems[:1],
                *([f"{len(self.changed.problems) - 1} more"] if len(self.changed.problems) > 1 else []),
            ]
        )

    def facts(self) -> dict:
        change = self.changed.change
        return {
            "kind": change.kind,
            "old": list(change.olds),
            "new": change.new,
            "images": self.changed.images,
            "sorted": self.changed.waiting,
            "undone": self.undone,
            "dry": self.dry,
            "trouble": list(self.changed.problems),
        }


def undone_words(change: Change) -> str:
    """What taking a change back comes to."""
    old = joined(change.olds)
    if change.kind == RENAME:
        return f"{change.new} is called {old} again"
    if change.kind == MOVE:
        return f"what was moved to {change.new} is {'' if len(change.olds) == 1 else 'in '}{old} again"
    if change.kind == SPLIT:
        return f"{old} is one label again"
    return f"{old} {'is a label' if len(change.olds) == 1 else 'are labels'} again"
