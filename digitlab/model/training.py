"""Training a base from MNIST: epochs with checkpoints, the choice of one, its version folder.

The epoch is chosen on `validation`, the temperature fitted there; `test` is reported only.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.datasets import mnist
from digitlab.model import metrics, network
from digitlab.model.calibration import calibrate
from digitlab.model.card import Card, file_sha256, library_versions
from digitlab.model.runtime import LiteRTModel
from digitlab.model.train_config import TrainConfig
from digitlab.model.training_data import TrainingData

EpochDone = Callable[[dict[str, Any]], None]
"""Called with an epoch's row of the history: epoch (from 1), loss, tune figures, seconds."""


def train_base(
    config: TrainConfig,
    *,
    work: Path,
    progress: network.Progress | None = None,
    epoch_done: EpochDone | None = None,
) -> Path:
    """Train from scratch, or go on from the checkpoint in `work`, and write a version folder.

    Args:
        config: the parameters.
        work: folder for this configuration's checkpoints; made when missing. It is the
            caller's to remove once the version is in its place.
        progress: called after each step.
        epoch_done: called after each epoch.

    Returns:
        The finished version folder, inside `work`: model.keras, model.tflite, card.json.
    """
    work.mkdir(parents=True, exist_ok=True)
    history = _run_epochs(config, work, progress, epoch_done)
    best = max(history, key=lambda row: (row["validation_correct"], -row["validation_log_loss"]))
    version = work / "version"
    shutil.rmtree(version, ignore_errors=True)
    version.mkdir()
    _write_version(network.load(work / "best.keras"), version, config, history, best)
    return version


def _run_epochs(
    config: TrainConfig,
    checkpoint: Path,
    progress: network.Progress | None,
    epoch_done: EpochDone | None,
) -> list[dict[str, Any]]:
    x_validation, y_validation = mnist.load("validation")
    pointer = checkpoint / "history.json"
    history: list[dict[str, Any]] = json.loads(pointer.read_text()) if pointer.is_file() else []
    if len(history) == config.epochs:
        return history
    training_data = TrainingData(config, checkpoint)
    steps = len(training_data) // config.batch_size
    if history:
        last = checkpoint / f"epoch-{len(history):03d}.keras"
        model = network.resume(last, config, steps_per_epoch=steps)
    else:
        model = network.build(config, steps_per_epoch=steps)
    for epoch, (x, y) in training_data.epochs(len(history)):
        started = time.monotonic()
        loss = network.train_epoch(model, x, y, config=config, epoch=epoch, progress=progress)
        tune = metrics.summary(
            metrics.softmax(network.logits_and_embeddings(model, x_validation)[0]), y_validation
        )
        row = {
            "epoch": epoch + 1,
            "loss": loss,
            "validation_correct": tune["correct"],
            "validation_accuracy": tune["accuracy"],
            "validation_log_loss": tune["log_loss"],
            "seconds": round(time.monotonic() - started, 1),
        }
        _keep(model, checkpoint, history, row)
        history.append(row)
        if epoch_done is not None:
            epoch_done(row)
    return history


def _keep(model: Any, checkpoint: Path, history: list[dict[str, Any]], row: dict[str, Any]) -> None:
    """Write the epoch's checkpoint, and the best one so far; the history moves last."""
    network.save(model, checkpoint / f"epoch-{row['epoch']:03d}.keras")
    key = (row["validation_correct"], -row["validation_log_loss"])
    if all(key > (old["validation_correct"], -old["validation_log_loss"]) for old in history):
        network.save(model, checkpoint / "best.keras")
    aside = checkpoint / ".history.json"
    aside.write_text(json.dumps([*history, row], indent=1))
    os.replace(aside, checkpoint / "history.json")
    if history:
        (checkpoint / f"epoch-{row['epoch'] - 1:03d}.keras").unlink(missing_ok=True)


def _write_version(
    model: Any,
    folder: Path,
    config: TrainConfig,
    history: list[dict[str, Any]],
    best: dict[str, Any],
) -> None:
    network.save(model, folder / "model.keras")
    network.export_litert(model, folder / "model.tflite")
    embedding = config.stages[-1][0]
    runtime = LiteRTModel(folder / "model.tflite", embedding=embedding, version="new", threads=2)
    calibration = calibrate(runtime)
    card = Card(
        kind="base",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        data={"mnist.npz": mnist.SHA256, "train": config.images or 50_000, "validation": 5_000},
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
            **{name: file_sha256(folder / name) for name in ("model.keras", "model.tflite")},
        },
        libraries=library_versions("keras", "tensorflow", "numpy", "ai-edge-litert"),
    )
    card.write(folder)
