"""backup: everything of a basetag in one zip file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flow.base.errors import BadUsage
from flow.base.options import argument, path
from flow.commands.command import Command, Result, Run, Section
from flow.records.basetags import archive
from flow.records.basetags.parts import images_of
from flow.records.basetags.put_away import BasetagMoved


@dataclass(frozen=True)
class BackupOptions:
    file: Path | None = argument("the zip file to write", parse=path, metavar="FILE.zip")


def run(run: Run, options: BackupOptions) -> Result:
    target = _target(run, options)
    archive.back_up(run.basetag, target)
    return BasetagMoved("backup", run.basetag, images_of(run.basetag), str(target))


def dry_run(run: Run, options: BackupOptions) -> Sequence[tuple[str, Result]]:
    target = _target(run, options)
    archive.check_target(target)
    return [("backup", BasetagMoved("backup", run.basetag, images_of(run.basetag), str(target), dry=True))]


def _target(run: Run, options: BackupOptions) -> Path:
    if options.file is None:
        raise BadUsage(
            "backup needs a file to write.", f"For example: python roboflow.py {run.basetag} backup {run.basetag}.zip"
        )
    return options.file


COMMAND = Command(
    "backup",
    "write everything of a basetag into one zip file",
    Section.HOUSE,
    run,
    options=BackupOptions,
    about="Images, labels and who gave them, test set, models and what undo needs. Embeddings, exports and logs can be "
    "made again and are not in it. restore brings it back, also under another name.",
    example="robots backup ~/robots.zip",
    dry_run=dry_run,
    rank=40,
)
