"""A whole classifier as TFLite files: converted from its SavedModel, opened to run, compared with each other.

float32   the same probabilities as the SavedModel to 1e-4, checked before it is given out
float16   the weights in half the bytes; computed in float32 where the device has nothing better
int8      weights and everything between the layers in whole numbers, for chips that know nothing else; images and
          probabilities stay float32
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scripts.learn.images import Unreadable, load_pixels
from scripts.learn.runners import CORES
from scripts.learn.tensor import import_tensorflow, light_interpreter

FILES = {"float32": "model.tflite", "float16": "model_float16.tflite", "int8": "model_int8.tflite"}
PREDICT = Path(__file__).with_name("predict.py")  # a page of Python that runs such a file
PARITY = 1e-4  # largest difference of a probability between the float32 file and the SavedModel
CHECKS = 3  # random images the float32 file is checked on
SIGNATURE = "serving_default"
AT_ONCE = 32  # decoded images held while comparing


class ConversionProblem(Exception):
    """A graph that cannot be converted; the text says why in a few words."""


@dataclass(frozen=True)
class Source:
    """A model's SavedModel, ready to be converted. `function`: float32 [1, size, size, 3] in [0, 1] -> probabilities;
    `loaded` must be kept alive as long as it."""

    function: Any
    loaded: Any
    size: int

    def converted(self, kind: str, examples: list[Path] | None = None) -> bytes:
        """The TFLite file of a kind.

        Args:
            kind: one of FILES.
            examples: for int8: images as the classifier will see, by which the ranges of all layers are found.

        Raises:
            ConversionProblem: the converter refuses, or gives a file that gives other probabilities.
        """
        tf = import_tensorflow()
        converter = tf.lite.TFLiteConverter.from_concrete_functions([self.function], self.loaded)
        if kind != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if kind == "float16":
            converter.target_spec.supported_types = [tf.float16]
        elif kind == "int8":
            converter.representative_dataset = lambda: ([p[None]] for _, p in readable(examples or [], self.size))
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        try:
            raw = bytes(converter.convert())
        except Exception as problem:  # noqa: BLE001 - the converter raises whatever it likes
            message = f"TensorFlow cannot make a {kind} file of it ({type(problem).__name__})"
            raise ConversionProblem(message) from problem
        if kind == "float32":
            self._check(raw)
        return raw

    def _check(self, raw: bytes) -> None:
        images = np.random.default_rng(0).random((CHECKS, self.size, self.size, 3), np.float32)
        want = np.concatenate([next(iter(self.function(p[None]).values())).numpy() for p in images])
        difference = float(np.abs(want - Lite(raw).scores(images)).max())
        if not difference <= PARITY:
            raise ConversionProblem(f"the converted file gives other probabilities (by {difference:.2g})")


def open_source(graph: Path, size: int) -> Source:
    """A model's SavedModel. Raises ConversionProblem where it cannot be loaded or has no `serving_default`."""
    tf = import_tensorflow()
    try:
        loaded = tf.saved_model.load(str(graph))
        serve = loaded.signatures[SIGNATURE]
    except (OSError, ValueError, KeyError, RuntimeError, tf.errors.OpError) as problem:
        raise ConversionProblem(f"its graph cannot be loaded ({type(problem).__name__})") from problem
    one = tf.TensorSpec([1, size, size, 3], tf.float32, name="images")
    call = tf.function(lambda images: serve(images=images), autograph=False, input_signature=[one])
    return Source(call.get_concrete_function(), loaded, size)


class Lite:
    """A TFLite classifier, for one thread at a time."""

    def __init__(self, source: Path | bytes):
        given = {"model_content": source} if isinstance(source, bytes) else {"model_path": str(source)}
        self._it = light_interpreter()(**given, num_threads=CORES)
        self._it.allocate_tensors()
        self._input = self._it.get_input_details()[0]["index"]
        self._output = self._it.get_output_details()[0]["index"]

    def scores(self, pixels: np.ndarray) -> np.ndarray:
        """float32 [n, size, size, 3] in [0, 1] -> probabilities float32 [n, labels]."""
        rows = []
        for image in pixels:
            self._it.set_tensor(self._input, image[None])
            self._it.invoke()
            rows.append(self._it.get_tensor(self._output)[0].copy())
        return np.stack(rows)


@dataclass(frozen=True)
class Compared:
    """One file on images. `right` of `total`: it gives the label that is known; `same` of `looked`: it says what the
    float32 file says, which needs no label."""

    kind: str
    right: int
    total: int
    same: int
    looked: int


def compare(
    files: dict[str, Path],
    labelled: dict[Path, int],
    fresh: list[Path],
    size: int,
    progress: Callable[[int], None] = lambda n: None,
) -> list[Compared]:
    """Run every file on the same images; what cannot be read is left out of all.

    Args:
        files: kind -> file; float32 among them.
        labelled: images with the number of their label, to count right answers on.
        fresh: images that the classifier was not trained on, to count equal answers on; where none, all of them.
    """
    opened = {kind: Lite(path) for kind, path in files.items()}
    guesses: dict[str, dict[Path, int]] = {kind: {} for kind in files}
    for paths, pixels in _batches([*labelled, *(path for path in fresh if path not in labelled)], size):
        for kind, lite in opened.items():
            guesses[kind] |= dict(zip(paths, lite.scores(pixels).argmax(axis=1).tolist(), strict=True))
        progress(len(paths))
    plain = guesses["float32"]
    known, looked = [p for p in labelled if p in plain], [p for p in fresh or labelled if p in plain]
    return [
        Compared(
            kind,
            sum(g[p] == labelled[p] for p in known),
            len(known),
            sum(g[p] == plain[p] for p in looked),
            len(looked),
        )
        for kind, g in guesses.items()
    ]


def readable(paths: list[Path], size: int) -> Iterator[tuple[Path, np.ndarray]]:
    """The images that can be read, with their pixels float32 [size, size, 3]."""
    for path in paths:
        try:
            yield path, load_pixels(path, size)
        except Unreadable:
            continue


def _batches(paths: list[Path], size: int) -> Iterator[tuple[list[Path], np.ndarray]]:
    for begin in range(0, len(paths), AT_ONCE):
        got = list(readable(paths[begin : begin + AT_ONCE], size))
        if got:
            yield [path for path, _ in got], np.stack([pixels for _, pixels in got])
