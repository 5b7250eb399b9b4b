"""Building a network of Keras's own layers from a `Graph` and plain arrays, within limits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.model.keras_import.file import Weights
from digitlab.model.keras_import.graph import INPUT, Graph, Node
from digitlab.model.keras_import.layers import RECURRENT_LAYERS, UnsupportedModelError
from digitlab.model.keras_import.limits import LIMITS
from digitlab.model.keras_import.preprocessing import InputLayout, Preprocessing

_CHUNK_OUTPUTS: Final = 30_000_000
"""Number of values that all layers give for one chunk of images."""


def build(
    keras: Any, graph: Graph, weights: Weights, preprocessing: Preprocessing | None = None
) -> Any:
    """Build a network with the weights of a file.

    Args:
        keras: the module.
        graph: the layers.
        weights: their weights.
        preprocessing: the first layers of the network; None for a network that takes prepared
            images, float32 (N, *layout.shape).

    Returns:
        A Keras model: uint8 (N, 28, 28), or prepared images -> {"logits": (N, 10), "embedding":
        (N, E)}. The embedding is the input of the last layer with weights, averaged over places.

    Raises:
        UnsupportedModelError: the layers do not fit each other or their weights, or are too large.
    """
    layout = InputLayout.of(graph.input_shape)
    if preprocessing is None:
        inputs = keras.Input(layout.shape, dtype="float32", name=INPUT)
        tensors = {INPUT: inputs}
    else:
        inputs = keras.Input((28, 28), dtype="uint8", name=INPUT)
        tensors = {INPUT: preprocessing.apply(keras, inputs)}
    size = _Size()
    for node in graph.nodes:
        node_inputs = [tensors[name] for name in node.inputs]
        tensors[node.name] = _call_layer(keras, node, node_inputs, weights, size)
    logits = tensors[graph.output]
    if math.prod(logits.shape[1:]) != 10:
        raise UnsupportedModelError(
            f"it has outputs of the shape {tuple(logits.shape[1:])}; expected ten, one for each "
            "digit from 0 to 9 in this order"
        )
    if len(logits.shape) != 2:
        logits = keras.layers.Flatten()(logits)
    embedding = _embedding(keras, tensors[graph.node(graph.head).inputs[0]])
    return keras.Model(inputs, {"logits": logits, "embedding": embedding}, name="digitlab")


def score_function(core: Any) -> Callable[[Any], NDArray[np.float32]]:
    """Return the logits of a network of `build` without preprocessing as a function of images."""
    n_outputs = sum(math.prod(layer.output.shape[1:]) for layer in core.layers)
    chunk = max(1, min(200, _CHUNK_OUTPUTS // n_outputs))

    def scores(images: Any) -> NDArray[np.float32]:
        parts = [images[start : start + chunk] for start in range(0, len(images), chunk)]
        logits = np.concatenate([core.predict_on_batch(part)["logits"] for part in parts])
        if not np.isfinite(logits).all():
            logits = np.nan_to_num(logits, nan=0.0, posinf=1e30, neginf=-1e30)
        return logits

    return scores


class _Size:
    """The size of the layers so far."""

    def __init__(self) -> None:
        self.weights = 0
        self.outputs = 0
        self.multiply_adds = 0

    def check(self, node: Node, *, weights: int, outputs: int, multiply_adds: int) -> None:
        """Add a layer; refuse one above the limits."""
        self.weights += weights
        self.outputs += outputs
        self.multiply_adds += multiply_adds
        if (
            outputs > LIMITS.layer_outputs
            or self.weights > LIMITS.weights
            or self.outputs > LIMITS.all_outputs
            or self.multiply_adds > LIMITS.multiply_adds
        ):
            raise UnsupportedModelError(
                f"it is larger than any digit needs: up to its layer {node.name!r} it has about "
                f"{self.weights:,} weights, {self.outputs:,} values and {self.multiply_adds:,} "
                f"multiplications for an image; expected at most {LIMITS.weights:,}, "
                f"{LIMITS.all_outputs:,} and {LIMITS.multiply_adds:,}"
            )


def _call_layer(keras: Any, node: Node, tensors: list[Any], weights: Weights, size: _Size) -> Any:
    """Create a layer, call it and set its weights; return its output."""
    arrays = weights.get(node.name, [])
    try:
        arguments, arrays = _adapted(node, arrays)
        layer = getattr(keras.layers, node.kind)(**arguments)
        if node.channels_first and node.kind != "BatchNormalization":
            tensors = [_channels_last(keras, tensor) for tensor in tensors]
        _check_size(node, tensors, layer, size)
        y = layer(tensors if len(tensors) > 1 else tensors[0])
        if len(layer.weights) != len(arrays):
            raise UnsupportedModelError(
                f"its layer {node.name!r} ({node.kind}) has {len(arrays)} weight arrays; expected "
                f"{len(layer.weights)}"
            )
        layer.set_weights(arrays)
    except UnsupportedModelError:
        raise
    except MemoryError:
        raise
    except Exception as error:  # Keras raises many types for arguments that do not fit
        raise UnsupportedModelError(
            f"its layer {node.name!r} ({node.kind}) does not fit: {first_line(error)}"
        ) from error
    if node.channels_first and node.kind != "BatchNormalization" and len(y.shape) > 2:
        y = keras.layers.Permute((len(y.shape) - 1, *range(1, len(y.shape) - 1)))(y)
    return y


def _adapted(
    node: Node, arrays: list[NDArray[np.float32]]
) -> tuple[dict[str, Any], list[NDArray[np.float32]]]:
    """Return a layer's arguments and weights for the present Keras and for LiteRT."""
    arguments = dict(node.arguments)
    if node.kind == "Normalization":
        # Its weights are mean, variance and count; as arguments they need no `adapt`.
        if arrays:
            arguments["mean"], arguments["variance"] = (array.tolist() for array in arrays[:2])
        if arguments.get("axis") in (None, []):
            arguments["axis"] = None
            for key in ("mean", "variance"):
                arguments[key] = _single_number(arguments.get(key))
        if arguments.get("mean") is None or arguments.get("variance") is None:
            raise UnsupportedModelError(
                f"its layer {node.name!r} (Normalization) has no mean and variance; call "
                "layer.adapt(data) before saving"
            )
        return arguments, []
    if node.kind in RECURRENT_LAYERS:
        arguments["unroll"] = True  # LiteRT runs no loops of Keras
    return arguments, arrays


