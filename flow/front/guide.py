"""The guided set-up: where one stands, what can be done next, and the questions that are left; then the same Request
that the command line gives.

The questions themselves are in `flow/front/questions.py` and `flow/front/training.py`. What arguments gave already is
not asked again.
"""

import shlex
from collections import Counter
from dataclasses import replace
from typing import cast

import config as cfg
from flow.base import files, paths
from flow.base.errors import BadUsage, Quit
from flow.front import arguments, state, status
from flow.front.next_steps import Kind, NextStep, next_steps
from flow.front.questions import BEGINNING, BRINGING, ask_basetag, ask_where, walk
from flow.front.state import State
from flow.front.training import MODEL_QUESTIONS, choose_model, offer_harvest, training_question, trains
from flow.front.where import LATER, SAMPLE, Where, typed_path
from flow.models import shelf
from flow.plan import GUIDED_TRAINING, Plan, Request, Step, Training
from flow.records.catalogue import Catalogue
from flow.talk import console, words
from flow.talk.helps import HELPS

USUAL_COLUMNS = 80
WHOLE_FLOW = (*BRINGING, *MODEL_QUESTIONS)


def complete(request: Request) -> tuple[Request, bool]:
    """What to do, from what the arguments left out; and whether it is still to be shown and confirmed.

    With nothing but a basetag, or less, it begins with where that stands and what comes next.

    Raises:
        Quit: the person leaves.
        BadUsage: there is no terminal.
    """
    console.note(words.BANNER)
    console.note(words.GUIDE_HINT)
    if request != Request(basetag=request.basetag):
        return ask_for_the_rest(request), True
    basetag = request.basetag or _first_basetag()
    while True:
        now = state.gather(basetag)
        if not now.known:
            return ask_for_the_rest(replace(request, basetag=basetag)), True
        step = _choose(now)
        if step.kind is Kind.BASETAG:
            basetag = str(ask_basetag())
        elif step.kind is Kind.BRING:
            return ask_for_the_rest(replace(request, basetag=basetag)), True
        else:
            return _as_typed(step), False


def _first_basetag() -> str:
    """The only one there is, or the one the person names."""
    known = state.basetags()
    return known[0] if len(known) == 1 else str(ask_basetag())


def _choose(now: State) -> NextStep:
    """Show where the basetag stands and what can be done, and ask."""
    for line in status.lines(now):
        console.note(line)
    steps = next_steps(now)
    console.note("")
    for number, one in enumerate(steps, 1):
        console.note(_in_two_lines(f"  {number}  {one.title}.", one.brings))

    def check(answer: str) -> NextStep:
        if not (answer.isdecimal() and 1 <= int(answer) <= len(steps)):
            raise BadUsage(f"A number from 1 to {len(steps)}, please.", "")
        return steps[int(answer) - 1]

    step = console.ask("What next?", check, "1", help=HELPS["what_next"])
    return cast(NextStep, step)


def _in_two_lines(title: str, brings: str) -> str:
    """Both in one line of a usual terminal, or the sentence below the title."""
    return f"{title} {brings}" if len(title) + len(brings) < USUAL_COLUMNS - 1 else f"{title}\n     {brings}"


def _as_typed(step: NextStep) -> Request:
    """The request that the step's command makes, said aloud; a picture it needs is asked for."""
    typed = shlex.split(step.command)
    if step.kind is Kind.PICTURE:
        typed[typed.index("PICTURE")] = str(
            console.ask("Which picture? A path or an address", _a_picture, help=HELPS["picture"])
        )
    console.raw(shlex.join(typed))
    return arguments.parse(typed[2:])[0]


def _a_picture(answer: str) -> str:
    path = typed_path(answer)
    if path is None and not answer.lower().startswith(("http://", "https://")):
        raise BadUsage(f"There is no picture {answer}." if answer else "A path or an address, please.", "")
    return str(path or answer)


def ask_for_the_rest(request: Request) -> Request:
    """Ask for what the arguments left out, and say what it comes to."""
    given: dict[str, object] = {
        name: getattr(request, name)
        for name in ("basetag", "quantity", "searchtag")
        if getattr(request, name) is not None
    }
    if request.source is not None or request.quantity is not None:
        given["where"] = Where(request.source or "")
    if request.model is not None:
        given["model"] = request.model
    if request.flowstep == "classify":
        return _as_request(request, walk(WHOLE_FLOW, {**given, **request.training}))
    answers = walk(BEGINNING, {**given, **request.training})
    return replace(request, basetag=answers["basetag"], quantity=answers["quantity"], searchtag=answers["searchtag"])


def make_labels(request: Request) -> None:
    """The label folders of a new basetag, as the person named them."""
    for label in request.labels:
        folder = paths.training(request.basetag or "") / label
        if not folder.exists():
            files.make_folder(folder)
            console.note(f"made {folder}")


