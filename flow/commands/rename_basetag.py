"""rename-basetag: a basetag gets another name."""

from collections.abc import Sequence
from dataclasses import dataclass

from flow.base import locks, paths
from flow.base.errors import BadUsage
from flow.base.options import argument, text
from flow.commands.command import Command, Result, Run, Section
from flow.records.basetags import put_away


@dataclass(frozen=True)
class RenameOptions:
    new: str | None = argument("the new name", parse=text, metavar="NEW")


def run(run: Run, options: RenameOptions) -> Result:
    new = _new(run, options)
    owner = run.lock.owner if run.lock else {}
    with locks.held(paths.lock(new), 0, dict(owner)):
        run.catalogue.close()
        done = put_away.rename(run.basetag, new, run.stamp)
    run.outcome.goes_on_as = new
    return done


def dry_run(run: Run, options: RenameOptions) -> Sequence[tuple[str, Result]]:
    return [("rename-basetag", put_away.rename(run.basetag, _new(run, options), run.stamp, dry_run=True))]


def _new(run: Run, options: RenameOptions) -> str:
    if not options.new:
        raise BadUsage("rename-basetag needs a new name.", f"python roboflow.py {run.basetag} rename-basetag NEW")
    new = put_away.new_name(options.new)
    if new == run.basetag:
        raise BadUsage(f"{new} is called that already.")
    return new


COMMAND = Command(
    "rename-basetag",
    "give a basetag another name",
    Section.HOUSE,
    run,
    options=RenameOptions,
    about="Images, models, undo and all that is remembered go with it. Cron lines that name it are yours to change.",
    example="robots rename-basetag machines",
    dry_run=dry_run,
    rank=42,
)
