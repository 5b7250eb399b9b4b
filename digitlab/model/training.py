"""Training a base version from MNIST, with checkpoints after each epoch."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist
from digitlab.model import metrics, network
from digitlab.model.calibration import calibrate
from digitlab.model.card import MODEL_FILES, Card, file_sha256, library_versions
from digitlab.model.runtime import Classifier, LiteRTModel
from digitlab.model.train_config import TrainConfig
from digitlab.model.training_data import TrainingData

EpochDone = Callable[[dict[str, Any]], None]
"""Function called after each epoch with its row of the history.

A row has the keys `epoch` (from 1), `loss`, `validation_correct`, `validation_accuracy`,
`validation_log_loss` and `seconds`.
"""

_TRAIN_IMAGES: Final = 50_000
_VALIDATION_IMAGES: Final = 5_000


def train_base(
    config: TrainConfig,
    *,
    work: Path,
    teachers: Mapping[str, Classifier] | None = None,
    progress: network.Progress | None = None,
    epoch_done: EpochDone | None = None,
) -> Path:
    """Train a network from scratch and write its version folder.

    If `work` holds checkpoints, the training continues from the last one. The best epoch is the
    one with the most correct predictions on MNIST's `validation` split; among equals, the one
    with the lowest log loss. The `test` split is only reported.

    Args:
        config: parameters of the training.
        work: folder for the checkpoints of this configuration; created if missing. The caller
            removes it after moving the version folder.
        teachers: the versions that `config.teachers` names.
        progress: function to call after each step.
        epoch_done: function to call after each epoch.

    Returns:
        The version folder, inside `work`, with model.keras, model.tflite and card.json.
    """
    teachers = teachers or {}
    if set(teachers) != set(config.teachers):
        raise ValueError(f"expected the teachers {config.teachers}, got {tuple(teachers)}")
    work.mkdir(parents=True, exist_ok=True)
    history = _run_epochs(config, work, teachers, progress, epoch_done)
    version = work / "version"
    shutil.rmtree(version, ignore_errors=True)
    version.mkdir()
    data = _data_sources(config, teachers)
    _write_version(network.load(work / "best.keras"), version, config, data=data, history=history)
    return version


def _quality(row: dict[str, Any]) -> tuple[int, float]:
    """Return the sort key of an epoch; the best epoch has the largest one."""
    return row["validation_correct"], -row["validation_log_loss"]


def _run_epochs(
    config: TrainConfig,
    checkpoints: Path,
    teachers: Mapping[str, Classifier],
    progress: network.Progress | None,
    epoch_done: EpochDone | None,
) -> list[dict[str, Any]]:
    """Train the epochs that are missing in `checkpoints`; return the history of all epochs."""
    x_validation, y_validation = mnist.load("validation")
    file = checkpoints / "history.json"
    history: list[dict[str, Any]] = json.loads(file.read_text()) if file.is_file() else []
    if len(history) == config.epochs:
        return history
    training_data = TrainingData(config, checkpoints)
    steps = len(training_data) // config.batch_size
    if history:
        last = checkpoints / f"epoch-{len(history):03d}.keras"
        model = network.resume(last, config, steps_per_epoch=steps)
    else:
        model = network.build(config, steps_per_epoch=steps)
    average = None
    if config.weight_average:
        average = network.WeightAverage(model, config.weight_average)
        if history:
            average.load(_average_file(checkpoints, len(history)))
    for epoch, (x, y) in training_data.epochs(len(history)):
        started = time.monotonic()
        loss = network.train_epoch(
            model,
            x,
            _targets(x, y, teachers) if network.has_soft_labels(config) else y,
            config=config,
            epoch=epoch,
            average=average,
            progress=progress,
        )
        network.save(model, checkpoints / f"epoch-{epoch + 1:03d}.keras")
        own_weights = model.get_weights()
        if average is not None:
            average.save(_average_file(checkpoints, epoch + 1))
            model.set_weights(average.weights)
        logits, _ = network.logits_and_embeddings(model, x_validation)
        validation = metrics.summary(metrics.softmax(logits), y_validation)
        row = {
            "epoch": epoch + 1,
            "loss": loss,
            "validation_correct": validation["correct"],
            "validation_accuracy": validation["accuracy"],
            "validation_log_loss": validation["log_loss"],
            "seconds": round(time.monotonic() - started, 1),
        }
        _keep_epoch(model, checkpoints, history, row)
        model.set_weights(own_weights)
        history.append(row)
        if epoch_done is not None:
            epoch_done(row)
    return history


def _targets(
    x: NDArray[np.uint8], y: NDArray[np.uint8], teachers: Mapping[str, Classifier]
) -> NDArray[np.float32]:
    """Return the targets of `network.soft_loss`: labels and the teachers' mean logits (N, 11)."""
    logits = [teacher.logits_and_embeddings(x)[0] for teacher in teachers.values()]
    mean = np.mean(logits, axis=0) if logits else np.zeros((len(x), 10))
    return np.concatenate([y[:, None], mean], axis=1).astype(np.float32)


def _average_file(checkpoints: Path, epoch: int) -> Path:
    """Return the file of the averaged weights after an epoch, counted from 1."""
    return checkpoints / f"epoch-{epoch:03d}.average.npz"


def _keep_epoch(
    model: Any, checkpoints: Path, history: list[dict[str, Any]], row: dict[str, Any]
) -> None:
    """Write `best.keras` if the epoch is the best one, and add it to the history.

    `history.json` is written last: an epoch that it lists has its checkpoint.
    """
    if all(_quality(row) > _quality(earlier) for earlier in history):
        network.save(model, checkpoints / "best.keras")
    temporary = checkpoints / ".history.json"
    temporary.write_text(json.dumps([*history, row], indent=1))
    os.replace(temporary, checkpoints / "history.json")
    if history:
        (checkpoints / f"epoch-{row['epoch'] - 1:03d}.keras").unlink(missing_ok=True)
        _average_file(checkpoints, row["epoch"] - 1).unlink(missing_ok=True)


def _write_version(
    model: Any,
    folder: Path,
    config: TrainConfig,
    *,
    data: dict[str, Any],
    history: list[dict[str, Any]],
) -> None:
    """Write the model files and the card of a trained network into `folder`."""
    network.save(model, folder / "model.keras")
    network.export_litert(model, folder / "model.tflite")
    embedding = config.stages[-1][0]
    runtime = LiteRTModel(folder / "model.tflite", embedding=embedding, version="new", threads=2)
    calibration = calibrate(runtime)
    card = Card(
        kind="base",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        data=data,
        config=asdict(config),
        seed=config.seed,
        parameters=int(np.sum([np.prod(w.shape) for w in model.weights])),
        embedding=embedding,
        epoch=max(history, key=_quality)["epoch"],
        history=history,
        temperature=calibration.temperature,
        refusal=calibration.refusal,
        metrics=calibration.metrics,
        hashes={
            "weights": network.weights_hash(model),
            **{name: file_sha256(folder / name) for name in MODEL_FILES},
        },
        libraries=library_versions("keras", "tensorflow", "numpy", "ai-edge-litert"),
    )
    card.write(folder)


def _data_sources(config: TrainConfig, teachers: Mapping[str, Classifier]) -> dict[str, Any]:
    """Return what the card says about the data, with the hash of each teacher's LiteRT file."""
    data = {
        "mnist.npz": mnist.SHA256,
        "train": config.images or _TRAIN_IMAGES,
        "validation": _VALIDATION_IMAGES,
    }
    hashes = {name: teacher.card.hashes["model.tflite"] for name, teacher in teachers.items()}
    return data | ({"teachers": hashes} if hashes else {})
