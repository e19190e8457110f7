"""One LiteRT interpreter with a converted backbone, for one thread at a time; fed one image at a time, as XNNPACK gains
nothing from batches."""

from pathlib import Path

import numpy as np

from scripts.learn.grid import Grid
from scripts.learn.quantization import PIXEL_ZERO


class Float32Worker:
    """A backbone in float32."""

    pixels = np.float32

    def __init__(self, interpreter: type, converted: Path):
        self._it = interpreter(model_path=str(converted), num_threads=1)
        self._it.allocate_tensors()
        self._input = self._it.get_input_details()[0]["index"]
        self._output = self._it.get_output_details()[0]["index"]
        self.length = int(self._it.get_output_details()[0]["shape"][-1])

    def run(self, pixels: np.ndarray) -> np.ndarray:
        """float32 [n, size, size, 3] in 0..1 -> float32 [n, d]."""
        out = np.empty((len(pixels), self.length), np.float32)
        for i in range(len(pixels)):
            self._it.set_tensor(self._input, pixels[i : i + 1])
            self._it.invoke()
            out[i] = self._it.get_tensor(self._output)[0]
        return out


class Int8Worker:
    """A network of `quantization.quantized`. `grid`: by which its whole numbers become features."""

    pixels = np.uint8

    def __init__(self, interpreter: type, converted: Path):
        self._it = interpreter(model_path=str(converted), num_threads=1)
        self._it.allocate_tensors()
        self._input = self._it.get_input_details()[0]["index"]
        parts = sorted(self._it.get_output_details(), key=lambda part: part["name"])
        self._outputs = [part["index"] for part in parts]
        self._edges = np.cumsum([0, *(int(part["shape"][-1]) for part in parts)])
        sizes, steps = np.diff(self._edges), [part["quantization"] for part in parts]
        scale, zero = (np.repeat([step[i] for step in steps], sizes).astype(np.float32) for i in (0, 1))
        self.grid = Grid(scale, zero)

    def run(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 [n, size, size, 3] -> places in the grid, int8 [n, d]."""
        out = np.empty((len(pixels), len(self.grid)), np.int8)
        flipped = pixels ^ np.uint8(PIXEL_ZERO)  # as int8 this is p - 128
        for i in range(len(pixels)):
            self._it.set_tensor(self._input, flipped[i : i + 1].view(np.int8))
            self._it.invoke()
            for index, begin, end in zip(self._outputs, self._edges, self._edges[1:], strict=False):
                out[i, begin:end] = self._it.get_tensor(index)[0]
        return out
