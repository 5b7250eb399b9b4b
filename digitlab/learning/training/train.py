"""Train a fine-tune from the base, then choose its interpolation with the base."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.batches import build_batches
from digitlab.learning.data.examples import ExampleSet
from digitlab.learning.data.hard_replay import repeat_hard_examples
from digitlab.learning.results import TrainingResult, ValidationChange
from digitlab.learning.time_estimate import TimeEstimate
from digitlab.learning.training.retention import RetentionCheck
from digitlab.model.finetuning import FineTuner, make_deterministic
from digitlab.model.runtime import Classifier

_ACCURACY_REPORTS: Final = 4  # accuracies reported during the training

ReportProgress = Callable[..., None]
"""Called with keywords of `RunLog.heartbeat`: phase, step, steps, loss, validation_accuracy and
seconds_left. What it raises ends the run."""


def train(
    examples: ExampleSet,
    folder: Path,
    base: Classifier,
    config: FineTuneConfig,
    *,
    cache: Path,
    report: ReportProgress,
    estimate: TimeEstimate,
) -> tuple[FineTuner, TrainingResult]:
    """Fine-tune the base on examples.

    Args:
        examples: the examples; the checks are not used.
        folder: the base's version folder.
        base: the base.
        config: the parameters.
        cache: the home's folder for computed data.
        report: receives the progress.
        estimate: the run's remaining time.

    Returns:
        The network with the interpolated weights, and the result. If every alpha loses too much,
        the lowest one is used, so that a person can inspect the comparison.
    """
    cache_folders = (folder, cache)
    batches = build_batches(examples.training, base, config, cache_folders=cache_folders)
    steps = len(batches)
    report()
    retention = RetentionCheck(base, cache_folders)
    report()
    # TensorFlow loads in another thread until here, in a run of the shipped notebook.
    make_deterministic(threads=config.threads)
    report()
    tuner = FineTuner(folder / "model.keras", seed=config.seed)
    curve: list[tuple[int, float, float | None]] = []
    started = time.monotonic()

    def step_done(step: int, loss: float) -> None:
        reports_accuracy = step % max(1, steps // _ACCURACY_REPORTS) == 0
        accuracy = retention.hard_accuracy(tuner) if reports_accuracy else None
        curve.append((step, loss, accuracy))
        estimate.step_done()
        report(
            step=step,
            steps=steps,
            loss=loss,
            validation_accuracy=accuracy,
            seconds_left=estimate.seconds_left,
        )

    estimate.begin_training(steps)
    report(phase="training", step=0, steps=steps, seconds_left=estimate.seconds_left)
    tuner.train(
        batches,
        steps=steps,
        learning_rate=config.learning_rate,
        step_done=step_done,
        halfway=lambda remaining: repeat_hard_examples(remaining, tuner.logits, config),
    )
    seconds = time.monotonic() - started
    estimate.end_training()
    report(phase="choosing", seconds_left=estimate.seconds_left)
    alphas: list[tuple[float, ValidationChange]] = []
    chosen = None
    for alpha in reversed(config.alphas):
        tuner.interpolate(alpha)
        change = retention.measure(tuner)
        alphas.append((alpha, change))
        report(seconds_left=estimate.seconds_left)
        if change.passes:
            chosen = alpha
            break
    return tuner, TrainingResult(
        curve=tuple(curve),
        alphas=tuple(alphas),
        alpha=chosen,
        seconds=seconds,
        checked_rows=retention.rows,
        predictions=retention.predictions(tuner),
    )
