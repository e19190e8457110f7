"""undo: put the last harvest back."""

from collections.abc import Sequence

from flow.commands.command import Command, NoOptions, Result, Run, Section
from flow.harvest.step import undo


def run(run: Run, options: NoOptions) -> Result:
    return undo(run.basetag, run.catalogue)


def dry_run(run: Run, options: NoOptions) -> Sequence[tuple[str, Result]]:
    return [("undo", undo(run.basetag, run.catalogue, dry_run=True))]


COMMAND = Command(
    "undo",
    "put the last harvest back",
    Section.CHECK,
    run,
    about="Each harvest, and each import with take, can be undone once, the last one first.",
    example="robots undo",
    dry_run=dry_run,
    rank=5,
)
