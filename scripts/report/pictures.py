"""The images worth a look: the worst mistakes, and training images that may be mislabelled."""

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


class Judged(NamedTuple):
    """An image, the label of its folder, the predicted label, and its score 0..1."""

    path: Path
    label: str
    guess: str
    score: float


class Thumbnail(NamedTuple):
    """A data: address of a small JPEG, and its size in pixels."""

    source: str
    width: int
    height: int


def worst_mistakes(data: Dataset, trained: TrainedHead, limit: int | None = None) -> list[Judged]:
    """Images that were predicted wrongly, the highest score first."""
    measured = Measured.of(data, trained)
    wrong = np.flatnonzero(measured.guess != data.y[measured.rows])
    order = wrong[np.argsort(-measured.sure[wrong], kind="stable")]
    return [_judged(data, measured.rows[i], measured.probabilities[i]) for i in order[:limit]]


def suspects(data: Dataset, trained: TrainedHead, limit: int | None = None) -> list[Judged]:
    """Training images most likely mislabelled, worst first, by out-of-fold predictions."""
    rows = np.flatnonzero(trained.folded)
    if not len(rows):
        return []
    p = trained.out_of_fold[rows]
    return [_judged(data, rows[i], p[i]) for i in metrics.suspects(p, data.y[rows])[:limit]]


def _judged(data: Dataset, row: int, p: np.ndarray) -> Judged:
    guess = int(p.argmax())
    return Judged(data.images[row].path, data.labels[data.y[row]], data.labels[guess], float(p[guess]))


def thumbnail(path: Path) -> Thumbnail | None:
    """A small JPEG made anew; None for an image that cannot be read.

    Nothing of the file itself is carried over, neither what a camera wrote into it nor anything hidden there.
    """
    try:
        image = decode(path, draft_side=2 * SIDE)
    except Unreadable:
        return None
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    image.info.clear()  # Pillow would write a JPEG comment it finds here
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    source = f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return Thumbnail(source, image.width, image.height)


def gallery(found: list[Judged], limit: int) -> list[tuple[Judged, Thumbnail]]:
    """The first `limit` images that can still be read, each with its thumbnail."""
    shown: list[tuple[Judged, Thumbnail]] = []
    for judged in found:
        if len(shown) == limit:
            break
        if small := thumbnail(judged.path):
            shown.append((judged, small))
    return shown
