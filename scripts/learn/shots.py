"""Which frames of a film are worth keeping, and where it is cut. numpy only, nothing decoded.

What is cut apart counts as recordings of their own, so a cut is seen only where the picture changes from one frame to
the next and stays changed: neither a quick hand nor a flash is one. A cut that is missed joins two scenes in one
recording, which makes no number better than it is.
"""

from dataclasses import dataclass, field

import numpy as np

from scripts.learn.fingerprints import SIDE, Fingerprint

CELLS = SIDE  # a side, of the grey image that `ShotFinder.watch` takes
EVERY_S = 0.2  # seconds of film between two frames that are looked at
KEPT_BITS = (
    12  # of 64; a frame's hash differs in at least so many from that of the last kept one: each of six scenes came
)
# Mean change of 32 x 32 grey cells, of 255, their means taken out. Of things shown by quick hands neighbouring frames
# differ by 17 at most of 30 a second and 20 at most in all, across cuts by 38 to 61; frames 0.2 s apart, moved to where
# they fit best, by 28 at most, across cuts by 27 to 50.
JUMP, CHANGE = 28.0, 25.0
SHIFT = 6  # cells by which a picture may have moved
FLAT_RANGE = 10  # of 255; a frame whose cells vary less shows nothing: a black picture, a fade


@dataclass
class ShotFinder:
    """Feed it every frame of one film to `watch`, and now and then one to `is_kept`. `shot`: the number of the present
    one, from 1."""

    shot: int = 1
    _before: np.ndarray | None = field(default=None, repr=False)  # cells of the frame before
    _jumped: bool = False  # since the last frame that was looked at
    _last: np.ndarray | None = field(default=None, repr=False)  # cells of that
    _kept: int | None = field(default=None, repr=False)  # hash of the last kept one

    def watch(self, cells: np.ndarray) -> None:
        """One more frame, as grey cells [32, 32]."""
        if self._before is not None and difference(self._before, cells) >= JUMP:
            self._jumped = True
        self._before = cells.astype(np.float32)

    def is_kept(self, look: Fingerprint) -> bool:
        """Whether a frame, which was watched already, shows something that the last kept one does not."""
        if is_flat(look):
            return False
        cells = cells_of(look)
        if self._jumped and self._last is not None and moved_difference(self._last, cells) >= CHANGE:
            self.cut()
        self._jumped, self._last = False, cells
        if self._kept is not None and (self._kept ^ look.dhash).bit_count() < KEPT_BITS:
            return False
        self._kept = look.dhash
        return True

    def cut(self) -> None:
        """Another shot begins."""
        self.shot += 1
        self._kept = None


def is_flat(look: Fingerprint) -> bool:
    """Whether an image shows nothing, as that of a covered camera."""
    return max(look.thumb) - min(look.thumb) < FLAT_RANGE


def cells_of(look: Fingerprint) -> np.ndarray:
    """Its grey cells float32 [32, 32]."""
    return np.frombuffer(look.thumb, np.uint8).reshape(SIDE, SIDE).astype(np.float32)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """How much the grey cells of two images differ, whatever their brightness."""
    one, other = one.astype(np.float32), other.astype(np.float32)
    return float(np.abs((one - one.mean()) - (other - other.mean())).mean())


def moved_difference(one: np.ndarray, other: np.ndarray) -> float:
    """The same, with one moved by up to SHIFT cells to where it fits best."""
    steps = range(-SHIFT, SHIFT + 1)
    return min(difference(_moved(one, dy, dx), _moved(other, -dy, -dx)) for dy in steps for dx in steps)


def _moved(cells: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """What is left of an image that moves out of the picture."""
    height, width = cells.shape
    return cells[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)]
