"""The guided set-up: from what was typed so far to the words of a whole command.

With nothing but a basetag, or less, it begins with where that stands and what comes next. What was typed is not asked
again.
"""

import shlex
from dataclasses import dataclass
from typing import cast

import config as cfg
from flow.base import paths
from flow.base.errors import BadUsage, Quit
from flow.base.names import whole_number
from flow.base.options import filled
from flow.guide import basetag_state, status
from flow.guide.basetag_state import BasetagState
from flow.guide.model_questions import MODEL_QUESTIONS, trains
from flow.guide.next_steps import Kind, NextStep, next_steps
from flow.guide.questions import BEGINNING, BRINGING, ask_all, ask_basetag
from flow.guide.source_prompt import CAMERA, ImageSource, typed_path
from flow.models import model_store
from flow.retrain.options import ASKED, TrainOptions
from flow.ui import console, texts
from flow.ui.question_help import HELPS

USUAL_COLUMNS = 80
WHOLE_FLOW = (*BRINGING, *MODEL_QUESTIONS)


@dataclass(frozen=True)
class Guided:
    """`words`: a command, from the basetag on; `labels`: label folders to make for a new basetag; `is_shown`: the plan
    is still to be shown and confirmed."""

    words: list[str]
    labels: tuple[str, ...] = ()
    is_shown: bool = False


def complete(flowstep: str, in_loop: bool, given: dict[str, object], flags: list[str]) -> Guided:
    """Ask for what was left out.

    Args:
        in_loop: whether the flowstep needs an imagequantity and a searchtag, or a basetag alone.
        given: basetag, quantity, searchtag and options that were typed, by name.
        flags: the options as they were typed, which are part of the command again.

    Raises:
        Quit: the person leaves.
        BadUsage: there is no terminal.
    """
    console.note(texts.BANNER)
    console.note(texts.GUIDE_HINT)
    if not in_loop:
        return Guided([str(ask_basetag()), flowstep, *flags])
    if given.keys() - {"basetag"} or flowstep != "classify":
        return _ask_for_the_rest(flowstep, given, flags)
    typed, basetag = given.get("basetag"), str(given.get("basetag") or _first_basetag())
    while True:
        now = basetag_state.read_state(basetag)
        if not now.known and basetag == typed:
            return _ask_for_the_rest(flowstep, {"basetag": basetag}, flags)
        if not now.known:
            return _ask_for_the_rest(flowstep, {}, flags, {"basetag": basetag})
        step = _choose(now)
        if step.kind is Kind.BASETAG:
            basetag = str(ask_basetag())
        elif step.kind is Kind.BRING:
            return _ask_for_the_rest(flowstep, {"basetag": basetag}, flags)
        else:
            return Guided(_typed(step))


def _first_basetag() -> str:
    """The only one there is, or the one the person names."""
    known = basetag_state.basetags()
    return known[0] if len(known) == 1 else str(ask_basetag())


def _choose(now: BasetagState) -> NextStep:
    """Show where the basetag stands and what can be done, and ask."""
    for line in status.lines(now):
        console.note(line)
    steps = next_steps(now)
    console.note("")
    for number, one in enumerate(steps, 1):
        title, about = f"  {number}  {one.title}.", one.about
        fits = len(title) + len(about) < USUAL_COLUMNS - 1
        console.note(f"{title} {about}" if fits else f"{title}\n     {about}")

    def check(answer: str) -> NextStep:
        number = whole_number(answer) or 0
        if not 1 <= number <= len(steps):
            raise BadUsage(f"A number from 1 to {len(steps)}, please.")
        return steps[number - 1]

    return cast(NextStep, console.ask("What next?", check, "1", help=HELPS["what_next"]))


def _typed(step: NextStep) -> list[str]:
    """The step's command, shown as one types it; an image it needs is asked for."""
    words = shlex.split(step.command)
    if step.kind is Kind.IMAGE:
        answer = console.ask("Which image? A path or an address", _an_image, help=HELPS["image"])
        words[words.index("IMAGE")] = str(answer)
    console.raw(shlex.join(words))
    return words[2:]


def _an_image(answer: str) -> str:
    path = typed_path(answer)
    if path is None and not answer.lower().startswith(("http://", "https://")):
        raise BadUsage(f"There is no image {answer}." if answer else "A path or an address, please.")
    return str(path or answer)


def _ask_for_the_rest(
    flowstep: str, given: dict[str, object], flags: list[str], just_asked: dict[str, object] | None = None
) -> Guided:
    """Ask for what is missing, with the plan still to be shown. `just_asked`: see `ask_all`."""
    known = dict(given)
    if "source" in given or "quantity" in given:
        known["where"] = ImageSource(str(given.get("source", "")))
    if flowstep != "classify":
        answers = ask_all(BEGINNING, known)
        words = [answers["basetag"], str(answers["quantity"]), answers["searchtag"], flowstep]
        return Guided([*words, *flags], is_shown=True)
    answers = ask_all(WHOLE_FLOW, known, just_asked)
    if answers.get("take"):
        where: ImageSource = answers["where"]
        return Guided([answers["basetag"], *(["camera"] if where.source == CAMERA else ["take", str(where.folder)])])
    words = [answers["basetag"], str(answers["quantity"]), answers["searchtag"], _flowstep(answers)]
    return Guided([*words, *flags, *_chosen(answers, given)], tuple(answers.get("labels", ())), is_shown=True)


def _chosen(answers: dict, given: dict[str, object]) -> list[str]:
    """The answers as options, where they differ from what the settings say and were not typed."""
    words: list[str] = []
    source = answers["where"].source
    if "source" not in given and answers["quantity"] and source not in ("", cfg.scrapesite_default):
        words += ["--source", source]
    if "model" not in given and answers.get("model"):
        words += ["--model", answers["model"]]
    if (harvest := answers.get("harvest")) is not None and "harvest" not in given:
        words.append("--no-harvest" if harvest == "none" else "--harvest")
        words += ["--checked-only"] if harvest == "checked" else []
    if trains(answers):
        usual = filled(TrainOptions, {})
        for name in ASKED:
            if name in answers and name not in given and answers[name] != getattr(usual, name):
                words += [f"--{name.replace('_', '-')}", str(answers[name])]
        if answers["retrain"] and "images_min" not in given:
            words += ["--images-min", str(answers["retrain"])]
    if paths.tf_files() != paths.PROJECT / "tf_files":
        words += ["--tf-files", str(paths.tf_files())]
    return words


def _flowstep(answers: dict) -> str:
    if trains(answers):
        return "retrain_defaults"
    if answers["searchtag"] == "0":
        raise Quit
    if ("model" in answers and answers["model"] is None) or not model_store.all_models(answers["basetag"]):
        return "download"
    return "classify"