def another_place(plan: Plan) -> Plan | None:
    """Without network, ask where else pictures may come from; None where the person leaves that for later."""
    now = state.gather(plan.basetag)
    default = LATER if now.filled or now.models else SAMPLE
    place = ask_where("Where from instead? The path of your pictures, sample, or later", default, False, also=LATER)
    if not isinstance(place, Where):
        return None
    quantity = min(plan.quantity, place.usable) if place.own else plan.quantity
    return replace(plan, source=place.source, quantity=quantity)


def confirm(plan: Plan, request: Request) -> None:
    """Show the plan and the command that would do the same, and wait for ENTER."""
    console.note("")
    console.note("ok, the plan:")
    for line in words.plan_lines(plan):
        console.note(f"  {line}")
    if request.labels:
        console.note(f"  labels {', '.join(request.labels)}")
    console.note("the same without questions:")
    console.raw(command(request))
    console.ask("ENTER starts, q leaves", _start, help=HELPS["start"])


def _start(answer: str) -> bool:
    if answer.lower() in ("n", "no"):
        raise Quit
    if answer.lower() not in ("", "y", "yes"):
        raise BadUsage("ENTER to start, or q.")
    return True


def command(request: Request) -> str:
    """The one command that makes the same plan."""
    parts = [
        "python",
        "roboflow.py",
        request.basetag or "",
        str(request.quantity),
        request.searchtag or "0",
        request.flowstep,
    ]
    if request.source:
        parts += ["--source", request.source]
    if request.model:
        parts += ["--model", request.model]
    chosen = {"harvest": request.harvest, "checked-only": request.checked_only, "keep-near": request.keep_near}
    parts += [f"--{flag}" if value else f"--no-{flag}" for flag, value in chosen.items() if value is not None]
    for name, value in request.training.items():
        told = [f"--{name}" if value else f"--no-{name}"] if isinstance(value, bool) else None
        parts += told or [f"--{name.replace('_', '-')}", str(value)]
    if request.retry_failed:
        parts.append("--retry-failed")
    if paths.tf_files() != paths.PROJECT / "tf_files":
        parts += ["--tf-files", str(paths.tf_files())]
    return shlex.join(parts)


def with_model(plan: Plan, catalogue: Catalogue) -> Plan:
    """The plan with the model the person picks, asked before anything is downloaded; `d` leaves the sorting out."""
    model = choose_model(plan.basetag, catalogue, may_skip=plan.quantity > 0)
    if model is None:
        return replace(plan, steps=tuple(step for step in plan.steps if step is not Step.CLASSIFY))
    return replace(plan, model=str(model))


def ask_harvest(basetag: str, waiting: dict[str, Counter]) -> str:
    """Offer the harvest: `checked`, `all` or `none`. ENTER takes only what a person checked."""
    if not waiting:
        return "none"
    console.note("Before harvesting: open the sorted_ folders and drag what is wrong into the right label folder.")
    console.note(f"  {paths.testing(basetag)}")
    return str(offer_harvest(waiting, "c", back=False))


def ask_check() -> bool:
    """Offer the check page; ENTER opens it."""
    try:
        return bool(console.ask("ENTER opens the page, q leaves it", _start, help=HELPS["check"]))
    except Quit:
        console.note("Any time: the flowstep check.")
        return False


def ask_training(training: Training, chosen: tuple[str, ...]) -> Training:
    """Ask for the training parameters that were not given; ENTER keeps the config's value."""
    given = {name: getattr(training, name) for name in chosen}
    answers = walk([training_question(name, always=True) for name in GUIDED_TRAINING], given)
    return replace(training, **{name: answers[name] for name in GUIDED_TRAINING if name in answers})


def _as_request(request: Request, answers: dict) -> Request:
    """The answers as a request: a flowstep that asks nothing more, with what differs from the config as options."""
    place = answers["where"]
    if answers.get("take"):
        basetag, folder = answers["basetag"], str(place.folder)
        return Request(basetag=basetag, quantity=0, searchtag="0", flowstep="take", subject=folder)
    training = dict(request.training)
    if trains(answers):
        defaults = Training.from_cfg()
        training |= {n: answers[n] for n in GUIDED_TRAINING if n in answers and answers[n] != getattr(defaults, n)}
        if answers["retrain"]:
            training["images_min"] = answers["retrain"]
    harvest = answers.get("harvest")
    return replace(
        request,
        basetag=answers["basetag"],
        quantity=answers["quantity"],
        searchtag=answers["searchtag"],
        labels=tuple(answers.get("labels", ())),
        source=_source(place, answers),
        flowstep=_flowstep(answers),
        model=answers.get("model"),
        harvest=None if harvest is None else harvest != "none",
        checked_only=True if harvest == "checked" else None,
        training=training,
    )


def _source(place: Where, answers: dict) -> str | None:
    """Where from, as an option; None where that is the settings' own, or nothing is brought in."""
    return place.source if answers["quantity"] and place.source not in ("", cfg.scrapesite_default) else None


def _flowstep(answers: dict) -> str:
    if trains(answers):
        return "retrain_defaults"
    if answers["searchtag"] == "0":
        raise Quit
    if "model" in answers and answers["model"] is None or not shelf.all_models(answers["basetag"]):
        return "download"
    return "classify"
