"""A WebModel as bytes: a description in JSON that points into the numbers behind it. engine/payload.js reads it.

16-bit    the weights of the network as half floats, each output channel divided by its largest weight first
8-bit     the weights of large 1 x 1 convolutions as whole numbers, each output channel with its own scale; the others,
          a tenth of all weights, are the most sensitive and stay half floats: over 480 photos of other things a score
          moved by up to .09 with them as whole numbers too, and by up to .04 so (before biases were fitted)

The rows of the novelty check are whole numbers with a scale a row, thinned where there are many.
"""

import gzip
import json
import struct
from typing import TYPE_CHECKING, Any

from flow.export.web.content import DEPTHWISE, POINTWISE, Layer, Novelty, WebModel
from flow.export.web.thinning import thinned

if TYPE_CHECKING:
    import numpy as np

FORMAT = 1
COLUMN, ROW = "column", "row"
WEIGHTS_LARGEST = 127  # whole numbers from -127 to 127
WHOLE_FROM = 20_000  # weights of a layer from which on they become whole numbers
# Of the novelty check: the largest whole number, and how many numbers there may be, so that a page of lite0 stays under
# 9 MB, or 5 MB where it is to be smaller. By rounding to -31..31 a distance moves by .0015 in the mean.
ROWS_LARGEST = {False: 63, True: 31}
ROWS_NUMBERS_MOST = {False: 1_000_000, True: 450_000}


def packed(model: WebModel, smaller: bool) -> bytes:
    """The payload, compressed; the same bytes for the same model.

    Args:
        smaller: 8-bit weights in place of 16-bit ones.
    """
    numbers = _Numbers()
    described = {
        "format": FORMAT,
        "title": model.title,
        "size": model.image_size,
        "columnsFirst": model.columns_first,
        "vectorLength": len(model.head_weights),
        "labels": model.labels,
        "confidenceMin": model.confidence_min,
        "layers": [_layer(layer, numbers, smaller) for layer in model.layers],
        "head": {
            "weights": numbers.scaled(model.head_weights),
            "bias": numbers.plain(model.head_bias),
            "temperature": model.temperature,
        },
        "novelty": _novelty(model.novelty, numbers, smaller) if model.novelty else None,
        "facts": model.facts,
        "notices": model.notices,
        "credits": [{"text": c.text, "licence": c.licence, "url": c.url} for c in model.credits],
        "own": model.own,
        "agreement": model.agreement,
    }
    text = json.dumps(described, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    return gzip.compress(struct.pack("<I", len(text)) + text + numbers.joined(), mtime=0)


def _layer(layer: Layer, numbers: "_Numbers", smaller: bool) -> dict[str, Any]:
    is_flat = layer.kind == POINTWISE
    is_whole = smaller and is_flat and layer.kernel.size >= WHOLE_FROM
    weights = numbers.whole(layer.kernel, WEIGHTS_LARGEST) if is_whole else numbers.scaled(layer.kernel)
    return {
        "kind": layer.kind,
        "in": layer.kernel.shape[-2] if layer.kind != DEPTHWISE else len(layer.bias),
        "out": len(layer.bias),
        "kernel": 1 if is_flat else layer.kernel.shape[0],
        "stride": layer.stride,
        "relu6": layer.relu6,
        "opens": layer.opens,
        "adds": layer.adds,
        "mean": layer.mean_at,
        "weights": weights,
        "bias": numbers.half(layer.bias),
    }


def _novelty(novelty: Novelty, numbers: "_Numbers", smaller: bool) -> dict[str, Any]:
    rows = thinned(novelty.rows, ROWS_NUMBERS_MOST[smaller] // novelty.rows.shape[1])
    return {
        "rows": numbers.whole(rows, ROWS_LARGEST[smaller], ROW),
        "centre": numbers.plain(novelty.centre),
        "spread": numbers.plain(novelty.spread),
        "limit": novelty.limit,
        "columns": novelty.columns,
    }


class _Numbers:
    """The numbers of a payload, one tensor after another; each method adds one and says where it is."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def joined(self) -> bytes:
        """All of them."""
        return b"".join(self._parts)

    def plain(self, values: "np.ndarray") -> dict[str, Any]:
        """As float32."""
        return self._added("float32", values, values.astype("<f4").tobytes())

    def half(self, values: "np.ndarray") -> dict[str, Any]:
        """As half floats: all low bytes, then all high ones, which gzip makes a seventh smaller than in pairs."""
        import numpy as np

        pairs = np.frombuffer(values.astype("<f2").tobytes(), np.uint8).reshape(-1, 2)
        return self._added("float16", values, pairs.T.tobytes())

    def scaled(self, values: "np.ndarray") -> dict[str, Any]:
        """As half floats from -1 to 1, with a scale for each column."""
        scales = _scales(values, 1, COLUMN)
        return {**self.half(values / scales), "scales": self.half(scales), "by": COLUMN}

    def whole(self, values: "np.ndarray", largest: int, by: str = COLUMN) -> dict[str, Any]:
        """As whole numbers from -`largest` to `largest`, with a scale for each column, or each row."""
        import numpy as np

        scales = _scales(values, largest, by)
        rounded = np.round(values / (scales[:, None] if by == ROW else scales)).clip(-largest, largest).astype(np.int8)
        return {**self._added("int8", values, rounded.tobytes()), "scales": self.half(scales), "by": by}

    def _added(self, kind: str, values: "np.ndarray", raw: bytes) -> dict[str, Any]:
        at = self._length
        self._parts.append(raw)
        self._length += len(raw)
        return {"type": kind, "shape": list(values.shape), "at": at}


def _scales(values: "np.ndarray", largest: int, by: str) -> "np.ndarray":
    """What to divide each column (last axis) or row (first axis) by, so that none of it is over `largest`; float32 that
    half floats hold exactly, 1 where nothing is large enough for one."""
    import numpy as np

    axes = tuple(range(1, values.ndim)) if by == ROW else tuple(range(values.ndim - 1))
    most = np.abs(values.astype(np.float32)).max(axis=axes)
    scales = (most / np.float32(largest)).astype(np.float16).astype(np.float32)
    return np.where(scales > 0, scales, np.float32(1))
