"""The way into a basetag's catalogue. One that was lost or damaged is filled again from journals, score files and lists
of recordings."""

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flow.base import paths
from flow.base.learning import scratch_hashes
from flow.records import provenance, recordings, schema, scores_file
from flow.records.catalogue import Catalogue
from flow.records.journal import DONE, journal_folders, journal_number, label_of, read
from flow.records.rows import Label
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
        catalogue.set_labels(_harvested_labels(basetag))
        for folder in provenance.sorted_folders(basetag):
            catalogue.add_sortings(scores_file.read_sorted_copies(folder))
        for folder in provenance.unsorted_folders(basetag):
            catalogue.set_groups(recordings.read(folder))
        catalogue.set_filled()


def _harvested_labels(basetag: str) -> list[Label]:
    """The labels that done harvests gave, from their journals."""
    labels = []
    for home in sorted(journal_folders(basetag), key=journal_number):
        if (home / DONE).exists():
            labels += [label_of(m) for m in read(home / DONE).moves]
    return labels
