"""Images that a head is asked about after its training: what in them spoke for its answer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from scripts.learn.dataset import Dataset
from scripts.learn.evidence import Evidence, evidence_of
from scripts.learn.feature_maps import MapReader
from scripts.learn.head import Head
from scripts.learn.images import Unreadable, decode, load_pixels
from scripts.learn.trained_head import TrainedHead

SAMPLE = 15  # images of a label
SAMPLE_OF_MANY = 10  # where there are more than MANY labels
MANY = 60
SHOWN = 448  # pixels, longest side of the image that is kept


@dataclass(frozen=True)
class ExplainedImage:
    """An image that the head was asked about: `row` of the dataset, the labels, and what spoke for `first` rather than
    `second`."""

    row: int
    first: int
    second: int
    evidence: Evidence
    image: Image.Image


def explain_rows(
    data: Dataset,
    trained: TrainedHead,
    reader: MapReader,
    rows: np.ndarray,
    probabilities: np.ndarray,
    progress: Callable[[int], None] = lambda n: None,
) -> list[ExplainedImage]:
    """What spoke for the predicted label rather than the next best, for images that can still be read; said by the head
    that predicted them, which never saw them, where there is one (see `_head_of`).

    Args:
        rows: int [m] of the dataset.
        probabilities: float [m, labels], by heads that never saw the image.
    """
    usual, explained = data.vectors.subset(data.train).mean(), []
    for row, scores in zip(rows.tolist(), probabilities, strict=True):
        second, first = np.argsort(scores, kind="stable")[-2:].tolist()
        path = data.images[row].path
        try:
            maps = reader.read(load_pixels(path, reader.input_size))
            image = decode(path, draft_side=SHOWN)
        except Unreadable:
            continue
        image.thumbnail((SHOWN, SHOWN))
        explained.append(
            ExplainedImage(
                row, first, second, evidence_of(maps, _head_of(row, data, trained), first, second, usual), image
            )
        )
        progress(1)
    return explained


def _head_of(row: int, data: Dataset, trained: TrainedHead) -> Head:
    """The head of the fold that left an image out, as calibrated as the main one; the main one for images that it has
    not learned from, and where every fold had a network of its own, which is gone."""
    if not trained.fold_heads or not trained.folded[row] or data.folds[row] < 0:
        return trained.head
    return trained.fold_heads[data.folds[row]].with_temperature(trained.temperature)


def sample(data: Dataset, rows: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Places in `rows` of some images of each label that were predicted rightly, no two of one group."""
    right, chosen = probabilities.argmax(axis=1) == data.y[rows], list[int]()
    each = SAMPLE if len(data.labels) <= MANY else SAMPLE_OF_MANY
    for label in range(len(data.labels)):
        own = np.random.default_rng(label).permutation(np.flatnonzero(right & (data.y[rows] == label)))
        _, first = np.unique(data.groups[rows[own]], return_index=True)
        chosen += own[np.sort(first)[:each]].tolist()
    return np.array(chosen, int)


def typical(data: Dataset, explained: list[ExplainedImage], each: int) -> list[ExplainedImage]:
    """Of each label, in order, the images nearest to the label's mean embedding."""
    found = []
    for label in range(len(data.labels)):
        own = [one for one in explained if one.first == label == data.y[one.row]]
        mean = data.vectors.subset(data.y == label).mean()
        found += sorted(own, key=lambda one: float(np.square(data.vectors[one.row] - mean).sum()))[:each]
    return found
