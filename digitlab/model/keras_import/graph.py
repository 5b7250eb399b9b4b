"""The network that a Keras configuration describes, as plain data.

Keras deserialises nothing. A layer that is not listed in `layers.LAYERS`, or that has arguments
other than plain values, is refused. So no Lambda, no custom object and no function that a file
names is ever imported or run. The configurations of Keras 2 and Keras 3 are both supported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from digitlab.model.keras_import.layers import (
    ACTIVATIONS,
    INPUT_SHAPES,
    LAYERS,
    UnsupportedModelError,
)
from digitlab.model.keras_import.limits import LIMITS

_RENAMED_ARGUMENTS: Final = {("LeakyReLU", "alpha"): "negative_slope"}
"""Arguments of Keras 2, by layer and name, and their names in Keras 3."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One layer of a network.

    Attributes:
        name: name in the file.
        kind: class name, a key of `layers.LAYERS`.
        arguments: plain values for the layer's constructor.
        inputs: names of the layers, or of the network's input, that the layer takes as input.
    """

    name: str
    kind: str
    arguments: dict[str, Any]
    inputs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A network from one image to ten logits.

    Attributes:
        input_shape: shape of one image, one of `layers.INPUT_SHAPES`.
        input_name: name of the network's input.
        nodes: layers that the output needs, each after its inputs.
        logits_name: name of the Dense layer that computes the ten logits.
    """

    input_shape: tuple[int, ...]
    input_name: str
    nodes: tuple[Node, ...]
    logits_name: str

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
        _check_plain({**model, "compile_config": None})  # the training's settings do not matter
        kind, config = model["class_name"], model["config"]
        if kind == "Sequential":
            shape, input_name, nodes, last = _parse_sequential(model, config)
        elif kind in ("Functional", "Model"):
            shape, input_name, nodes, last = _parse_functional(config)
        else:
            raise UnsupportedModelError(
                f"it is a {kind}; expected a Sequential or functional model"
            )
        if shape not in INPUT_SHAPES:
            raise UnsupportedModelError(
                f"its input has the shape {shape}; expected (28, 28, 1), (28, 28), (784,)"
            )
        return Graph(
            input_shape=shape,
            input_name=input_name,
            nodes=_sort_needed(nodes, input_name, last),
            logits_name=_find_logits(nodes, last),
        )
    except (KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
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
        if kind and (is_other_module or ">" in kind or registered not in (None, kind)):
            raise UnsupportedModelError(
                f"it has the custom object {registered or kind!r}; only Keras's own are supported"
            )
        for part in value.values():
            _check_plain(part)
    elif isinstance(value, list):
        for part in value:
            _check_plain(part)


def _parse_sequential(
    model: dict[str, Any], config: Any
) -> tuple[tuple[int, ...], str, dict[str, Node], str]:
    """Return input shape, input name, nodes by name, and the last layer's name."""
    layers = config if isinstance(config, list) else config["layers"]  # a list before Keras 2.2
    first = layers[0]["config"]
    shape = _input_shape(first)
    if layers[0]["class_name"] == "InputLayer":
        layers = layers[1:]
    elif shape is None:
        built = None if isinstance(config, list) else config.get("build_input_shape")
        shape = _without_batch(built or (model.get("build_config") or {}).get("input_shape"))
    nodes: dict[str, Node] = {}
    last = input_name = ""
    for layer in layers:
        last = _add_node(nodes, layer, (last,))
    return shape or (), input_name, nodes, last


def _parse_functional(
    config: dict[str, Any],
) -> tuple[tuple[int, ...], str, dict[str, Node], str]:
    """Return input shape, input name, nodes by name, and the output layer's name."""
    nodes: dict[str, Node] = {}
    input_name = _single_layer(config["input_layers"], "input")
    shape: tuple[int, ...] | None = None
    for layer in config["layers"]:
        name = layer["config"]["name"]
        if layer["class_name"] == "InputLayer":
            shape = _input_shape(layer["config"]) if name == input_name else shape
            continue
        calls = layer["inbound_nodes"]
        if len(calls) != 1:
            raise UnsupportedModelError(
                f"its layer {name!r} is used {len(calls)} times; expected once"
            )
        _add_node(nodes, layer, tuple(_call_inputs(calls[0])))
    return shape or (), input_name, nodes, _single_layer(config["output_layers"], "output")


def _add_node(nodes: dict[str, Node], layer: dict[str, Any], inputs: tuple[str, ...]) -> str:
    """Add one layer to `nodes`; return its name."""
    kind, config = layer["class_name"], layer["config"]
    if kind not in LAYERS:
        raise UnsupportedModelError(
            f"it has a layer of the kind {kind!r}; supported are {', '.join(LAYERS)}"
        )
    name = str(config["name"])
    if name in nodes or len(nodes) >= LIMITS.layers:
        raise UnsupportedModelError(f"it has two layers {name!r}, or more than {LIMITS.layers}")
    if config.get("data_format") == "channels_first":
        raise UnsupportedModelError(
            f"its layer {name!r} expects channels first; expected channels last"
        )
    values = {_RENAMED_ARGUMENTS.get((kind, key), key): value for key, value in config.items()}
    arguments = {
        key: _plain_argument(name, key, values[key]) for key in LAYERS[kind] if key in values
    }
    nodes[name] = Node(name=name, kind=kind, arguments=arguments, inputs=inputs)
    return name


def _plain_argument(layer: str, key: str, value: Any) -> Any:
    """Return a layer's argument, if it is an activation's name or consists of numbers."""
    if key == "activation":
        if value is not None and not (isinstance(value, str) and value in ACTIVATIONS):
            raise UnsupportedModelError(f"its layer {layer!r} has the unknown activation {value!r}")
        return value or "linear"
    parts = value if isinstance(value, list) else [value]
    flat = [p for part in parts for p in (part if isinstance(part, list) else [part])]
    if not all(p is None or isinstance(p, (int, float)) or p in ("same", "valid") for p in flat):
        raise UnsupportedModelError(
            f"its layer {layer!r} has {key}={value!r}; expected plain numbers"
        )
    if key == "axis" and isinstance(value, list) and len(value) == 1:
        return value[0]
    return value


def _call_inputs(call: Any) -> list[str]:
    """Return the names of the layers whose outputs a layer's call takes."""
    if not isinstance(call, dict):  # Keras 2: [[name, node, tensor, arguments], ...]
        histories = [(part[0], part[1], part[2]) for part in call]
        extra = [part[3] for part in call if len(part) > 3 and any((part[3] or {}).values())]
    else:
        first = call["args"][0]
        tensors = first if isinstance(first, list) else [first]
        histories = [tuple(tensor["config"]["keras_history"]) for tensor in tensors]
        extra = [*call["args"][1:], *filter(None, (call.get("kwargs") or {}).values())]
    if extra or any(history[1:] != (0, 0) for history in histories):
        raise UnsupportedModelError(
            "its layers are called in an unsupported way; expected one after another"
        )
    return [str(history[0]) for history in histories]


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


def _sort_needed(nodes: dict[str, Node], input_name: str, last: str) -> tuple[Node, ...]:
    """Return the layers that `last` needs, each after its inputs."""
    order: dict[str, Node] = {}
    visiting: set[str] = set()

    def visit(name: str) -> None:
        if name == input_name or name in order:
            return
        if name in visiting:
            raise UnsupportedModelError(f"its layer {name!r} takes its own output")
        visiting.add(name)
        for before in nodes[name].inputs:
            visit(before)
        order[name] = nodes[name]

    visit(last)
    return tuple(order.values())


def _find_logits(nodes: dict[str, Node], last: str) -> str:
    """Return the name of the last Dense layer; a softmax may follow it."""
    node = nodes[last]
    final_activation = "linear"
    if node.kind in {"Softmax", "Activation"}:
        final_activation = "softmax" if node.kind == "Softmax" else node.arguments["activation"]
        node = nodes[node.inputs[0]]
    if node.kind != "Dense" or node.arguments["units"] != 10:
        size = f" of {node.arguments['units']}" if node.kind == "Dense" else ""
        raise UnsupportedModelError(
            f"it ends in a {node.kind} layer{size}; expected a Dense layer of 10"
        )
    activations = {node.arguments.get("activation", "linear"), final_activation}
    if not activations <= {"linear", "softmax"}:
        raise UnsupportedModelError(
            f"its outputs are {', '.join(activations - {'linear'})}; expected softmax or logits"
        )
    return node.name


def _input_shape(config: dict[str, Any]) -> tuple[int, ...] | None:
    return _without_batch(config.get("batch_shape") or config.get("batch_input_shape"))


def _without_batch(shape: Any) -> tuple[int, ...] | None:
    return tuple(shape[1:]) if shape else None
