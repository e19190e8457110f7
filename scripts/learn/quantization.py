"""A network in 8-bit whole numbers, as a TFLite file: images int8 in, means of its layers int8 out.

Post-training quantization of weights (a scale for each channel) and of everything between the layers (Jacob et al.
2018, arXiv 1712.05877), by TensorFlow's converter. The ranges are found with drawn images, so that no machine's network
depends on whose photos were there first. A pixel value p goes in as p - 128, which is exactly what the network computes
with, and the means of each layer come out with a scale of their own: joined in one tensor they would share the widest.
"""

from typing import Any

import numpy as np

from scripts.learn import efficientnet_lite
from scripts.learn.efficientnet_lite import Conv, Network
from scripts.learn.example_images import example_images
from scripts.learn.tensor import import_tensorflow

EXAMPLES = 32  # images by which the ranges are found; a hundred give the same accuracy
PIXEL_ZERO = 128  # taken from a pixel value 0..255


def quantized(network: Network, size: int) -> bytes:
    """The TFLite file of a network. Raises what TensorFlow's converter does.

    Args:
        size: pixels a side.
    """
    tf = import_tensorflow()

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([1, size, size, 3], tf.float32, name="scaled")])
    def parts(scaled: Any) -> dict[str, Any]:
        def values(part: Conv) -> tuple[Any, Any]:
            return tf.constant(part.kernel), tf.constant(part.bias)

        return {f"part{i}": x for i, x in enumerate(efficientnet_lite.parts_of(tf, network, scaled, values))}

    def examples() -> Any:
        for image in example_images(0, EXAMPLES, size):
            yield [efficientnet_lite.scaled(image[None].astype(np.float32) / np.float32(255)).astype(np.float32)]

    converter = tf.lite.TFLiteConverter.from_concrete_functions([parts.get_concrete_function()], tf.Module())
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = examples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())
