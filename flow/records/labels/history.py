"""What a label of back then is today: from the rows that say how labels were renamed, merged, split and removed.

Models, pages and suspects are of a time. Each remembers the number of the last change before it (`version`), so that a
name that is used again later is not taken for the old one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from flow.records.labels.journal import Change
from flow.records.rows import LabelChange

RENAME, MERGE, SPLIT, REMOVE, MOVE, UNDO = "rename", "merge", "split", "remove", "move", "undo"
INVERSE = {RENAME: RENAME, MERGE: SPLIT, SPLIT: MERGE, REMOVE: SPLIT}
SHOWN = 6  # labels named in a sentence


@dataclass(frozen=True)
class LabelHistory:
    """All changes of a basetag's labels, oldest first."""

    changes: tuple[LabelChange, ...] = ()

    @classmethod
    def of(cls, changes: Iterable[LabelChange]) -> "LabelHistory":
        return cls(tuple(sorted(changes, key=lambda change: change.number)))

    @property
    def version(self) -> int:
        """The number of the last change; what is made now knows all of them."""
        return self.changes[-1].number if self.changes else 0

    @cached_property
    def undone(self) -> frozenset[int]:
        """Actions that were taken back."""
        return frozenset(change.undoes for change in self.changes if change.kind == UNDO)

    def last_done(self) -> LabelChange | None:
        """A row of the last change that was not taken back."""
        done = [change for change in self.changes if change.kind != UNDO and change.action not in self.undone]
        return max(done, key=lambda change: change.number, default=None)

    def today(
        self, labels: Iterable[str], version: int, known: Iterable[str] | None = None
    ) -> dict[str, tuple[str, ...]]:
        """Label of back then -> what it is today: one label, none where it was removed, several where it was split.

        Args:
            version: number of the last change before; see `version`.
            known: the labels of today; a part of a split that holds nothing any more is left out of the parts.
        """
        now: dict[str, tuple[str, ...]] = {label: (label,) for label in labels}
        for step in self._steps(version):
            now = {
                label: tuple(dict.fromkeys(part for name in names for part in step.get(name, (name,))))
                for label, names in now.items()
            }
        if known is not None:
            there = set(known)
            now = {
                label: tuple(n for n in names if n in there) or names[:1] if len(names) > 1 else names
                for label, names in now.items()
            }
        return now

    def names(self, labels: Iterable[str], version: int) -> dict[str, str]:
        """The same for what is only shown: one name each, empty where there is none; the first part of a split."""
        return {label: names[0] if names else "" for label, names in self.today(labels, version).items()}

    def _steps(self, version: int) -> list[dict[str, tuple[str, ...]]]:
        """What each change after `version` makes of labels. A change and its undo cancel out; an undo of a change from
        before it is that change backwards."""
        moved = {change.action for change in self.changes if change.kind == MOVE}  # single images: no label changes
        later = [change for change in self.changes if change.number > version and change.action not in moved]
        begun = {change.action for change in later if change.kind != UNDO}
        steps = []
        for group in _by_action(later):
            first = group[0]
            if first.kind == UNDO and first.undoes not in begun:
                earlier = [c for c in self.changes if c.action == first.undoes and c.kind != UNDO]
                steps.append(_step([(c.new, c.old, INVERSE[c.kind]) for c in earlier if c.new]))
            elif first.kind != UNDO and first.action not in self.undone:
                steps.append(_step([(c.old, c.new, c.kind) for c in group]))
        return steps


def rows_of(change: Change) -> list[LabelChange]:
    """The rows of a change as its journal tells them, with the one that took it back."""
    number, after, old = change.number, change.after, change.olds[0]
    if change.kind == SPLIT:
        rows = [LabelChange(n, SPLIT, old, part, change.at, number, after=after) for part, n in change.parts]
    else:
        rows = [
            LabelChange(change.version + i, change.kind, old, change.new, change.at, number, after=after)
            for i, old in enumerate(change.olds)
        ]
    if change.undo_version:
        rows.append(LabelChange(change.undo_version, UNDO, change.new, "", change.at, number, number, after))
    return rows


def _by_action(changes: Sequence[LabelChange]) -> list[list[LabelChange]]:
    """The rows of each change together, in the order of the first one."""
    groups: dict[tuple[int, str], list[LabelChange]] = {}
    for change in changes:
        groups.setdefault((change.action, UNDO if change.kind == UNDO else ""), []).append(change)
    return list(groups.values())


def _step(rows: list[tuple[str, str, str]]) -> dict[str, tuple[str, ...]]:
    """(label, what it becomes, kind) of one change as a table. What a label was split off from may still be there."""
    table: dict[str, tuple[str, ...]] = {}
    for old, new, kind in rows:
        before = table.get(old, (old,) if kind == SPLIT else ())
        table[old] = (*before, new) if new else before
    return table


def words(labels: Iterable[str], today: dict[str, tuple[str, ...]]) -> str:
    """ "cat, now kitten; flower, now red or white; dog, since removed"; empty where all are called as they were."""
    parts = []
    for label in labels:
        names = today.get(label, (label,))
        if names != (label,):
            parts.append(f"{label}, now {' or '.join(names)}" if names else f"{label}, since removed")
    return "; ".join(parts[:SHOWN]) + (f"; and {len(parts) - SHOWN} more" if len(parts) > SHOWN else "")
