"""Models small enough for tests of the page, what they give by numpy alone, and the page's modules run by node."""

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from flow.export.web import content
from flow.export.web.content import DEPTHWISE, POINTWISE, STEM, Layer, Novelty, WebModel
from flow.export.web.packing import packed
from flow.export.web.reading import read

ENGINE = Path(content.__file__).parent / "engine"
RUNNER = Path(__file__).with_name("web_runner.mjs")
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(not NODE, reason="skipped: no node")


def small_model(size: int = 29, labels: tuple[str, ...] = ("cat", "dog", "not"), seed: int = 0) -> WebModel:
    """Random weights in a network with every kind of layer, at odd sizes: kernels of 3 and 5, strides 1 and 2, a block
    that is added to what comes in; a head, and a novelty check over some of the embeddings. Half floats hold the weights
    exactly, so that what is left of a difference is the engine's."""
    rng = np.random.default_rng(seed)

    def weights(shape: tuple[int, ...], inputs: int) -> np.ndarray:
        found = rng.integers(-64, 65, shape)
        found.reshape(-1, shape[-1])[0] = 64  # the largest of each column, which is its scale
        return (found / 64 * 2.0 ** -round(np.log2(inputs) / 2)).astype(np.float32)

    def layer(kind: str, shape: tuple[int, ...], stride: int = 1, **more: object) -> Layer:
        kernel = weights(shape, int(np.prod(shape[:2] if kind == DEPTHWISE else shape[:-1])))
        bias = (rng.integers(-32, 33, shape[-1]) / 64).astype(np.float32)
        return Layer(kind, kernel, bias, stride, **more)  # type: ignore[arg-type]

    layers = (
        layer(STEM, (3, 3, 3, 16), 2),
        layer(DEPTHWISE, (3, 3, 16), opens=True),
        layer(POINTWISE, (16, 8), relu6=False, mean_at=24),
        layer(POINTWISE, (8, 32), opens=True),
        layer(DEPTHWISE, (5, 5, 32), 2),
        layer(POINTWISE, (32, 16), relu6=False),
        layer(POINTWISE, (16, 48), opens=True),
        layer(DEPTHWISE, (5, 5, 48)),
        layer(POINTWISE, (48, 16), relu6=False, adds=True, mean_at=32),
        layer(DEPTHWISE, (3, 3, 16), 2, opens=True),
        layer(POINTWISE, (16, 24), opens=True, mean_at=0),
    )
    rows = rng.normal(0, 1, (9, 24)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    novelty = Novelty(rows, rng.normal(0, 0.1, 24).astype(np.float32), np.full(24, 0.5, np.float32), 0.7, (24, 48))
    head = weights((48, len(labels)), 48)
    return WebModel("small", labels, layers, size, head, np.zeros(len(labels), np.float32), 0.6, 1.5, novelty)


def embeddings_of(model: WebModel, pixels: np.ndarray) -> np.ndarray:
    """What numpy makes of uint8 [n, size, size, 3] with the payload's weights: float32 [n, d]."""
    return read(packed(model, smaller=False)).embeddings(pixels)


def run_node(task: str, folder: Path, **given: object) -> dict:
    """What `web_runner.mjs` answers; arrays and bytes are handed over as files in `folder`."""
    words = {}
    for name, value in given.items():
        if isinstance(value, (bytes, np.ndarray)):
            path = folder / f"{name}.bin"
            path.write_bytes(value if isinstance(value, bytes) else np.ascontiguousarray(value).tobytes())
            words[name] = str(path)
        else:
            words[name] = value  # type: ignore[assignment]
    asked = json.dumps({"task": task, "engine": str(ENGINE), **words})
    done = subprocess.run([str(NODE), str(RUNNER)], input=asked, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def predicted(model: WebModel, pixels: np.ndarray, folder: Path, smaller: bool = False) -> dict[str, np.ndarray]:
    """What the engine says of uint8 [n, size, size, 3]: embeddings, scores, distances, kinds."""
    payload = gzip.decompress(packed(model, smaller))
    rows = run_node("predict", folder, payload=payload, pixels=pixels)["rows"]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}
