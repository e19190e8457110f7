"""The guided set-up: questions -> the same Request the command line gives. Asks, shows, decides nothing itself.

The questions themselves are in `flow/front/questions.py`. What arguments gave already is not asked again.
"""

import shlex
from collections import Counter
from dataclasses import replace

from flow.base import files, paths
from flow.base.errors import BadUsage, Quit
from flow.front.questions import (
    BEGINNING,
    WHOLE_FLOW,
    choose_model,
    offer_harvest,
    training_question,
    trains,
    walk,
)
from flow.models import shelf
from flow.plan import GUIDED_TRAINING, Plan, Request, Step, Training
from flow.records.catalogue import Catalogue
from flow.talk import console, words


def complete(request: Request) -> Request:
    """Ask for what the arguments left out, and say what it comes to.

    Raises:
        Quit: the person leaves.
        BadUsage: there is no terminal.
    """
    console.note(words.BANNER)
    console.note(words.GUIDE_HINT)
    given = {
        name: getattr(request, name)
        for name in ("basetag", "quantity", "searchtag")
        if getattr(request, name) is not None
    }
    whole_flow = request.flowstep == "classify"
    if request.model is not None:
        given["model"] = request.model
    answers = walk(WHOLE_FLOW if whole_flow else BEGINNING, {**given, **request.training})
    return _as_request(request, answers) if whole_flow else replace(
        request, basetag=answers["basetag"], quantity=answers["quantity"], searchtag=answers["searchtag"])  # fmt: skip


def confirm(plan: Plan, request: Request) -> None:
    """Show the plan and the command that would do the same, and wait for ENTER; then make a new basetag's folders."""
    console.note("")
    console.note("ok, the plan:")
    for line in words.plan_lines(plan):
        console.note(f"  {line}")
    console.note("the same without questions:")
    console.raw(command(request))
    console.ask("ENTER starts, q leaves", _start)
    for label in request.labels:
        folder = paths.training(plan.basetag) / label
        if not folder.exists():
            files.make_folder(folder)
            console.note(f"made {folder}")


def _start(answer: str) -> str:
    if answer.lower() in ("n", "no"):
        raise Quit
    if answer.lower() not in ("", "y", "yes"):
        raise BadUsage("ENTER to start, or q.")
    return answer


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
    for flag, value in (
        ("harvest", request.harvest),
        ("checked-only", request.checked_only),
        ("keep-near", request.keep_near),
    ):
        if value is not None:
            parts.append(f"--{flag}" if value else f"--no-{flag}")
    for name, chosen in request.training.items():
        if isinstance(chosen, bool):
            parts.append(f"--{name}" if chosen else f"--no-{name}")
        else:
            parts += [f"--{name.replace('_', '-')}", str(chosen)]
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


def ask_training(training: Training, chosen: tuple[str, ...]) -> Training:
    """Ask for the training parameters that were not given; ENTER keeps the config's value."""
    given = {name: getattr(training, name) for name in chosen}
    answers = walk([training_question(name, always=True) for name in GUIDED_TRAINING], given)
    return replace(training, **{name: answers[name] for name in GUIDED_TRAINING if name in answers})


def _as_request(request: Request, answers: dict) -> Request:
    """The answers as a request: a flowstep that asks nothing more, with what differs from the config as options."""
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
        flowstep=_flowstep(answers),
        model=answers.get("model"),
        harvest=None if harvest is None else harvest != "none",
        checked_only=True if harvest == "checked" else None,
        training=training,
    )


def _flowstep(answers: dict) -> str:
    if trains(answers):
        return "retrain_defaults"
    if answers["searchtag"] == "0":
        raise Quit
    if "model" in answers and answers["model"] is None or not shelf.all_models(answers["basetag"]):
        return "download"
    return "classify"
