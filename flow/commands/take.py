"""take: images that lie sorted in a person's own folders become training data."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flow.base.errors import BadUsage
from flow.base.options import argument
from flow.commands.command import Command, Result, Run, Section
from flow.commands.loop import make_basetag
from flow.harvest.import_sorted import Imported, import_sorted


@dataclass(frozen=True)
class TakeOptions:
    folder: str | None = argument("a folder with one folder of images for each label", metavar="FOLDER")


def run(run: Run, options: TakeOptions) -> Result:
    folder = _folder(run, options)
    make_basetag(run.basetag)
    return import_sorted(run.basetag, folder, run.stamp, run.catalogue)


def dry_run(run: Run, options: TakeOptions) -> Sequence[tuple[str, Imported]]:
    return [("take", import_sorted(run.basetag, _folder(run, options), run.stamp, run.catalogue, dry_run=True))]


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
    about="Your originals stay as they are; undo takes the copies out again. They count as labelled by a person.",
    example="robots take ~/sorted_photos",
    dry_run=dry_run,
    new_basetag=True,
    rank=3,
)
