"""Networks with random weights, and what people write without RoboFlow: a plain Keras loop and transfer learning."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from scripts.learn import backbones
from scripts.learn.tensor import import_tensorflow
from scripts.studies.bench_images import LABELS

BATCH = 32  # of the prediction loop
TRAIN_BATCH = 64  # of the training, as RoboFlow's default
KERAS = {
    "inceptionv3": "InceptionV3",
    "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3_small": "MobileNetV3Small",
    "mobilenet_v3_large": "MobileNetV3Large",
    "efficientnet_v2_b0": "EfficientNetV2B0",
}


def keras_model(name: str) -> Any:
    """The Keras network behind a named backbone, with random weights; pixels in [0, 1] like all of ours.

    Raises:
        ValueError: Keras has no such network.
    """
    tf = import_tensorflow()
    found = backbones.find(name)
    tf.keras.utils.set_random_seed(1)
    how = {
        "input_shape": (found.input_size, found.input_size, 3),
        "include_top": False,
        "weights": None,
        "pooling": "avg",
    }
    if found.name in KERAS:
        return getattr(tf.keras.applications, KERAS[found.name])(**how)
    if found.name.startswith("mobilenet_"):
        return tf.keras.applications.MobileNet(alpha=float(found.name.removeprefix("mobilenet_")), **how)
    raise ValueError(f"Keras has no network called {name}.")


def save_backbone(name: str, folder: Path) -> Path:
    """A named backbone with random weights as a SavedModel, or `tiny`: one convolution, for tests and for scale."""
    tf = import_tensorflow()
    network = _tiny(tf) if name == "tiny" else keras_model(name)
    size = 32 if name == "tiny" else backbones.find(name).input_size

    class Features(tf.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        @tf.function(input_signature=[tf.TensorSpec([None, size, size, 3], tf.float32, name="images")])
        def __call__(self, images: Any) -> Any:
            return self.network(images, training=False)

    module = Features()
    tf.saved_model.save(module, str(folder), signatures=module.__call__.get_concrete_function())
    (folder / "backbone.json").write_text(f'{{"input_size": {size}}}', encoding="utf-8")
    return folder


def _tiny(tf: Any) -> Any:
    tf.keras.utils.set_random_seed(1)
    layers = tf.keras.layers
    convolution = layers.Conv2D(16, 4, 4, activation="relu")
    return tf.keras.Sequential([layers.Input((32, 32, 3)), convolution, layers.AveragePooling2D(4), layers.Flatten()])


class Loop:
    """Load image, resize, predict in batches of 32: float32 probabilities."""

    def __init__(self, backbone: str, folder: Path, size: int):
        """`backbone`: a name that Keras knows, else the SavedModel in `folder` is taken as a layer."""
        self._tf, self._size, self._model = import_tensorflow(), size, classifier(backbone, folder, size)

    def run(self, paths: list[Path]) -> None:
        utils, square = self._tf.keras.utils, (self._size, self._size)
        for begin in range(0, len(paths), BATCH):
            some = paths[begin : begin + BATCH]
            images = [utils.img_to_array(utils.load_img(path, target_size=square)) for path in some]
            self._model.predict(np.stack(images) / 255, verbose=0)


def classifier(backbone: str, folder: Path, size: int) -> Any:
    """Frozen backbone and a softmax layer, as a Keras model."""
    tf = import_tensorflow()
    try:
        network = keras_model(backbone)
        network.trainable = False
    except (ValueError, backbones.BackboneProblem):
        network = tf.keras.layers.TFSMLayer(str(folder), call_endpoint="serving_default")
    images = tf.keras.Input((size, size, 3))
    features = network(images)
    features = next(iter(features.values())) if isinstance(features, dict) else features
    return tf.keras.Model(images, tf.keras.layers.Dense(len(LABELS), activation="softmax")(features))


def epoch(backbone: str, folder: Path, size: int, photos: Path) -> float:
    """Seconds of one epoch of transfer learning that keeps no embeddings; nothing but the epoch is counted."""
    tf = import_tensorflow()
    how = {"image_size": (size, size), "batch_size": TRAIN_BATCH, "verbose": False}
    data = tf.keras.utils.image_dataset_from_directory(photos, **how)
    data = data.map(lambda x, y: (x / 255, y), num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    model = classifier(backbone, folder, size)
    model.compile("sgd", "sparse_categorical_crossentropy")
    begin = time.monotonic()
    model.fit(data, epochs=1, verbose=0)
    return time.monotonic() - begin
