"""The command line: argparse in, Request and options out. No work here."""

import argparse
from dataclasses import dataclass
from typing import NoReturn

from flow.base import settings
from flow.base.errors import BadUsage
from flow.base.names import nearest
from flow.plan import FLOWSTEPS, SHORT_FLOWS, TRAINING_SETTINGS, WITH_SUBJECT, Request


@dataclass(frozen=True)
class Options:
    """How a run behaves and talks; nothing about what it does."""

    tf_files: str | None = None
    no_input: bool = False
    no_color: bool = False
    quiet: bool = False
    verbose: bool = False
    json: bool = False
    lock_wait: str | None = None
    max_minutes: str | None = None
    help: bool = False
    helpmore: bool = False


class _Parser(argparse.ArgumentParser):
    """argparse that raises instead of leaving, so that the front door has the only exit."""

    def error(self, message: str) -> NoReturn:
        raise BadUsage(
            f"{message[:1].upper()}{message[1:]}.".replace("..", "."), "python roboflow.py --help shows what there is."
        )


def parser() -> argparse.ArgumentParser:
    """Every argument and option. `--help` is answered by words.help_text()."""
    p = _Parser(prog="roboflow.py", add_help=False, allow_abbrev=False)
    for name in ("basetag", "imagequantity", "searchtag", "flowstep"):
        p.add_argument(name, nargs="?")
    p.add_argument("more", nargs="*")
    p.add_argument("-h", "--help", action="store_true")
    p.add_argument("--helpmore", action="store_true")
    for name in (
        "source",
        "model",
        "tf-files",
        "sorted",
        "lock-wait",
        "max-minutes",
        "keep",
        "port",
        "to",
        "data",
        "csv",
    ):
        p.add_argument(f"--{name}")
    p.add_argument("--harvest", action=argparse.BooleanOptionalAction, default=None)
    p.add_argument("--checked-only", action=argparse.BooleanOptionalAction, default=None)
    p.add_argument("--keep-near", action=argparse.BooleanOptionalAction, default=None)
    p.add_argument("--folds", action=argparse.BooleanOptionalAction, default=None)
    for name in (
        "no-input",
        "no-color",
        "quiet",
        "verbose",
        "json",
        "dry-run",
        "retry-failed",
        "again",
        "training",
        "teach",
        "no-browser",
        "smaller",
    ):
        p.add_argument(f"--{name}", action="store_true")
    for name in TRAINING_SETTINGS:
        p.add_argument(f"--{name.replace('_', '-')}")
    return p


def parse(arguments: list[str]) -> tuple[Request, Options]:
    """Read the command line.

    `robots status` and `status` are understood as well as `robots 0 0 status`; what follows `take` is a folder, what
    follows `try` are pictures.

    Raises:
        BadUsage: what argparse refuses, an unknown flowstep, a value out of range.
    """
    given = parser().parse_intermixed_args(arguments)
    words_given = [w for w in (given.basetag, given.imagequantity, given.searchtag, given.flowstep) if w is not None]
    words_given, subjects = _subjects([*words_given, *given.more])
    basetag, quantity, searchtag, flowstep = _positions(words_given)
    options = Options(
        given.tf_files,
        given.no_input,
        given.no_color,
        given.quiet,
        given.verbose,
        given.json,
        given.lock_wait,
        given.max_minutes,
        given.help,
        given.helpmore,
    )
    request = Request(
        basetag=basetag,
        quantity=quantity,
        searchtag=searchtag,
        flowstep=flowstep or "classify",
        source=given.source,
        model=given.model,
        harvest=given.harvest,
        checked_only=given.checked_only,
        keep_near=given.keep_near,
        training=_training(given),
        folder=given.sorted,
        subject=subjects[0] if subjects else None,
        dry_run=given.dry_run,
        retry_failed=given.retry_failed,
        again=given.again,
        keep=None if given.keep is None else _keep(given.keep),
        check_training=given.training,
        check_teach=given.teach,
        browser=not given.no_browser,
        port=_port(given.port),
        to=given.to,
        smaller=given.smaller,
        data=given.data,
        csv=given.csv,
        pictures=subjects,
    )
    return request, options


def _subjects(given: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The words up to a flowstep that is followed by what it is about, and those after it."""
    for place in (1, 3):  # `robots try ...` and `robots 0 0 try ...`
        if place < len(given) and given[place] in WITH_SUBJECT:
            return given[: place + 1], tuple(given[place + 1 :])
    if given[:1] and given[0] in WITH_SUBJECT and len(given) > 1 and not given[1].isdecimal():
        raise BadUsage(
            f"The basetag is missing before {given[0]}.",
            f"For example: python roboflow.py robots {given[0]} {given[1]}",
        )
    if len(given) > 4:
        raise BadUsage(f"There is a word too many: {given[4]!r}.", "python roboflow.py --help shows what there is.")
    return given, ()


def _positions(given: list[str]) -> tuple[str | None, int | None, str | None, str | None]:
    """Basetag, quantity, searchtag, flowstep; a flowstep that needs no images may come early."""
    early = [i for i, word in enumerate(given) if word in (*SHORT_FLOWS, "harvest")]
    if early and early[-1] == len(given) - 1 and len(given) < 3:
        return (given[0] if early[-1] > 0 else None), 0, "0", given[early[-1]]
    basetag, quantity, searchtag, flowstep = [*given, *[None] * 4][:4]
    if flowstep is not None and flowstep not in FLOWSTEPS:
        raise BadUsage(
            f"{flowstep!r} is not a flowstep{nearest(flowstep, FLOWSTEPS) or '.'}",
            f"Flowsteps: {', '.join(FLOWSTEPS)}.",
        )
    if flowstep is None and searchtag in FLOWSTEPS:
        raise BadUsage(
            f"The searchtag is missing before the flowstep {searchtag}.",
            f"For example: python roboflow.py {basetag} {quantity} robotart {searchtag}",
        )
    return basetag, _quantity(quantity), searchtag, flowstep


def _quantity(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.lstrip("-").isdecimal() or len(text) > 9:
        raise BadUsage(
            f"The imagequantity {text!r} is not a whole number{nearest(text, FLOWSTEPS) or '.'}",
            "For example: python roboflow.py robots 200 robotart",
        )
    return int(text)


def _port(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdecimal() and 1024 <= int(text[:6]) <= 65535):
        raise BadUsage(f"--port {text} is no port from 1024 to 65535.", "Leave it out, and a free one is found.")
    return int(text)


def _keep(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= 10_000):
        raise BadUsage(f"--keep {text!r} is not a number of models from 1 to 10000.", "For example: forget --keep 10")
    return int(text)


def _training(given: argparse.Namespace) -> dict[str, object]:
    """Training options in the setting's type; explore's comma-separated lists as lists."""
    chosen: dict[str, object] = {}
    for name, setting in TRAINING_SETTINGS.items():
        text = getattr(given, name)
        if text is None:
            continue
        values = [
            settings.checked_text(setting, part.strip(), f"--{name.replace('_', '-')}") for part in text.split(",")
        ]
        chosen[name] = values[0] if len(values) == 1 else values
    if given.folds is not None:
        chosen["folds"] = given.folds
    return chosen
