"""The adaptation bench: what corrections of a style change, and what they cost, by the old way too.

    python benchmarks/adapt.py [--styles hands Thai ...] [--n 1 5 10 50 200] [--seeds 5]
                               [--naive] [--poison] [--out FILE] [--write]

Corrections are digits of a style that the base misreads (benchmarks/styles.py). Each run is what
`digitlab fine-tune` runs, in this process: screening, examples, training, the choice of alpha,
export, calibration and the gate. `--naive` is the old app's way: one `train_on_batch` for each
wrong picture. `--poison` flips labels. Runs are kept in FILE, a line of
JSON each, as they come: interrupted, the same call goes on. `--write` puts the tables made from
FILE into docs/learning.md.
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
from common.adapt_tables import clean_table, naive_table, poison_table
from common.docs_tables import write

from digitlab.datasets import mnist, photographs
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.examples import RECIPE_VERSION, collect_examples
from digitlab.learning.data.preview import FeedbackPreview
from digitlab.learning.gate import compare
from digitlab.learning.gate.rules import decide
from digitlab.learning.label_quality.items import FeedbackItem
from digitlab.learning.label_quality.rules import find_label_issues
from digitlab.learning.training import train
from digitlab.model import network
from digitlab.model.reference_embeddings import ReferenceEmbeddings
from digitlab.model.runtime import Classifier, LiteRTModel
from digitlab.settings import bundled
from digitlab.store import Entry

BASE = bundled("models/base")
WORK = Path(tempfile.gettempdir()) / "digitlab-adapt"
RATE = 1e-3  # of the old app's Adam


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """One run of the bench: what people said of which images.

    Attributes:
        kind: "clean", "naive" or a case of `poison`.
        style, n, seed: which corrections.
        x, said, true, people: images, labels given, right labels, contributors.
        rest_x, rest_y: the style's other images.
    """

    kind: str
    style: str
    n: int
    seed: int
    x: np.ndarray
    said: np.ndarray
    true: np.ndarray
    people: np.ndarray
    rest_x: np.ndarray
    rest_y: np.ndarray

    @property
    def key(self) -> str:
        """Its name in the file of results."""
        return f"{self.kind}/{self.style}/{self.n}/{self.seed}"


@cache
def base() -> Classifier:
    """The version that ships."""
    return Classifier.load(BASE, threads=2)


@cache
def reference() -> ReferenceEmbeddings:
    """Digits of `train` as the base sees them."""
    x, y = (array[:3_000] for array in mnist.load("train"))
    return ReferenceEmbeddings(embeddings=base().embed(x), labels=y)


def reads(network_: Any, x: np.ndarray) -> np.ndarray:
    """Best guesses (N,)."""
    return np.asarray(network_.logits_and_embeddings(x)[0].argmax(axis=1))


@cache
def drawn(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A style's images, labels and contributors; kept in a file, for drawing takes minutes."""
    file = WORK / f"style-{name}.npz"
    if not file.is_file():
        x, y, people = styles.style(name, 0)
        np.savez_compressed(file, x=x, y=y, people=np.array(people))
    with np.load(file, allow_pickle=False) as kept:
        return kept["x"], kept["y"], kept["people"]


