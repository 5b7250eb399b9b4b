"""Challenger: the trained network as the file that would serve, against the one that serves."""

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
from digitlab.learning.data.cache import holdout_guesses, written
from digitlab.learning.data.examples import TrainingExample, stack
from digitlab.learning.data.preview import FeedbackPreview
from digitlab.learning.gate.outcomes import sides
from digitlab.learning.gate.rules import LATENCY_MS, Comparison, Decision, pair
from digitlab.learning.results import Compared, Slice, Trained
from digitlab.learning.training.train import Tell
from digitlab.model import network
from digitlab.model.calibration import Calibration, calibrate
from digitlab.model.card import MODEL_FILES, Card, file_sha256, library_versions
from digitlab.model.finetuning import FineTuner
from digitlab.model.runtime import Classifier, LiteRTModel
from digitlab.settings import Settings

_TIMINGS: Final = 60


def compare(
    found: FeedbackPreview,
    trained: Trained,
    tuner: FineTuner,
    *,
    champion: Classifier,
    base: Classifier,
    origin: Path,
    folder: Path,
    cache: Path,
    tell: Tell,
) -> Compared:
    """Export the challenger, calibrate it, and let both versions read what is judged by.

    Args:
        found: the examples.
        trained: what the training was like.
        tuner: the network, its weights mixed.
        champion: the version that serves.
        base: the version that the fine-tune started from.
        origin: its folder.
        folder: where the challenger's files are written.
        cache: folder for what can be computed again, as the champion's answers.
        tell: told of every part.
    """
    network.save(tuner.model, folder / "model.keras")
    tell(seconds_left=0.8 * trained.seconds)
    network.export_litert(tuner.model, folder / "model.tflite")
    tell(seconds_left=0.6 * trained.seconds)
    embedding = base.card.embedding
    asked = LiteRTModel(
        folder / "model.tflite", embedding=embedding, version="challenger", threads=2
    )
    calibration = calibrate(asked, synthetic=written(cache))
    tell(seconds_left=0.3 * trained.seconds)
    known = holdout_guesses(champion, (origin, cache))
    slices = {
        "holdout": _judged(*mnist.load("holdout"), known["holdout"], asked),
        "photographs": _judged(*photographs.load("holdout"), known["photographs"], asked),
        "corrections": _taught(*stack(found.examples.corrections), champion, asked, calibration),
    }
    tell()
    gate = slices["holdout"]
    knows = set(champion.card.training_examples)  # what the champion was taught is no check of it
    checks = np.array(
        [
            example.check and example.digit_sha256 not in knows
            for example in found.examples.corrections
        ],
        bool,
    )
    rights = [(part.champion == part.y, part.challenger == part.y) for part in slices.values()]
    before = holdout_guesses(base, (origin, cache)) if champion.version != base.version else {}
    comparison = Comparison(
        holdout=pair(*rights[0]),
        photographs=pair(*rights[1]),
        base={
            name: pair(guesses == slices[name].y, slices[name].challenger == slices[name].y)
            for name, guesses in before.items()
        },
        digits={
            digit: pair(*(right[gate.y == digit] for right in rights[0])) for digit in range(10)
        },
        corrections=pair(*rights[2]),
        checks=pair(*(right[checks] for right in rights[2])),
        withdrawn=found.withdrawn,
        asked=len(trained.asked),
        disagreements=int((calibration.validation_guesses[trained.asked] != trained.guesses).sum()),
        latency_ms=_latency(folder / "model.tflite", embedding),
        budget_ms=max(LATENCY_MS, 1.5 * _latency(origin / "model.tflite", embedding)),
    )
    return Compared(
        comparison=comparison, slices=slices, calibration=calibration, champion=champion.version
    )


