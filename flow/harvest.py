"""sorted_*/{label}/ -> training_photos/{basetag}/{label}/; then each sorted_ folder -> harvested_{stamp}/.

The whole plan is written to harvested_{stamp}/journal.jsonl before the first move. Every move is safe to repeat, so a
killed harvest is finished by doing the journal again; `undo` does it backwards. The journal's name tells its state:
journal.jsonl (under way), moves.jsonl (done), undoing.jsonl, undone.jsonl. Nothing is ever overwritten or deleted.
Harvests are numbered, so that `undo` knows the last one also where the clock was set back.
"""

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import config as cfg
from flow import console, files, labelling, paths
from flow.catalogue import HUMAN, ROBOT, Catalogue, Label
from flow.errors import NotReady, RoboError
from flow.labelling import Labelled

UNDER_WAY, DONE, UNDOING, UNDONE = "journal.jsonl", "moves.jsonl", "undoing.jsonl", "undone.jsonl"
LOG = "harvest_log.txt"


@dataclass(frozen=True)
class Move:
    """One image's move, as the journal keeps it; paths relative to tf_files."""

    sha256: str
    source: str
    target: str
    label: str
    given_by: str
    score: float | None = None
    model: str = ""


@dataclass(frozen=True)
class Journal:
    """What a journal says. `torn`: lines that cannot be read or are missing; a journal is written in one step, so only
    a failing disk or an editor does that."""

    moves: list[Move]
    folders: list[str]
    number: int
    torn: int


@dataclass(frozen=True)
class Harvested:
    """What a harvest did or would do. `labels`: label -> images moved."""

    labels: dict[str, int] = field(default_factory=dict)
    human: int = 0
    robot: int = 0
    already: int = 0
    unchecked_left: int = 0
    folders: int = 0
    folder: Path | None = None
    trouble: tuple[str, ...] = ()
    dry: bool = False

    @property
    def total(self) -> int:
        return self.human + self.robot

    @property
    def code(self) -> int:
        return 3 if self.trouble else 0

    def line(self) -> str:
        if not self.folders:
            return "nothing to harvest"
        verb = "would harvest" if self.dry else "harvested"
        text = f"{verb} {self.total} ({self.human} checked by a person, {self.robot} by the robot alone)"
        text += f", {self.already} already in training" if self.already else ""
        return text + (f", {self.unchecked_left} unchecked left out" if self.unchecked_left else "")

    def facts(self) -> dict:
        return {**asdict(self), "folder": str(self.folder) if self.folder else None}


@dataclass(frozen=True)
class Undone:
    """What undo put back. `kept`: images left where they are, each with why."""

    folder: str
    back: int
    kept: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        return 3 if self.kept else 0

    def line(self) -> str:
        text = f"put {self.back} images of {self.folder} back"
        return text + (f"; {len(self.kept)} left where they are: {self.kept[0]}" if self.kept else "")

    def facts(self) -> dict:
        return {**asdict(self)}


def waiting(basetag: str, catalogue: Catalogue) -> dict[str, Counter]:
    """Label -> how many images wait in sorted_ folders, by who labelled them; for the question and the status."""
    labels = _labels(basetag)
    counts: dict[str, Counter] = {}
    for folder in labelling.sorted_folders(basetag):
        for image in labelling.sorted_images(folder, labels, catalogue):
            counts.setdefault(image.label, Counter())[image.given_by] += 1
    return counts


def harvest(
    basetag: str, stamp: str, catalogue: Catalogue, checked_only: bool = False, only: str = "", dry_run: bool = False
) -> Harvested:
    """Harvest the sorted_ folders of a basetag.

    Args:
        checked_only: leave out what only the robot has seen.
        only: one sorted_ folder's name; empty = all.
        dry_run: say what would move, move nothing.

    Raises:
        NotReady: `only` names no folder.
    """
    folders = [f for f in labelling.sorted_folders(basetag) if not only or f.name == only]
    if only and not folders:
        raise NotReady(f"There is no folder {only} in {paths.testing(basetag)}.", "It may be harvested already.")
    if not folders:
        return Harvested(dry=dry_run)
    moves, already, left, staying = _planned(basetag, folders, catalogue, checked_only)
    leaving = [f for f in folders if f not in staying]
    if dry_run:
        for move in moves:
            console.result(f"{move.source} -> {move.target}")
        return _summary(moves, already, left, len(folders), None, (), True)
    trouble = tuple(why for why in staying.values() if why)
    if not moves and not leaving:
        return _summary(moves, already, left, len(folders), None, trouble, False)
    _must_be_writable({_absolute(move.target).parent for move in moves})
    number = 1 + max((_number(home) for home in _homes(basetag)), default=0)
    home = files.make_folder(files.free_folder(paths.testing(basetag), f"{cfg.harvested_name}{stamp}"))
    files.write_whole(home / UNDER_WAY, _journal(moves, leaving, number))
    trouble = (*trouble, *_carry_out(home, catalogue))
    return _summary(moves, already, left, len(folders), home, trouble, False)


