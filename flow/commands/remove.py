"""remove: a basetag is put away, with all its images."""

from collections.abc import Sequence
from dataclasses import dataclass

from flow.base.errors import BadUsage
from flow.base.options import option, text
from flow.commands.command import Command, Result, Run, Section
from flow.records.basetags import put_away
from flow.ui import console


@dataclass(frozen=True)
class RemoveOptions:
    confirm: str = option(
        "the basetag's name once more, where nobody can be asked", default="", parse=text, metavar="NAME"
    )


def run(run: Run, options: RemoveOptions) -> Result:
    _confirm(run.basetag, options.confirm)
    run.catalogue.close()
    return put_away.remove(run.basetag, run.stamp)


def dry_run(run: Run, options: RemoveOptions) -> Sequence[tuple[str, Result]]:
    return [("remove", put_away.remove(run.basetag, run.stamp, dry_run=True))]


def _confirm(basetag: str, typed: str) -> None:
    """Raise BadUsage unless the name was typed once more."""
    if typed and typed != basetag:
        raise BadUsage(f"--confirm {typed} is not {basetag}; nothing was changed.")
    if typed:
        return
    console.need_terminal("--confirm", f"python roboflow.py {basetag} remove --confirm {basetag}")

    def same(answer: str) -> bool:
        if answer.strip() != basetag:
            raise BadUsage(f"To put it away type {basetag}, or q to leave everything as it is.")
        return True

    console.ask(f"All of {basetag} is moved to {put_away.removed_home()}. Type its name", same, help=HELP)


HELP = "Nothing is deleted: restore brings everything back. When you are sure, delete the folder yourself."
COMMAND = Command(
    "remove",
    "put a basetag away, with all its images, in tf_files/removed",
    Section.HOUSE,
    run,
    options=RemoveOptions,
    about=f"It asks for the name once more. {HELP}",
    example="robots remove",
    dry_run=dry_run,
    rank=43,
)
