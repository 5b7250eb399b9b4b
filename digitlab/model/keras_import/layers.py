"""What is taken of a foreign Keras model: its layers, and a network of them as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_CONV: Final = ("kernel_size", "strides", "padding", "dilation_rate", "activation", "use_bias")
_POOL: Final = ("pool_size", "strides", "padding")

LAYERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Activation": ("activation",),
    "Add": (),
    "Average": (),
    "AveragePooling2D": _POOL,
    "BatchNormalization": ("axis", "momentum", "epsilon", "center", "scale"),
    "Concatenate": ("axis",),
    "Conv2D": ("filters", "groups", *_CONV),
    "Cropping2D": ("cropping",),
    "Dense": ("units", "activation", "use_bias"),
    "DepthwiseConv2D": ("depth_multiplier", *_CONV),
    "Dropout": ("rate",),
    "ELU": ("alpha",),
    "Flatten": (),
    "GaussianDropout": ("rate",),
    "GaussianNoise": ("stddev",),
    "GlobalAveragePooling2D": ("keepdims",),
    "GlobalMaxPooling2D": ("keepdims",),
    "LayerNormalization": ("axis", "epsilon", "center", "scale"),
    "LeakyReLU": ("negative_slope",),
    "MaxPooling2D": _POOL,
    "Maximum": (),
    "Multiply": (),
    "PReLU": ("shared_axes",),
    "ReLU": ("max_value", "negative_slope", "threshold"),
    "Rescaling": ("scale", "offset"),
    "Reshape": ("target_shape",),
    "SeparableConv2D": ("filters", "depth_multiplier", *_CONV),
    "Softmax": ("axis",),
    "SpatialDropout2D": ("rate",),
    "ZeroPadding2D": ("padding",),
}
"""The layers that are taken, each with the arguments that matter for what it computes."""

ACTIVATIONS: Final = (
    *("elu", "exponential", "gelu", "hard_sigmoid", "hard_swish", "leaky_relu", "linear", "mish"),
    *("relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish"),
    "tanh",
)
"""The activations that are taken, by name."""

SHAPES: Final = ((28, 28), (28, 28, 1), (784,))
"""The shapes of one image that are taken."""


class UnsupportedModelError(ValueError):
    """What is wrong with a file, as the end of a sentence that begins with its name."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One layer.

    Attributes:
        name: as the file has it.
        kind: a key of `LAYERS`.
        arguments: plain values for it.
        sources: names of the layers that it takes its input from.
    """

    name: str
    kind: str
    arguments: dict[str, Any]
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A network from one image to ten numbers.

    Attributes:
        shape: of one image, one of `SHAPES`.
        source: name of the input.
        nodes: the layers that the output needs, each after its sources.
        head: the name of the Dense layer that gives the ten logits.
    """

    shape: tuple[int, ...]
    source: str
    nodes: tuple[Node, ...]
    head: str

    def node(self, name: str) -> Node:
        """The layer of that name."""
        return next(node for node in self.nodes if node.name == name)
