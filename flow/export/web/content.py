"""What a page is made of: a network, a head, a novelty check and texts, in plain arrays and strings."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

STEM, POINTWISE, DEPTHWISE = "stem", "pointwise", "depthwise"
KERNELS = (3, 5)  # of depthwise convolutions that the engine is tested with
STRIDES = (1, 2)
BLOCK = 8  # the engine computes so many channels at a time


class Unsupported(Exception):
    """A network that the page cannot run; the text is the reason, for the end of a sentence."""


@dataclass(frozen=True)
class Layer:
    """One convolution with its batch norm folded in, "same" padding.

    `kernel` float32 [in, out] where pointwise, [k, k, channels] where depthwise, [k, k, 3, out] for the stem; `bias`
    float32 [out]. `opens`: a block begins with what comes in; `adds`: that is added to what comes out. `mean_at`: where
    in the embeddings the means of its channels over all places begin, -1 = nowhere.
    """

    kind: str
    kernel: "np.ndarray"
    bias: "np.ndarray"
    stride: int = 1
    relu6: bool = True
    opens: bool = False
    adds: bool = False
    mean_at: int = -1


@dataclass(frozen=True)
class Novelty:
    """An image is unfamiliar where 1 - cosine to its nearest row is over `limit` (0..2).

    `rows` float [m, d]: training images, of unit length; `centre`, `spread` float32 [d]: taken off and divided by
    before an image's embeddings are scaled to length 1; `columns`: which of the embeddings those are, from and to.
    """

    rows: "np.ndarray"
    centre: "np.ndarray"
    spread: "np.ndarray"
    limit: float
    columns: tuple[int, int]


@dataclass(frozen=True)
class Credit:
    """Who made a training image: `text` one attribution line, `licence` in a few words, `url` its page or empty."""

    text: str
    licence: str
    url: str = ""


@dataclass(frozen=True)
class WebModel:
    """A trained model for a page.

    `head_weights` float32 [d, labels], `head_bias` float32 [labels]; logits are divided by `temperature` (> 0).
    `image_size` in pixels. `confidence_min` 0..1: the score below which the page is unsure. `novelty` None = no check.
    `facts`: terms and what they are, for a person; `notices`: licences of what the page is made of. `own`: training
    images that are the maker's own photos, or have no record of where they come from. `agreement`: how far the page's
    scores are from Python's, as measured, in sentences. `columns_first`: tall images are made small by columns before
    rows, as Pillow does from 13 on.
    """

    title: str
    labels: tuple[str, ...]
    layers: tuple[Layer, ...]
    image_size: int
    head_weights: "np.ndarray"
    head_bias: "np.ndarray"
    confidence_min: float
    temperature: float = 1.0
    novelty: Novelty | None = None
    facts: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    credits: tuple[Credit, ...] = field(default=(), repr=False)
    own: int = 0
    agreement: str = ""
    columns_first: bool = False


def check(model: WebModel) -> None:
    """Raises Unsupported where the engine cannot run the network, or its parts do not fit each other."""
    if not model.layers or model.layers[0].kind != STEM:
        raise Unsupported("its network does not begin with a convolution of the image")
    channels = 3
    for layer in model.layers:
        channels = _checked(layer, channels)
    length = sum(len(layer.bias) for layer in model.layers if layer.mean_at >= 0)
    if model.head_weights.shape != (length, len(model.labels)) or model.head_bias.shape != (len(model.labels),):
        raise Unsupported(f"its head is not made for {length} embeddings and {len(model.labels)} labels")


def _checked(layer: Layer, channels: int) -> int:
    """The channels that come out of a layer. Raises Unsupported."""
    out, shape = len(layer.bias), layer.kernel.shape
    if out % BLOCK:
        raise Unsupported(f"a layer has {out} channels, and the page's engine needs multiples of {BLOCK}")
    if layer.kind == DEPTHWISE:
        wanted: tuple[int, ...] = (shape[0], shape[0], channels)
        known = shape[0] in KERNELS and layer.stride in STRIDES
    else:
        wanted = (channels, out) if layer.kind == POINTWISE else (shape[0], shape[0], 3, out)
        known = layer.kind in (STEM, POINTWISE) and (layer.kind == STEM or layer.stride == 1)
    if not known or shape != wanted or (layer.kind == DEPTHWISE and out != channels):
        sizes = " x ".join(map(str, shape))
        raise Unsupported(f"the page's engine has no {layer.kind} convolution of {sizes} with stride {layer.stride}")
    return out
