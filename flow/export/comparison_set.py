"""Which images the files of an export are compared on, and what the comparison means.

Held-out images are best, because the model has not learned from them. Where there are too few, correct labels are
counted on the images that the model's accuracy was measured on, although its final head has learned from many of them;
equal labels, for which no true label is needed, are counted on unsorted images, which it has not learned from.
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

HELD_OUT_MIN = 50  # held-out images that are enough to compare on
LABELED_MAX, UNSEEN_MAX = 500, 200  # images given to each file


@dataclass(frozen=True)
class ComparisonSet:
    """`labelled`: images to count correct labels on; `fresh`: images that the model has not learned from, to count
    equal labels on; `words`: what the figures mean, in a sentence or two."""

    labelled: tuple[LabeledImage, ...]
    fresh: tuple[Path, ...]
    words: str

    @property
    def paths(self) -> list[Path]:
        """All of them, each once."""
        return list(dict.fromkeys((*(image.path for image in self.labelled), *self.fresh)))


def comparison_set(basetag: str, model: Model, images: list[LabeledImage], learned: frozenset[str]) -> ComparisonSet:
    """The images for a model, from the training images and the unsorted ones as they are now.

    Args:
        learned: content hashes that it has learned from; see `trained_on`.
    """
    ours, kept = [image for image in images if image.label in model.labels], model_store.predictions(model)
    measured = kept.guesses.keys() if kept else {image.sha256 for image in ours if image.measures}
    measuring = [image for image in ours if image.sha256 in measured]
    held_out = [image for image in measuring if image.sha256 not in learned]
    if len(held_out) >= HELD_OUT_MIN:
        chosen = tuple(sample(held_out, LABELED_MAX))
        words = f"On {len(chosen)} held-out images, which the model has not learned from."
        return ComparisonSet(chosen, tuple(image.path for image in chosen), words)
    fresh = tuple(sample(_unsorted(basetag, learned), UNSEEN_MAX))
    chosen = tuple(sample(measuring, LABELED_MAX))
    words = (
        f"Correct labels on {len(chosen)} images, many of which the model has learned from: they compare the files and "
        "do not say how good the model is."
    )
    words += f" Equal labels on {len(fresh)} other images, which it has not learned from." if fresh else ""
    return ComparisonSet(chosen, fresh, words)


def trained_on(model: Model, images: list[LabeledImage]) -> frozenset[str]:
    """The content hashes that a model has learned from, whether the images are still there or not; all of `images`
    where the model is of a version that stored no list."""
    kept = model_store.predictions(model)
    return kept.trained_on if kept else frozenset(image.sha256 for image in images)


def sample(found: list, most: int) -> list:
    """A random sample of at most `most`, the same one every time."""
    return found if len(found) <= most else random.Random(0).sample(found, most)


def _unsorted(basetag: str, learned: frozenset[str]) -> list[Path]:
    """Unsorted images that the model has not learned from."""
    listed = [path for folder in provenance.unsorted_folders(basetag) for path in files.images_in(folder)]
    with hash_cache() as cache:
        return [path for path, sha in cache.sha256s(listed).items() if sha not in learned]
