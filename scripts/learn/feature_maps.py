"""The feature maps behind an embedding, from the float32 TFLite file of the backbone: the same graph, more outputs.

An embedding is a mean over places wherever a backbone ends in spatial means, side by side. Those are found in the file,
and what they average becomes an output too. No file is written, no TensorFlow is needed, and no gradient.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from scripts.learn.backbones import Backbone, BackboneProblem, in_float32, key_of
from scripts.learn.conversion import float_file
from scripts.learn.memory_budget import give_back_to_system
from scripts.learn.runners import CORES
from scripts.learn.tensor import light_interpreter, light_schema

EXACT = 1e-4  # largest difference between the means of the maps and the embedding, relative to its largest entry
_PASSES = ("RESHAPE", "SQUEEZE")  # operators that only arrange numbers in another way


class NoMaps(Exception):
    """A backbone without maps; the text says why, in a sentence."""


@dataclass(frozen=True)
class FeatureMaps:
    """One image: its embedding `vector` float32 [d], and the maps whose means it consists of: (the first column that a
    map is averaged into, the map float32 [height, width, channels])."""

    vector: np.ndarray
    parts: tuple[tuple[int, np.ndarray], ...]


class MapReader:
    """A backbone that also gives its maps. Any thread may use it, one at a time. `key`: of its weights, as of a runner.

    Raises:
        NoMaps: its embedding is not made of spatial means.
    """

    def __init__(self, converted: Path, title: str = "this backbone", key: str = ""):
        self.key = key
        raw, self._parts = _with_maps(converted.read_bytes(), title)
        give_back_to_system()  # four copies of the network
        self._it, self._lock = light_interpreter()(model_content=raw, num_threads=CORES), Lock()
        self._it.allocate_tensors()
        given = self._it.get_input_details()[0]
        self._input, self.input_size = given["index"], int(given["shape"][1])
        self._outputs = [detail["index"] for detail in self._it.get_output_details()]
        self._check(title)

    @classmethod
    def of(cls, backbone: Backbone, folder: Path, converted_folder: Path) -> "MapReader":
        """The maps of a backbone on disk.

        Raises:
            NoMaps: it has none.
        """
        try:
            converted = float_file(backbone, folder, converted_folder)
            return cls(converted, backbone.title, key_of(in_float32(backbone), folder))
        except BackboneProblem as problem:
            raise NoMaps(f"There is no map for {backbone.title}: {problem.message}") from problem

    def read(self, pixels: np.ndarray) -> FeatureMaps:
        """float32 [size, size, 3] in [0, 1] -> its embedding and maps, in one pass."""
        with self._lock:
            self._it.set_tensor(self._input, pixels[None])
            self._it.invoke()
            vector, *maps = (self._it.get_tensor(index)[0] for index in self._outputs)
        return FeatureMaps(vector, tuple(zip(self._parts, maps, strict=True)))

    def _check(self, title: str) -> None:
        """One random image: the maps must average to the embedding."""
        side = self.input_size
        found = self.read(np.random.default_rng(0).random((side, side, 3), np.float32))
        means = np.full_like(found.vector, np.nan)
        for begin, values in found.parts:
            means[begin : begin + values.shape[-1]] = values.mean(axis=(0, 1))
        if not np.abs(means - found.vector).max() <= EXACT * max(1.0, float(np.abs(found.vector).max())):
            raise NoMaps(f"There is no map for {title}: its embedding is not the mean of its feature maps.")


def _with_maps(raw: bytes, title: str) -> tuple[bytes, list[int]]:
    """A TFLite file with the maps as further outputs, and the first column of each map."""
    import flatbuffers

    schema = light_schema()
    model = schema.ModelT.InitFromPackedBuf(raw, 0)
    graph = model.subgraphs[0]
    found = list(_Tracer(schema, model, title).maps(int(graph.outputs[0]), 0))
    graph.outputs = [graph.outputs[0], *(tensor for _, tensor in found)]
    model.signatureDefs = []  # they name one output
    builder = flatbuffers.Builder(len(raw) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output()), [begin for begin, _ in found]


class _Tracer:
    """Walks from an output back to the maps that it averages."""

    def __init__(self, schema: Any, model: Any, title: str):
        self._graph, self._title = model.subgraphs[0], title
        self._makers = {int(out): op for op in self._graph.operators for out in op.outputs}
        names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
        self._names = [names[max(c.builtinCode, c.deprecatedBuiltinCode)] for c in model.operatorCodes]

    def maps(self, tensor: int, begin: int) -> Iterator[tuple[int, int]]:
        """(first column, tensor of a map) for each map that a tensor [1, d] is made of.

        Args:
            begin: the first column of the tensor itself.
        """
        op = self._makers.get(tensor)
        name = self._names[op.opcodeIndex] if op else ""
        if op and name == "CONCATENATION":
            for part in map(int, op.inputs):
                yield from self.maps(part, begin)
                begin += int(self._graph.tensors[part].shape[-1])
        elif op and name in _PASSES:
            yield from self.maps(int(op.inputs[0]), begin)
        elif op and name in ("MEAN", "AVERAGE_POOL_2D") and len(self._graph.tensors[int(op.inputs[0])].shape) == 4:
            yield begin, int(op.inputs[0])
        else:
            raise NoMaps(f"There is no map for {self._title}: its embedding is not the mean of its feature maps.")
