"""The end of a lesson at the check page: what was said becomes training data, a first model, and a sorted_ folder."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import config as cfg
from flow.base.errors import NotReady
from flow.plan import Disk, Request, Training, make_plan
from flow.records import labelling
from flow.records.catalogue import Catalogue
from flow.talk import console

if TYPE_CHECKING:
    from flow.check.session import Ended
    from flow.classify import Sorted
    from flow.harvest.take import Taken
    from flow.models.shelf import Model
    from flow.retrain.step import NothingNew, Retrained


@dataclass(frozen=True)
class Does:
    """What the run does elsewhere too: train and tell of it; tell of what was taken, and of what was sorted."""

    train: Callable[..., "Retrained | NothingNew"]
    tell_taken: Callable[["Taken"], None]
    tell_sorted: Callable[["Sorted"], None]


def first_model(basetag: str, training: Training, stamp: str, catalogue: Catalogue, does: Does) -> "Ended":
    """Take what was said, train as retrain_defaults would, and sort the rest of the heap.

    Raises:
        NotReady: fewer than two labels have pictures; nothing was taken.
        RoboError: from the training or the sorting; done again, it goes on from there.
    """
    from flow.check.session import Ended
    from flow.harvest import taught

    counts = taught.counts_after(basetag, catalogue)
    if len(counts) < cfg.retrain_label_min:
        raise NotReady(
            f"A model needs at least {cfg.retrain_label_min} labels with pictures.",
            "Give some pictures another label first.",
        )
    taken = taught.take_taught(basetag, stamp, catalogue)
    does.tell_taken(taken)
    lowered = content_with(counts, training)
    done = does.train(basetag, lowered, stamp, catalogue, attended=False, again=True, least=lowered.images_min)
    sortings = _sort_the_rest(basetag, stamp, catalogue, done.model)
    for one in sortings:
        does.tell_sorted(one)
    verdict = getattr(done, "warnings", ("",))[-1]
    lines = [taken.line(), done.line(), *(one.line() for one in sortings)]
    code = max(taken.code, done.code, *(one.code for one in sortings), 0)
    return Ended("; ".join(line.rstrip(".") for line in lines), code, verdict, done.model.folder / "report.html")


def content_with(counts: dict[str, int], training: Training) -> Training:
    """The training where a person at the page asks for a model: a label needs only as many images as the smallest one
    has; empty ones do not count. Said where that is less than usual."""
    filled = [(n, label) for label, n in counts.items() if n]
    fewest, label = min(filled, default=(training.images_min, ""))
    if fewest >= training.images_min:
        return training
    console.note(
        f"  {label} has {fewest} pictures, and a label usually needs {training.images_min}: this once that will do."
    )
    return replace(training, images_min=fewest)


def _sort_the_rest(basetag: str, stamp: str, catalogue: Catalogue, model: "Model") -> list["Sorted"]:
    """Each unsorted_ folder into a sorted_ folder; those with nothing left to sort are left out."""
    from flow.classify import classify

    found = []
    for folder in labelling.unsorted_folders(basetag):
        request = Request(basetag, 0, folder.name.removeprefix(cfg.unsorted_name), "classify_top")
        done = classify(make_plan(request, Disk(True, 1), stamp, asks=False), catalogue, model)
        found += [done] if done.folder or done.quarantined else []
    return found
