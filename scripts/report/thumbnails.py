"""The images that the report shows: the worst mistakes, and training images that may be mislabelled."""

import base64
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from scripts.learn import metrics
from scripts.learn.dataset import Dataset
from scripts.learn.images import Unreadable, decode
from scripts.learn.trained_head import TrainedHead
from scripts.report.measured import Measured

SIDE = 96  # pixels, longest side of a thumbnail
QUALITY = 70  # of JPEG, 1..95; a thumbnail takes about 3 KB


class Example(NamedTuple):
    """An image, its label, the predicted label, and the score 0..1 of that prediction."""

    path: Path
    label: str
    guess: str
    score: float


class Thumbnail(NamedTuple):
    """A small JPEG as a data: address, and its size in pixels."""

    source: str
    width: int
    height: int


def worst_mistakes(data: Dataset, trained: TrainedHead, limit: int | None = None) -> list[Example]:
    """Images that were predicted wrongly when the model was measured, the surest mistake first."""
    measured = Measured.of(data, trained)
    order = measured.mistakes(data.y)[:limit]
    return [_example(data, measured.rows[i], measured.probabilities[i]) for i in order]


def suspects(data: Dataset, trained: TrainedHead, limit: int | None = None) -> list[Example]:
    """Training images that are probably mislabelled, likeliest first, by the scores of heads that never saw them."""
    rows = np.flatnonzero(trained.folded)
    if not len(rows):
        return []
    p = trained.out_of_fold[rows]
    return [_example(data, rows[i], p[i]) for i in metrics.suspects(p, data.y[rows])[:limit]]


def _example(data: Dataset, row: int, p: np.ndarray) -> Example:
    guess = int(np.argmax(p))
    return Example(data.images[row].path, data.labels[data.y[row]], data.labels[guess], float(p[guess]))


def thumbnail(path: Path) -> Thumbnail | None:
    """A small JPEG of an image; None where that cannot be read.

    Nothing but pixels is carried over: neither what a camera wrote into the file nor anything hidden in it.
    """
    try:
        image = decode(path, draft_side=2 * SIDE)
    except Unreadable:
        return None
    return small_copy(image)


def small_copy(image: Image.Image) -> Thumbnail:
    """A small JPEG of an RGB image, which is made smaller itself."""
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    image.info.clear()  # Pillow would write a JPEG comment it finds here
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    source = f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return Thumbnail(source, image.width, image.height)


def gallery(found: list[Example], limit: int) -> list[tuple[Example, Thumbnail]]:
    """The first `limit` images that can still be read, each with its thumbnail."""
    shown: list[tuple[Example, Thumbnail]] = []
    for example in found:
        if len(shown) == limit:
            break
        if small := thumbnail(example.path):
            shown.append((example, small))
    return shown