def finish_unfinished(basetag: str, catalogue: Catalogue, undos: bool = True) -> list[str]:
    """Finish harvests, and undos, that were killed half-way. Returns a sentence for each, and what went wrong.

    Args:
        undos: False where `undo` comes next, which goes on with the one that was cut short.
    """
    said = []
    for home in _homes(basetag):
        if (home / UNDER_WAY).exists():
            trouble = _carry_out(home, catalogue)
            said += [f"The harvest {home.name}, cut short earlier, is finished now.", *trouble]
        elif undos and (home / UNDOING).exists():
            _, kept = _carry_back(home, catalogue)
            said += [f"The undo of {home.name}, cut short earlier, is finished now.", *kept]
        elif all(entry.name.startswith(files.PART) for entry in home.iterdir()):  # killed before its journal was whole
            files.sweep_parts(home)
            home.rmdir()
    return said


def undo(basetag: str, catalogue: Catalogue) -> Undone:
    """Put the last harvest back where it came from; an undo that was cut short is finished first of all.

    Raises:
        NotReady: there is no harvest to undo.
    """
    homes = _homes(basetag)
    begun = [home for home in homes if (home / UNDOING).exists()]
    done = [home for home in homes if (home / DONE).exists()]
    if not begun and not done:
        raise NotReady(f"There is no harvest of {basetag} to undo.", "Each harvest can be undone once.")
    home = begun[0] if begun else max(done, key=lambda h: (_number(h), h.name))
    if not begun:
        os.rename(home / DONE, home / UNDOING)
        files.sync_folder(home)
    back, kept = _carry_back(home, catalogue)
    return Undone(home.name, back, tuple(kept))


def rebuilt_labels(basetag: str) -> list[Label]:
    """The labels that done harvests gave, from their journals; for a catalogue that was lost."""
    labels = []
    for home in sorted(_homes(basetag), key=_number):
        if (home / DONE).exists():
            labels += [Label(m.sha256, m.label, m.given_by, m.score, m.model) for m in _read(home / DONE).moves]
    return labels


def _homes(basetag: str) -> list[Path]:
    """All harvested_ folders."""
    return files.folders_in(paths.testing(basetag), cfg.harvested_name)


def _number(home: Path) -> int:
    """Which harvest of its basetag it was, from 1; 0 where that cannot be told."""
    return next((_read(home / name).number for name in (UNDER_WAY, DONE, UNDOING, UNDONE) if (home / name).exists()), 0)


def _must_be_writable(folders: set[Path]) -> None:
    """Raise RoboError before the first move where a label folder would refuse it."""
    for folder in sorted(folders):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise RoboError(
                f"{folder} cannot be written; nothing was moved.", "Make it yours (chown, chmod) and harvest again."
            )


def _labels(basetag: str) -> set[str]:
    return {folder.name for folder in labelling.label_folders(basetag)}


def _planned(
    basetag: str, folders: list[Path], catalogue: Catalogue, checked_only: bool
) -> tuple[list[Move], int, int, dict[Path, str]]:
    """The moves, how many are in training already, how many unchecked ones stay behind, and the sorted_ folders that
    must wait for the next harvest, with why: the disk would not give an image in them, or one came just now; with
    nothing to say where unchecked images are left in them for a person."""
    labels = _labels(basetag)
    found = [i for f in folders for i in labelling.sorted_images(f, labels, catalogue)]
    known = {image.sha256 for image in labelling.training_images(basetag, catalogue)}
    seen = {image.path for image in found}
    missed = {f: n for f in folders if (n := sum(p not in seen for d in files.folders_in(f) if d.name in labels
                                                 for p in files.images_in(d)))}  # fmt: skip
    staying = {f: f"{n} images in {f.name} could not be read; it stays for the next harvest" for f, n in missed.items()}
    already = sum(image.sha256 in known for image in found)
    fresh = [image for image in _one_each(found) if image.sha256 not in known]
    wanted = [i for i in fresh if i.given_by == HUMAN or not checked_only]
    chosen = {i.sha256 for i in wanted}
    staying = {i.path.parent.parent: "" for i in fresh if i.sha256 not in chosen} | staying
    taken: set[Path] = set()
    moves = [_move(basetag, image, taken) for image in wanted]
    return moves, already, len(fresh) - len(wanted), staying


def _one_each(found: list[Labelled]) -> list[Labelled]:
    """Each content once: a person's label before a robot's, the later sorting before the earlier."""
    best: dict[str, Labelled] = {}
    for image in found:
        old = best.get(image.sha256)
        if old is None or not (old.given_by == HUMAN and image.given_by == ROBOT):
            best[image.sha256] = image
    return list(best.values())


def _move(basetag: str, image: Labelled, taken: set[Path]) -> Move:
    folder = paths.training(basetag) / image.label
    target, number = files.free_path(folder, image.path.name), 2
    while target in taken:
        name = files.fitting(image.path.stem, f"_{number}{image.path.suffix}")
        target, number = files.free_path(folder, name), number + 1
    taken.add(target)
    return Move(
        image.sha256, _relative(image.path), _relative(target), image.label, image.given_by, image.score, image.model
    )


