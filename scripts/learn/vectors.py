"""Embeddings as rows of unit length, and how far they are from each other. numpy only."""

import numpy as np


def unit_rows(vectors: np.ndarray, centre: np.ndarray, spread: np.ndarray | float = 1.0) -> np.ndarray:
    """Rows less `centre`, divided by `spread` and scaled to length 1, float32 [n, d]."""
    moved = vectors - centre
    moved /= spread
    length = np.sqrt(np.einsum("ij,ij->i", moved, moved))  # numpy's norm makes a copy
    moved /= np.maximum(length, 1e-9)[:, None]
    return moved


def nearest_distance(vectors: np.ndarray, others: np.ndarray) -> np.ndarray:
    """1 - cosine, 0..2, of each row to the nearest row of `others`, float32 [n]; both of unit length. All pairs at
    once, so for some rows at a time."""
    return 1 - (vectors @ others.T).max(axis=1)