def write_card(
    folder: Path,
    found: FeedbackPreview,
    compared: Compared,
    decision: Decision,
    trained: Trained,
    *,
    tuner: FineTuner,
    base: Card,
    config: FineTuneConfig,
    run: str,
    notebook: str | None,
) -> Card:
    """Write the card beside the challenger's files: what it came from and how it was judged."""
    taught = found.examples.taught
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
            {"step": step, "loss": loss, "validation_accuracy": share}
            for step, loss, share in trained.curve
        ],
        temperature=compared.calibration.temperature,
        refusal=compared.calibration.refusal,
        metrics=compared.calibration.metrics
        | figures(compared, trained, found.examples.corrections),
        hashes={
            "weights": network.weights_hash(tuner.model),
            **{name: file_sha256(folder / name) for name in MODEL_FILES},
        },
        libraries=library_versions("keras", "tensorflow", "numpy", "ai-edge-litert"),
        parent=found.base,
        feedback=sorted(number for example in taught for number in example.verdicts),
        training_examples=[example.digit_sha256 for example in taught],
        alpha=trained.alpha,
        champion=compared.champion,
        decision="promoted" if decision.promoted else "rejected",
        reasons=list(decision.reasons),
        inputs_fingerprint=found.inputs_fingerprint,
        feedback_fingerprint=found.feedback_fingerprint,
        notebook=notebook,
        run=run,
        threads=config.threads,
    )
    card.write(folder)
    return card


def figures(
    compared: Compared, trained: Trained, corrections: Sequence[TrainingExample]
) -> dict[str, Any]:
    """What the gate judged, with its counts, as cards and the command line show it."""
    found = compared.comparison
    return {
        "holdout": found.holdout.to_dict(),
        "photographs": found.photographs.to_dict(),
        "corrections": found.corrections.to_dict(),
        "checks": found.checks.to_dict(),
        **sides(compared.slices["corrections"], corrections),
        "base": {name: paired.to_dict() for name, paired in found.base.items()},
        "digits": {str(digit): asdict(paired) for digit, paired in found.digits.items()},
        "withdrawn": found.withdrawn,
        "asked": found.asked,
        "disagreements": found.disagreements,
        "latency_ms": found.latency_ms,
        "alpha": trained.alpha,
        "alphas": [{"alpha": alpha} | shift.to_dict() for alpha, shift in reversed(trained.alphas)],
    }


def report_on(source: str, version: Classifier, *, settings: Settings) -> dict[str, Any]:
    """How a version reads another data set; reported, never decided on."""
    from digitlab.evaluation import evaluate
    from digitlab.picture_reader import Reader, limits_of

    return evaluate(source, Reader(version, limits=limits_of(settings))).to_dict()


def _judged(
    x: NDArray[np.uint8], y: NDArray[np.uint8], champion: NDArray[np.int64], challenger: LiteRTModel
) -> Slice:
    """Both versions' best guesses, also of what they refuse."""
    return Slice(
        x=x,
        y=y,
        champion=champion,
        challenger=challenger.logits_and_embeddings(x)[0].argmax(axis=1),
    )


def _taught(
    x: NDArray[np.uint8],
    y: NDArray[np.uint8],
    champion: Classifier,
    challenger: LiteRTModel,
    calibration: Calibration,
) -> Slice:
    """Both versions' answers to corrections: a refused image is "no digit"."""
    answers = champion.classify(x)
    logits, _ = challenger.logits_and_embeddings(x)
    guesses = [answers.probabilities.argmax(axis=1), logits.argmax(axis=1)]
    refused = [answers.refused, calibration.refuses(logits)]
    old, new = (
        np.where(no_digit, NO_DIGIT, guess)
        for no_digit, guess in zip(refused, guesses, strict=True)
    )
    return Slice(x=x, y=y, champion=old, challenger=new)


def _latency(path: Path, embedding: int) -> float:
    """Least time of many for one digit image, on one thread, in milliseconds."""
    alone = LiteRTModel(path, embedding=embedding, version="challenger")
    image = mnist.load("validation")[0][:1]
    return _least(lambda: alone.logits_and_embeddings(image))


def _least(call: Callable[[], object]) -> float:
    times = []
    for _ in range(_TIMINGS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times) * 1000
