"""Images sorted into folders named like labels, or whose labels are known -> copies in the training data.

The originals are only read. As for a harvest, the plan is written to a journal before the first copy, and `undo`
removes exactly these copies again.
"""

import os
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from flow.base import files, names, paths
from flow.base.errors import BadUsage, NotReady
from flow.base.learning import api
from flow.records import provenance
from flow.records.apply_journal import run_journal
from flow.records.catalogue import Catalogue
from flow.records.journal import Move, relative
from flow.records.rows import PERSON, WHOLE_FOLDER
from flow.ui import console

FOLDERS_MAX = 1000  # of more folders beside each other, the others are ignored: they are hardly labels


@dataclass(frozen=True)
class Imported:
    """What was imported, or would be (`dry`). `labels`: label -> copies; `other`: folders that are not labels."""

    labels: dict[str, int] = field(default_factory=dict)
    already: int = 0
    unreadable: int = 0
    clashing: int = 0
    other: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    dry: bool = False

    @property
    def code(self) -> int:
        return 3 if self.problems else 0

    def line(self) -> str:
        counts = ", ".join(f"{label} {n}" for label, n in self.labels.items()) or "nothing"
        text = f"{'would take' if self.dry else 'took'} {counts} as training data"
        for n, what in (
            (self.already, "already there"),
            (self.unreadable, "unreadable left out"),
            (self.clashing, "in two folders left out"),
        ):
            text += f", {n} {what}" if n else ""
        return text + (f"; left alone, as they are not labels: {', '.join(self.other)}" if self.other else "")

    def facts(self) -> dict:
        facts = asdict(self)
        return facts | {"trouble": facts.pop("problems")}  # as --json has always called them


def label_folders_in(folder: Path, labels: set[str]) -> dict[str, Path]:
    """Label -> the folder in `folder` that has its name and contains images.

    Args:
        labels: the labels there are; empty = a new basetag, in which any folder's name can be a label.
    """
    found: dict[str, Path] = {}
    for inside in files.folders_in(folder)[:FOLDERS_MAX]:
        label = _label(inside.name)
        if label and (not labels or label in labels) and label not in found and files.count_images(inside):
            found[label] = inside
    return found


def import_sorted(basetag: str, folder: Path, stamp: str, catalogue: Catalogue, dry_run: bool = False) -> Imported:
    """Copy the images in the label folders of `folder` into the training data, as labelled by a person.

    Raises:
        BadUsage: there is no such folder.
        NotReady: it contains no label folders.
    """
    if not folder.is_dir():
        raise BadUsage(
            f"There is no folder {folder}.", "Give the folder that contains a folder of images for each label."
        )
    labels = {f.name for f in provenance.label_folders(basetag)}
    found = label_folders_in(folder, labels)
    if not found:
        known = f" ({', '.join(sorted(labels))})" if labels else ""
        raise NotReady(
            f"{folder} contains no folders of images that are named like labels{known}.",
            "Put the images of each label directly into a folder with its name.",
        )
    label_of = {inside: label for label, inside in found.items()}
    listed = [(path, label_of[path.parent], sha) for path, _, sha in provenance.hash_images(list(found.values()))]
    other = tuple(f.name for f in files.folders_in(folder) if f not in found.values() and files.count_images(f))
    return _import(basetag, listed, other, stamp, catalogue, dry_run)


def import_images(
    basetag: str, folder: Path, label_of: Mapping[str, str], labels: Container[str], stamp: str, catalogue: Catalogue
) -> Imported:
    """Copy the images of a folder whose labels are known into the training data, as `import_sorted` does.

    Args:
        label_of: content hash -> label.
        labels: those that are taken; images of others are left alone.
    """
    hashed = [(path, label_of.get(sha, ""), sha) for path, _, sha in provenance.hash_images([folder])]
    listed = [(path, label, sha) for path, label, sha in hashed if label in labels]
    other = tuple(sorted({label for _, label, _ in hashed if label and label not in labels}))
    return _import(basetag, listed, other, stamp, catalogue)


def _import(
    basetag: str,
    listed: list[tuple[Path, str, str]],
    other: tuple[str, ...],
    stamp: str,
    catalogue: Catalogue,
    dry_run: bool = False,
) -> Imported:
    """Copy listed (path, label, content hash) by a journal."""
    moves, left_out = _plan(basetag, listed, catalogue)
    done = replace(left_out, other=other, labels=dict(sorted(Counter(m.label for m in moves).items())), dry=dry_run)
    if dry_run:
        return done
    for label in {label for _, label, _ in listed}:
        files.make_folder(paths.training(basetag) / label)
    if not moves:
        return done
    _, problems = run_journal(basetag, moves, [], stamp, catalogue)
    return replace(done, problems=problems)


def _label(name: str) -> str:
    """A folder's name as a label; empty where it cannot be one."""
    try:
        return names.label_name(name)
    except BadUsage:
        return ""


def _plan(basetag: str, listed: list[tuple[Path, str, str]], catalogue: Catalogue) -> tuple[list[Move], Imported]:
    """The copies to make, each content once; and how many images are left out, by reason."""
    known = {image.sha256 for image in provenance.training_images(basetag, catalogue)}
    places: dict[str, set[str]] = {}
    for _, label, sha in listed:
        places.setdefault(sha, set()).add(label)
    unreadable = find_unreadable([path for path, _, sha in listed if sha not in known])
    moves: dict[str, Move] = {}
    taken: set[Path] = set()
    counts = Counter[str]()
    for path, label, sha in listed:
        if sha in known or sha in moves:
            counts["already"] += 1
        elif path in unreadable:
            counts["unreadable"] += 1
        elif len(places[sha]) > 1:
            counts["clashing"] += 1
        else:
            moves[sha] = copy_move(paths.training(basetag) / label, path, label, sha, taken)
    left_out = Imported(already=counts["already"], unreadable=counts["unreadable"], clashing=counts["clashing"])
    return list(moves.values()), left_out


def copy_move(folder: Path, path: Path, label: str, sha: str, taken: set[Path]) -> Move:
    """The move that copies an image into a label's folder, under a name that is not used there and not in `taken`."""
    target = files.free_path(folder, path.name, taken)
    taken.add(target)
    source = os.fsencode(path.absolute()).decode("utf-8", "surrogateescape")
    return Move(sha, source, relative(target), label, PERSON, sampling=WHOLE_FOLDER, copy=True)


def find_unreadable(listed: list[Path], most: int = 1_000_000) -> dict[Path, str]:
    """Which of the first `most` images cannot be decoded, each with the reason; with a progress bar."""
    from concurrent.futures import ThreadPoolExecutor

    def why(path: Path) -> str:
        try:
            api.decode(path, draft_side=64)
        except api.Unreadable as problem:
            return str(problem)
        return ""

    found = {}
    with console.progress(len(listed[:most]), "reading your images") as advance, ThreadPoolExecutor(2) as pool:
        for path, reason in zip(listed, pool.map(why, listed[:most]), strict=False):
            advance(1)
            if reason:
                found[path] = reason
    return found
