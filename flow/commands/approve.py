"""approve: a person's word that the sorted_ folders are right."""

from collections.abc import Sequence
from dataclasses import dataclass

from flow.base.options import option, text
from flow.commands.command import Command, Result, Run, Section
from flow.harvest.approve import approve


@dataclass(frozen=True)
class ApproveOptions:
    sorted: str = option("only this sorted_ folder", default="", parse=text, metavar="FOLDER")


def run(run: Run, options: ApproveOptions) -> Result:
    return approve(run.basetag, options.sorted, run.stamp, run.catalogue)


def dry_run(run: Run, options: ApproveOptions) -> Sequence[tuple[str, Result]]:
    return [("approve", approve(run.basetag, options.sorted, run.stamp, run.catalogue, dry=True))]


COMMAND = Command(
    "approve",
    "say that you checked the sorted_ folders in a file manager and they are right",
    Section.CHECK,
    run,
    options=ApproveOptions,
    about="Everything in their label folders then counts as labelled by a person.",
    example="robots approve",
    dry_run=dry_run,
    rank=2,
)
