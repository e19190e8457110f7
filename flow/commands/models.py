"""models: every model measured again on today's images."""

from flow.commands.command import Command, NoOptions, Result, Run, Section
from flow.models import leaderboard
from flow.ui import console


def run(run: Run, options: NoOptions) -> Result:
    board = leaderboard.leaderboard(run.basetag, run.catalogue)
    if not console.is_json():
        leaderboard.show(board, to_stdout=True)
    return board


COMMAND = Command(
    "models",
    "measure every model again on today's images, best first",
    Section.MODELS,
    run,
    about="Two models are compared on the images that both have not learned from (McNemar's exact test).",
    example="robots models",
    read_only=True,
    rank=1,
)
