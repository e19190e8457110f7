"""What a change of labels would do: files that move, folders that leave, rows that change. Changes nothing itself."""

import os
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

from flow.base import files, paths, quarantine
from flow.base.errors import BadUsage, NotReady
from flow.base.names import label_name, nearest, one_line, split_under
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.decisions import DONE, TRAINING, decided_in
from flow.records.journal import new_number, relative
from flow.records.labels.history import MOVE, RENAME, SPLIT, LabelHistory
from flow.records.labels.journal import Change, FileMove
from flow.records.labels.rows import Renaming, touched

OTHERS = "not"  # the label for everything else, which may be named where it is not there yet


def labels_of(basetag: str, catalogue: Catalogue) -> list[str]:
    """The labels there are: those with a folder, and those that only decisions on unsorted images have."""
    found = [folder.name for folder in provenance.label_folders(basetag)]
    decided = {
        row.label for f in provenance.unsorted_folders(basetag) for row in decided_in(catalogue, f.name).values()
    }
    return [*found, *sorted(decided - {*found, ""})]


def check_rename(basetag: str, catalogue: Catalogue, old: str, new: str) -> tuple[str, str]:
    """The two labels as they are written. Raises NotReady or BadUsage where that cannot be done."""
    labels = labels_of(basetag, catalogue)
    old, new = _known(old, labels), label_name(new)
    if new in labels and new != old:
        hint = f"python roboflow.py {basetag} labels merge {old} {new} puts the two together."
        raise BadUsage(f"{new} is a label already.", hint)
    if new == old:
        raise BadUsage(f"{old} is called that already.")
    return old, new


def check_merge(basetag: str, catalogue: Catalogue, olds: Iterable[str], new: str) -> tuple[tuple[str, ...], str]:
    """The labels that become another one, and that one, which may be new. Raises NotReady or BadUsage."""
    labels = labels_of(basetag, catalogue)
    into = new if new in labels else label_name(new)
    found = tuple(dict.fromkeys(_known(old, labels) for old in olds))
    found = tuple(old for old in found if old != into)
    if not found:
        raise BadUsage(
            "Merging needs two labels.", f"For example: python roboflow.py {basetag} labels merge cat kitten"
        )
    return found, into


def check_removal(basetag: str, catalogue: Catalogue, label: str, to: str) -> tuple[str, str]:
    """The label that goes, and the one that takes its images; empty = they are set aside. Raises NotReady, BadUsage."""
    labels = labels_of(basetag, catalogue)
    label = _known(label, labels)
    to = to if to in ("", OTHERS) else _known(to, labels)
    if to == label:
        raise BadUsage(f"{label} cannot take its own images.", "Give another label, or leave --to out.")
    return label, to


def plan(
    basetag: str, catalogue: Catalogue, kind: str, olds: tuple[str, ...], new: str, home: Path, by_hand: bool = False
) -> Change:
    """Everything that a change will do.

    Args:
        home: the folder of its journal, where emptied label folders go.
        by_hand: a person did it in a file manager; what lies in the sorted_ folders follows, unless the label is gone.
    """
    if not by_hand:
        provenance.training_images(basetag, catalogue)  # what was moved by hand before is a person's from now on
    names = dict.fromkeys(olds, new)
    sorted_in = provenance.sorted_folders(basetag)
    moving = _Moving(basetag, kind, names, home)
    moving.add_folders(paths.training(basetag), [paths.training(basetag) / old for old in olds])
    for folder in sorted_in if new or not by_hand else ():
        parts = [part for part in files.folders_in(folder) if split_under(part.name)[0] in names]
        moving.add_folders(folder, parts)
    renaming = moving.renaming()
    done = [row for where in (*_decided_in(basetag, sorted_in),) for row in catalogue.decisions(DONE, where)]
    history = LabelHistory.of(catalogue.label_changes())
    return Change(
        number=new_number(basetag),
        kind=kind,
        olds=olds,
        new=new,
        version=history.version + 1,
        after=catalogue.last_decision(),
        at=now(),
        by_hand=by_hand,
        makes_new=bool(new) and not by_hand and not (paths.training(basetag) / new).exists(),
        sorted_in=tuple(folder.name for folder in sorted_in),
        moves=tuple(moving.moves),
        folders=tuple(moving.folders),
        labels=tuple(row for row in catalogue.labels().values() if row.label in names),
        sortings=tuple(
            row
            for folder in sorted_in
            for row in catalogue.sortings(folder.name).values()
            if new and renaming.sorting(row) != row
        ),
        decisions=tuple(touched(done, renaming)) if new or not by_hand else (),
    )


def plan_split(basetag: str, catalogue: Catalogue, old: str) -> Change:
    """What is remembered of a label before its images get others, one decision after the other. Nothing moves by it."""
    provenance.training_images(basetag, catalogue)
    return Change(
        number=new_number(basetag),
        kind=SPLIT,
        olds=(old,),
        new="",
        version=LabelHistory.of(catalogue.label_changes()).version + 1,
        after=catalogue.last_decision(),
        at=now(),
        labels=tuple(row for row in catalogue.labels().values() if row.label == old),
    )


