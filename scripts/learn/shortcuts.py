"""Does the evidence of a label lie again and again on what is the same in image after image? A stamp, a border or a
table that gives the label away teaches the head nothing about the thing itself.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from scripts.learn import sameness
from scripts.learn.dataset import Dataset
from scripts.learn.evidence import SIDE, Evidence
from scripts.learn.explained import ExplainedImage
from scripts.learn.sameness import PLACES, Views

FEWEST = 10  # with fewer, what they have in common may be chance
SAME = 0.35  # sameness from which on a place shows the same thing; see docs/why.md
SHOWS = 0.3  # cosine of an image's gradients with the others' mean from which on it shows that thing too
SPEAKS = 0.8  # evidence of a place, beside the mean of the frame, from which on it speaks for the label
OFTEN = 0.7  # share of the images in which it must
EDGE = "edges"  # the place where that is so
EDGES = 3  # corners of the frame at which the same thing makes it a border or a background
PATCH = 96  # pixels a side of a patch that is shown


@dataclass(frozen=True)
class Shortcut:
    """What gives a label away: in `count` of `total` images the evidence lies at `place`, where they look the same.
    `patches`: that place in these images, RGB."""

    label: str
    place: str
    count: int
    total: int
    patches: tuple[Image.Image, ...]

    @property
    def sentence(self) -> str:
        """What was found, and what to do."""
        guess = "one background, or a border?" if self.place == EDGE else "a stamp, a caption, or one background?"
        return (
            f"{self.count} of {self.total} images of {self.label} are recognised by their {self.place}, where they "
            f"look the same: {guess} Crop it off, or add images of {self.label} without it."
        )

    def facts(self) -> dict:
        counted = {"label": self.label, "place": self.place, "count": self.count, "of": self.total}
        return {**counted, "sentence": self.sentence}


@dataclass(frozen=True)
class _Place:
    """Where images look the same: in a view of `sameness.PLACES`, the cells bool [h, w]; of each image there: the
    `evidence` float [n], beside the mean of what speaks for the label in the frame, and how much it `shares` float [n]
    of what the others have in common."""

    view: int
    cells: np.ndarray
    evidence: np.ndarray
    shares: np.ndarray

    @property
    def recognised(self) -> np.ndarray:
        """bool [n]: images that show the same thing here, where it clearly speaks for the label."""
        return (self.evidence >= SPEAKS / 2) & (self.shares >= SHOWS)

    @property
    def is_shortcut(self) -> bool:
        return self.evidence.mean() >= SPEAKS and self.recognised.mean() >= OFTEN


def find_shortcuts(data: Dataset, explained: list[ExplainedImage]) -> list[Shortcut]:
    """The labels that something beside the thing itself gives away, by images that were predicted rightly."""
    found = []
    for number, label in enumerate(data.labels):
        own = [one for one in explained if one.first == number == data.y[one.row]]
        if len(own) >= FEWEST and (shortcut := _shortcut(label, own)):
            found.append(shortcut)
    return found


def _shortcut(label: str, explained: list[ExplainedImage]) -> Shortcut | None:
    views = sameness.views_of([one.image for one in explained])
    places = [place for place in _places(views, [one.evidence for one in explained]) if place.is_shortcut]
    if not places:
        return None
    corners = [place for place in places if place.view]
    best = max(corners or places, key=lambda place: (place.recognised.sum(), place.evidence.mean()))
    name = EDGE if len(corners) >= EDGES else PLACES[best.view] if best.view else _name(best.cells)
    view, cells = (0, np.ones((1, 1), bool)) if name == EDGE else (best.view, best.cells)
    patches = tuple(_patch(views.pixels[view][i], cells) for i in np.flatnonzero(best.recognised))
    return Shortcut(label, name, int(best.recognised.sum()), len(explained), patches)


def _places(views: Views, evidence: list[Evidence]) -> list[_Place]:
    """Every view in which the images have something in common."""
    found = []
    for view, pixels in enumerate(views.pixels):
        same = sameness.sameness(pixels) >= SAME
        if same.any():
            there = [_density(one, view, share)[same].mean() for one, share in zip(evidence, views.shares, strict=True)]
            found.append(_Place(view, same, np.array(there), sameness.shared_by(pixels, same)))
    return found


def _density(evidence: Evidence, view: int, share: np.ndarray) -> np.ndarray:
    """What speaks for the label in each cell of a view; 1 = as much as in the mean of the frame."""
    cells = evidence.cells * (SIDE * SIDE / max(1e-6, float(np.maximum(evidence.cells, 0).sum())))
    return sameness.smoothed(sameness.in_corner(cells, view, share) if view else cells)


def _name(cells: np.ndarray) -> str:
    """Where in the frame cells lie, such as "lower right corner", "left edge" or "middle"."""
    rows, columns = (axis.mean() / length for axis, length in zip(np.nonzero(cells), cells.shape, strict=True))
    down = "upper" if rows < 1 / 3 else "lower" if rows > 2 / 3 else ""
    across = "left" if columns < 1 / 3 else "right" if columns > 2 / 3 else ""
    if down and across:
        return f"{down} {across} corner"
    return f"{down or across} edge" if down or across else "middle"


def _patch(pixels: np.ndarray, cells: np.ndarray) -> Image.Image:
    """What a view shows at the cells."""
    size = pixels.shape[0] // cells.shape[0]
    rows, columns = (np.nonzero(cells.any(axis=1 - axis))[0] for axis in (0, 1))
    left, top, right, bottom = (int(cell) * size for cell in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    patch = Image.fromarray(pixels).crop((left, top, right, bottom))
    patch.thumbnail((PATCH, PATCH))
    return patch
