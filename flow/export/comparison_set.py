"""Which pictures the files of an export are compared on, and what may be said of it.

Best are pictures that were kept apart: all files are new to them. Where there are too few, right answers are counted on
what the model's accuracy was measured on, much of which its last head has learned from, and equal answers, which need
no label, on downloaded pictures that it has not.
"""

import random
from dataclasses import dataclass
from pathlib import Path

from flow.base import files
from flow.base.learning import hash_cache
from flow.models import model_store
from flow.models.model_store import Model
from flow.records import provenance
from flow.records.provenance import LabeledImage

HELD_OUT_MIN = 50  # pictures kept apart that are enough to compare on
LABELED_MAX, UNSEEN_MAX = 500, 200  # pictures looked at with each file


@dataclass(frozen=True)
class ComparisonSet:
    """`labelled`: pictures to count right answers on; `fresh`: pictures the model has not learned from, to count equal
    answers on; `words`: what the figures mean, as a sentence or two."""

    labelled: tuple[LabeledImage, ...]
    fresh: tuple[Path, ...]
    words: str

    @property
    def count(self) -> int:
        return len({image.path for image in self.labelled} | set(self.fresh))


def comparison_set(basetag: str, model: Model, images: list[LabeledImage], learned: frozenset[str]) -> ComparisonSet:
    """The pictures for a model, from the training images and the unsorted ones as they lie now.

    Args:
        learned: what it has learned from; see `trained_on`.
    """
    ours, kept = [image for image in images if image.label in model.labels], model_store.predictions(model)
    measured = kept.guesses.keys() if kept else {image.sha256 for image in ours if image.measures}
    fair = [image for image in ours if image.sha256 in measured]
    apart = [image for image in fair if image.sha256 not in learned]
    if len(apart) >= HELD_OUT_MIN:
        chosen = tuple(sample(apart, LABELED_MAX))
        said = f"On {len(chosen)} pictures kept apart, which the classifier has not learned from."
        return ComparisonSet(chosen, tuple(image.path for image in chosen), said)
    fresh = tuple(sample(_unsorted(basetag, learned), UNSEEN_MAX))
    chosen = tuple(sample(fair, LABELED_MAX))
    said = (
        f"Right answers on {len(chosen)} pictures, many of which the classifier has learned from: they compare the "
        "files with each other and do not say how good it is."
    )
    said += f" Equal answers on {len(fresh)} others, which it has not learned from." if fresh else ""
    return ComparisonSet(chosen, fresh, said)


def trained_on(model: Model, images: list[LabeledImage]) -> frozenset[str]:
    """The contents a model has learned from, whether they are still there or not; all of `images` where it is of a
    version that kept no list."""
    kept = model_store.predictions(model)
    return kept.trained_on if kept else frozenset(image.sha256 for image in images)


def sample(found: list, most: int) -> list:
    """At most so many, the same ones every time."""
    return found if len(found) <= most else random.Random(0).sample(found, most)


def _unsorted(basetag: str, learned: frozenset[str]) -> list[Path]:
    """Downloaded pictures the model has not learned from."""

    listed = [path for folder in provenance.unsorted_folders(basetag) for path in files.images_in(folder)]
    with hash_cache() as cache:
        return [path for path, sha in cache.sha256s(listed).items() if sha not in learned]
