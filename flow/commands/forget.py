"""forget: remove all models but the best and the newest ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from flow.base.errors import BadUsage
from flow.base.options import option, whole
from flow.commands.command import Command, Result, Run, Section
from flow.models import leaderboard, prune


@dataclass(frozen=True)
class ForgetOptions:
    keep: int | None = option(
        "newest models that stay beside the best", parse=whole(1, 10_000, "a number of models"), metavar="N"
    )


def run(run: Run, options: ForgetOptions) -> Result:
    return _prune(run, options, dry_run=False)


def dry_run(run: Run, options: ForgetOptions) -> Sequence[tuple[str, Result]]:
    return [("forget", _prune(run, options, dry_run=True))]


def _prune(run: Run, options: ForgetOptions, dry_run: bool) -> Result:
    if options.keep is None:
        command = f"python roboflow.py {run.basetag} forget --keep 10"
        raise BadUsage("forget needs to know how many models stay.", command)
    return prune.prune(run.basetag, leaderboard.ranked(run.basetag, run.catalogue), options.keep, dry_run)


COMMAND = Command(
    "forget",
    "remove all models but the best and the newest ones",
    Section.MODELS,
    run,
    options=ForgetOptions,
    about="Nothing but models is removed; images never are. At a terminal it shows the list and asks.",
    example="robots forget --keep 10",
    dry_run=dry_run,
    rank=3,
)
