"""The layers and activations that an imported model may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_CONVOLUTION: Final = (
    *("kernel_size", "strides", "padding"),
    *("dilation_rate", "activation", "use_bias"),
)
_POOLING: Final = ("pool_size", "strides", "padding")
_RECURRENT: Final = ("units", "activation", "use_bias", "return_sequences", "go_backwards")

LAYERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Activation": ("activation",),
    "Add": (),
    "Average": (),
    "AveragePooling1D": _POOLING,
    "AveragePooling2D": _POOLING,
    "BatchNormalization": ("axis", "momentum", "epsilon", "center", "scale"),
    "Concatenate": ("axis",),
    "Conv1D": ("filters", "groups", *_CONVOLUTION),
    "Conv2D": ("filters", "groups", *_CONVOLUTION),
    "Conv2DTranspose": ("filters", *_CONVOLUTION),
    "Cropping2D": ("cropping",),
    "Dense": ("units", "activation", "use_bias"),
    "DepthwiseConv2D": ("depth_multiplier", *_CONVOLUTION),
    "ELU": ("alpha",),
    "Flatten": (),
    "GRU": (*_RECURRENT, "recurrent_activation", "reset_after"),
    "GlobalAveragePooling1D": ("keepdims",),
    "GlobalAveragePooling2D": ("keepdims",),
    "GlobalMaxPooling1D": ("keepdims",),
    "GlobalMaxPooling2D": ("keepdims",),
    "GroupNormalization": ("groups", "axis", "epsilon", "center", "scale"),
    "LSTM": (*_RECURRENT, "recurrent_activation"),
    "LayerNormalization": ("axis", "epsilon", "center", "scale"),
    "LeakyReLU": ("negative_slope",),
    "MaxPooling1D": _POOLING,
    "MaxPooling2D": _POOLING,
    "Maximum": (),
    "Minimum": (),
    "Multiply": (),
    "Normalization": ("axis", "mean", "variance", "invert"),
    "PReLU": ("shared_axes",),
    "Permute": ("dims",),
    "ReLU": ("max_value", "negative_slope", "threshold"),
    "RepeatVector": ("n",),
    "Rescaling": ("scale", "offset"),
    "Reshape": ("target_shape",),
    "Resizing": ("height", "width", "interpolation"),
    "SeparableConv1D": ("filters", "depth_multiplier", *_CONVOLUTION),
    "SeparableConv2D": ("filters", "depth_multiplier", *_CONVOLUTION),
    "SimpleRNN": _RECURRENT,
    "Softmax": ("axis",),
    "Subtract": (),
    "UpSampling2D": ("size", "interpolation"),
    "ZeroPadding1D": ("padding",),
    "ZeroPadding2D": ("padding",),
}
"""Supported layers by class name, with the arguments that determine their output."""

RECURRENT_LAYERS: Final = ("GRU", "LSTM", "SimpleRNN")

IDENTITY_LAYERS: Final = frozenset(
    {
        *("ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise"),
        *("Identity", "SpatialDropout1D", "SpatialDropout2D"),
        *("RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast"),
        *("RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur"),
        *("RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization"),
        *("RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear"),
        *("RandomTranslation", "RandomZoom"),
        *("AugMix", "CutMix", "MixUp", "RandAugment"),
    }
)
"""Layers that change their input only in training; an import leaves them out."""

MODELS: Final = ("Sequential", "Functional", "Model")
"""Class names of models of layers; one may be a layer of another."""

ACTIVATIONS: Final = (
    *("elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "hard_swish", "leaky_relu"),
    *("linear", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax"),
    *("softplus", "softsign", "swish", "tanh"),
)
"""Names of the supported activations."""

SCORE_ACTIVATIONS: Final = frozenset(
    {
        *("linear", "log_softmax", "softmax", "sigmoid", "hard_sigmoid"),
        *("tanh", "softplus", "softsign", "exponential"),
    }
)
"""Activations of ten outputs that keep their order.

The import reads the values before them as logits. So ten sigmoids become ten probabilities with
the sum 1, and the temperature is fitted to them as to every network.
"""


class UnsupportedModelError(ValueError):
    """A file that cannot be imported.

    The message is the reason, as a clause in which "it" is the file.
    """
