"""What a person can do next with a basetag, the most useful first: one pure function of where it stands.

The guide's list, `status` and the last line of every run all come from here, so that they never disagree.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from flow.base import names
from flow.guide.basetag_state import BasetagState

RETRAIN_FROM = 10  # new images; with fewer a new model can hardly be distinguished from the last one
NAME_MAX = 40  # characters of a name within a sentence


class Kind(Enum):
    """What choosing a step in the guide does."""

    RUN = "run"  # runs exactly the command
    BRING = "bring"  # asks where from, how many, what
    IMAGE = "image"  # asks which image
    BASETAG = "basetag"  # asks which basetag


@dataclass(frozen=True)
class NextStep:
    """`command` is what one would type for the same; `about` says in a sentence what one gets."""

    title: str
    about: str
    command: str
    kind: Kind = Kind.RUN


def next_steps(state: BasetagState) -> list[NextStep]:
    """Everything that can be done now. The first is what ENTER does; each command comes once."""
    steps: dict[str, NextStep] = {}
    for step in (*_urgent(state), *_possible(state)):
        steps.setdefault(step.command, step)
    return list(steps.values())


def _urgent(state: BasetagState) -> Iterator[NextStep]:
    """What this state asks for, most useful first. After an undo, checking comes before another harvest; after a search
    without network, other ways come before another search."""
    undone = state.last_flowstep == "undo"
    if state.to_check or (undone and state.checked):
        yield _check(state)
    if state.checked:
        yield _harvest(state)
    if not state.models:
        yield from _first_model(state)
    else:
        if state.can_train and state.new_images >= RETRAIN_FROM:
            yield _retrain(state)
        if state.labeled_unsorted:  # before a model sorts them, as if nobody had looked at them
            yield _label(state, "check", "--teach")
        yield from (_classify(state, tag, n) for tag, n in state.unsorted.items())
        if state.suspects:
            yield _suspects(state)
    yield from (_go_on(state, tag) for tag in state.unfinished if not state.offline)
    if state.offline and state.models and state.can_train:
        yield _explore(state)
    yield _bring(state)


def _possible(state: BasetagState) -> Iterator[NextStep]:
    """What is possible besides."""
    if state.to_check and not state.checked:
        yield _harvest(state)
    if state.can_train:
        yield _retrain(state)
        yield _explore(state)
    if state.models:
        title, about = "try an image", "What the best model says of one of yours."
        yield _command(state, title, about, "try", "IMAGE", kind=Kind.IMAGE)
        yield _command(state, "export the best model", "All that another program needs, in one folder.", "export")
    if state.last_harvest:
        about = f"Puts the images of {state.last_harvest} back; nothing is lost."
        yield _command(state, "undo the last harvest", about, "undo")
    about = "Hold a key, and what the camera sees is recorded; it learns and predicts meanwhile."
    yield _command(state, "show it things with the camera", about, "camera")
    other = "Another of your projects, or a new one." if state.other_basetags else "A new project with its own labels."
    yield NextStep("another basetag", other, "python roboflow.py", Kind.BASETAG)


def _first_model(state: BasetagState) -> Iterator[NextStep]:
    if state.can_train:
        yield _retrain(state)
    elif state.unsorted:
        yield _label(state, "check")


def _command(state: BasetagState, title: str, about: str, *arguments: str, kind: Kind = Kind.RUN) -> NextStep:
    return NextStep(title, about, typed(state, *arguments), kind)


def typed(state: BasetagState, *arguments: str) -> str:
    """The command as one types it, from the basetag on."""
    return names.command(state.basetag, state.tf_files, *arguments)


def images(n: int) -> str:
    """1 image, 2 images."""
    return f"{n} image{'s' * (n != 1)}"


def _check(state: BasetagState) -> NextStep:
    title = f"check the {images(sum(state.to_check.values()))} that a model sorted"
    if not state.to_check:
        title = f"check the {images(sum(state.checked.values()))} again before they are harvested"
    return _command(state, title, "Correcting mistakes improves the model most.", "check")


def _suspects(state: BasetagState) -> NextStep:
    title = f"look at {images(state.suspects)} of the training data that may be mislabelled"
    return _command(
        state, title, "The model doubts their labels; what is wrong is put right by a key.", "check", "--training"
    )


def _label(state: BasetagState, *command: str) -> NextStep:
    lacking = ", ".join(f"{n} more {label}" for label, n in sorted(state.lacking.items()))
    start = f"About {state.least} of each label are a good start" + (f": {lacking}." if lacking else ".")
    labeled = state.labeled_unsorted
    left = sum(state.unsorted.values()) - labeled
    title = f"label the first images ({left} are unsorted)"
    if labeled and left:
        title = f"go on labelling ({labeled} labelled, {left} unsorted)"
    elif labeled:
        title = f"train on the {images(labeled)} you labelled"
    about = "By keys in the browser; it asks first about the images it learns most from."
    return _command(state, title, f"{about} {start}", *command)


def _harvest(state: BasetagState) -> NextStep:
    if not state.checked:
        about = "The others stay where they are."
        return _command(state, "harvest only what you checked", about, "harvest", "--checked-only")
    title = f"harvest the {images(sum(state.checked.values()))} you checked"
    rest = ("--checked-only",) if state.to_check else ()
    return _command(state, title, "They become training data; undo puts them back.", "harvest", *rest)


def _images_min(state: BasetagState) -> tuple[str, ...]:
    """The option that a training on what there is needs; none where there are as many as usual."""
    least = min(state.trainable.values())
    return ("--images-min", str(least)) if least < state.least_usual else ()


def _retrain(state: BasetagState) -> NextStep:
    counts = ", ".join(f"{label} {n}" for label, n in state.trainable.items())
    if not state.models:
        title, about = "train the first model", f"From {counts}; it then sorts for you."
    elif state.new_images:
        title = f"retrain: {state.new_images} new image{'s' * (state.new_images != 1)} since the last model"
        about = "It says whether the model became better."
    else:
        title, about = "retrain with the same images", "With parameters of your choice: it asks for them one by one."
        return _command(state, title, about, "0", "0", "retrain", *_images_min(state))
    return _command(state, title, about, "0", "0", "retrain_defaults", *_images_min(state))


def _explore(state: BasetagState) -> NextStep:
    words = ("explore", "--steps", "500,2600", "--learning-rate", "0.01,0.1", *_images_min(state))
    return _command(state, "explore training parameters", "Four combinations on the same images.", *words)


def _classify(state: BasetagState, tag: str, count: int) -> NextStep:
    title = f"sort the {images(count)} in unsorted_{tag[:NAME_MAX]}"
    return _command(state, title, "Copies go into label folders, for you to check.", "0", tag, "classify_top")


def _go_on(state: BasetagState, tag: str) -> NextStep:
    asked, sources = state.unfinished[tag]
    title = f"go on with the download of {tag[:NAME_MAX]}"
    words = (str(asked), tag, "download", "--source", sources)
    return _command(state, title, "It stopped before all images were there.", *words)


def _bring(state: BasetagState) -> NextStep:
    lacking = max(state.lacking, key=lambda label: state.lacking[label], default="")
    needed = lacking or next((label for label, count in state.labels.items() if not count.images), "")
    about = "From a search, your own photos, or drawn robots."
    if state.offline:
        about = "The last search found no network; your own photos or drawn robots need none."
    elif needed and not state.can_train:
        about = f"Most needed: {needed}. {about}"
    new = not state.known or (not state.filled and not state.unsorted)
    return _command(state, "bring in images" if new else "bring in more images", about, kind=Kind.BRING)
