"""watch: what arrives in a folder is sorted as it comes."""

from dataclasses import dataclass
from pathlib import Path

from flow.base.errors import BadUsage
from flow.base.options import argument
from flow.classify import ClassifyOptions
from flow.classify.watch import Watched, watch
from flow.commands.command import Command, Run, Section
from flow.models import leaderboard, model_store


@dataclass(frozen=True)
class WatchOptions(ClassifyOptions):
    folder: str | None = argument("the folder that images arrive in", metavar="FOLDER")


def run(run: Run, options: WatchOptions) -> Watched:
    if not options.folder:
        raise BadUsage("watch needs a folder.", f"For example: python roboflow.py {run.basetag} watch ~/Inbox")
    model = model_store.pick(leaderboard.ranked(run.basetag, run.catalogue), options.model, run.basetag)
    return watch(run.basetag, Path(options.folder).expanduser().absolute(), run.catalogue, model, run.lock)


COMMAND = Command(
    "watch",
    "sort what arrives in a folder, as it comes",
    Section.TAKE_AWAY,
    run,
    options=WatchOptions,
    about="Looks at the folder every second. A new image is sorted once it is complete: a copy goes to the sorted_ "
    "folder of the day, as classify does it, and the original stays as it is. Each content is sorted once, also "
    "after a restart. A line an image at a terminal; with --json an object a line, for other programs. Ctrl-C ends "
    "it, --max-minutes under cron; other runs may work meanwhile.",
    example="robots watch ~/Inbox",
    rank=3,
)