def _journal(moves: list[Move], folders: list[Path], number: int) -> str:
    lines = [json.dumps(asdict(move), ensure_ascii=True) for move in moves]
    lines += [json.dumps({"folder": folder.name}) for folder in folders]
    return "\n".join([*lines, json.dumps({"end": len(lines), "number": number})]) + "\n"


def _read(journal: Path) -> Journal:
    """A journal, without what cannot be read or would lead out of the basetag's own folders."""
    moves, folders, end, number, lines = [], [], 0, 0, 0
    basetag = journal.parent.parent.name
    for line in journal.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            if "sha256" in entry:
                moves.append(_inside(basetag, Move(**entry)))
            elif "folder" in entry:
                folders.append(Path(entry["folder"]).name)
            else:
                end, number = int(entry["end"]), int(entry.get("number", 0))
                continue
            lines += 1
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
    return Journal(moves, folders, number, max(0, end - lines) if end else 1)


def _inside(basetag: str, move: Move) -> Move:
    """The move, if it lies within the basetag. Raises ValueError otherwise."""
    for text, home in ((move.source, paths.testing(basetag)), (move.target, paths.training(basetag))):
        if not os.path.normpath(_absolute(text)).startswith(f"{home}{os.sep}"):
            raise ValueError(text)
    return move


def _torn(home: Path, journal: Journal) -> list[str]:
    return [f"the journal in {home} is damaged ({journal.torn} lines); what it no longer tells stays where it is"] * (
        journal.torn > 0
    )


def _carry_out(home: Path, catalogue: Catalogue) -> tuple[str, ...]:
    """Do what the journal says, as far as it is not done. Safe to repeat from the start."""
    journal = _read(home / UNDER_WAY)
    moves = journal.moves
    catalogue.set_labels(Label(m.sha256, m.label, m.given_by, m.score, m.model) for m in moves)
    trouble = _torn(home, journal)
    with console.progress(len(moves), "harvesting") as advance:
        for move in moves:
            trouble += _forward(move)
            advance(1)
    for name in journal.folders if not journal.torn else []:
        source = home.parent / name
        if source.is_dir() and not (home / name).exists():
            files.move_folder(source, home / name)
    files.write_whole(home / LOG, _log(moves, trouble))
    os.rename(home / UNDER_WAY, home / DONE)
    files.sync_folder(home)
    return tuple(trouble)


def _forward(move: Move) -> list[str]:
    """One move; whatever a person did meanwhile is respected. Returns what to tell, if anything."""
    source, target = _absolute(move.source), _absolute(move.target)
    try:
        files.move_to(source, target)
    except FileExistsError:
        free = files.free_path(target.parent, target.name)
        files.move_to(source, free)
        return [f"{target.name} was taken meanwhile; moved as {free.name}"]
    return []


def _carry_back(home: Path, catalogue: Catalogue) -> tuple[int, list[str]]:
    """The journal backwards: folders first, then images. Returns how many images are back, and why others are not."""
    journal = _read(home / UNDOING)
    moves, kept, back = journal.moves, _torn(home, journal), 0
    for name in journal.folders:
        if not (home / name).is_dir():
            continue
        if (home.parent / name).exists():
            kept.append(f"there is another {name} now; the old one stays in {home.name}")
        else:
            files.move_folder(home / name, home.parent / name)
    for move in moves:
        why = _backward(move)
        kept += [why] if why else []
        back += not why
    catalogue.drop_labels(m.sha256 for m in moves if not _absolute(m.target).exists())
    os.rename(home / UNDOING, home / UNDONE)
    files.sync_folder(home)
    return back, kept


def _backward(move: Move) -> str:
    """Put one image back, or say why not; never guesses."""
    source, target = _absolute(move.source), _absolute(move.target)
    if not target.exists():
        return "" if source.exists() else f"{target.name} is no longer where the harvest put it"
    if files.sha256_of(target) != move.sha256:
        return f"{target.name} is another picture now"
    try:
        files.move_to(target, source)
    except FileExistsError:
        return f"{source.name} is taken by another picture"
    return ""


def _log(moves: list[Move], trouble: list[str]) -> str:
    rows = [f"{m.source}\t{m.target}\t{m.given_by}\t{m.score if m.score is not None else ''}" for m in moves]
    return "\n".join(["from\tto\tlabelled_by\tscore", *rows, *(f"# {t}" for t in trouble)]) + "\n"


def _summary(
    moves: list[Move], already: int, left: int, folders: int, home: Path | None, trouble: tuple[str, ...], dry: bool
) -> Harvested:
    by = Counter(m.given_by for m in moves)
    labels = dict(sorted(Counter(m.label for m in moves).items()))
    return Harvested(labels, by[HUMAN], by[ROBOT], already, left, folders, home, trouble, dry)


def _relative(path: Path) -> str:
    return os.fsencode(os.path.relpath(path, paths.tf_files())).decode("utf-8", "surrogateescape")


def _absolute(text: str) -> Path:
    return paths.tf_files() / text