def find_images(basetag: str, names: Iterable[str]) -> list[Path]:
    """Training images by their file names or paths.

    Raises:
        NotReady: one is not there.
        BadUsage: several have that name.
    """
    folders = provenance.label_folders(basetag)
    found: list[Path] = []
    for name in names:
        there = [folder / Path(name).name for folder in folders if (folder / Path(name).name).is_file()]
        if os.sep in name:
            there = [path for path in there if path.parent.name == Path(name).parent.name]
        if not there:
            hint = "A file's name is enough, such as robotart_12.jpg; check --training LABEL shows them."
            raise NotReady(f"There is no training image {one_line(name)}.", hint)
        if len(there) > 1:
            places = " and ".join(f"{path.parent.name}/{path.name}" for path in there)
            raise BadUsage(f"There are {places}.", "Say which one, with its label and a slash.")
        found += there
    return list(dict.fromkeys(found))


def check_move(basetag: str, catalogue: Catalogue, names: Iterable[str], label: str) -> tuple[list[Path], str]:
    """The images that get another label, and that one, which is there. Raises NotReady or BadUsage."""
    label = _known(label, labels_of(basetag, catalogue))
    found = [path for path in find_images(basetag, names) if path.parent.name != label]
    if not found:
        raise BadUsage(f"All of these are {label} already.")
    return found, label


def plan_move(basetag: str, catalogue: Catalogue, images: list[Path], label: str) -> Change:
    """Single images that a person gives another label."""
    shas = {image.path: image.sha256 for image in provenance.training_images(basetag, catalogue)}
    remembered, taken, moves = catalogue.labels(), set[Path](), []
    for path in images:
        target = files.free_path(paths.training(basetag) / label, path.name, taken)
        taken.add(target)
        moves.append(FileMove(shas[path], relative(path), relative(target)))
    return Change(
        number=new_number(basetag),
        kind=MOVE,
        olds=tuple(sorted({path.parent.name for path in images})),
        new=label,
        version=LabelHistory.of(catalogue.label_changes()).version + 1,
        after=catalogue.last_decision(),
        at=now(),
        moves=tuple(moves),
        labels=tuple(remembered[move.sha256] for move in moves),
    )


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def renaming_of(change: Change) -> Renaming:
    """What a planned change makes of rows; the same after a kill, when half of the files have moved."""
    moved = {move.source: move.target for move in change.moves}
    lies: dict[tuple[str, str], set[str]] = {}
    for move in change.moves:
        place = Path(move.source).parent
        lies.setdefault((place.parent.name, move.sha256), set()).add(place.name)
    return Renaming(dict.fromkeys(change.olds, change.new), moved, None if change.kind == RENAME else lies)


class _Moving:
    """Gathers files and folders that move."""

    def __init__(self, basetag: str, kind: str, names: dict[str, str], home: Path):
        self._basetag, self._kind, self._names, self._home = basetag, kind, names, home
        self._taken: set[Path] = set()
        self.moves: list[FileMove] = []
        self.folders: list[tuple[str, str]] = []

    def add_folders(self, parent: Path, leaving: list[Path]) -> None:
        """Folders of `parent` whose labels go. Renamed ones keep all that is in them; of others the images move, and
        the emptied folder goes to the journal's own."""
        for folder in leaving:
            label, tail = split_under(folder.name)
            new = self._names[label]
            target = parent / f"{new}{tail}" if new else None
            if self._kind == RENAME and target and not target.exists():
                self.folders.append((relative(folder), relative(target)))
                continue
            for path, _, sha in provenance.hash_images([folder]):
                self.moves.append(FileMove(sha, relative(path), relative(self._place(path, sha, target))))
            if folder.exists():
                self.folders.append((relative(folder), relative(self._home / parent.name / folder.name)))

    def renaming(self) -> Renaming:
        return renaming_of(
            Change(
                0, self._kind, tuple(self._names), next(iter(self._names.values())), 0, 0, "", moves=tuple(self.moves)
            )
        )

    def _place(self, path: Path, sha256: str, target: Path | None) -> Path:
        if target is None:
            place = quarantine.place_for(self._basetag, path, sha256, self._taken)
        else:
            place = files.free_path(target, path.name, self._taken)
        self._taken.add(place)
        return place


def _decided_in(basetag: str, sorted_in: list[Path]) -> list[str]:
    """The folders, as decisions name them, in which a change of labels is to be followed."""
    return [TRAINING, *(f.name for f in (*sorted_in, *provenance.unsorted_folders(basetag)))]


def _known(label: str, labels: list[str]) -> str:
    """A label that is there. Raises NotReady."""
    if label in labels:
        return label
    near = nearest(label, labels)
    raise NotReady(f"There is no label {one_line(label)!r}{near or '.'}", f"Labels: {', '.join(labels) or 'none yet'}.")
