"""The layers of a foreign Keras model as plain data, read from its configuration.

Nothing is deserialised: what is not a known layer with plain arguments is refused, so that no
Lambda, no custom object and no function named in a file is ever looked up or run. Keras 2's way
of writing a configuration is read as well as Keras 3's.
"""

from __future__ import annotations

from typing import Any, Final

from digitlab.model.keras_import.layers import (
    ACTIVATIONS,
    LAYERS,
    SHAPES,
    Graph,
    Node,
    UnsupportedModelError,
)

MAX_LAYERS: Final = 500

_RENAMED: Final = {("LeakyReLU", "alpha"): "negative_slope"}  # since Keras 3


def parse_graph(model: Any) -> Graph:
    """The network that a model's configuration describes.

    Args:
        model: the `model_config` of a legacy HDF5 file or the `config.json` of a `.keras` file.

    Raises:
        UnsupportedModelError: it is no plain digit model.
    """
    try:
        _check_plain({**model, "compile_config": None})  # how it was trained does not matter
        kind, config = model["class_name"], model["config"]
        if kind == "Sequential":
            shape, source, nodes, last = _sequential(model, config)
        elif kind in ("Functional", "Model"):
            shape, source, nodes, last = _functional(config)
        else:
            raise UnsupportedModelError(
                f"it is a {kind}; expected a Sequential or functional model"
            )
        if shape not in SHAPES:
            raise UnsupportedModelError(
                f"its input has the shape {shape}; expected (28, 28, 1), (28, 28), (784,)"
            )
        return Graph(
            shape=shape, source=source, nodes=_needed(nodes, source, last), head=_head(nodes, last)
        )
    except (KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise UnsupportedModelError(f"its configuration cannot be read ({error!r})") from error


def _check_plain(value: Any) -> None:
    """Refuse whatever would have to be looked up outside Keras's own layers."""
    if isinstance(value, dict):
        kind = str(value.get("class_name", ""))
        module = str(value.get("module") or "keras")
        registered = value.get("registered_name")
        if kind == "Lambda":
            raise UnsupportedModelError("it has a Lambda layer, which would run code from the file")
        foreign = module.partition(".")[0] not in ("keras", "builtins", "tf_keras")
        if kind and (foreign or ">" in kind or registered not in (None, kind)):
            raise UnsupportedModelError(
                f"it has the custom object {registered or kind!r}; only Keras's own are taken"
            )
        for part in value.values():
            _check_plain(part)
    elif isinstance(value, list):
        for part in value:
            _check_plain(part)


def _sequential(
    model: dict[str, Any], config: Any
) -> tuple[tuple[int, ...], str, dict[str, Node], str]:
    layers = config if isinstance(config, list) else config["layers"]  # a list before Keras 2.2
    first = layers[0]["config"]
    shape = _shape_in(first)
    if layers[0]["class_name"] == "InputLayer":
        layers = layers[1:]
    elif shape is None:
        built = None if isinstance(config, list) else config.get("build_input_shape")
        shape = _shape(built or (model.get("build_config") or {}).get("input_shape"))
    nodes: dict[str, Node] = {}
    last = source = ""
    for layer in layers:
        last = _add(nodes, layer, (last,))
    return shape or (), source, nodes, last


def _functional(config: dict[str, Any]) -> tuple[tuple[int, ...], str, dict[str, Node], str]:
    nodes: dict[str, Node] = {}
    source = _only(config["input_layers"], "input")
    shape: tuple[int, ...] | None = None
    for layer in config["layers"]:
        name = layer["config"]["name"]
        if layer["class_name"] == "InputLayer":
            shape = _shape_in(layer["config"]) if name == source else shape
            continue
        calls = layer["inbound_nodes"]
        if len(calls) != 1:
            raise UnsupportedModelError(
                f"its layer {name!r} is used {len(calls)} times; expected once"
            )
        _add(nodes, layer, tuple(_sources(calls[0])))
    return shape or (), source, nodes, _only(config["output_layers"], "output")


def _add(nodes: dict[str, Node], layer: dict[str, Any], sources: tuple[str, ...]) -> str:
    """Add one layer to `nodes`; return its name."""
    kind, config = layer["class_name"], layer["config"]
    if kind not in LAYERS:
        raise UnsupportedModelError(
            f"it has a layer of the kind {kind!r}; taken are {', '.join(LAYERS)}"
        )
    name = str(config["name"])
    if name in nodes or len(nodes) >= MAX_LAYERS:
        raise UnsupportedModelError(f"it has two layers {name!r}, or more than {MAX_LAYERS}")
    if config.get("data_format") == "channels_first":
        raise UnsupportedModelError(
            f"its layer {name!r} wants channels first; expected channels last"
        )
    values = {_RENAMED.get((kind, key), key): value for key, value in config.items()}
    arguments = {key: _plain(name, key, values[key]) for key in LAYERS[kind] if key in values}
    nodes[name] = Node(name=name, kind=kind, arguments=arguments, sources=sources)
    return name


def _plain(layer: str, key: str, value: Any) -> Any:
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


def _sources(call: Any) -> list[str]:
    """The names of the layers whose outputs one call takes."""
    if not isinstance(call, dict):  # Keras 2: [[name, node, tensor, arguments], ...]
        found = [(part[0], part[1], part[2]) for part in call]
        extra = [part[3] for part in call if len(part) > 3 and any((part[3] or {}).values())]
    else:
        first = call["args"][0]
        tensors = first if isinstance(first, list) else [first]
        found = [tuple(tensor["config"]["keras_history"]) for tensor in tensors]
        extra = [*call["args"][1:], *filter(None, (call.get("kwargs") or {}).values())]
    if extra or any(history[1:] != (0, 0) for history in found):
        raise UnsupportedModelError(
            "its layers are called in a way that is not taken; expected one after another"
        )
    return [str(history[0]) for history in found]


def _only(places: Any, what: str) -> str:
    """The one layer in `input_layers` or `output_layers`; that of the logits among several."""
    if isinstance(places, dict):
        places = [places["logits"]] if "logits" in places else list(places.values())
    if len(places) == 3 and isinstance(places[0], str):
        places = [places]
    if len(places) != 1:
        raise UnsupportedModelError(f"it has {len(places)} {what}s; expected one")
    return str(places[0][0])


def _needed(nodes: dict[str, Node], source: str, last: str) -> tuple[Node, ...]:
    """The layers that `last` needs, each after its sources."""
    order: dict[str, Node] = {}
    open_names: set[str] = set()

    def visit(name: str) -> None:
        if name == source or name in order:
            return
        if name in open_names:
            raise UnsupportedModelError(f"its layer {name!r} takes its own output")
        open_names.add(name)
        for before in nodes[name].sources:
            visit(before)
        order[name] = nodes[name]

    visit(last)
    return tuple(order.values())


def _head(nodes: dict[str, Node], last: str) -> str:
    """The Dense layer that gives the logits, or the softmax over them, at the end."""
    node = nodes[last]
    before = "linear"
    if node.kind in {"Softmax", "Activation"}:
        before = "softmax" if node.kind == "Softmax" else node.arguments["activation"]
        node = nodes[node.sources[0]]
    if node.kind != "Dense" or node.arguments["units"] != 10:
        size = f" of {node.arguments['units']}" if node.kind == "Dense" else ""
        raise UnsupportedModelError(
            f"it ends in a {node.kind} layer{size}; expected a Dense layer of 10"
        )
    outputs = {node.arguments.get("activation", "linear"), before}
    if not outputs <= {"linear", "softmax"}:
        raise UnsupportedModelError(
            f"its outputs are {', '.join(outputs - {'linear'})}; expected softmax or logits"
        )
    return node.name


def _shape_in(config: dict[str, Any]) -> tuple[int, ...] | None:
    return _shape(config.get("batch_shape") or config.get("batch_input_shape"))


def _shape(batched: Any) -> tuple[int, ...] | None:
    return tuple(batched[1:]) if batched else None
