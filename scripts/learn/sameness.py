"""What is the same in image after image: in the same place of the frame, or as far from the same corner. numpy only.

The gradients of different images have nothing to do with each other, so they nearly cancel in the mean image; those of
a stamp, a border or one table add up (as watermarks are found: Dekel et al. 2017, CVPR, "On the Effectiveness of
Visible Watermarks").
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

CELL = 8  # pixels a side of the cells that sameness is told for
SIDE = 224  # pixels: the whole frame squeezed to a square, or twice a corner in its own shape
CORNER = SIDE // 2
FINE, COARSE = 4, 8  # pixels that gradients are taken over; the coarse ones find what moves a little
FLOOR = 2e-3  # squared gradient, of pixels 0..1; plain backgrounds have less and are no marks
PLACES = ("frame", "upper left corner", "upper right corner", "lower left corner", "lower right corner")


@dataclass(frozen=True)
class Views:
    """Images seen five ways, uint8 [n, side, side, 3] each, in the order of PLACES; `shares` float32 [n, 2]: what part
    of an image's width and height a corner takes."""

    pixels: tuple[np.ndarray, ...]
    shares: np.ndarray


def views_of(images: list[Image.Image]) -> Views:
    """The whole frame and the four corners of RGB images."""
    corners, shares = [], []
    for image in images:
        scale = SIDE / min(image.size)
        size = max(SIDE, round(image.width * scale)), max(SIDE, round(image.height * scale))
        whole = np.asarray(image.resize(size, Image.Resampling.BILINEAR))
        near, far = slice(0, CORNER), slice(-CORNER, None)
        corners.append([whole[rows, columns] for rows in (near, far) for columns in (near, far)])
        shares.append([CORNER / size[0], CORNER / size[1]])
    frames = [np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)) for image in images]
    return Views(
        (np.stack(frames), *(np.stack(one) for one in zip(*corners, strict=True))), np.array(shares, np.float32)
    )


def sameness(pixels: np.ndarray) -> np.ndarray:
    """uint8 [n, h, w, 3] -> float32 [h / CELL, w / CELL]: the share of the gradients' energy that all images have in
    common, about 0 where they are different images and 1 where they are the same; of both scales the larger."""
    return np.maximum(*(_common(pixels, over) for over in (FINE, COARSE)))


def shared_by(pixels: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """How much of what the others have in common each image shows too: float32 [n], the cosine of its gradients and the
    mean of the other images' gradients; of both scales the larger.

    Args:
        pixels: uint8 [n, h, w, 3].
        cells: bool [h / CELL, w / CELL], where to look.
    """
    return np.maximum(*(_cosines(pixels, cells, over) for over in (FINE, COARSE)))


def _cosines(pixels: np.ndarray, cells: np.ndarray, over: int) -> np.ndarray:
    where = np.kron(cells, np.ones((CELL // over, CELL // over), bool))
    rows = _gradients(pixels, over)[:, where].reshape(len(pixels), -1)
    others = rows.sum(axis=0) - rows
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(others, axis=1)
    return (rows * others).sum(axis=1) / np.maximum(lengths, 1e-9)


def _common(pixels: np.ndarray, over: int) -> np.ndarray:
    n, gradients = len(pixels), _gradients(pixels, over)
    together = _summed((gradients.mean(axis=0) ** 2).sum(axis=2), CELL // over)
    each = _summed((gradients**2).sum(axis=3).mean(axis=0), CELL // over)
    return (together - each / n) / (each * (1 - 1 / n) + FLOOR)  # of independent images the mean has each / n left


def _gradients(pixels: np.ndarray, over: int) -> np.ndarray:
    """uint8 [n, h, w, 3] -> float32 [n, h / over, w / over, 6]: across and down, of pixels 0..1."""
    n, h, w, _ = pixels.shape
    small = pixels.reshape(n, h // over, over, w // over, over, 3).mean((2, 4), dtype=np.float32) / 255
    across, down = np.diff(small, axis=2, append=small[:, :, -1:]), np.diff(small, axis=1, append=small[:, -1:])
    return np.concatenate([across, down], axis=3)


def _summed(energy: np.ndarray, size: int) -> np.ndarray:
    """Sums over cells, then the mean over a cell and its neighbours."""
    h, w = energy.shape
    return smoothed(energy.reshape(h // size, size, w // size, size).sum((1, 3)))


def smoothed(cells: np.ndarray) -> np.ndarray:
    """float [..., h, w] -> the mean of each cell and its neighbours."""
    h, w = cells.shape[-2:]
    edges = [(0, 0)] * (cells.ndim - 2) + [(1, 1), (1, 1)]
    padded = np.pad(cells, edges, mode="edge")
    return np.mean([padded[..., i : i + h, j : j + w] for i in range(3) for j in range(3)], axis=0)


def in_corner(cells: np.ndarray, corner: int, share: np.ndarray) -> np.ndarray:
    """What of a map over the whole frame lies in a corner.

    Args:
        cells: float [h, w].
        corner: 1 to 4, its place in PLACES.
        share: float [2], what part of the width and height the corner takes.
    """
    middles = (np.arange(CORNER // CELL) + 0.5) / (CORNER // CELL)
    along = []
    for length, part, is_far in ((cells.shape[0], share[1], corner > 2), (cells.shape[1], share[0], corner % 2 == 0)):
        place = 1 - part + middles * part if is_far else middles * part
        along.append(np.minimum((place * length).astype(int), length - 1))
    return cells[np.ix_(*along)]
