"""TensorFlow's Lite interpreter, taken out of its package without the rest, which takes a hundred times as long.

Its compiled part needs nothing but a library beside it, and its Python part is written to be used alone too, as the
package `tflite_runtime` (https://github.com/tensorflow/tensorflow/blob/v2.21.0/tensorflow/lite/python/interpreter.py).
"""

import functools
import importlib.util
import os
import sys
import types
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

PYTHON, COMPILED = "tensorflow.lite.python.interpreter", "tensorflow.lite.python._pywrap_tensorflow_interpreter_wrapper"
ALONE = "tflite_runtime"


class _NoMetrics:
    """Counts nothing; the package that stands alone counts nothing either."""

    def increase_counter_interpreter_creation(self) -> None: ...


@functools.cache
def interpreter() -> Any:
    """The class that is otherwise called tf.lite.Interpreter. For one thread at a time, while none imports TensorFlow.

    Raises:
        ImportError, OSError, AttributeError: TensorFlow's package looks different from what is expected here.
    """
    package = importlib.util.find_spec("tensorflow")
    if package is None or not package.submodule_search_locations:
        raise ImportError("TensorFlow is not installed.")
    folder = Path(package.submodule_search_locations[0]) / "lite" / "python"
    if COMPILED not in sys.modules:  # TensorFlow, should it come later, takes this one: types are registered only once
        sys.modules[COMPILED] = _module(COMPILED, folder)
    runtime: Any = types.ModuleType(ALONE)
    runtime._pywrap_tensorflow_interpreter_wrapper = sys.modules[COMPILED]
    runtime.metrics_portable = types.SimpleNamespace(TFLiteMetrics=_NoMetrics)
    before = sys.modules.get(ALONE)
    sys.modules[ALONE] = runtime
    try:
        module = _module(PYTHON, folder, os.path.join(ALONE, "interpreter.py"))  # by this it knows that it is alone
    finally:
        del sys.modules[ALONE]
        if before is not None:
            sys.modules[ALONE] = before
    return module.Interpreter


def _module(name: str, folder: Path, called: str | None = None) -> Any:
    """A module that lies in a folder, without the packages around it. `called`: the file it shall take itself for."""
    spec = PathFinder.find_spec(name, [str(folder)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{name.rpartition('.')[2]} is not in {folder}.")
    module = importlib.util.module_from_spec(spec)
    module.__file__ = called or module.__file__
    spec.loader.exec_module(module)
    return module
