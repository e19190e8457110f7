"""restore: a basetag comes back from a backup, or from where remove has put it."""

from collections.abc import Sequence
from dataclasses import dataclass

from flow.base.options import argument, text
from flow.commands.command import Command, Result, Run, Section
from flow.records.basetags import put_away


@dataclass(frozen=True)
class RestoreOptions:
    source: str | None = argument(
        "a file of backup, or a folder of tf_files/removed; nothing = the newest one there", parse=text, metavar="FILE"
    )


def run(run: Run, options: RestoreOptions) -> Result:
    return put_away.restore(run.basetag, options.source or "", run.stamp)


def dry_run(run: Run, options: RestoreOptions) -> Sequence[tuple[str, Result]]:
    return [("restore", put_away.restore(run.basetag, options.source or "", run.stamp, dry_run=True))]


COMMAND = Command(
    "restore",
    "bring a basetag back from a backup, or after remove",
    Section.HOUSE,
    run,
    options=RestoreOptions,
    about="Under another name it becomes a copy: robots2 restore robots.zip. What is there is never overwritten.",
    example="robots restore ~/robots.zip",
    dry_run=dry_run,
    new_basetag=True,
    opens_catalogue=False,
    rank=41,
)
