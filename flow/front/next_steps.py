"""What a person can do next with a basetag, the most useful first: one pure function of where it stands.

The guide's list, `status` and the last note of every run all come from here, so that they never disagree.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from flow.front.state import State

RETRAIN_FROM = 10  # new images; with fewer a new model can hardly be told from the last one
SHORT_ENOUGH = 40  # columns a name may take within a sentence


class Kind(Enum):
    """What choosing a step in the guide means."""

    RUN = "run"  # exactly the command
    BRING = "bring"  # the questions where from, how many, what
    PICTURE = "picture"  # one question: which picture
    BASETAG = "basetag"  # the question which basetag


@dataclass(frozen=True)
class NextStep:
    """`command` is what one would type for the same; `brings` says in a sentence what one gets."""

    title: str
    brings: str
    command: str
    kind: Kind = Kind.RUN


def next_steps(state: State) -> list[NextStep]:
    """Everything that can be done now. The first is what ENTER does; each command stands there once."""
    steps: dict[str, NextStep] = {}
    for step in (*_pressing(state), *_possible(state)):
        steps.setdefault(step.command, step)
    return list(steps.values())


def _pressing(state: State) -> Iterator[NextStep]:
    """What this very state asks for, most useful first. Never twice the same way round: what was just undone is looked
    at again before it is harvested, and after a search without network other ways come first."""
    undone = state.last_flowstep == "undo"
    if state.waiting or (undone and state.looked_at):
        yield _check(state)
    if state.looked_at:
        yield _harvest(state)
    if not state.models:
        yield from _towards_a_first_model(state)
    else:
        if state.can_train and state.new_images >= RETRAIN_FROM:
            yield _retrain(state)
        yield from (_classify(state, tag, n) for tag, n in state.unsorted.items())
    yield from (_go_on(state, tag) for tag in state.unfinished if not state.offline)
    if state.offline and state.models and state.can_train:  # something to do until the network is back
        yield _explore(state)
    yield _bring(state)


def _possible(state: State) -> Iterator[NextStep]:
    """What is possible besides."""
    if state.waiting and not state.looked_at:
        yield _harvest(state)
    if state.can_train:
        yield _retrain(state)
        yield _explore(state)
    if state.models:
        yield _command(
            state, "try a picture", "What the best model says of one of yours.", "try", "PICTURE", kind=Kind.PICTURE
        )
        yield _command(state, "export the best model", "All that another program needs, in one folder.", "export")
    if state.harvest:
        yield _command(state, "undo the last harvest", f"Puts {state.harvest} back; nothing is lost.", "undo")
    yield NextStep(
        "another basetag",
        "A new theme, with labels and models of its own."
        if not state.others
        else "Another of your themes, or a new one.",
        "python roboflow.py",
        Kind.BASETAG,
    )


def _towards_a_first_model(state: State) -> Iterator[NextStep]:
    if state.can_train:
        yield _retrain(state)
    elif state.unsorted:
        yield _first_sorting(state)


def _command(state: State, title: str, brings: str, *arguments: str, kind: Kind = Kind.RUN) -> NextStep:
    return NextStep(title, brings, typed(state, *arguments), kind)


def typed(state: State, *arguments: str) -> str:
    """The command as one types it, from the basetag on."""
    where = ("--tf-files", state.elsewhere) if state.elsewhere else ()
    return shlex.join(["python", "roboflow.py", state.basetag, *arguments, *where])


def _check(state: State) -> NextStep:
    title = f"look at the {sum(state.waiting.values())} sorted images that wait"
    if not state.waiting:
        title = f"look again at the {sum(state.looked_at.values())} sorted images before they are harvested"
    return _command(state, title, "What you put right teaches most.", "check")


def _first_sorting(state: State) -> NextStep:
    short = ", ".join(f"{label} {n} more" for label, n in sorted(state.short.items()))
    start = f"About {state.least} of each label are a good start" + (f": {short}." if short else ".")
    left = sum(state.unsorted.values()) - state.said
    title = f"say what is on the first pictures ({left} wait)"
    if state.said and left:
        title = f"go on saying what is on the pictures ({state.said} said, {left} wait)"
    elif state.said:
        title = f"train on what you said of {state.said} pictures"
    return _command(state, title, f"The most telling ones come first, by keys in the browser. {start}", "check")


def _harvest(state: State) -> NextStep:
    if not state.looked_at:
        return _command(
            state, "harvest only what you checked", "The rest goes on waiting for you.", "harvest", "--checked-only"
        )
    count = sum(state.looked_at.values())
    rest = ("--checked-only",) if state.waiting else ()
    return _command(
        state,
        f"harvest what you looked at ({count} images)",
        "They become training data; undo puts them back.",
        "harvest",
        *rest,
    )


def _images_min(state: State) -> tuple[str, ...]:
    """The option that a training on what there is needs; none where that is as many as usual."""
    least = min(state.filled.values())
    return ("--images-min", str(least)) if least < state.wanted else ()


def _retrain(state: State) -> NextStep:
    told = ", ".join(f"{label} {n}" for label, n in state.filled.items())
    if not state.models:
        title, brings = "train the first model", f"From {told}; it then sorts for you."
    elif state.new_images:
        title = f"retrain: {state.new_images} new images since the last model"
        brings = "It tells whether it got better."
    else:
        title, brings = "retrain with the same images", "With parameters of your choice."
    return _command(state, title, brings, "0", "0", "retrain_defaults", *_images_min(state))


def _explore(state: State) -> NextStep:
    return _command(
        state,
        "explore training parameters",
        "Four combinations on the same images.",
        "explore",
        "--steps",
        "500,2600",
        "--learning-rate",
        "0.01,0.1",
        *_images_min(state),
    )


def _classify(state: State, tag: str, images: int) -> NextStep:
    return _command(
        state,
        f"sort the {images} images in unsorted_{tag[:SHORT_ENOUGH]}",
        "Copies go into label folders, for you to look through.",
        "0",
        tag,
        "classify_top",
    )


def _go_on(state: State, tag: str) -> NextStep:
    asked, sources = state.unfinished[tag]
    return _command(
        state,
        f"go on with the download of {tag[:SHORT_ENOUGH]}",
        "It stopped before all were there.",
        str(asked),
        tag,
        "download",
        "--source",
        sources,
    )


def _bring(state: State) -> NextStep:
    short = min(state.short, key=lambda label: -state.short[label], default="")
    empty = next((label for label, count in state.labels.items() if not count.images), "")
    needy = short or empty
    if state.offline:
        brings = "The last search found no network; a folder of yours, or drawn robots, need none."
    elif needy and not state.can_train:
        brings = f"Most needed: {needy}. From a search or a folder of yours, or drawn robots."
    else:
        brings = "From a search or a folder of yours, or drawn robots."
    return _command(
        state,
        "bring in pictures" if not state.known or not state.filled and not state.unsorted else "bring in more pictures",
        brings,
        kind=Kind.BRING,
    )
