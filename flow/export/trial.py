"""Which pictures the files of an export are compared on, and what may be said of it.

Best are pictures that were kept apart: all files are new to them. Where there are too few, right answers are counted on
what the model's accuracy was measured on, much of which its last head has learned from, and equal answers, which need
no label, on downloaded pictures that it has not.
"""

import random
from dataclasses import dataclass
from pathlib import Path

from flow.base import files, paths
from flow.models import shelf
from flow.models.shelf import Model
from flow.records import labelling
from flow.records.labelling import Labelled

APART_LEAST = 50  # pictures kept apart that are enough to compare on
LABELLED_MOST, FRESH_MOST = 500, 200  # pictures looked at with each file


@dataclass(frozen=True)
class Trial:
    """`labelled`: pictures to count right answers on; `fresh`: pictures the model has not learned from, to count equal
    answers on; `words`: what the figures mean, as a sentence or two."""

    labelled: tuple[Labelled, ...]
    fresh: tuple[Path, ...]
    words: str

    @property
    def count(self) -> int:
        return len({image.path for image in self.labelled} | set(self.fresh))


def trial_of(basetag: str, model: Model, images: list[Labelled], learned: frozenset[str]) -> Trial:
    """The pictures for a model, from the training images and the unsorted ones as they lie now.

    Args:
        learned: what it has learned from; see `learned_by`.
    """
    ours, kept = [image for image in images if image.label in model.labels], shelf.predictions(model)
    measured = kept.guesses.keys() if kept else {image.sha256 for image in ours if image.measures}
    fair = [image for image in ours if image.sha256 in measured]
    apart = [image for image in fair if image.sha256 not in learned]
    if len(apart) >= APART_LEAST:
        chosen = tuple(some(apart, LABELLED_MOST))
        said = f"On {len(chosen)} pictures kept apart, which the classifier has not learned from."
        return Trial(chosen, tuple(image.path for image in chosen), said)
    fresh = tuple(some(_unsorted(basetag, learned), FRESH_MOST))
    chosen = tuple(some(fair, LABELLED_MOST))
    said = (
        f"Right answers on {len(chosen)} pictures, many of which the classifier has learned from: they compare the "
        "files with each other and do not say how good it is."
    )
    said += f" Equal answers on {len(fresh)} others, which it has not learned from." if fresh else ""
    return Trial(chosen, fresh, said)


def learned_by(model: Model, images: list[Labelled]) -> frozenset[str]:
    """The contents a model has learned from, whether they are still there or not; all of `images` where it is of a
    version that kept no list."""
    kept = shelf.predictions(model)
    return kept.learned if kept else frozenset(image.sha256 for image in images)


def some(found: list, most: int) -> list:
    """At most so many, the same ones every time."""
    return found if len(found) <= most else random.Random(0).sample(found, most)


def _unsorted(basetag: str, learned: frozenset[str]) -> list[Path]:
    """Downloaded pictures the model has not learned from."""
    from scripts.learn.hashes import HashBook

    listed = [path for folder in labelling.unsorted_folders(basetag) for path in files.images_in(folder)]
    with HashBook(paths.hashes()) as book:
        return [path for path, sha in book.sha256s(listed).items() if sha not in learned]
