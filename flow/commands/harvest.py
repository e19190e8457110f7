"""harvest: sorted images become training data."""

from collections.abc import Sequence

from flow.commands.command import Command, Result, Run, Section
from flow.commands.tell import tell_moved
from flow.harvest.step import HarvestOptions, harvest


def run(run: Run, options: HarvestOptions) -> Result:
    done = harvest(run.basetag, run.stamp, run.catalogue, options.only_checked, options.sorted)
    tell_moved(done)
    return done


def dry_run(run: Run, options: HarvestOptions) -> Sequence[tuple[str, Result]]:
    done = harvest(run.basetag, run.stamp, run.catalogue, options.only_checked, options.sorted, dry_run=True)
    return [("harvest", done)]


COMMAND = Command(
    "harvest",
    "move sorted images into the training data",
    Section.CHECK,
    run,
    options=HarvestOptions,
    about="Only label folders are harvested, never the _under925 ones. undo puts everything back; --dry-run shows "
    "every move first.",
    example="robots harvest --checked-only",
    dry_run=dry_run,
    rank=4,
)
