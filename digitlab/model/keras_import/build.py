"""Import of another program's Keras digit classifier as a model version.

The network is built again from Keras's own layers, as `graph` describes it, and receives the
file's weights as plain arrays. Nothing in the file runs.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from digitlab.datasets import mnist
from digitlab.errors import ModelError
from digitlab.model import network
from digitlab.model.calibration import calibrate
from digitlab.model.card import MODEL_FILES, Card, file_sha256, library_versions
from digitlab.model.keras_import.file import Weights
from digitlab.model.keras_import.graph import Graph, Node, parse_graph
from digitlab.model.keras_import.layers import UnsupportedModelError
from digitlab.model.keras_import.limits import LIMITS
from digitlab.model.keras_import.sandbox import read_in_sandbox
from digitlab.model.runtime import LiteRTModel

INPUT_RANGES: Final = {
    "0 to 1": (1 / 255, 0.0),
    "0 to 255": (1.0, 0.0),
    "-1 to 1": (1 / 127.5, -1.0),
}
"""Ranges of pixel values that a model may expect, with the scale and offset from 0-255."""

_RANGE_IMAGES: Final = 1_000
"""Number of MNIST `validation` images that decide the range; its accuracy differs widely."""


def import_model(path: Path, out_folder: Path) -> Card:
    """Write a version folder from a Keras file: model.keras, model.tflite and card.json.

    The range of pixel values that the model expects is the one with the most correct predictions
    on MNIST's `validation` split. The embedding is the input of the model's last Dense layer. A
    softmax at the end is dropped. Temperature, refusal threshold and metrics are computed as for
    a base.

    Args:
        path: a legacy Keras HDF5 file (`.h5`) or a `.keras` file.
        out_folder: an empty folder.

    Returns:
        The version's card.

    Raises:
        ModelError: the file is not a plain digit classifier with an input of 28x28 or 784 values
            and ten outputs, or its layers do not run in LiteRT.
    """
    try:
        config, weights = read_in_sandbox(path)
        graph = parse_graph(config)
        model, input_range = _build_with_best_range(graph, weights)
    except UnsupportedModelError as error:
        raise ModelError(f"{path} cannot be imported: {error}.") from error
    embedding = int(model.output["embedding"].shape[-1])
    runtime = _write_models(model, out_folder, embedding=embedding, path=path)
    calibration = calibrate(runtime)
    card = Card(
        kind="imported",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        data={
            "mnist.npz": mnist.SHA256,
            "train": 0,
            "validation": 5_000,
            "file": file_sha256(path),
        },
        config={
            "input": input_range,
            "shape": list(graph.input_shape),
            "layers": [node.kind for node in graph.nodes],
        },
        seed=0,
        parameters=int(np.sum([np.prod(w.shape) for w in model.weights])),
        embedding=embedding,
        epoch=0,
        history=[],
        temperature=calibration.temperature,
        refusal=calibration.refusal,
        metrics=calibration.metrics,
        hashes={
            "weights": network.weights_hash(model),
            **{name: file_sha256(out_folder / name) for name in MODEL_FILES},
        },
        libraries=library_versions("keras", "tensorflow", "numpy", "ai-edge-litert"),
        source=path.name,
    )
    card.write(out_folder)
    return card


def _build_with_best_range(graph: Graph, weights: Weights) -> tuple[Any, str]:
    """Build the network; return it with the key of `INPUT_RANGES` that classifies best."""
    x, y = (array[:_RANGE_IMAGES] for array in mnist.load("validation"))
    best: tuple[int, Any, str] | None = None
    for input_range in INPUT_RANGES:
        model = _build(graph, weights, input_range)
        logits, _ = network.logits_and_embeddings(model, x)
        correct = int((logits.argmax(axis=1) == y).sum())
        if best is None or correct > best[0]:
            best = (correct, model, input_range)
    assert best is not None  # INPUT_RANGES is not empty  # noqa: S101
    return best[1], best[2]


def _build(graph: Graph, weights: Weights, input_range: str) -> Any:
    """Build uint8 (N, 28, 28) -> {"logits": (N, 10), "embedding": (N, E)} with the weights."""
    keras = network.import_keras()
    scale, offset = INPUT_RANGES[input_range]
    inputs = keras.Input((28, 28), dtype="uint8", name="digit_image")
    x = keras.layers.Rescaling(scale, offset)(inputs)
    if graph.input_shape != (28, 28):
        x = keras.layers.Reshape(graph.input_shape)(x)
    tensors = {graph.input_name: x}
    head = graph.node(graph.logits_name)
    for node in graph.nodes:
        if node.name in (head.name, *_softmax_after(graph)):
            continue
        node_inputs = [tensors[name] for name in node.inputs]
        tensors[node.name] = _call_layer(keras, node, node_inputs, weights)
    embedding = tensors[head.inputs[0]]
    if len(embedding.shape) != 2:
        raise UnsupportedModelError(
            f"its last Dense layer takes {embedding.shape[1:]}; expected one row a digit"
        )
    linear_head = Node(
        name=head.name,
        kind="Dense",
        arguments={**head.arguments, "activation": "linear"},
        inputs=head.inputs,
    )
    logits = _call_layer(keras, linear_head, [embedding], weights)
    if embedding.shape[-1] == 10:  # the runtime tells the two outputs apart by their lengths
        x = keras.layers.Reshape((10, 1))(embedding)
        embedding = keras.layers.Flatten()(keras.layers.ZeroPadding1D((0, 1))(x))
    return keras.Model(inputs, {"logits": logits, "embedding": embedding}, name="digitlab")


def _softmax_after(graph: Graph) -> set[str]:
    """Return the name of the softmax after the logits, if there is one."""
    return {node.name for node in graph.nodes if graph.logits_name in node.inputs}


def _call_layer(keras: Any, node: Node, tensors: list[Any], weights: Weights) -> Any:
    """Create a layer, call it and set its weights; return its output."""
    try:
        layer = getattr(keras.layers, node.kind)(**node.arguments)
        _check_size(node, tensors, layer)
        y = layer(tensors if len(tensors) > 1 else tensors[0])
        layer.set_weights(weights.get(node.name, []))
    except UnsupportedModelError:
        raise
    except Exception as error:  # Keras raises many types for arguments that do not fit
        raise UnsupportedModelError(
            f"its layer {node.name!r} ({node.kind}) does not fit: {_first_line(error)}"
        ) from error
    return y


def _check_size(node: Node, tensors: list[Any], layer: Any) -> None:
    """Refuse a layer above the limits before Keras creates its arrays."""
    keys = ("units", "filters", "kernel_size", "depth_multiplier")
    sizes = [node.arguments.get(key, 1) for key in keys]
    flat = [part for size in sizes for part in (size if isinstance(size, list) else [size])]
    n_weights = math.prod(flat) * int(tensors[0].shape[-1])
    shapes = [tuple(tensor.shape) for tensor in tensors]
    shape = layer.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
    if any(size is None for size in shape[1:]):
        raise UnsupportedModelError(
            f"its layer {node.name!r} has an output of open shape {tuple(shape)}"
        )
    n_outputs = math.prod(int(size) for size in shape[1:])
    if n_weights > LIMITS.weights or n_outputs > LIMITS.layer_outputs:
        raise UnsupportedModelError(f"its layer {node.name!r} is larger than any digit needs")


def _write_models(model: Any, folder: Path, *, embedding: int, path: Path) -> LiteRTModel:
    """Write model.keras and model.tflite into `folder`; return the latter, loaded."""
    network.save(model, folder / "model.keras")
    try:
        network.export_litert(model, folder / "model.tflite")
        runtime = LiteRTModel(
            folder / "model.tflite", embedding=embedding, version=path.name, threads=2
        )
        runtime.logits_and_embeddings(np.zeros((2, 28, 28), np.uint8))
    except Exception as error:  # the converter raises many types
        raise ModelError(
            f"{path} cannot be imported: its layers do not run in LiteRT ({_first_line(error)})."
        ) from error
    return runtime


def _first_line(error: Exception) -> str:
    message = str(error).strip()
    return message.splitlines()[0] if message else repr(error)
