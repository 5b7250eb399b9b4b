"""The layers, activations and input shapes that an imported Keras model may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_CONVOLUTION: Final = (
    *("kernel_size", "strides", "padding"),
    *("dilation_rate", "activation", "use_bias"),
)
_POOLING: Final = ("pool_size", "strides", "padding")

LAYERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Activation": ("activation",),
    "Add": (),
    "Average": (),
    "AveragePooling2D": _POOLING,
    "BatchNormalization": ("axis", "momentum", "epsilon", "center", "scale"),
    "Concatenate": ("axis",),
    "Conv2D": ("filters", "groups", *_CONVOLUTION),
    "Cropping2D": ("cropping",),
    "Dense": ("units", "activation", "use_bias"),
    "DepthwiseConv2D": ("depth_multiplier", *_CONVOLUTION),
    "Dropout": ("rate",),
    "ELU": ("alpha",),
    "Flatten": (),
    "GaussianDropout": ("rate",),
    "GaussianNoise": ("stddev",),
    "GlobalAveragePooling2D": ("keepdims",),
    "GlobalMaxPooling2D": ("keepdims",),
    "LayerNormalization": ("axis", "epsilon", "center", "scale"),
    "LeakyReLU": ("negative_slope",),
    "MaxPooling2D": _POOLING,
    "Maximum": (),
    "Multiply": (),
    "PReLU": ("shared_axes",),
    "ReLU": ("max_value", "negative_slope", "threshold"),
    "Rescaling": ("scale", "offset"),
    "Reshape": ("target_shape",),
    "SeparableConv2D": ("filters", "depth_multiplier", *_CONVOLUTION),
    "Softmax": ("axis",),
    "SpatialDropout2D": ("rate",),
    "ZeroPadding2D": ("padding",),
}
"""Supported layers by class name, with the arguments that determine their output."""

ACTIVATIONS: Final = (
    *("elu", "exponential", "gelu", "hard_sigmoid", "hard_swish", "leaky_relu", "linear", "mish"),
    *("relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish"),
    "tanh",
)
"""Names of the supported activations."""

INPUT_SHAPES: Final = ((28, 28), (28, 28, 1), (784,))
"""Supported shapes of one input image."""


class UnsupportedModelError(ValueError):
    """A file that cannot be imported.

    The message is the reason, as a clause in which "it" is the file.
    """
