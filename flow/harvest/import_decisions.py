"""Labels that a person gave to unsorted images on the check page -> copies in the training data.

The images stay where they are. As for a harvest, the plan is written to a journal before the first copy, and `undo`
removes exactly these copies again.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from flow.base import files, names, paths
from flow.base.errors import BadUsage
from flow.harvest.import_sorted import Imported, copy_move
from flow.records import decisions, provenance
from flow.records.apply_journal import run_journal
from flow.records.catalogue import Catalogue
from flow.records.journal import Move, absolute, relative
from flow.records.rows import Decision


def labeled_decisions(basetag: str, catalogue: Catalogue) -> list[Decision]:
    """The last decision on each unsorted image, where it gave a label; oldest first. As a catalogue may come from
    somebody else, rows whose paths lead out of the basetag's folders are left out."""
    last: dict[str, Decision] = {}
    folders = provenance.unsorted_folders(basetag)
    for folder in folders:
        last |= decisions.decided_in(catalogue, folder.name)
    labels = {folder.name for folder in provenance.label_folders(basetag)}
    sound = (row for row in last.values() if absolute(row.target).parent in folders and _is_label(row.label, labels))
    return sorted(sound, key=lambda row: row.number)


def _is_label(label: str, known: set[str]) -> bool:
    try:
        return bool(label) and (label in known or names.label_name(label) == label)
    except BadUsage:
        return False


def counts_after(basetag: str, catalogue: Catalogue) -> dict[str, int]:
    """Label -> training images there will be once all decisions are imported; labels without images are left out."""
    there = {image.sha256: image.label for image in provenance.training_images(basetag, catalogue)}
    decided = {row.sha256: row.label for row in labeled_decisions(basetag, catalogue) if absolute(row.target).is_file()}
    return dict(sorted(Counter((decided | there).values()).items()))


def import_decisions(basetag: str, stamp: str, catalogue: Catalogue) -> Imported:
    """Copy every image that was labelled on the check page into the training data; what is there already is skipped."""
    known = {image.sha256: image.label for image in provenance.training_images(basetag, catalogue)}
    moves: list[Move] = []
    taken: set[Path] = set()
    already = other = 0
    for row in labeled_decisions(basetag, catalogue):
        path = absolute(row.target)
        if row.sha256 in known:
            already += 1
            other += known[row.sha256] != row.label
        elif path.is_file():
            move = copy_move(paths.training(basetag) / row.label, path, row.label, row.sha256, taken)
            moves.append(replace(move, source=relative(path), sampling=row.sampling))
    for label in {move.label for move in moves}:
        files.make_folder(paths.training(basetag) / label)
    done = Imported(dict(sorted(Counter(move.label for move in moves).items())), already)
    _, problems = run_journal(basetag, moves, [], stamp, catalogue) if moves else (None, ())
    if other:
        problems += (f"{other} of them have another label in the training data and keep it",)
    return replace(done, problems=problems)
