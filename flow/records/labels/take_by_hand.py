"""Takes what a person did to label folders in a file manager as the change of labels that it is, after asking."""

from flow.base.errors import RoboError
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.journal import DONE, is_relabelling, journal_folders, journal_number
from flow.records.labels import revert
from flow.records.labels.apply import change_labels
from flow.records.labels.by_hand import ByHand, missing_labels, recognise
from flow.records.labels.history import REMOVE, LabelHistory
from flow.ui import console

HELP = (
    "A label folder was renamed, merged or removed outside of RoboFlow. Taken as what it looks like, its images keep "
    "who labelled them, models made before say what their labels are called now, and undo takes it back. Answered with "
    "n, each image counts as moved by you because it looked wrong."
)


def take_by_hand(basetag: str, catalogue: Catalogue, stamp: str) -> list[ByHand]:
    """Recognise what was done by hand since the last run, and take it; at a terminal the person is asked. Returns what
    was taken.

    Looks at folder names alone where nothing was done.
    """
    folders = [folder.name for folder in provenance.label_folders(basetag)]
    _take_back_removed(basetag, catalogue, folders)
    missing = missing_labels(catalogue, folders)
    if not missing:
        return []
    now = {sha: label for _, label, sha in provenance.hash_images(provenance.label_folders(basetag))}
    found = recognise(missing, catalogue.labels(), now)
    taken = [one for one in found if _is_meant(one)]
    for one in taken:
        done = change_labels(basetag, catalogue, stamp, one.kind, (one.old,), one.new, by_hand=True)
        console.note(f"{one.words}; taken as a {one.kind}.")
        for text in done.problems:
            console.warn(text)
    refused = [one.old for one in found if one not in taken and one.kind != REMOVE]
    if refused:
        provenance.training_images(basetag, catalogue, follow=False)
        catalogue.drop_labels(sha for sha, row in catalogue.labels().items() if row.label in refused)  # gone images
    return taken


def _is_meant(one: ByHand) -> bool:
    """With nobody there it is taken as what it looks like."""
    return console.yes_no(one.question, True, HELP) if console.can_ask() else True


def _take_back_removed(basetag: str, catalogue: Catalogue, folders: list[str]) -> None:
    """A label that was removed by hand, and whose folder is there again, was only away."""
    history = LabelHistory.of(catalogue.label_changes())
    away = {
        c.action: c.old for c in history.changes if c.kind == REMOVE and not c.new and c.action not in history.undone
    }
    remembered = catalogue.label_rows()
    for home in journal_folders(basetag):
        back = away.get(journal_number(home), "") if is_relabelling(home) and (home / DONE).exists() else ""
        if back and back in folders and back in remembered:
            try:
                revert.begin_revert(home)
                revert.revert(home, catalogue)
                console.note(f"The label folder {back} is there again, with who labelled its images.")
            except (RoboError, OSError) as problem:
                console.warn(f"{home.name}: {problem}")
