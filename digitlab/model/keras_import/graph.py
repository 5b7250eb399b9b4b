"""The network that a Keras configuration describes, as plain data.

Keras deserialises nothing. A layer that is not listed in `layers.LAYERS`, or that has arguments
other than plain values, is refused. So no Lambda, no custom object and no function that a file
names is ever imported or run. The configurations of Keras 2 and Keras 3 are both supported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from digitlab.model.keras_import.layers import (
    ACTIVATIONS,
    IDENTITY_LAYERS,
    LAYERS,
    MODELS,
    RECURRENT_LAYERS,
    SCORE_ACTIVATIONS,
    UnsupportedModelError,
)
from digitlab.model.keras_import.limits import LIMITS

_RENAMED_ARGUMENTS: Final = {("LeakyReLU", "alpha"): "negative_slope"}
"""Arguments of Keras 2, by layer and name, and their names in Keras 3."""

_RENAMED_ACTIVATIONS: Final = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax"}
"""Names of functions of tf.nn, and Keras's names."""

_WEIGHTLESS: Final = frozenset(
    {
        *("Activation", "Softmax", "ReLU", "LeakyReLU", "ELU", "Flatten", "Reshape", "Permute"),
        *("GlobalAveragePooling1D", "GlobalAveragePooling2D"),
        *("GlobalMaxPooling1D", "GlobalMaxPooling2D"),
        *("AveragePooling1D", "AveragePooling2D", "MaxPooling1D", "MaxPooling2D"),
    }
)
"""Layers without weights that may follow the last layer with weights."""

INPUT: Final = "digit_image"
"""Name of the network's input."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One layer of a network.

    Attributes:
        name: its path: the names of the models that contain it and its own, joined by "/".
        kind: class name, a key of `layers.LAYERS`.
        arguments: plain values for the layer's constructor.
        inputs: names of the nodes, or `INPUT`, that the layer takes as input.
        channels_first: whether its input and output have the channels before the places.
    """

    name: str
    kind: str
    arguments: dict[str, Any]
    inputs: tuple[str, ...]
    channels_first: bool = False


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A network from one image to ten scores.

    Attributes:
        input_shape: shape of one image; None for an open size.
        nodes: layers that the output needs, each after its inputs. The scores have no activation.
        output: name of the node that computes the ten scores.
        head: name of the last layer with weights; its input is the embedding.
        activation: the activation of the ten outputs in the file, for example "softmax".
    """

    input_shape: tuple[int | None, ...]
    nodes: tuple[Node, ...]
    output: str
    head: str
    activation: str

    def node(self, name: str) -> Node:
        """Return the layer with a name."""
        return next(node for node in self.nodes if node.name == name)


def parse_graph(model: Any) -> Graph:
    """Return the network that a model's configuration describes.

    Args:
        model: `model_config` of a legacy HDF5 file, or `config.json` of a `.keras` file.

    Raises:
        UnsupportedModelError: the model is not a plain digit classifier.
    """
    try:
        # The training's settings do not matter.
        _check_plain({**model, "compile_config": None})
        parser = _Parser()
        last = parser.add_model(model, "", (INPUT,))
        shape = _model_input_shape(model)
        if not shape:
            raise UnsupportedModelError(
                "it does not say the shape of its input; add keras.Input((28, 28, 1)) as the "
                "first layer and save it again"
            )
        return without_output_activation(shape, parser.nodes, last)
    except (KeyError, TypeError, IndexError, ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, UnsupportedModelError):
            raise
        raise UnsupportedModelError(f"its configuration cannot be read ({error!r})") from error


def _check_plain(value: Any) -> None:
    """Refuse every object that is not one of Keras's own classes."""
    if isinstance(value, dict):
        kind = str(value.get("class_name", ""))
        module = str(value.get("module") or "keras")
        registered = value.get("registered_name")
        if kind == "Lambda":
            raise UnsupportedModelError("it has a Lambda layer, which would run code from the file")
        is_other_module = module.partition(".")[0] not in ("keras", "builtins", "tf_keras")
        if kind and (is_other_module or ">" in kind or registered not in (None, kind, "function")):
            raise UnsupportedModelError(
                f"it has the custom object {registered or kind!r}; only Keras's own are supported"
            )
        for part in value.values():
            _check_plain(part)
    elif isinstance(value, list):
        for part in value:
            _check_plain(part)


