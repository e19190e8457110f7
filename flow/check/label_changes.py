"""Labels that are renamed and merged on the check page, and taken back by its undo."""

from pathlib import Path

from flow.base.errors import BadUsage
from flow.base.names import label_name
from flow.check.board import Board, Refused
from flow.models.todays_labels import note_labels
from flow.records import decisions
from flow.records.journal import DONE, is_relabelling, last_done
from flow.records.labels import apply, plan, revert
from flow.records.labels import journal as label_journal
from flow.records.labels.history import MERGE, RENAME
from flow.records.labels.labels_changed import LabelsChanged


def question(board: Board, stamp: str, old: str, new: str) -> str:
    """What is asked before two labels are merged, with how many images that is about; empty where the new name is free,
    and the label is renamed without a question.

    Raises:
        BadUsage, NotReady: that cannot be done.
    """
    kind, olds, new = _wanted(board, old, new)
    if kind == RENAME:
        return ""
    home = apply.new_home(board.basetag, stamp)
    counted = apply.count(plan.plan(board.basetag, board.catalogue, kind, olds, new, home))
    images = f"{counted.images} training image{'s' * (counted.images != 1)}"
    if counted.waiting:
        images += f" and {counted.waiting} sorted one{'s' * (counted.waiting != 1)}"
    printed = board.decided_labels().get(old, 0) if not counted.images and not counted.waiting else 0
    images = f"{printed} image{'s' * (printed != 1)} you labelled" if printed else images
    return f"Merge {old} into {new}? {images} of {old} become {new}."


def change(board: Board, stamp: str, old: str, new: str) -> str:
    """Rename a label, or merge it into another one. Returns a sentence. Raises BadUsage, NotReady."""
    done = apply.change_labels(board.basetag, board.catalogue, stamp, *_wanted(board, old, new))
    return _report(board, LabelsChanged(done))


def last_change(board: Board) -> Path | None:
    """The change of labels that the page's undo takes back next: the last thing done, with no decision after it."""
    home = last_done(board.basetag)
    if home is None or not is_relabelling(home):
        return None
    _, last = board.catalogue.actions(decisions.DONE, board.folders())
    change = label_journal.read(home / DONE)
    return home if change and last <= change.after else None


def take_back(board: Board, home: Path) -> str:
    """Undo a change of labels. Returns a sentence. Raises NotReady where that cannot be done."""
    revert.check_revert(home)
    revert.begin_revert(home)
    return _report(board, LabelsChanged(revert.revert(home, board.catalogue), undone=True))


def _wanted(board: Board, old: str, new: str) -> tuple[str, tuple[str, ...], str]:
    labels = plan.labels_of(board.basetag, board.catalogue)
    if old not in labels:
        raise Refused(f"No image has the label {old} yet.")
    new = new if new in labels else label_name(new)
    if new == old:
        raise BadUsage(f"{old} is called that already.")
    return (MERGE if new in labels else RENAME), (old,), new


def _report(board: Board, result: LabelsChanged) -> str:
    note_labels(board.basetag, board.catalogue)
    line = result.line()
    return f"{line[:1].upper()}{line[1:]}."
