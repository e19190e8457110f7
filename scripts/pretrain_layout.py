"""Where in a picture something is found: three coarse contrasts beside the average.

An average over the picture forgets all places.  Sky is above, and what a photo shows is mostly in
its middle; so the difference between halves is worth having, and needs no more than the average does.
"""

from __future__ import annotations

CONTRASTS = 3  # top against bottom, left against right, middle against edge


def grid(maps):
    """Averages over a 4x4 grid, float32 [n, 4, 4, c], of maps [n, s, s, c]; a rest of up to 3 pixels is left."""
    import tensorflow as tf

    side = maps.shape[1] // 4
    return tf.nn.avg_pool2d(maps, side, side, "VALID")[:, :4, :4]


def contrasts(cells, bend=lambda x: x):
    """Top minus bottom, left minus right, middle minus edge, each [n, c], of a 4x4 grid.

    bend: applied to the averages before they are subtracted.
    """
    import tensorflow as tf

    quarters = bend(tf.nn.avg_pool2d(cells, 2, 2, "VALID"))
    a, b, c, d = quarters[:, 0, 0], quarters[:, 0, 1], quarters[:, 1, 0], quarters[:, 1, 1]
    middle = tf.reduce_mean(cells[:, 1:3, 1:3], (1, 2))
    edge = (4 * tf.reduce_mean(cells, (1, 2)) - middle) / 3
    return [a + b - c - d, a - b + c - d, bend(middle) - bend(edge)]
