"""Measure what a fine-tune on corrections of one style gains, and what it loses elsewhere.

    python benchmarks/adapt.py [--styles hands Thai ...] [--n 1 5 10 50 200] [--seeds 5]
                               [--naive] [--poison] [--out FILE] [--write]

The corrections are digits of a style that the base misreads (see benchmarks/styles.py). Each run
does in this process what `digitlab fine-tune` does: label issues, examples, training, choice of
alpha, export, calibration and the gate. `--naive` measures a baseline instead: one
`train_on_batch` for each correction. `--poison` flips labels. Every run appends a line of JSON to
FILE, and a benchmark that was interrupted continues from it. `--write` writes the tables of all
runs in FILE into docs/.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import styles
from common import poisoned_feedback
from common.adapt_tables import fine_tune_table, naive_table, poison_table
from common.docs_tables import write_to_docs
from common.poisoned_feedback import FeedbackCase

from digitlab.datasets import mnist, photographs
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.examples import RECIPE_VERSION, collect_examples
from digitlab.learning.data.preview import FeedbackPreview
from digitlab.learning.gate.compare import compare
from digitlab.learning.gate.rules import decide
from digitlab.learning.label_quality.items import FeedbackItem
from digitlab.learning.label_quality.rules import find_label_issues
from digitlab.learning.time_estimate import TimeEstimate
from digitlab.learning.training.train import train
from digitlab.model import network
from digitlab.model.reference_embeddings import ReferenceEmbeddings
from digitlab.model.runtime import Classifier, LiteRTModel
from digitlab.settings import bundled
from digitlab.store import Entry

BASE = bundled("models/base")
WORK = Path(tempfile.gettempdir()) / "digitlab-adapt"
NAIVE_LEARNING_RATE = 1e-3
"""Of the naive baseline's Adam optimizer."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """One run of the benchmark.

    Attributes:
        kind: "clean", "naive" or the name of a case with flipped labels.
        n: number of corrections.
        seed: chooses the corrections, and seeds the training.
        corrections: the corrections.
        other_x: the style's other images, uint8 (M, 28, 28).
        other_y: their labels, (M,).
    """

    kind: str
    n: int
    seed: int
    corrections: FeedbackCase
    other_x: np.ndarray
    other_y: np.ndarray

    @property
    def style(self) -> str:
        """The name of the style."""
        return self.corrections.style

    @property
    def key(self) -> str:
        """The job's name in the file of results."""
        return f"{self.kind}/{self.style}/{self.n}/{self.seed}"


@cache
def base() -> Classifier:
    """Return the version that ships with digitlab."""
    return Classifier.load(BASE, threads=2)


@cache
def reference() -> ReferenceEmbeddings:
    """Return the base's embeddings of 3,000 training digits."""
    x, y = (array[:3_000] for array in mnist.load("train"))
    return ReferenceEmbeddings(embeddings=base().embed(x), labels=y)


def predict_digits(model: Any, x: np.ndarray) -> np.ndarray:
    """Return the predicted digits, (N,), of a model with `logits_and_embeddings`."""
    return np.asarray(model.logits_and_embeddings(x)[0].argmax(axis=1))


