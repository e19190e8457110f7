"""status: counts, models, the last run and what comes next."""

from flow.base.errors import DONE, NOT_READY
from flow.commands.command import Command, Report, Section
from flow.guide import status


def report(basetag: str) -> Report:
    found = status.states(basetag)
    code = NOT_READY if basetag and not found[0].known else DONE
    return Report(status.text(found), status.facts(found), code)


COMMAND = Command(
    "status",
    "counts, models, the last run and what comes next; changes nothing",
    Section.HOUSE,
    report=report,
    example="robots status",
    about="Without a basetag it shows all of them.",
    read_only=True,
    rank=1,
)