class _Parser:
    """Collects the layers of a model and of the models inside it.

    Attributes:
        nodes: layers by name; layers that change nothing at prediction are left out.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self._n_layers = 0

    def add_model(self, model: Any, prefix: str, inputs: tuple[str, ...]) -> str:
        """Add the layers of a model that takes `inputs`; return the name of its output."""
        kind, config = model["class_name"], model["config"]
        if kind not in MODELS:
            raise UnsupportedModelError(
                f"it is a {kind}; expected a Sequential or functional model"
            )
        if len(inputs) != 1:
            raise UnsupportedModelError(f"its model {prefix!r} takes {len(inputs)} inputs")
        if kind == "Sequential":
            layers = config if isinstance(config, list) else config["layers"]  # old: a list
            output = inputs[0]
            for layer in layers:
                if layer["class_name"] != "InputLayer":
                    output = self._add_layer(layer, prefix, (output,))
            return output
        return self._add_functional(config, prefix, inputs[0])

    def _add_functional(self, config: dict[str, Any], prefix: str, model_input: str) -> str:
        outputs = {_single_layer(config["input_layers"], "input"): model_input}
        waiting = [layer for layer in config["layers"] if layer["class_name"] != "InputLayer"]
        while waiting:
            later = []
            for layer in waiting:
                name, calls = layer["config"]["name"], layer["inbound_nodes"]
                if len(calls) != 1:
                    raise UnsupportedModelError(
                        f"its layer {name!r} is used {len(calls)} times; expected once"
                    )
                names = _call_inputs(calls[0])
                if any(before not in outputs for before in names):
                    later.append(layer)
                    continue
                inputs = tuple(outputs[before] for before in names)
                outputs[name] = self._add_layer(layer, prefix, inputs)
            if len(later) == len(waiting):
                raise UnsupportedModelError(
                    f"its layer {waiting[0]['config']['name']!r} takes its own output, or one "
                    "that does not exist"
                )
            waiting = later
        return outputs[_single_layer(config["output_layers"], "output")]

    def _add_layer(self, layer: dict[str, Any], prefix: str, inputs: tuple[str, ...]) -> str:
        """Add one layer or nested model; return the name of its output."""
        kind, config = layer["class_name"], layer["config"]
        name = f"{prefix}{config['name']}"
        self._n_layers += 1
        if self._n_layers > LIMITS.layers:
            raise UnsupportedModelError(f"it has more than {LIMITS.layers} layers")
        if kind in MODELS:
            return self.add_model(layer, f"{name}/", inputs)
        if kind in IDENTITY_LAYERS:
            return inputs[0]
        if kind not in LAYERS:
            raise UnsupportedModelError(
                f"it has a layer of the kind {kind!r}; supported are {', '.join(LAYERS)}"
            )
        if name in self.nodes:
            raise UnsupportedModelError(f"it has two layers {name!r}")
        values = {_RENAMED_ARGUMENTS.get((kind, key), key): value for key, value in config.items()}
        activation = values.get("activation")
        if isinstance(activation, dict) and activation.get("class_name") in LAYERS:
            # activation=LeakyReLU(0.1): a layer in the place of a function
            values["activation"] = "linear"
        else:
            activation = None
        arguments = {
            key: _plain_argument(name, key, values[key]) for key in LAYERS[kind] if key in values
        }
        first = config.get("data_format") == "channels_first"
        if first and kind in ("Resizing", "UpSampling2D"):
            raise UnsupportedModelError(
                f"its layer {name!r} expects channels first; expected channels last"
            )
        self.nodes[name] = Node(
            name=name, kind=kind, arguments=arguments, inputs=inputs, channels_first=first
        )
        if activation is not None:
            after = {**activation, "config": {**activation["config"], "name": "activation"}}
            return self._add_layer(after, f"{name}/", (name,))
        return name


def _plain_argument(layer: str, key: str, value: Any) -> Any:
    """Return a layer's argument, if it is an activation's name or consists of finite numbers."""
    if key in ("activation", "recurrent_activation"):
        if isinstance(value, dict) and value.get("class_name") == "function":
            value = value.get("config")  # activation=tf.nn.relu
        if isinstance(value, str):
            value = _RENAMED_ACTIVATIONS.get(value, value)
        if value is not None and not (isinstance(value, str) and value in ACTIVATIONS):
            raise UnsupportedModelError(f"its layer {layer!r} has the unknown activation {value!r}")
        return value or "linear"
    if isinstance(value, dict) and value.get("class_name") == "__numpy__":
        value = value["config"]["value"]
    if not all(_is_plain(part) for part in _flatten(value)):
        raise UnsupportedModelError(
            f"its layer {layer!r} has {key}={str(value)[:100]}; expected plain numbers"
        )
    if key == "axis" and isinstance(value, list) and len(value) == 1:
        return value[0]
    return value


def _is_plain(value: Any) -> bool:
    if isinstance(value, (int, float)):
        return abs(value) <= 1e15 and math.isfinite(value)
    return value is None or value in ("same", "valid", "nearest", "bilinear")


def _flatten(value: Any) -> list[Any]:
    """Return the values in nested lists."""
    if not isinstance(value, list):
        return [value]
    return [part for item in value for part in _flatten(item)]


def _call_inputs(call: Any) -> list[str]:
    """Return the names of the layers whose outputs a layer's call takes."""
    if not isinstance(call, dict):  # Keras 2: [[name, node, tensor, arguments], ...]
        histories = [(part[0], part[1], part[2]) for part in call]
        extra = [part[3] for part in call if len(part) > 3 and _call_options(part[3])]
    else:
        first = call["args"][0]
        tensors = first if isinstance(first, list) else [first]
        histories = [tuple(tensor["config"]["keras_history"]) for tensor in tensors]
        extra = [*call["args"][1:], *_call_options(call.get("kwargs"))]
    # A nested model counts its calls from its construction on, so its first call may have number 1.
    if extra or any(history[2] != 0 for history in histories):
        raise UnsupportedModelError(
            "its layers are called in an unsupported way; expected one after another"
        )
    return [str(history[0]) for history in histories]


