"""TensorFlow's Lite interpreter, taken out of its package without the rest, which takes a hundred times as long.

Its compiled part needs nothing but a library beside it, and its Python part is written to be used alone too, as the
package `tflite_runtime` (https://github.com/tensorflow/tensorflow/blob/v2.21.0/tensorflow/lite/python/interpreter.py).
"""

import functools
import importlib.util
import os
import sys
import types
from importlib.machinery import EXTENSION_SUFFIXES, SourceFileLoader
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
    runtime: Any = types.ModuleType(ALONE)
    runtime._pywrap_tensorflow_interpreter_wrapper = _compiled(folder)
    runtime.metrics_portable = types.SimpleNamespace(TFLiteMetrics=_NoMetrics)
    module: Any = types.ModuleType(PYTHON)
    module.__file__ = os.path.join(ALONE, "interpreter.py")  # by this it knows that it is alone
    before = sys.modules.get(ALONE)
    sys.modules[ALONE] = runtime
    try:
        SourceFileLoader(PYTHON, str(folder / "interpreter.py")).exec_module(module)
    finally:
        del sys.modules[ALONE]
        if before is not None:
            sys.modules[ALONE] = before
    return module.Interpreter


def _compiled(folder: Path) -> types.ModuleType:
    """The compiled part under its own name, so that TensorFlow, should it be imported later, takes this one: its types
    can be registered only once."""
    if COMPILED in sys.modules:
        return sys.modules[COMPILED]
    name = COMPILED.rpartition(".")[2]
    paths = (folder / (name + ending) for ending in EXTENSION_SUFFIXES)
    path = next((path for path in paths if path.exists()), None)
    spec = importlib.util.spec_from_file_location(COMPILED, path) if path else None
    if spec is None or spec.loader is None:
        raise ImportError(f"{name} is not in {folder}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[COMPILED] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[COMPILED]
        raise
    return module
