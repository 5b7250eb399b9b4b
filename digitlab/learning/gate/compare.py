"""Export the trained network and compare it, as the challenger, with the champion."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist, photographs
from digitlab.labels import NO_DIGIT
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.cache import holdout_predictions, load_synthetic_digits
from digitlab.learning.data.examples import TrainingExample, to_arrays
from digitlab.learning.data.preview import FeedbackPreview
from digitlab.learning.gate.outcomes import changed_corrections
from digitlab.learning.results import (
    ComparisonCounts,
    ComparisonResult,
    Decision,
    PairedCounts,
    PairedPredictions,
    TrainingResult,
)
from digitlab.learning.thresholds import GATE
from digitlab.learning.time_estimate import TimeEstimate
from digitlab.learning.training.train import ReportProgress
from digitlab.model import network
from digitlab.model.calibration import Calibration, calibrate
from digitlab.model.card import MODEL_FILES, Card, file_sha256, library_versions
from digitlab.model.finetuning import FineTuner
from digitlab.model.runtime import Classifier, LiteRTModel
from digitlab.settings import Settings

_LATENCY_REPEATS: Final = 60


def compare(
    preview: FeedbackPreview,
    training: TrainingResult,
    tuner: FineTuner,
    *,
    champion: Classifier,
    base: Classifier,
    base_folder: Path,
    folder: Path,
    cache: Path,
    report: ReportProgress,
    estimate: TimeEstimate,
) -> ComparisonResult:
    """Export and calibrate the challenger, and compare both versions on the same images.

    Args:
        preview: the run's examples.
        training: the result of the training.
        tuner: the network with the interpolated weights.
        champion: the version that serves.
        base: the version that the fine-tune started from.
        base_folder: the base's version folder.
        folder: folder for the challenger's files.
        cache: the home's folder for computed data.
        report: receives the progress.
        estimate: the run's remaining time.
    """
    network.save(tuner.model, folder / "model.keras")
    report(seconds_left=estimate.seconds_left)
    network.export_litert(tuner.model, folder / "model.tflite")
    report(seconds_left=estimate.seconds_left)
    embedding = base.card.embedding
    challenger = LiteRTModel(
        folder / "model.tflite", embedding=embedding, version="challenger", threads=2
    )
    calibration = calibrate(challenger, synthetic=load_synthetic_digits(cache))
    report(seconds_left=estimate.seconds_left)
    cache_folders = (base_folder, cache)
    of_champion = holdout_predictions(champion, cache_folders)
    corrections = preview.examples.corrections
    predictions = {
        "holdout": _predict(*mnist.load("holdout"), of_champion["holdout"], challenger),
        "photographs": _predict(
            *photographs.load("holdout"), of_champion["photographs"], challenger
        ),
        "corrections": _predict_corrections(
            *to_arrays(corrections), champion, challenger, calibration
        ),
    }
    report(seconds_left=estimate.seconds_left)
    # The champion was trained on its own examples, so they are no checks of it.
    trained_on = set(champion.card.training_examples)
    is_check = np.array(
        [example.check and example.digit_sha256 not in trained_on for example in corrections], bool
    )
    correct = {
        name: (part.champion == part.y, part.challenger == part.y)
        for name, part in predictions.items()
    }
    of_base = holdout_predictions(base, cache_folders) if champion.version != base.version else {}
    labels = predictions["holdout"].y
    keras_differs = calibration.validation_guesses[training.checked_rows] != training.predictions
    counts = ComparisonCounts(
        holdout=PairedCounts.count(*correct["holdout"]),
        photographs=PairedCounts.count(*correct["photographs"]),
        base={
            name: PairedCounts.count(of_base[name] == predictions[name].y, correct[name][1])
            for name in of_base
        },
        digits={
            digit: PairedCounts.count(*(mask[labels == digit] for mask in correct["holdout"]))
            for digit in range(10)
        },
        corrections=PairedCounts.count(*correct["corrections"]),
        checks=PairedCounts.count(*(mask[is_check] for mask in correct["corrections"])),
        withdrawn=preview.withdrawn,
        export_checked=len(training.checked_rows),
        disagreements=int(keras_differs.sum()),
        latency_ms=_latency_ms(folder / "model.tflite", embedding),
        latency_budget_ms=max(
            GATE.max_latency_ms,
            GATE.max_latency_ratio * _latency_ms(base_folder / "model.tflite", embedding),
        ),
    )
    return ComparisonResult(
        counts=counts, predictions=predictions, calibration=calibration, champion=champion.version
    )


def write_card(
    folder: Path,
    preview: FeedbackPreview,
    comparison: ComparisonResult,
    decision: Decision,
    training: TrainingResult,
    *,
    tuner: FineTuner,
    base: Card,
    config: FineTuneConfig,
    run: str,
    notebook: str | None,
) -> Card:
    """Write the card beside the challenger's files: its inputs, its metrics and the decision."""
    examples = preview.examples.training
    card = Card(
        kind="fine-tuned",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        data=base.data,
        config=config.to_dict(),
        seed=config.seed,
        parameters=base.parameters,
        embedding=base.embedding,
        epoch=base.epoch,
        history=[
            {"step": step, "loss": loss, "validation_accuracy": accuracy}
            for step, loss, accuracy in training.curve
        ],
        temperature=comparison.calibration.temperature,
        refusal=comparison.calibration.refusal,
        metrics=comparison.calibration.metrics
        | card_metrics(comparison, training, preview.examples.corrections),
        hashes={
            "weights": network.weights_hash(tuner.model),
            **{name: file_sha256(folder / name) for name in MODEL_FILES},
        },
        libraries=library_versions("keras", "tensorflow", "numpy", "ai-edge-litert"),
        parent=preview.base,
        feedback=sorted(number for example in examples for number in example.verdicts),
        training_examples=[example.digit_sha256 for example in examples],
        alpha=training.alpha,
        champion=comparison.champion,
        decision="promoted" if decision.promoted else "rejected",
        reasons=list(decision.reasons),
        inputs_fingerprint=preview.inputs_fingerprint,
        feedback_fingerprint=preview.feedback_fingerprint,
        notebook=notebook,
        run=run,
        threads=config.threads,
    )
    card.write(folder)
    return card


