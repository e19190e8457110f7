"""An EfficientNet-Lite as small as one can be, with random weights; pictures of 32 x 32 are 2 x 2 at the cut."""

import numpy as np

from scripts.learn.efficientnet_lite import STRIDES, Block, Conv, Network

SIZE = 32
WIDTHS = (4, 5, 6, 7, 8, 9, 10)
TOP = 24
SHARED = sum(WIDTHS[:5])


def tiny_network(seed: int = 0, blind_to: int | None = None) -> Network:
    """`blind_to`: a channel of the maps at the cut that the stages behind it do not look at."""
    rng = np.random.default_rng(seed)

    def conv(side: int, inside: int, out: int, stride: int = 1, depthwise: bool = False) -> Conv:
        shape = (side, side, inside, 1 if depthwise else out)
        spread = np.sqrt(2 / (side * side * (1 if depthwise else inside)))
        return Conv(rng.normal(0, spread, shape).astype(np.float32), np.full(out, 0.1, np.float32), stride, depthwise)

    stages, width = [], 4
    for out, stride in zip(WIDTHS, STRIDES, strict=True):
        expand = conv(1, width, 2 * width)
        if blind_to is not None and len(stages) == 5:
            expand.kernel[:, :, blind_to] = 0
        deep = conv(3, 2 * width, 2 * width, stride, depthwise=True)
        stages.append((Block((expand, deep, conv(1, 2 * width, out)), residual=False),))
        width = out
    return Network(conv(3, 3, 4, 2), tuple(stages), conv(1, width, TOP), (np.zeros((TOP, 5)), np.zeros(5)))
