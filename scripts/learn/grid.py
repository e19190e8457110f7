"""Vectors of numbers that take 256 values each: a backbone in int8 gives such ones, and a store keeps their places.

A number is scale x (place - zero), with a scale and a zero of its own for every column.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Grid:
    """`scale` float32 [d] over 0; `zero` float32 [d]: the place of 0 in each column, -128..127."""

    scale: np.ndarray
    zero: np.ndarray

    def __len__(self) -> int:
        return len(self.scale)

    def values(self, places: np.ndarray) -> np.ndarray:
        """int8 [..., d] -> float32 [..., d]."""
        values = places - self.zero
        values *= self.scale
        return values

    def places(self, values: np.ndarray) -> np.ndarray:
        """float32 [..., d] -> the nearest places int8 [..., d]; exact for what `values` gave."""
        return np.clip(np.rint(values / self.scale + self.zero), -128, 127).astype(np.int8)

    def equals(self, other: "Grid") -> bool:
        return self is other or (np.array_equal(self.scale, other.scale) and np.array_equal(self.zero, other.zero))

    def to_bytes(self) -> bytes:
        return np.stack([self.scale, self.zero]).astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Grid":
        """Raises ValueError where these are not the bytes of a grid."""
        scale, zero = np.frombuffer(raw, "<f4").reshape(2, -1).astype(np.float32)
        if not (len(scale) and np.isfinite(zero).all() and (scale > 0).all()):
            raise ValueError("no grid")
        return cls(scale, zero)
