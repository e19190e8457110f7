"""The kernels and biases in the graph of a tuned model; they are stored nowhere else.

`efficientnet_lite.save` writes every convolution as a constant kernel and adds a constant bias to it, in the order in
which they are computed.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from scripts.learn.efficientnet_lite import Block, Conv, Network
from scripts.learn.tensor import import_tensorflow

CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")
PB = "saved_model.pb"


class NotThisNetwork(Exception):
    """A graph whose convolutions are not those of the expected network."""


def network_in(graph: Path, like: Network) -> Network:
    """The network in a model's SavedModel folder.

    Args:
        like: the network that it was tuned from; strides and order are taken from it.

    Raises:
        NotThisNetwork: other convolutions than in `like`, or the file is damaged.
        OSError: it cannot be read.
    """
    found = iter(_convolutions(graph / PB))

    def next_like(conv: Conv) -> Conv:
        kernel, bias = next(found, (np.zeros(0), np.zeros(0)))
        if kernel.shape != conv.kernel.shape or bias.shape != conv.bias.shape:
            raise NotThisNetwork(f"{graph} holds another network than the one it was tuned from")
        return replace(conv, kernel=kernel, bias=bias)

    stem = next_like(like.stem)
    stages = tuple(
        tuple(Block(tuple(next_like(conv) for conv in block.convs), block.residual) for block in stage)
        for stage in like.stages
    )
    return Network(stem, stages, next_like(like.top), like.classifier)


def _convolutions(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernel and bias float32 of every convolution, from the first function of the graph that has some."""
    import_tensorflow()
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString(path.read_bytes())
    except DecodeError as problem:
        raise NotThisNetwork(f"{path} cannot be read") from problem
    for function in saved.meta_graphs[0].graph_def.library.function if saved.meta_graphs else ():
        if any(node.op in CONVOLUTIONS for node in function.node_def):
            return _constants(list(function.node_def))
    return []


def _constants(nodes: list[Any]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each convolution among the nodes of a function: its kernel, and the constant that is added to it."""
    from tensorflow import make_ndarray

    constants = {node.name: node for node in nodes if node.op == "Const"}
    added = {_name(node.input[0]): node.input[1] for node in nodes if node.op == "AddV2"}
    found = []
    for node in nodes:
        if node.op in CONVOLUTIONS:
            names = (_name(node.input[1]), _name(added.get(node.name, "")))
            if not all(name in constants for name in names):
                raise NotThisNetwork("the weights of its network are no constants")
            kernel, bias = (make_ndarray(constants[name].attr["value"].tensor) for name in names)
            found.append((kernel, bias))
    return found


def _name(reference: str) -> str:
    """Const_5:output:0 -> Const_5"""
    return reference.split(":")[0]
