"""Training a base version from MNIST, with checkpoints after each epoch."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from digitlab.datasets import mnist
from digitlab.model import metrics, network
from digitlab.model.calibration import calibrate
from digitlab.model.card import MODEL_FILES, Card, file_sha256, library_versions
from digitlab.model.runtime import LiteRTModel
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
        progress: function to call after each step.
        epoch_done: function to call after each epoch.

    Returns:
        The version folder, inside `work`, with model.keras, model.tflite and card.json.
    """
    work.mkdir(parents=True, exist_ok=True)
    history = _run_epochs(config, work, progress, epoch_done)
    best = max(history, key=_quality)
    version = work / "version"
    shutil.rmtree(version, ignore_errors=True)
    version.mkdir()
    _write_version(network.load(work / "best.keras"), version, config, history, best)
    return version


def _quality(row: dict[str, Any]) -> tuple[int, float]:
    """Return the sort key of an epoch; the best epoch has the largest one."""
    return row["validation_correct"], -row["validation_log_loss"]


def _run_epochs(
    config: TrainConfig,
    checkpoints: Path,
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
    for epoch, (x, y) in training_data.epochs(len(history)):
        started = time.monotonic()
        loss = network.train_epoch(model, x, y, config=config, epoch=epoch, progress=progress)
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
        _save_checkpoint(model, checkpoints, history, row)
        history.append(row)
        if epoch_done is not None:
            epoch_done(row)
    return history


def _save_checkpoint(
    model: Any, checkpoints: Path, history: list[dict[str, Any]], row: dict[str, Any]
) -> None:
    """Write an epoch's checkpoint, and `best.keras` if the epoch is the best one.

    `history.json` is written last: an epoch that it lists has its checkpoint.
    """
    network.save(model, checkpoints / f"epoch-{row['epoch']:03d}.keras")
    if all(_quality(row) > _quality(earlier) for earlier in history):
        network.save(model, checkpoints / "best.keras")
    temporary = checkpoints / ".history.json"
    temporary.write_text(json.dumps([*history, row], indent=1))
    os.replace(temporary, checkpoints / "history.json")
    if history:
        (checkpoints / f"epoch-{row['epoch'] - 1:03d}.keras").unlink(missing_ok=True)


def _write_version(
    model: Any,
    folder: Path,
    config: TrainConfig,
    history: list[dict[str, Any]],
    best: dict[str, Any],
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
        data={
            "mnist.npz": mnist.SHA256,
            "train": config.images or _TRAIN_IMAGES,
            "validation": _VALIDATION_IMAGES,
        },
        config=asdict(config),
        seed=config.seed,
        parameters=int(np.sum([np.prod(w.shape) for w in model.weights])),
        embedding=embedding,
        epoch=best["epoch"],
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
