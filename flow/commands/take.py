"""take: images that lie sorted in a person's own folders, or in a public dataset, become training data."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flow.base.errors import BadUsage
from flow.base.options import argument, option
from flow.commands.command import Command, Result, Run, Section
from flow.commands.make_basetag import make_basetag
from flow.harvest.import_sorted import import_sorted


@dataclass(frozen=True)
class TakeOptions:
    folder: str | None = argument(
        "a folder with one folder of images for each label, or huggingface:DATASET", metavar="FOLDER"
    )
    images: int = option(
        "with a dataset: how many images to download, its labels in turn", setting="imgnum_maxpercycle", metavar="N"
    )


def run(run: Run, options: TakeOptions) -> Result:
    if _is_dataset(options):
        from flow.commands.take_dataset import take_dataset

        return take_dataset(run, options.folder or "", options.images)
    folder = _folder(run, options)
    make_basetag(run.basetag)
    return import_sorted(run.basetag, folder, run.stamp, run.catalogue)


def dry_run(run: Run, options: TakeOptions) -> Sequence[tuple[str, Result]]:
    if _is_dataset(options):
        from flow.commands.take_dataset import would_take

        return [("take", would_take(run, options.folder or "", options.images))]
    return [("take", import_sorted(run.basetag, _folder(run, options), run.stamp, run.catalogue, dry_run=True))]


def _is_dataset(options: TakeOptions) -> bool:
    return (options.folder or "").lower().startswith("huggingface:")


def _folder(run: Run, options: TakeOptions) -> Path:
    if not options.folder:
        raise BadUsage("take needs a folder.", f"For example: python roboflow.py {run.basetag} take ~/sorted_photos")
    return Path(options.folder).expanduser()


COMMAND = Command(
    "take",
    "copy images that lie sorted in your own folders into the training data",
    Section.CHECK,
    run,
    options=TakeOptions,
    about="Your originals stay as they are; undo takes the copies out again. They count as labelled by a person. "
    "Labels of a public dataset come with its images: robots take huggingface:AI-Lab-Makerere/beans --images 300.",
    example="robots take ~/sorted_photos",
    dry_run=dry_run,
    new_basetag=True,
    rank=3,
)
