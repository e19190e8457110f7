"""The pictures worth a look: the worst mistakes, and training images that may be mislabelled."""

import base64
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from scripts.learn import metrics
from scripts.learn.dataset import Dataset
from scripts.learn.images import Unreadable, decode
from scripts.learn.train import TrainedHead
from scripts.report.measured import Measured

SIDE = 96  # pixels, longest side of a thumbnail
QUALITY = 70  # of JPEG, 1..95; a thumbnail takes about 3 KB


class Seen(NamedTuple):
    """A picture, the label of its folder, the label the model gives it, and the score 0..1 of that guess."""

    path: Path
    label: str
    guess: str
    score: float


class Thumbnail(NamedTuple):
    """A data: address of a small JPEG, and its size in pixels."""

    source: str
    width: int
    height: int


def worst_mistakes(material: Dataset, trained: TrainedHead, limit: int | None = None) -> list[Seen]:
    """Measured pictures that got a wrong label, the surest mistake first."""
    measured = Measured.of(material, trained)
    wrong = np.flatnonzero(measured.guess != material.y[measured.rows])
    order = wrong[np.argsort(-measured.sure[wrong], kind="stable")]
    return [_seen(material, measured.rows[i], measured.probabilities[i]) for i in order[:limit]]


def suspects(material: Dataset, trained: TrainedHead, limit: int | None = None) -> list[Seen]:
    """Training pictures most likely mislabelled, worst first, by the scores of heads that never saw them."""
    rows = np.flatnonzero(trained.folded)
    if not len(rows):
        return []
    p = trained.out_of_fold[rows]
    return [_seen(material, rows[i], p[i]) for i in metrics.suspects(p, material.y[rows])[:limit]]


def _seen(material: Dataset, row: int, p: np.ndarray) -> Seen:
    guess = int(p.argmax())
    return Seen(material.images[row].path, material.labels[material.y[row]], material.labels[guess], float(p[guess]))


def thumbnail(path: Path) -> Thumbnail | None:
    """A small JPEG made anew; None for a picture that cannot be read.

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


def gallery(found: list[Seen], limit: int) -> list[tuple[Seen, Thumbnail]]:
    """The first `limit` pictures that can still be read, each with its thumbnail."""
    shown: list[tuple[Seen, Thumbnail]] = []
    for seen in found:
        if len(shown) == limit:
            break
        if small := thumbnail(seen.path):
            shown.append((seen, small))
    return shown
