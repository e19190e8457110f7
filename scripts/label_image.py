"""Model + images -> labels and scores. Runs alone, with the flags of tensorflow-for-poets-2's label_image.py:

python -m scripts.label_image --graph .../retrained_graph --labels .../retrained_labels.txt --image a.jpg b.jpg
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from scripts.learn.images import Unreadable, decode
from scripts.learn.tensor import import_tensorflow

BATCH = 32
SHOWN = 5  # labels an image, as tensorflow-for-poets-2 prints


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m scripts.label_image", description=__doc__.split("\n")[0])
    p.add_argument("--image", type=Path, nargs="+", required=True, help="image file(s)")
    p.add_argument("--graph", type=Path, default=Path("tf_files/retrained_graph"), help="SavedModel folder")
    p.add_argument("--labels", type=Path, default=None, help="labels file (default: beside the graph)")
    p.add_argument("--input_height", type=int, default=0, help="pixels (default: what the graph was made for)")
    p.add_argument("--input_width", type=int, default=0, help="pixels (default: what the graph was made for)")
    p.add_argument("--input_mean", type=float, default=0.0, help="taken from each pixel value 0..255")
    p.add_argument("--input_std", type=float, default=255.0, help="then divided by this")
    p.add_argument("--input_layer", default="", help="name of the graph's input (default: the only one)")
    p.add_argument("--output_layer", default="", help="name of the graph's output (default: the only one)")
    return p


class Graph:
    """A retrained_graph, ready. `labels` in the order of its output; `height` and `width` in pixels."""

    def __init__(self, folder: Path, labels: Path | None = None, input_layer: str = "", output_layer: str = ""):
        tf = import_tensorflow()
        if not (folder / "saved_model.pb").exists():
            raise ValueError(f"{folder} holds no SavedModel")
        try:
            self._loaded = tf.saved_model.load(str(folder))
        except tf.errors.OpError as problem:
            raise ValueError(" ".join(str(problem).split())) from problem
        self._call = self._loaded.signatures["serving_default"]
        inputs = self._call.structured_input_signature[1]
        self._input = _only(inputs, input_layer, "input")
        self._output = _only(self._call.structured_outputs, output_layer, "output")
        self.height, self.width = (int(n) for n in inputs[self._input].shape[1:3])
        text = (labels or folder.parent / "retrained_labels.txt").read_text(encoding="utf-8")
        self.labels = text.removesuffix("\n").split("\n")
        scores = self._call.structured_outputs[self._output].shape[-1]
        if len(self.labels) != scores:
            raise ValueError(f"{len(self.labels)} labels for {scores} scores")

    def scores(self, pixels: np.ndarray) -> np.ndarray:
        """float32 [n, height, width, 3] in [0, 1] -> probabilities float32 [n, labels]."""
        return self._call(**{self._input: pixels})[self._output].numpy()


def read(path: Path, height: int, width: int, mean: float, std: float) -> np.ndarray:
    """An image as float32 [height, width, 3]: (value 0..255 - mean) / std. Raises Unreadable."""
    from PIL import Image

    image = decode(path, draft_side=max(height, width)).resize((width, height), Image.Resampling.BILINEAR)
    return (np.asarray(image, np.float32) - np.float32(mean)) / np.float32(std)


def main(arguments: list[str] | None = None) -> int:
    flags = parser().parse_args(arguments)
    if flags.input_std == 0:
        print("--input_std must not be 0.", file=sys.stderr)
        return 2
    try:
        graph = Graph(flags.graph, flags.labels, flags.input_layer, flags.output_layer)
    except (OSError, ValueError, KeyError) as problem:
        print(f"The graph or its labels cannot be read: {problem}", file=sys.stderr)
        return 1
    height, width = flags.input_height or graph.height, flags.input_width or graph.width
    if (height, width) != (graph.height, graph.width):
        print(
            f"This graph takes images of {graph.width} x {graph.height} pixels, not {width} x {height}.",
            file=sys.stderr,
        )
        return 2
    failed = 0
    for begin in range(0, len(flags.image), BATCH):
        failed += _label(graph, flags.image[begin : begin + BATCH], flags)
    return 3 if failed else 0


def _label(graph: Graph, paths: list[Path], flags: argparse.Namespace) -> int:
    """Print the labels of a batch; returns how many could not be read."""
    pixels, good = [], []
    for path in paths:
        try:
            pixels.append(read(path, graph.height, graph.width, flags.input_mean, flags.input_std))
            good.append(path)
        except Unreadable as problem:
            print(f"{path}: {problem}", file=sys.stderr)
    if not good:
        return len(paths)
    begin = time.monotonic()
    scores = graph.scores(np.stack(pixels))
    for path, row in zip(good, scores, strict=True):
        if len(flags.image) > 1:
            print(path)
        print(f"\nEvaluation time (1-image): {(time.monotonic() - begin) / len(good):.3f}s\n")
        for i in np.argsort(-row)[:SHOWN]:
            print(f"{graph.labels[i]} (score={row[i]:0.5f})")
    return len(paths) - len(good)


def _only(names: dict, wanted: str, what: str) -> str:
    if wanted and wanted not in names:
        raise KeyError(f"the graph has no {what} called {wanted}; it has {', '.join(names)}")
    return wanted or next(iter(names))


if __name__ == "__main__":
    sys.exit(main())
