"""Hand-made features to compare backbones with: shape (HOG), colour (a histogram), grain (LBP).

Needs scikit-image, which only the tests bring; nothing that ships uses this.
"""

from __future__ import annotations

import numpy as np


def features(images: np.ndarray) -> np.ndarray:
    """images float32 [n, 128, 128, 3] in 0..1 -> float32 [n, 2304].

    Raises:
        RuntimeError: scikit-image is not installed.
    """
    try:
        from skimage.feature import hog, local_binary_pattern
    except ImportError as error:
        raise RuntimeError("the hand-made features need scikit-image: pip install -r tests/requirements.txt") from error
    rows = []
    for image in images:
        grey = (image @ np.array([0.299, 0.587, 0.114], np.float32) * 255).astype(np.uint8)
        shape = hog(grey, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2))
        bins = np.minimum((image * 8).astype(int), 7)
        joint = bins[..., 0] * 64 + bins[..., 1] * 8 + bins[..., 2]
        colour = np.sqrt(np.bincount(joint.ravel(), minlength=512) / joint.size)
        grain = []
        for points, radius in ((8, 1), (16, 2)):
            codes = local_binary_pattern(grey, points, radius, method="uniform").astype(int)
            grain.append(np.sqrt(np.bincount(codes.ravel(), minlength=points + 2) / codes.size))
        rows.append(np.concatenate([shape, colour, *grain]))
    return np.array(rows, np.float32)