def _single_number(value: Any) -> Any:
    """Return the number in nested lists of one number."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def _channels_last(keras: Any, tensor: Any) -> Any:
    rank = len(tensor.shape)
    return tensor if rank < 3 else keras.layers.Permute((*range(2, rank), 1))(tensor)


def _check_size(node: Node, tensors: list[Any], layer: Any, size: _Size) -> None:
    """Refuse a layer above the limits before Keras creates its arrays."""
    keys = ("units", "filters", "kernel_size", "depth_multiplier")
    n_weights = math.prod(math.prod(_numbers(node.arguments.get(key) or 1)) for key in keys) * int(
        tensors[0].shape[-1] or 1
    )
    if node.kind in RECURRENT_LAYERS:
        units = int(node.arguments["units"])
        n_weights = 4 * units * (units + int(tensors[0].shape[-1]))
    elif not any(key in node.arguments for key in keys):
        n_weights = 0
    shapes = [tuple(tensor.shape) for tensor in tensors]
    shape = layer.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
    if any(part is None for part in shape[1:]):
        raise UnsupportedModelError(
            f"its layer {node.name!r} has an output of open shape {tuple(shape)}"
        )
    n_outputs = math.prod(int(part) for part in shape[1:])
    n_places = n_outputs // int(shape[-1] or 1)
    if node.kind in RECURRENT_LAYERS or node.kind == "Conv2DTranspose":
        n_places = math.prod(int(part or 1) for part in shapes[0][1:-1])
    pool = math.prod(_numbers(node.arguments.get("pool_size") or 1))
    size.check(
        node,
        weights=n_weights,
        outputs=n_outputs,
        multiply_adds=n_weights * n_places + pool * n_outputs,
    )


def _numbers(value: Any) -> list[int]:
    return [int(part) for part in (value if isinstance(value, list) else [value])]


def _embedding(keras: Any, tensor: Any) -> Any:
    """Return an embedding (N, E) from the input of the last layer with weights."""
    layers = keras.layers
    if len(tensor.shape) == 4:
        tensor = layers.GlobalAveragePooling2D()(tensor)
    elif len(tensor.shape) != 2:
        tensor = layers.Flatten()(tensor)
    if tensor.shape[-1] == 10:  # the runtime tells the two outputs apart by their lengths
        x = layers.Reshape((10, 1))(tensor)
        tensor = layers.Flatten()(layers.ZeroPadding1D((0, 1))(x))
    return tensor


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, shortened."""
    message = str(error).strip()
    return (message.splitlines()[0] if message else repr(error))[:300]
