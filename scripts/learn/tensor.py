"""The only place that imports TensorFlow, its hub and LiteRT: when first needed, quiet, settings made beforehand."""

import gc
import importlib.util
import logging
import os
import sys
import types
import warnings
from pathlib import Path
from threading import RLock
from typing import Any

_DOOR = RLock()  # for one thread at a time


def import_tensorflow() -> Any:
    """The tensorflow module, its log messages turned down.

    oneDNN must be switched on before the import (1.3 to 1.7 times faster on MobileNets in batches).
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="tensorflow|keras|google|tf_keras")
    with _DOOR:
        tf = _imported()
    tf.get_logger().setLevel("ERROR")
    return tf


def _imported() -> Any:
    """The module itself. It brings 400,000 objects that stay: Python looks through them neither while they come, which
    takes a fifth of the import, nor ever after (https://docs.python.org/3/library/gc.html#gc.freeze)."""
    if "tensorflow" in sys.modules:
        import tensorflow

        return tensorflow
    gc.collect()  # what is garbage now would stay for good
    was_on = gc.isenabled()
    gc.disable()
    try:
        import tensorflow

        gc.freeze()
    finally:
        if was_on:
            gc.enable()
    return tensorflow


def tidy() -> None:
    """Remove the Python files that TensorFlow's autograph wrote into the temporary folder for functions of its own, and
    what Python compiled them to: it removes the files itself at exit, but not where a process ends by os._exit."""
    for name, module in list(sys.modules.items()):
        if name.startswith("__autograph_generated_file"):
            for path in (getattr(module, "__file__", None), getattr(module, "__cached__", None)):
                if path:
                    Path(str(path)).unlink(missing_ok=True)


def import_hub() -> Any:
    """The tensorflow_hub module; where setuptools is too new to bring pkg_resources, a stand-in for the one function
    that tensorflow_hub 0.16.1 takes from it."""
    import_tensorflow()
    warnings.filterwarnings("ignore", message=".*pkg_resources.*")
    if "pkg_resources" not in sys.modules and importlib.util.find_spec("pkg_resources") is None:
        from packaging.version import parse

        stand_in = types.ModuleType("pkg_resources")
        stand_in.parse_version = parse  # type: ignore[attr-defined]
        sys.modules["pkg_resources"] = stand_in
    import tensorflow_hub

    return tensorflow_hub


def light_interpreter() -> Any:
    """LiteRT's interpreter class, which needs nothing of TensorFlow."""
    with _DOOR:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError:  # Macs with an Intel processor have no wheel of it; TensorFlow's class does the same
            warnings.filterwarnings("ignore", message=r"\s*Warning: tf\.lite\.Interpreter")
            return import_tensorflow().lite.Interpreter
        return Interpreter


def light_schema() -> Any:
    """The module that reads and writes the format of TFLite files as Python objects."""
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError:
        import_tensorflow()
        from tensorflow.lite.python import schema_py_generated
    return schema_py_generated
