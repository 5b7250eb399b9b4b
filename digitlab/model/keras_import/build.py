"""Import of another program's digit classifier as a model version.

The network is built again from Keras's own layers, as `graph` describes it, and receives the
file's weights as plain arrays. Nothing in the file runs. `sandbox.import_in_sandbox` calls this in
a separate process.
"""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from digitlab.datasets import mnist
from digitlab.errors import ModelError
from digitlab.model import network
from digitlab.model.calibration import calibrate
from digitlab.model.card import MODEL_FILES, Card, file_sha256, library_versions
from digitlab.model.keras_import.file import Weights, read_file
from digitlab.model.keras_import.graph import Graph, parse_graph
from digitlab.model.keras_import.layers import UnsupportedModelError
from digitlab.model.keras_import.limits import LIMITS
from digitlab.model.keras_import.network_builder import build, first_line, score_function
from digitlab.model.keras_import.preprocessing import InputLayout, choose_preprocessing
from digitlab.model.keras_import.saved_model import is_saved_model, read_saved_model
from digitlab.model.runtime import LiteRTModel

_AGREEMENT_IMAGES: Final = 1_000
"""Number of `validation` images on which LiteRT and Keras are compared."""

_AGREEMENT_LOSS: Final = 0.005
"""Loss of accuracy from which the LiteRT file is written without quantisation."""


def read_model(path: Path) -> tuple[Graph, Weights]:
    """Return the network in a model file; only a SavedModel folder loads TensorFlow.

    Raises:
        UnsupportedModelError: the file is not a plain digit classifier.
    """
    if is_saved_model(path):
        graph, weights = read_saved_model(path)
    else:
        config, weights = read_file(path)
        graph = parse_graph(config)
    InputLayout.of(graph.input_shape)
    return graph, weights


def import_model(
    path: Path, out_folder: Path, *, has_read: Callable[[], None] = lambda: None
) -> Card:
    """Write a version folder from a model file: model.keras, model.tflite and card.json.

    The preprocessing that the network expects is found on MNIST's `validation` split, and becomes
    the first layers of the version's network. The embedding is the input of the model's last layer
    with weights. A softmax or sigmoid at the end is dropped. Temperature, refusal threshold and
    metrics are computed as for a base.

    Args:
        path: a legacy Keras HDF5 file (`.h5`), a `.keras` file, or a SavedModel folder.
        out_folder: an empty folder.
        has_read: function to call when the file has been read.

    Returns:
        The version's card.

    Raises:
        ModelError: the file is not a plain digit classifier with ten outputs, or its layers do
            not run in LiteRT.
    """
    try:
        graph, weights = read_model(path)
        has_read()
        keras = network.import_keras()
        core = build(keras, graph, weights)
        scores = score_function(core)
        layout = InputLayout.of(graph.input_shape)
        preprocessing = choose_preprocessing(keras, layout, scores)
        core = scores = None  # type: ignore[assignment]  # frees their memory
        gc.collect()
        model = build(keras, graph, weights, preprocessing)
        weights.clear()
        runtime = _write_models(model, out_folder, path=path)
    except UnsupportedModelError as error:
        raise ModelError(f"{path} cannot be imported: {str(error).rstrip('.')}.") from error
    calibration = calibrate(runtime)
    card = Card(
        kind="imported",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        data={
            "mnist.npz": mnist.SHA256,
            "train": 0,
            "validation": 5_000,
            "file": _sha256(path),
        },
        config={
            "input": preprocessing.scaling,
            "shape": list(layout.shape),
            "output": graph.activation,
            "layers": [node.kind for node in graph.nodes],
        },
        seed=0,
        parameters=int(np.sum([np.prod(w.shape) for w in model.weights])),
        embedding=int(model.output["embedding"].shape[-1]),
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
        source=path.absolute().name,
        preprocessing=str(preprocessing),
    )
    card.write(out_folder)
    return card


def _write_models(model: Any, folder: Path, *, path: Path) -> LiteRTModel:
    """Write model.keras and model.tflite into `folder`; return the latter, loaded."""
    network.save(model, folder / "model.keras")
    x, y = (array[:_AGREEMENT_IMAGES] for array in mnist.load("validation"))
    expected = float((score_function(model)(x).argmax(axis=1) == y).mean())
    for quantised in (True, False):
        runtime = _write_litert(model, folder / "model.tflite", path=path, quantised=quantised)
        _check_speed(runtime)
        logits, _ = runtime.logits_and_embeddings(x)
        if not np.isfinite(logits).all():
            raise UnsupportedModelError("its outputs are not finite for some digits")
        if float((logits.argmax(axis=1) == y).mean()) >= expected - _AGREEMENT_LOSS:
            break
    return runtime


def _write_litert(model: Any, target: Path, *, path: Path, quantised: bool) -> LiteRTModel:
    embedding = int(model.output["embedding"].shape[-1])
    try:
        network.export_litert(model, target, quantised=quantised)
        runtime = LiteRTModel(target, embedding=embedding, version=path.name, threads=2)
        runtime.logits_and_embeddings(np.zeros((2, 28, 28), np.uint8))
    except OSError:
        raise
    except Exception as error:  # the converter raises many types
        raise UnsupportedModelError(
            f"its layers do not run in LiteRT ({first_line(error)})"
        ) from error
    return runtime


def _check_speed(runtime: LiteRTModel) -> None:
    """Refuse a network that takes too long for one image."""
    images = np.zeros((16, 28, 28), np.uint8)
    runtime.logits_and_embeddings(images)
    start = time.process_time()
    runtime.logits_and_embeddings(images)
    milliseconds = (time.process_time() - start) / len(images) * 1000
    if milliseconds > LIMITS.cpu_ms_per_image:
        raise UnsupportedModelError(
            f"it takes {milliseconds:.1f} ms of processor time for an image; expected at most "
            f"{LIMITS.cpu_ms_per_image:g} ms"
        )


def _sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and hashes of a folder's files."""
    if path.is_file():
        return file_sha256(path)
    files = sorted(part for part in path.rglob("*") if part.is_file())
    lines = [f"{file.relative_to(path).as_posix()} {file_sha256(file)}" for file in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
