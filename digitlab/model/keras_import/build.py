"""A foreign Keras digit model made into a version of digitlab: rebuilt, judged, written.

The network is built anew, from Keras's own layers, by what `graph` read of the file, and
its weights are put in as plain arrays. Nothing in the file is ever run.
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
from digitlab.model.keras_import.file import MAX_NUMBERS, Weights
from digitlab.model.keras_import.graph import parse_graph
from digitlab.model.keras_import.layers import Graph, Node, UnsupportedModelError
from digitlab.model.keras_import.sandbox import read_in_sandbox
from digitlab.model.runtime import LiteRTModel

INPUT_RANGES: Final = {
    "0 to 1": (1 / 255, 0.0),
    "0 to 255": (1.0, 0.0),
    "-1 to 1": (1 / 127.5, -1.0),
}
"""What a foreign model may want for 0-255, as scale and offset; the first that reads best."""

_ASKED: Final = 1_000  # images of `validation` to tell the ranges apart; they differ by far

_MAX_VALUES: Final = 1_000_000  # of one image between two layers


def import_model(path: Path, out_folder: Path) -> Card:
    """Make a version folder from a foreign model: model.keras, model.tflite, card.json.

    What its inputs mean is found out on `validation`; the embedding is what its last layer sees; a
    softmax at its end is dropped. Temperature, refusal and figures are as for a base.

    Args:
        path: a legacy Keras HDF5 file (`.h5`) or a `.keras` file.
        out_folder: an empty folder.

    Raises:
        ModelError: the file is no plain digit model of 28x28 or 784 values in and ten out, or
            its layers do not run in LiteRT.
    """
    try:
        config, weights = read_in_sandbox(path)
        graph = parse_graph(config)
        model, meaning = _wrap(graph, weights)
    except UnsupportedModelError as error:
        raise ModelError(f"{path} is not taken: {error}.") from error
    embedding = int(model.output["embedding"].shape[-1])
    runtime = _write(model, out_folder, embedding=embedding, path=path)
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
            "input": meaning,
            "shape": list(graph.shape),
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


def _wrap(graph: Graph, weights: Weights) -> tuple[Any, str]:
    """The network around a foreign one, and which range of inputs it wants."""
    x, y = (part[:_ASKED] for part in mnist.load("validation"))
    best: tuple[int, Any, str] | None = None
    for meaning in INPUT_RANGES:
        model = _network(graph, weights, meaning)
        correct = int((network.logits_and_embeddings(model, x)[0].argmax(axis=1) == y).sum())
        if best is None or correct > best[0]:
            best = (correct, model, meaning)
    assert best is not None  # there are ranges  # noqa: S101
    return best[1], best[2]


def _network(graph: Graph, weights: Weights, meaning: str) -> Any:
    """uint8 (N, 28, 28) -> {"logits": (N, 10), "embedding": (N, E)}, with the file's weights."""
    keras = network.import_keras()
    scale, offset = INPUT_RANGES[meaning]
    inputs = keras.Input((28, 28), dtype="uint8", name="digit_image")
    x = keras.layers.Rescaling(scale, offset)(inputs)
    if graph.shape != (28, 28):
        x = keras.layers.Reshape(graph.shape)(x)
    found = {graph.source: x}
    head = graph.node(graph.head)
    for node in graph.nodes:
        if node.name in (graph.head, *_after(graph)):
            continue
        found[node.name] = _call(keras, node, [found[name] for name in node.sources], weights)
    embedding = found[head.sources[0]]
    if len(embedding.shape) != 2:
        raise UnsupportedModelError(
            f"its last Dense layer takes {embedding.shape[1:]}; expected one row a digit"
        )
    plain = Node(
        name=head.name,
        kind="Dense",
        arguments={**head.arguments, "activation": "linear"},
        sources=head.sources,
    )
    logits = _call(keras, plain, [embedding], weights)
    if embedding.shape[-1] == 10:  # the runtime tells the two outputs apart by their lengths
        x = keras.layers.Reshape((10, 1))(embedding)
        embedding = keras.layers.Flatten()(keras.layers.ZeroPadding1D((0, 1))(x))
    return keras.Model(inputs, {"logits": logits, "embedding": embedding}, name="digitlab")


def _after(graph: Graph) -> set[str]:
    """The softmax after the logits, which is left out."""
    return {node.name for node in graph.nodes if graph.head in node.sources}


def _call(keras: Any, node: Node, tensors: list[Any], weights: Weights) -> Any:
    """One layer with its weights, called."""
    try:
        layer = getattr(keras.layers, node.kind)(**node.arguments)
        _check_size(node, tensors, layer)
        y = layer(tensors if len(tensors) > 1 else tensors[0])
        layer.set_weights(weights.get(node.name, []))
    except UnsupportedModelError:
        raise
    except Exception as error:  # Keras raises what it likes for arguments that fit nowhere
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise UnsupportedModelError(
            f"its layer {node.name!r} ({node.kind}) does not fit: {reason}"
        ) from error
    return y


def _check_size(node: Node, tensors: list[Any], layer: Any) -> None:
    """Refuse a layer that would not fit in memory, before Keras makes its arrays."""
    keys = ("units", "filters", "kernel_size", "depth_multiplier")
    sizes = [node.arguments.get(key, 1) for key in keys]
    flat = [part for size in sizes for part in (size if isinstance(size, list) else [size])]
    numbers = math.prod(flat) * int(tensors[0].shape[-1])
    shapes = [tuple(tensor.shape) for tensor in tensors]
    shape = layer.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
    if any(size is None for size in shape[1:]):
        raise UnsupportedModelError(
            f"its layer {node.name!r} has an output of open shape {tuple(shape)}"
        )
    if numbers > MAX_NUMBERS or math.prod(int(size) for size in shape[1:]) > _MAX_VALUES:
        raise UnsupportedModelError(f"its layer {node.name!r} is larger than any digit needs")


def _write(model: Any, folder: Path, *, embedding: int, path: Path) -> LiteRTModel:
    """Write model.keras and model.tflite; return the latter at work."""
    network.save(model, folder / "model.keras")
    try:
        network.export_litert(model, folder / "model.tflite")
        runtime = LiteRTModel(
            folder / "model.tflite", embedding=embedding, version=path.name, threads=2
        )
        runtime.logits_and_embeddings(np.zeros((2, 28, 28), np.uint8))
    except Exception as error:  # the converter raises what it likes
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ModelError(
            f"{path} is not taken: its layers do not run in LiteRT ({reason})."
        ) from error
    return runtime
