"""`take huggingface:DATASET`: labelled rows of a public dataset become training data, as sorted folders of a person do.

The images are downloaded into an unsorted_ folder first, as with every source; from there they are copied by a journal.
"""

import time
from typing import TYPE_CHECKING

from flow.base.errors import NotReady, RoboError
from flow.commands.command import Message, Result, Run
from flow.commands.make_basetag import make_basetag
from flow.commands.tell import tell_downloaded
from flow.download.options import DownloadOptions
from flow.harvest.import_sorted import Imported, import_images
from flow.records import provenance
from flow.sources import SourceError, open_sources
from flow.ui import console

if TYPE_CHECKING:
    from flow.sources.huggingface import HuggingFace

START = "huggingface:"


def take_dataset(run: Run, spec: str, quantity: int) -> Result:
    """Download up to `quantity` images, labels in turn, and take them as training data.

    Raises:
        NotReady: the dataset has no labels, or none of those that the basetag has.
        RoboError: its site cannot be asked.
    """
    from flow.download.step import download

    make_basetag(run.basetag)
    source, labels = _open(run.basetag, spec)
    console.note(f"labels of the dataset: {', '.join(sorted(labels))}")
    wanted = DownloadOptions(quantity, searchtag_of(spec), spec)
    begin = time.monotonic()
    got = download(run.basetag, wanted, run.catalogue, sources=[source])
    tell_downloaded(run.basetag, got, first_steps=False)
    run.outcome.add("download", got, time.monotonic() - begin)
    done = _copy(run, wanted.searchtag, labels)
    if not got.goes_on:
        run.catalogue.finish(wanted.searchtag)  # last of all: until then the same command downloads no more
    return done


def would_take(run: Run, spec: str, quantity: int) -> Result:
    """What it would come to; asks for the dataset's labels, and fetches no image."""
    source, labels = _open(run.basetag, spec)
    of = f" of {source.table().size}" if source.table().size else ""
    return Message(f"would download {quantity}{of} images and take {', '.join(sorted(labels))} as training data")


def searchtag_of(spec: str) -> str:
    """The searchtag that a dataset's images are kept under: huggingface:AI-Lab/beans -> ai-lab_beans."""
    from flow.sources.huggingface import label_of

    return label_of(spec[len(START) :].replace("/", "_").lower()) or "dataset"


def _open(basetag: str, spec: str) -> "tuple[HuggingFace, frozenset[str]]":
    """The source, told which labels are wanted, and those labels as folder names here."""
    from flow.sources.huggingface import HuggingFace, label_of

    [source] = open_sources(spec)
    assert isinstance(source, HuggingFace)
    try:
        named = {label for label in map(label_of, source.labels()) if label}
    except SourceError as problem:
        raise RoboError(f"{problem.reason[0].upper()}{problem.reason[1:]}.", "Nothing was changed.") from problem
    if not named:
        hint = f"As unsorted images: python roboflow.py {basetag} 50 {searchtag_of(spec)} --source {spec}"
        raise NotReady(f"{spec} has no labels that could be taken.", hint)
    here = {folder.name for folder in provenance.label_folders(basetag)}
    if here and not named & here:
        there = ", ".join(sorted(named)[:10])
        raise NotReady(
            f"{spec} has none of your labels ({', '.join(sorted(here))}); it has {there}.", "Use a new basetag."
        )
    source.only = frozenset(named & here if here else named)
    return source, source.only


def _copy(run: Run, searchtag: str, labels: frozenset[str]) -> Imported:
    """Copy what was kept of the dataset, now or earlier, into the label folders that its rows name."""
    from flow.base import paths
    from flow.sources.huggingface import label_of

    label_by_hash = {
        image.sha256: label_of(image.title)
        for image in run.catalogue.images_of(searchtag)
        if image.source == "huggingface"
    }
    folder = paths.unsorted_dir(run.basetag, searchtag)
    return import_images(run.basetag, folder, label_by_hash, labels, run.stamp, run.catalogue)