def _call_options(options: Any) -> list[Any]:
    """Return the arguments of a call that change a prediction."""
    return [value for name, value in (options or {}).items() if value and name != "training"]


def _single_layer(layers: Any, role: str) -> str:
    """Return the only layer of `input_layers` or `output_layers`.

    Of several named outputs, the one named "logits" counts.
    """
    if isinstance(layers, dict):
        layers = [layers["logits"]] if "logits" in layers else list(layers.values())
    if len(layers) == 3 and isinstance(layers[0], str):
        layers = [layers]
    if len(layers) != 1:
        raise UnsupportedModelError(f"it has {len(layers)} {role}s; expected one")
    return str(layers[0][0])


def _model_input_shape(model: Any) -> tuple[int | None, ...]:
    """Return the shape of one input of a model; empty if the file does not say it."""
    config = model["config"]
    if model["class_name"] != "Sequential":
        name = _single_layer(config["input_layers"], "input")
        first = next(layer for layer in config["layers"] if layer["config"]["name"] == name)
        return _input_shape(first["config"])
    layers = config if isinstance(config, list) else config["layers"]
    built = None if isinstance(config, list) else config.get("build_input_shape")
    built = built or (model.get("build_config") or {}).get("input_shape")
    first = layers[0]
    return (
        _input_shape(first["config"])
        if first["class_name"] not in MODELS
        else _model_input_shape(first)
    ) or (tuple(built[1:]) if built else ())


def _input_shape(config: Any) -> tuple[int | None, ...]:
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    return tuple(shape[1:]) if shape else ()


def without_output_activation(
    shape: tuple[int | None, ...], nodes: dict[str, Node], last: str
) -> Graph:
    """Return the network whose output is the ten scores before their activation."""
    nodes = dict(nodes)
    activations: list[str] = []
    name = last
    is_score = True  # until a layer that mixes places
    while (node := nodes.get(name)) is not None and node.kind in _WEIGHTLESS:
        if node.kind in ("Softmax", "Activation") and is_score:
            activation = node.arguments.get("activation", "softmax")
            activations.append(activation)
            nodes[name] = Node(
                name=name, kind="Activation", arguments=_LINEAR, inputs=node.inputs[:1]
            )
        elif node.kind not in ("Flatten", "Reshape"):
            is_score = False
        name = node.inputs[0]
    if node is None:
        raise UnsupportedModelError("it has no layer with weights")
    if is_score and node.kind not in RECURRENT_LAYERS and "activation" in LAYERS[node.kind]:
        activations.append(node.arguments.get("activation", "linear"))
        nodes[name] = Node(
            name=name,
            kind=node.kind,
            arguments={**node.arguments, "activation": "linear"},
            inputs=node.inputs,
            channels_first=node.channels_first,
        )
    if not set(activations) <= SCORE_ACTIVATIONS:
        raise UnsupportedModelError(
            f"its outputs are {', '.join(sorted(set(activations) - SCORE_ACTIVATIONS))}; expected "
            "softmax, sigmoid or logits"
        )
    if node.kind == "Dense" and node.arguments["units"] != 10:
        raise UnsupportedModelError(
            f"it has {node.arguments['units']} outputs; expected ten, one for each digit from 0 "
            "to 9 in this order"
        )
    others = [activation for activation in activations if activation != "linear"]
    return Graph(
        input_shape=shape,
        nodes=_sort_needed(nodes, last),
        output=last,
        head=name,
        activation=others[0] if others else "linear",
    )


_LINEAR: Final = {"activation": "linear"}


def _sort_needed(nodes: dict[str, Node], last: str) -> tuple[Node, ...]:
    """Return the layers that `last` needs, each after its inputs."""
    needed: set[str] = set()
    pending = [last]
    while pending:
        name = pending.pop()
        if name in nodes and name not in needed:
            needed.add(name)
            pending += nodes[name].inputs
    return tuple(node for name, node in nodes.items() if name in needed)  # added in this order
