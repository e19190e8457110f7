"""A SavedModel's feature function, whatever kind of SavedModel it is."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.learn.backbones import BackboneProblem
from scripts.learn.tensor import import_tensorflow

FEATURES = "bottlenecks"  # the signature by which a model of ours runs without the backbone it was trained with


def load_callable(folder: Path, size: int) -> tuple[Any, Any]:
    """A SavedModel's feature function and the loaded object, which must be kept alive as long as the function.

    Handles the three kinds found in the wild: callable TF2 hub modules, Keras 3 exports (`serve`), signatures only; and
    the graphs of our own models, which say their bottlenecks beside their probabilities.

    Returns:
        (function of a float32 tensor [n, size, size, 3] -> tensor [n, d], loaded object)
    """
    tf = import_tensorflow()
    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, ValueError, RuntimeError, tf.errors.OpError) as problem:
        raise BackboneProblem(f"{folder} cannot be loaded: {' '.join(str(problem).split())[:200]}.") from problem
    signatures = getattr(loaded, "signatures", {})
    candidates = [signatures.get(FEATURES), loaded if callable(loaded) else None, getattr(loaded, "serve", None)]
    candidates += [signatures[n] for n in ("serving_default", "default", "image_feature_vector") if n in signatures]
    some = tf.TensorSpec([None, size, size, 3])
    for function in candidates:
        if function is None:
            continue
        with contextlib.suppress(TypeError, ValueError, tf.errors.OpError):
            wrapped = _one_output(tf, function)
            traced = tf.function(wrapped, autograph=False, input_signature=[some])
            if len(traced.get_concrete_function().output_shapes) == 2:  # stricter about sizes than a call
                return wrapped, loaded
    message = f"{folder} gives no feature vectors for {size} x {size} images."
    raise BackboneProblem(message, "Try another --image-size.")


def _one_output(tf: Any, function: Any) -> Callable[[Any], Any]:
    """The function with one tensor [n, d] as its result; spatial features are averaged."""

    def call(images: Any) -> Any:
        try:
            out = function(images)
        except TypeError:
            out = function(images=images)
        if isinstance(out, dict):
            out = out.get("default", next(iter(out.values())))
        elif isinstance(out, (list, tuple)):
            out = out[0]
        return tf.reduce_mean(out, axis=[1, 2]) if len(out.shape) == 4 else out

    return call
