"""Where the evidence for one label rather than another lay: the head's logits, cell by cell of the feature maps.

A logit is linear in the embedding, and the embedding is a mean over the cells of feature maps. So the difference of two
logits is a sum over those cells, exactly: no gradients, no occlusion, no second pass (class activation maps: Zhou et
al. 2016, arXiv 1512.04150; here over all stages of the network). numpy only.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from scripts.learn.feature_maps import FeatureMaps
from scripts.learn.head import Head

SIDE = 28  # cells a side of the grid that the maps of all stages are added up on


@dataclass(frozen=True)
class Evidence:
    """What spoke for a label rather than for another one.

    `cells` float32 [SIDE, SIDE], in nats: positive spoke for the first label, negative for the second; `constant`: what
    speaks for the first one in any image. Together they are the difference of the two logits.
    """

    cells: np.ndarray
    constant: float

    @property
    def total(self) -> float:
        """The difference of the two logits, in nats."""
        return float(self.cells.sum(dtype=np.float64)) + self.constant


def evidence_of(maps: FeatureMaps, head: Head, first: int, second: int, usual: np.ndarray | None = None) -> Evidence:
    """What in an image spoke for label `first` rather than `second`.

    Args:
        usual: float32 [d], the mean embedding of the training images. A cell then counts by how it differs from the
            mean, and what they all have in common is in `constant`; the sum is the same.
    """
    weights = (head.weights[:, first] - head.weights[:, second]).astype(np.float64)
    usual = np.zeros(len(weights)) if usual is None else usual.astype(np.float64)
    cells = np.zeros((SIDE, SIDE))
    for begin, values in maps.parts:
        height, width, channels = values.shape
        part = slice(begin, begin + channels)
        found = (values @ weights[part] - usual[part] @ weights[part]) / (height * width)
        cells += _spread(height) @ found @ _spread(width).T
    constant = float(head.bias[first]) - float(head.bias[second]) + float(usual @ weights)
    return Evidence(cells.astype(np.float32), constant)


@cache
def _spread(length: int) -> np.ndarray:
    """float64 [SIDE, length]: distributes `length` cells over SIDE by how much of each lies in each; every column sums
    to 1, so that nothing is lost and nothing is added."""
    edges, cells = np.arange(SIDE + 1) / SIDE, np.arange(length + 1) / length
    overlap = np.minimum(edges[1:, None], cells[None, 1:]) - np.maximum(edges[:-1, None], cells[None, :-1])
    return np.maximum(overlap, 0) * length