@cache
def misread(name: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A style's images, labels, contributors, and which ones the base misreads, shuffled.

    The images are the same for every seed: it chooses the corrections, and trains with them.
    """
    x, y, people = drawn(name)
    wrong = np.flatnonzero(reads(base(), x) != y)
    order = np.random.default_rng([seed, 11]).permutation(wrong)
    return x, y.astype(int), np.array(people), order


def clean_job(kind: str, name: str, n: int, seed: int) -> Job:
    """The first n of the style's misread images, by one person."""
    x, y, _, order = misread(name, seed)
    rows = order[:n]
    rest = np.setdiff1d(np.arange(len(y)), rows)
    people = np.full(len(rows), "Ada")
    return Job(kind=kind, style=name, n=n, seed=seed, x=x[rows], said=y[rows], true=y[rows],
               people=people, rest_x=x[rest], rest_y=y[rest])  # fmt: skip


def poison_jobs(name: str, seed: int) -> list[Job]:
    """Fifty of one person, sound and with flips, and five people of whom one flips all of fifty."""
    x, y, people, order = misread(name, seed)
    cases = [
        given
        for given in poisoned_feedback.by_one(
            name, x[order], y[order], np.random.default_rng([seed, 1])
        )
        if given.case.startswith("one person, 50 corrections,")
    ]
    cases += [
        given
        for given in poisoned_feedback.by_five(name, x[order], y[order], people[order], seed)
        if given.case in {"five people, sound", "one of five: fifty flipped at random"}
    ]
    jobs = []
    for given in cases:
        taken = {image.tobytes() for image in given.x}
        rest = np.array([image.tobytes() not in taken for image in x])
        jobs.append(
            Job(
                kind=given.case,
                style=name,
                n=len(given.x),
                seed=seed,
                x=given.x,
                said=given.said,
                true=given.true,
                people=given.people,
                rest_x=x[rest],
                rest_y=y[rest],
            )
        )
    return jobs


def entries(job: Job) -> list[Entry]:
    """The corrections as the ledger would give them."""
    answers = base().classify(job.x)
    found = []
    for row, image in enumerate(job.x):
        sha = hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()
        label = int(answers.probabilities[row].argmax())
        found.append(
            Entry(
                id=row + 1,
                time=datetime(2026, 1, 1, 12, row // 60 % 60, row % 60, tzinfo=UTC),
                contributor=str(job.people[row]),
                verdict="wrong",
                digit=int(job.said[row]),
                comment="",
                predicted=label,
                confidence=float(answers.probabilities[row].max()),
                probabilities=tuple(answers.probabilities[row].tolist()),
                refused=bool(answers.refused[row]),
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
    return found


def held_of(job: Job, said: list[Entry]) -> set[int]:
    """Numbers of the verdicts that the screening holds."""
    embeddings, probabilities = base().embed(job.x), base().predict_proba(job.x)
    items = [
        FeedbackItem(
            id=entry.id,
            digit=int(job.said[row]),
            contributor=entry.contributor,
            time=entry.time,
            picture=str(row),
            digit_sha256=entry.digit_sha256,
            embedding=embeddings[row],
            probabilities=probabilities[row],
        )
        for row, entry in enumerate(said)
    ]
    return set(find_label_issues(items, reference=reference()))


def run(job: Job) -> dict[str, Any]:
    """One fine-tune, judged; and what it changed elsewhere."""
    config = FineTuneConfig(seed=1 + job.seed)
    started = time.monotonic()
    said = entries(job)
    held = held_of(job, said)
    examples = collect_examples([entry for entry in said if entry.id not in held], config)
    found = FeedbackPreview(base="base", champion="base", examples=examples, held={}, hash="", feedback_fingerprint="",
                   withdrawn=0, new=True, reasons=())  # fmt: skip
    adaptation, trained = train.train(
        examples, BASE, base(), config, cache=WORK, report=lambda **_: None
    )
    folder = Path(tempfile.mkdtemp(dir=WORK))
    try:
        compared = compare.compare(
            found, trained, adaptation, champion=base(), base=base(), base_folder=BASE, folder=folder,
            cache=WORK, report=lambda **_: None,
        )  # fmt: skip
        seconds = time.monotonic() - started
        decision = decide(compared.counts)
        new = LiteRTModel(folder / "model.tflite", embedding=128, version="new", threads=2)
        wrong = job.said != job.true
        kept = np.array([entry.id in held for entry in said])
        return {
            "promoted": bool(decision.promoted and trained.alpha is not None),
            "alpha": trained.alpha,
            "against": [] if decision.promoted else list(decision.reasons[:2]),
            "held": float(kept[~wrong].mean()),
            "flips_held": float(kept[wrong].mean()) if wrong.any() else None,
            "seconds": seconds,
        } | effects(job, new)
    finally:
        shutil.rmtree(folder)


def effects(job: Job, new: Any) -> dict[str, Any]:
    """What another network reads right, beside the base."""
    before = _elsewhere(base())
    return {
        "fixed": float((reads(new, job.x) == job.true).mean()),
        "rest_before": float((reads(base(), job.rest_x) == job.rest_y).mean()),
        "rest": float((reads(new, job.rest_x) == job.rest_y).mean()),
        "test_before": before[0],
        "photographs_before": before[1],
    } | dict(zip(("test", "photographs"), _counted(new), strict=True))


@cache
def _elsewhere(network_: Classifier) -> tuple[int, int]:
    return _counted(network_)


def _counted(network_: Any) -> tuple[int, int]:
    """Right ones of MNIST's test images and of the gate's photographs."""
    splits = mnist.load("test"), photographs.load("holdout")
    first, second = (int((reads(network_, x) == y).sum()) for x, y in splits)
    return first, second


class Naive:
    """The old app's way: each wrong picture once, alone, through `train_on_batch`."""

    def __init__(self) -> None:
        self.model = network.load(BASE / "model.keras")
        optimizer = network.import_keras().optimizers.Adam(RATE)
        self.model.compile(optimizer, loss={"logits": network.evidence_loss})

    def learn(self, job: Job) -> dict[str, Any]:
        """Learn all of a job's corrections, one by one."""
        started = time.monotonic()
        for image, digit in zip(job.x, job.said, strict=True):
            self.model.train_on_batch(image[None], {"logits": np.array([digit])})
        seconds = time.monotonic() - started
        return {"promoted": True, "seconds": seconds} | effects(job, self)

    def logits_and_embeddings(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits and embeddings, as a runtime network gives them."""
        return network.logits_and_embeddings(self.model, x)


def main(arguments: list[str] | None = None) -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--styles", nargs="+", default=list(styles.STYLES))
    parser.add_argument("--n", nargs="+", type=int, default=[1, 5, 10, 50, 200])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--naive", action="store_true", help="the old app's way instead")
    parser.add_argument("--poison", action="store_true", help="flipped labels instead")
    parser.add_argument("--out", type=Path, default=WORK / f"results-{RECIPE_VERSION}.jsonl")
    parser.add_argument("--write", action="store_true", help="write docs/learning.md's tables")
    options = parser.parse_args(arguments)
    WORK.mkdir(parents=True, exist_ok=True)
    done = _kept(options.out)
    for job in _jobs(options):
        if job.key not in done:
            found = Naive().learn(job) if options.naive else run(job)
            row = {"kind": job.kind, "style": job.style, "n": job.n, "seed": job.seed} | found
            done[job.key] = row
            with options.out.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(json.dumps(row), flush=True)
    rows = list(done.values())
    tables = {"adapt": clean_table(rows), "naive": naive_table(rows), "poison": poison_table(rows)}
    for name, text in tables.items():
        print(text)
        if options.write:
            write(name, text, page="learning")


def _jobs(options: argparse.Namespace) -> Iterator[Job]:
    if options.poison:
        for seed in range(options.seeds):
            for name in options.styles:
                yield from poison_jobs(name, seed)
        return
    kind = "naive" if options.naive else "clean"
    for n in options.n:
        for seed in range(options.seeds):
            for name in options.styles:
                yield clean_job(kind, name, n, seed)


def _kept(file: Path) -> dict[str, dict[str, Any]]:
    if not file.is_file():
        return {}
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return {f"{r['kind']}/{r['style']}/{r['n']}/{r['seed']}": r for r in rows}


if __name__ == "__main__":
    main()
