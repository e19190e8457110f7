"""What people write without RoboFlow, to be measured against: a plain Keras loop, and plain transfer learning."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from scripts.bench import ground
from scripts.learn.tensor import import_tensorflow

BATCH = 32  # of the loop
TRAIN_BATCH = 64  # of the training, as RoboFlow's default


class Loop:
    """Load image, resize, predict in batches of 32: float32 probabilities."""

    def __init__(self, backbone: str, folder: Path, size: int):
        """`backbone`: a name Keras knows, else the SavedModel in `folder` is taken as a layer."""
        self._tf, self._size = import_tensorflow(), size
        self._model = classifier(backbone, folder, size)

    def run(self, paths: list[Path]) -> None:
        for begin in range(0, len(paths), BATCH):
            some, utils, square = paths[begin : begin + BATCH], self._tf.keras.utils, (self._size, self._size)
            images = [utils.img_to_array(utils.load_img(path, target_size=square)) for path in some]
            batch = np.stack(images) / 255
            self._model.predict(batch, verbose=0)


def classifier(backbone: str, folder: Path, size: int) -> Any:
    """Frozen backbone and a softmax layer, as a Keras model."""
    tf = import_tensorflow()
    try:
        network = ground.keras_model(backbone)
        network.trainable = False
    except (ValueError, ground.backbones.BackboneProblem):
        network = tf.keras.layers.TFSMLayer(str(folder), call_endpoint="serving_default")
    images = tf.keras.Input((size, size, 3))
    features = network(images)
    features = next(iter(features.values())) if isinstance(features, dict) else features
    return tf.keras.Model(images, tf.keras.layers.Dense(len(ground.LABELS), activation="softmax")(features))


def epoch(backbone: str, folder: Path, size: int, photos: Path) -> float:
    """Seconds of one epoch of plain transfer learning that keeps no bottlenecks; nothing but the epoch is counted."""
    tf = import_tensorflow()
    how = {"image_size": (size, size), "batch_size": TRAIN_BATCH, "verbose": False}
    data = tf.keras.utils.image_dataset_from_directory(photos, **how)
    data = data.map(lambda x, y: (x / 255, y), num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    model = classifier(backbone, folder, size)
    model.compile("sgd", "sparse_categorical_crossentropy")
    begin = time.monotonic()
    model.fit(data, epochs=1, verbose=0)
    return time.monotonic() - begin
