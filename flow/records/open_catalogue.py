"""The way into a basetag's catalogue. One that was lost or damaged is filled again from journals, score files and lists
of recordings."""

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from flow.base import paths
from flow.base.learning import scratch_hashes
from flow.records import provenance, recordings, schema, scores_file
from flow.records.catalogue import Catalogue
from flow.records.journal import DONE, UNDONE, is_relabelling, journal_folders, journal_number, label_of, read
from flow.records.labels import history as label_history
from flow.records.labels import journal as label_journal
from flow.records.labels.apply import label_after
from flow.records.labels.plan import renaming_of
from flow.records.rows import PERSON, Label, LabelChange, SortedCopy
from flow.ui import console


@contextlib.contextmanager
def open_catalogue(basetag: str) -> Iterator[Catalogue]:
    """The basetag's catalogue, filled again where it was lost, so that a model's label never turns into a person's.

    The only way in: whoever opens it first would otherwise make it look complete.
    """
    with Catalogue.open(paths.catalogue(basetag)) as catalogue:
        _rebuild(basetag, catalogue)
        if catalogue.damaged:
            console.warn(f"the catalogue was damaged and is begun anew; the old one is {catalogue.damaged.name}")
        yield catalogue


@contextlib.contextmanager
def open_copy(basetag: str) -> Iterator[Catalogue]:
    """What the catalogue says, to look at and to write into without any consequence."""
    with tempfile.TemporaryDirectory(prefix="roboflow_") as folder:
        copy = Path(folder) / paths.catalogue(basetag).name
        with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(sqlite3.connect(copy)) as target:
            if paths.catalogue(basetag).exists():
                where = f"{paths.catalogue(basetag).as_uri()}?mode=ro"
                with contextlib.closing(sqlite3.connect(where, uri=True)) as source:
                    schema.refuse_later(source, paths.catalogue(basetag))
                    source.backup(target)
        with scratch_hashes(Path(folder)), Catalogue.open(copy) as catalogue:
            _rebuild(basetag, catalogue)
            yield catalogue


def _rebuild(basetag: str, catalogue: Catalogue) -> None:
    if catalogue.is_unfilled:
        journals = _Journals(basetag)
        catalogue.set_labels(journals.labels.values())
        for folder in provenance.sorted_folders(basetag):
            catalogue.add_sortings(scores_file.read_sorted_copies(folder))
        catalogue.put_label_changes(journals.changes, sortings=journals.sortings.values())
        for folder in provenance.unsorted_folders(basetag):
            catalogue.set_groups(recordings.read(folder))
        catalogue.set_filled()


class _Journals:
    """What the journals of harvests and of changes of labels say, in the order in which they were done."""

    def __init__(self, basetag: str):
        self._basetag = basetag
        self.labels: dict[str, Label] = {}
        self.sortings: dict[tuple[str, str], SortedCopy] = {}
        self.changes: list[LabelChange] = []
        for home in sorted(journal_folders(basetag), key=journal_number):
            if is_relabelling(home):
                self._relabelled(home)
            elif (home / DONE).exists():
                self.labels |= {move.sha256: label_of(move) for move in read(home / DONE).moves}

    def _relabelled(self, home: Path) -> None:
        """A change of labels, done or undone."""
        is_done = (home / DONE).exists()
        journal = home / DONE if is_done else home / UNDONE
        change = label_journal.read(journal) if journal.exists() else None
        if change is None:
            return
        self.changes += label_history.rows_of(change)
        if not is_done:  # as they were before it
            self.labels |= {row.sha256: row for row in change.labels}
            self.sortings |= {(row.folder, row.sha256): row for row in change.sortings}
            return
        renaming = renaming_of(change)
        self.sortings |= {(row.folder, row.sha256): renaming.sorting(row) for row in change.sortings}
        if change.parts:
            self._split(change)
        elif change.new:
            self.labels |= {row.sha256: label_after(change, row) for row in change.labels}
        else:
            self.labels = {sha: row for sha, row in self.labels.items() if row.label not in change.olds}

    def _split(self, change: label_journal.Change) -> None:
        """A person put each image of the label where it lies now."""
        before = {row.sha256: row for row in change.labels}
        for _, part, sha in provenance.hash_images([paths.training(self._basetag) / part for part, _ in change.parts]):
            if sha in before:
                self.labels[sha] = replace(before[sha], label=part, given_by=PERSON)
