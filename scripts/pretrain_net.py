"""The learned half of the embedded backbone: a small residual network, on any Keras 3 backend.

Plain 3x3 convolutions, batch normalisation and ReLU, because those run fastest on two CPU cores
(no depthwise, no attention), fold into convolutions for export, and convert to LiteRT as they are.
"""

from __future__ import annotations

import numpy as np

STEM = ((32, 2), (64, 2))  # (channels, stride) of the two convolutions in front
BLOCKS = ((64, 1), (128, 2), (256, 2), (256, 1))  # (channels, stride) of each residual block
EXPANDED = 768  # channels of the last 1x1 convolution: wide features suit a linear head
DEEP = BLOCKS[-1][0] + EXPANDED  # channels of the last two depths
FEATURES = BLOCKS[1][0] + 2 * DEEP  # three depths averaged over the picture, and the last two's spread in it
EPSILON = 1e-3  # batch normalisation's
PIXEL_MEAN, PIXEL_SPREAD = 0.45, 0.25  # about those of photos in 0..1


def build(classes: int, renderings: int):
    """An uncompiled Keras model: images float32 [n, s, s, 3] in 0..1 -> logits [n, classes] and [n, renderings].

    Any side s from 32 pixels works.  Both heads read the last features only.
    """
    from keras import Input, Model, layers

    def convolve(x, name, channels, size, stride, relu=True):
        x = layers.Conv2D(channels, size, stride, "same", use_bias=False, kernel_initializer="he_normal", name=name)(x)
        x = layers.BatchNormalization(momentum=0.97, epsilon=EPSILON, name=f"{name}_bn")(x)
        return layers.ReLU()(x) if relu else x

    images = Input((None, None, 3))
    x = layers.Rescaling(1 / PIXEL_SPREAD, -PIXEL_MEAN / PIXEL_SPREAD)(images)
    for number, (channels, stride) in enumerate(STEM):
        x = convolve(x, f"stem{number}", channels, 3, stride)
    for number, (channels, stride) in enumerate(BLOCKS):
        y = convolve(x, f"block{number}_a", channels, 3, stride)
        y = convolve(y, f"block{number}_b", channels, 3, 1, relu=False)
        if stride > 1:
            x = convolve(x, f"block{number}_skip", channels, 1, stride, relu=False)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = convolve(x, "expand", EXPANDED, 1, 1)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(
        images,
        [
            layers.Dense(classes, dtype="float32", name="classes")(x),
            layers.Dense(renderings, dtype="float32", name="renderings")(x),
        ],
    )


def folded(model) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """name -> (kernel float32 [h, w, in, out], bias float32 [out]), batch normalisation folded in."""
    result = {}
    for layer in model.layers:
        if not layer.name.endswith("_bn"):
            continue
        name = layer.name[: -len("_bn")]
        gamma, beta, mean, variance = (np.asarray(w, np.float32) for w in layer.get_weights())
        kernel = np.asarray(model.get_layer(name).get_weights()[0], np.float32)
        factor = gamma / np.sqrt(variance + EPSILON)
        result[name] = (kernel * factor, beta - mean * factor)
    return result


def tf_features(images, convolutions):
    """([n, FEATURES], then CONTRASTS times [n, DEEP]), float32, in plain TensorFlow operations.

    Spreads first, averages last.  convolutions: what `folded` gives, as anything TensorFlow
    multiplies with (arrays, casts).
    """
    import tensorflow as tf

    from scripts import pretrain_layout as layout

    def convolve(x, name, stride):
        kernel, bias = convolutions[name]
        return tf.nn.conv2d(x, kernel, stride, "SAME") + bias

    x = (images - PIXEL_MEAN) / PIXEL_SPREAD
    for number, (_, stride) in enumerate(STEM):
        x = tf.nn.relu(convolve(x, f"stem{number}", stride))
    depths = []
    for number, (_, stride) in enumerate(BLOCKS):
        y = tf.nn.relu(convolve(x, f"block{number}_a", stride))
        y = convolve(y, f"block{number}_b", 1)
        if stride > 1:
            x = convolve(x, f"block{number}_skip", stride)
        x = tf.nn.relu(x + y)
        if number in (1, len(BLOCKS) - 1):
            depths.append(x)
    middle, *deep = *depths, tf.nn.relu(convolve(x, "expand", 1))
    deep = tf.concat(deep, 3)
    spread = tf.math.reduce_std(deep, (1, 2))
    pooled = tf.concat([spread, tf.reduce_mean(middle, (1, 2)), tf.reduce_mean(deep, (1, 2))], 1)
    return [pooled, *layout.contrasts(layout.grid(deep))]
