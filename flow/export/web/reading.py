"""A payload read back and run in Python: what a page will say of an image, without a browser.

It reads the bytes that the page reads, rounded weights and all, so it tells how far the page's scores are from the
model's own. Browsers decode images a little differently; that difference is not in it.
"""

import gzip
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flow.base.learning import api
from flow.export.web.content import DEPTHWISE, POINTWISE, Layer
from flow.export.web.packing import COLUMN

if TYPE_CHECKING:
    import numpy as np

# What the engine does with a pixel 0..255 first; the same as scripts/learn/efficientnet_lite.py.
PIXEL_MEAN, PIXEL_RANGE = 127, 128


@dataclass(frozen=True)
class Reading:
    """The model in a payload: its layers, its head (the temperature inside) and its novelty check, None = no check."""

    layers: tuple[Layer, ...]
    size: int
    vector_length: int
    head: "api.Head"
    novelty: "api.NoveltyDetector | None"

    def embeddings(self, pixels: "np.ndarray") -> "np.ndarray":
        """uint8 [n, size, size, 3] -> float32 [n, d]."""
        import numpy as np

        out = np.zeros((len(pixels), self.vector_length), np.float32)
        for layer, x in zip(self.layers, run(self.layers, pixels), strict=True):
            if layer.mean_at >= 0:
                out[:, layer.mean_at : layer.mean_at + x.shape[-1]] = x.mean(axis=(1, 2))
        return out


def run(layers: Sequence[Layer], pixels: "np.ndarray") -> "Iterator[np.ndarray]":
    """What comes out of each layer, float32 [n, h, w, out], for uint8 [n, size, size, 3]."""
    x = opened = as_input(pixels)
    for layer in layers:
        opened = x if layer.opens else opened
        x = finished(layer, convolved(layer, x) + layer.bias, opened)
        yield x


def as_input(pixels: "np.ndarray") -> "np.ndarray":
    """uint8 0..255 -> float32 as the first layer wants it."""
    return (pixels.astype("float32") - PIXEL_MEAN) / PIXEL_RANGE


def finished(layer: Layer, x: "np.ndarray", opened: "np.ndarray") -> "np.ndarray":
    """What a layer does behind its convolution and its bias.

    Args:
        opened: what came into its block.
    """
    x = x + opened if layer.adds else x
    return x.clip(0, 6) if layer.relu6 else x


def read(payload: bytes) -> Reading:
    """The model in a payload of `packing.packed`."""
    raw = gzip.decompress(payload)
    (length,) = struct.unpack_from("<I", raw)
    described, numbers = json.loads(raw[4 : 4 + length]), raw[4 + length :]
    head = described["head"]
    return Reading(
        tuple(_layer(one, numbers) for one in described["layers"]),
        described["size"],
        described["vectorLength"],
        api.Head(_array(head["weights"], numbers), _array(head["bias"], numbers)).with_temperature(head["temperature"]),
        _novelty(described["novelty"], numbers) if described["novelty"] else None,
    )


def _novelty(described: dict[str, Any], numbers: bytes) -> "api.NoveltyDetector":
    rows, centre, spread = (_array(described[name], numbers) for name in ("rows", "centre", "spread"))
    first, end = described["columns"]
    return api.NoveltyDetector(rows, centre, spread, described["limit"], (first, end))


def _layer(described: dict[str, Any], numbers: bytes) -> Layer:
    return Layer(
        described["kind"],
        _array(described["weights"], numbers),
        _array(described["bias"], numbers),
        described["stride"],
        described["relu6"],
        described["opens"],
        described["adds"],
        described["mean"],
    )


def _array(stored: dict[str, Any], numbers: bytes) -> "np.ndarray":
    """A stored tensor as float32; see `packing._Numbers`."""
    import numpy as np

    count, at = int(np.prod(stored["shape"])), stored["at"]
    if stored["type"] == "float16":  # all low bytes, then all high ones
        halves = np.frombuffer(numbers, np.uint8, 2 * count, at).reshape(2, count)
        values = np.ascontiguousarray(halves.T).view("<f2")
    else:
        values = np.frombuffer(numbers, "<f4" if stored["type"] == "float32" else np.int8, count, at)
    values = values.astype(np.float32).reshape(stored["shape"])
    if "scales" not in stored:
        return values
    scales = _array(stored["scales"], numbers)
    return values * (scales if stored["by"] == COLUMN else scales[:, None])


def convolved(layer: Layer, x: "np.ndarray") -> "np.ndarray":
    """float32 [n, h, w, in] -> [n, h', w', out], with "same" padding as TensorFlow has it: the odd row goes behind."""
    import numpy as np

    kernel = layer.kernel[None, None] if layer.kind == POINTWISE else layer.kernel
    size, stride = len(kernel), layer.stride
    side = -(-x.shape[1] // stride)
    pad = max(0, (side - 1) * stride + size - x.shape[1])
    x = np.pad(x, ((0, 0), (pad // 2, pad - pad // 2), (pad // 2, pad - pad // 2), (0, 0)))
    out = np.zeros((len(x), side, side, len(layer.bias)), np.float32)
    for ky in range(size):
        for kx in range(size):
            part = x[:, ky : ky + (side - 1) * stride + 1 : stride, kx : kx + (side - 1) * stride + 1 : stride]
            out += part * kernel[ky, kx] if layer.kind == DEPTHWISE else part @ kernel[ky, kx]
    return out
