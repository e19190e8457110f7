"""Questions that come up while a flowstep runs. Each returns an answer; what is done with it is the caller's
business."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import config as cfg
from flow.base import paths
from flow.base.errors import BadUsage, Quit
from flow.download.options import DownloadOptions
from flow.guide import basetag_state
from flow.guide.model_questions import ask_harvest, choose_model, training_question
from flow.guide.questions import ask_all, ask_source
from flow.guide.source_prompt import LATER, SAMPLE, ImageSource
from flow.records.catalogue import Catalogue
from flow.retrain.options import ASKED, TrainOptions
from flow.ui import console
from flow.ui.question_help import HELPS


def start(plan: Sequence[str], command: str) -> None:
    """Show the plan and the command that would do the same, and wait for ENTER. Raises Quit."""
    console.note("")
    console.note("ok, the plan:")
    for line in plan:
        console.note(f"  {line}")
    console.note("the same without questions:")
    console.raw(command)
    console.ask("ENTER starts, q leaves", _enter, help=HELPS["start"])


def _enter(answer: str) -> bool:
    if answer.lower() in ("n", "no"):
        raise Quit
    if answer.lower() not in ("", "y", "yes"):
        raise BadUsage("ENTER to start, or q.")
    return True


def one_cycle(quantity: int) -> bool:
    """Whether to take only one cycle's worth of images now."""
    console.note(f"{quantity} images are more than one cycle's worth ({cfg.imgnum_maxpercycle}).")
    return console.yes_no(f"Take {cfg.imgnum_maxpercycle} now?", True, HELPS["cycle"])


def which_model(basetag: str, catalogue: Catalogue, may_skip: bool) -> object:
    """The name of the model to sort with; None for only downloading."""
    return choose_model(basetag, catalogue, may_skip=may_skip)


def another_source(basetag: str, options: DownloadOptions) -> dict | None:
    """Without network: where else images may come from, as options to change; None = later."""
    now = basetag_state.read_state(basetag)
    default = LATER if now.filled or now.models else SAMPLE
    source = ask_source("Where from instead? The path of your photos, sample, or later", default, False, also=LATER)
    if not isinstance(source, ImageSource):
        return None
    quantity = min(options.quantity, source.usable) if source.own else options.quantity
    return {"source": source.source, "quantity": quantity}


def what_to_harvest(basetag: str, waiting: dict[str, Counter]) -> str:
    """`checked`, `all` or `none`. ENTER takes only what a person checked."""
    if not waiting:
        return "none"
    console.note("Before harvesting: open the sorted_ folders and drag what is wrong into the right label folder.")
    console.note(f"  {paths.testing(basetag)}")
    return str(ask_harvest(waiting, "c", back=False))


def training_parameters(options: TrainOptions, given: frozenset[str]) -> TrainOptions:
    """Ask for the parameters that were not typed; ENTER keeps the setting's value."""
    known = {name: getattr(options, name) for name in ASKED if name in given}
    answers = ask_all([training_question(name, always=True) for name in ASKED], known)
    return replace(options, **{name: answers[name] for name in ASKED if name in answers})


def open_check_page() -> bool:
    """Offer the check page; ENTER opens it."""
    try:
        return bool(console.ask("ENTER opens the page, q leaves it", _enter, help=HELPS["check"]))
    except Quit:
        console.note("Any time: the flowstep check.")
        return False


def near_basetag(basetag: str, near: str) -> bool:
    """Whether the person meant a basetag of nearly the same name."""
    return console.yes_no(f"There is no basetag {basetag}. Did you mean {near}?", True, HELPS["near"])