@cache
def cached_style(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a style's images, labels and contributors.

    To draw them takes minutes, so they are kept in a file.
    """
    file = WORK / f"style-{name}.npz"
    if not file.is_file():
        x, y, contributors = styles.load_style(name, 0)
        WORK.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(file, x=x, y=y, people=np.array(contributors))
    with np.load(file, allow_pickle=False) as arrays:
        return arrays["x"], arrays["y"], arrays["people"]


@cache
def misread_digits(name: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return a style's images, labels and contributors, and the rows that the base misreads.

    The images are the same for every seed. The seed shuffles the rows.
    """
    x, y, contributors = cached_style(name)
    misread = np.flatnonzero(predict_digits(base(), x) != y)
    rows = np.random.default_rng([seed, 11]).permutation(misread)
    return x, y.astype(int), np.array(contributors), rows


def clean_job(kind: str, style: str, n: int, seed: int) -> Job:
    """Return a job with sound corrections by one person: the first n misread images."""
    x, y, _, misread = misread_digits(style, seed)
    rows = misread[:n]
    others = np.setdiff1d(np.arange(len(y)), rows)
    corrections = poisoned_feedback.sound_case(
        kind, style, x[rows], y[rows], np.full(len(rows), "Ada")
    )
    return Job(
        kind=kind,
        n=n,
        seed=seed,
        corrections=corrections,
        other_x=x[others],
        other_y=y[others],
    )


def poison_jobs(style: str, seed: int) -> list[Job]:
    """Return jobs with flipped labels, and the same jobs without.

    One person gives fifty corrections; or five people give fifty each, and all labels of one of
    them are flipped.
    """
    x, y, contributors, misread = misread_digits(style, seed)
    rng = np.random.default_rng([seed, 1])
    cases = [
        case
        for case in poisoned_feedback.one_person_cases(style, x[misread], y[misread], rng)
        if case.case.startswith("one person, 50 corrections,")
    ]
    cases += [
        case
        for case in poisoned_feedback.five_people_cases(
            style, x[misread], y[misread], contributors[misread], seed
        )
        if case.case in {"five people, sound", "one of five: fifty flipped at random"}
    ]
    jobs = []
    for case in cases:
        corrected = {image.tobytes() for image in case.x}
        others = np.array([image.tobytes() not in corrected for image in x])
        jobs.append(
            Job(
                kind=case.case,
                n=len(case.x),
                seed=seed,
                corrections=case,
                other_x=x[others],
                other_y=y[others],
            )
        )
    return jobs


def make_entries(corrections: FeedbackCase) -> list[Entry]:
    """Return the corrections as entries of the feedback store."""
    outputs = base().classify(corrections.x)
    entries = []
    for row, image in enumerate(corrections.x):
        sha = hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()
        entries.append(
            Entry(
                id=row + 1,
                time=datetime(2026, 1, 1, 12, row // 60 % 60, row % 60, tzinfo=UTC),
                contributor=str(corrections.contributors[row]),
                verdict="wrong",
                label=int(corrections.given_labels[row]),
                comment="",
                predicted=int(outputs.probabilities[row].argmax()),
                confidence=float(outputs.probabilities[row].max()),
                probabilities=tuple(outputs.probabilities[row].tolist()),
                refused=bool(outputs.refused[row]),
                remembered=False,
                model="base",
                box=(0, 0, 28, 28),
                digit_image=image,
                digit_sha256=sha,
                picture_sha256=sha,
                picture_bytes=0,
                name="",
                prediction_id=None,
                state="accepted",
                by="",
                reason="",
            )
        )
    return entries


def held_for_review(corrections: FeedbackCase, entries: list[Entry]) -> set[int]:
    """Return the numbers of the entries with a label issue."""
    embeddings = base().embed(corrections.x)
    probabilities = base().predict_proba(corrections.x)
    items = [
        FeedbackItem(
            id=entry.id,
            label=int(corrections.given_labels[row]),
            contributor=entry.contributor,
            time=entry.time,
            picture=str(row),
            digit_sha256=entry.digit_sha256,
            embedding=embeddings[row],
            probabilities=probabilities[row],
        )
        for row, entry in enumerate(entries)
    ]
    return set(find_label_issues(items, reference=reference()))


def run(job: Job) -> dict[str, Any]:
    """Fine-tune on a job's corrections and return the gate's decision and the accuracies."""
    config = FineTuneConfig(seed=1 + job.seed)
    started = time.monotonic()
    entries = make_entries(job.corrections)
    held_ids = held_for_review(job.corrections, entries)
    examples = collect_examples([entry for entry in entries if entry.id not in held_ids], config)
    preview = FeedbackPreview(
        base="base",
        champion="base",
        examples=examples,
        held={},
        inputs_fingerprint="",
        feedback_fingerprint="",
        withdrawn=0,
        new=True,
        reasons=(),
    )
    progress: Any = {"report": lambda **_: None, "estimate": TimeEstimate()}
    tuner, training = train(examples, BASE, base(), config, cache=WORK, **progress)
    folder = Path(tempfile.mkdtemp(dir=WORK))
    try:
        comparison = compare(
            preview,
            training,
            tuner,
            champion=base(),
            base=base(),
            base_folder=BASE,
            folder=folder,
            cache=WORK,
            **progress,
        )
        seconds = time.monotonic() - started
        decision = decide(comparison.counts)
        challenger = LiteRTModel(
            folder / "model.tflite", embedding=128, version="challenger", threads=2
        )
        flipped = job.corrections.flipped
        held = np.array([entry.id in held_ids for entry in entries])
        return {
            "promoted": bool(decision.promoted and training.alpha is not None),
            "alpha": training.alpha,
            "reasons": [] if decision.promoted else list(decision.reasons[:2]),
            "sound_held": float(held[~flipped].mean()),
            "flips_held": float(held[flipped].mean()) if flipped.any() else None,
            "seconds": seconds,
        } | accuracies(job, challenger)
    finally:
        shutil.rmtree(folder)


def accuracies(job: Job, challenger: Any) -> dict[str, Any]:
    """Return the accuracies of the challenger and of the base.

    "fixed" and "others" are shares of the corrected and of the style's other images, "test" and
    "photographs" numbers of correct predictions.
    """
    corrected_digits = predict_digits(challenger, job.corrections.x)
    test_before, photographs_before = _base_correct_elsewhere()
    test, photographs_ = _correct_elsewhere(challenger)
    return {
        "fixed": float((corrected_digits == job.corrections.true_labels).mean()),
        "others_before": float((predict_digits(base(), job.other_x) == job.other_y).mean()),
        "others": float((predict_digits(challenger, job.other_x) == job.other_y).mean()),
        "test_before": test_before,
        "photographs_before": photographs_before,
        "test": test,
        "photographs": photographs_,
    }


@cache
def _base_correct_elsewhere() -> tuple[int, int]:
    return _correct_elsewhere(base())


def _correct_elsewhere(model: Any) -> tuple[int, int]:
    """Return the correct predictions on MNIST's test images and the holdout photographs."""
    splits = mnist.load("test"), photographs.load("holdout")
    test, photographs_ = (int((predict_digits(model, x) == y).sum()) for x, y in splits)
    return test, photographs_


class NaiveBaseline:
    """Train the base on each correction once, alone, with `train_on_batch`."""

    def __init__(self) -> None:
        self.model = network.load(BASE / "model.keras")
        optimizer = network.import_keras().optimizers.Adam(NAIVE_LEARNING_RATE)
        self.model.compile(optimizer, loss={"logits": network.evidence_loss})

    def run(self, job: Job) -> dict[str, Any]:
        """Train on a job's corrections and return the accuracies."""
        started = time.monotonic()
        corrections = job.corrections
        for image, label in zip(corrections.x, corrections.given_labels, strict=True):
            self.model.train_on_batch(image[None], {"logits": np.array([label])})
        seconds = time.monotonic() - started
        return {"promoted": True, "seconds": seconds} | accuracies(job, self)

    def logits_and_embeddings(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return logits and embeddings, as a `Classifier` does."""
        return network.logits_and_embeddings(self.model, x)


def main(arguments: list[str] | None = None) -> None:
    """Run all jobs and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--styles", nargs="+", default=list(styles.STYLES))
    parser.add_argument("--n", nargs="+", type=int, default=[1, 5, 10, 50, 200])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--naive", action="store_true", help="measure the naive baseline")
    parser.add_argument("--poison", action="store_true", help="measure flipped labels")
    parser.add_argument("--out", type=Path, default=WORK / f"results-{RECIPE_VERSION}.jsonl")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/")
    options = parser.parse_args(arguments)
    WORK.mkdir(parents=True, exist_ok=True)
    rows = _read_rows(options.out)
    for job in _jobs(options):
        if job.key not in rows:
            result = NaiveBaseline().run(job) if options.naive else run(job)
            row = {"kind": job.kind, "style": job.style, "n": job.n, "seed": job.seed} | result
            rows[job.key] = row
            with options.out.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(json.dumps(row), flush=True)
    tables = {
        "adapt": fine_tune_table(rows.values()),
        "naive": naive_table(rows.values()),
        "poison": poison_table(rows.values()),
    }
    for name, text in tables.items():
        print(text)
        if options.write:
            write_to_docs(name, text)


def _jobs(options: argparse.Namespace) -> Iterator[Job]:
    if options.poison:
        for seed in range(options.seeds):
            for style in options.styles:
                yield from poison_jobs(style, seed)
        return
    kind = "naive" if options.naive else "clean"
    for n in options.n:
        for seed in range(options.seeds):
            for style in options.styles:
                yield clean_job(kind, style, n, seed)


def _read_rows(file: Path) -> dict[str, dict[str, Any]]:
    if not file.is_file():
        return {}
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return {f"{r['kind']}/{r['style']}/{r['n']}/{r['seed']}": r for r in rows}


if __name__ == "__main__":
    main()