def card_metrics(
    comparison: ComparisonResult, training: TrainingResult, corrections: Sequence[TrainingExample]
) -> dict[str, Any]:
    """Return the gate's numbers as cards, runs and the command line show them."""
    counts = comparison.counts
    return {
        "holdout": counts.holdout.to_dict(),
        "photographs": counts.photographs.to_dict(),
        "corrections": counts.corrections.to_dict(),
        "checks": counts.checks.to_dict(),
        **changed_corrections(comparison.predictions["corrections"], corrections),
        "base": {name: pairs.to_dict() for name, pairs in counts.base.items()},
        "digits": {str(digit): asdict(pairs) for digit, pairs in counts.digits.items()},
        "withdrawn": counts.withdrawn,
        "export_checked": counts.export_checked,
        "disagreements": counts.disagreements,
        "latency_ms": counts.latency_ms,
        "alpha": training.alpha,
        "alphas": [
            {"alpha": alpha} | change.to_dict() for alpha, change in reversed(training.alphas)
        ],
    }


def evaluate_version(source: str, version: Classifier, *, settings: Settings) -> dict[str, Any]:
    """Evaluate a version on another data set; the gate does not use the result."""
    from digitlab.evaluation import evaluate
    from digitlab.picture_reader import Reader, limits_of

    return evaluate(source, Reader(version, limits=limits_of(settings))).to_dict()


def _predict(
    x: NDArray[np.uint8],
    y: NDArray[np.uint8],
    champion: NDArray[np.int64],
    challenger: LiteRTModel,
) -> PairedPredictions:
    """Predict the most probable digit with both versions, also for images that they refuse."""
    logits, _ = challenger.logits_and_embeddings(x)
    return PairedPredictions(x=x, y=y, champion=champion, challenger=logits.argmax(axis=1))


def _predict_corrections(
    x: NDArray[np.uint8],
    y: NDArray[np.uint8],
    champion: Classifier,
    challenger: LiteRTModel,
    calibration: Calibration,
) -> PairedPredictions:
    """Predict corrections with both versions; a refused image counts as "no digit"."""
    output = champion.classify(x)
    logits, _ = challenger.logits_and_embeddings(x)
    return PairedPredictions(
        x=x,
        y=y,
        champion=np.where(output.refused, NO_DIGIT, output.probabilities.argmax(axis=1)),
        challenger=np.where(calibration.refuses(logits), NO_DIGIT, logits.argmax(axis=1)),
    )


def _latency_ms(path: Path, embedding: int) -> float:
    """Measure the milliseconds for one digit image on one thread, the minimum of many."""
    model = LiteRTModel(path, embedding=embedding, version="challenger")
    image = mnist.load("validation")[0][:1]
    return _min_milliseconds(lambda: model.logits_and_embeddings(image))


def _min_milliseconds(call: Callable[[], object]) -> float:
    seconds = []
    for _ in range(_LATENCY_REPEATS):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return min(seconds) * 1000
