"""The suspicion bench: how much poisoned feedback is held for review, and how much that is sound.

    python benchmarks/label_issues.py [--seeds 5] [--model DIR] [--json] [--write]

Corrections are digits of a style that the base misreads. One person gives 50 or 200 of them, with
labels flipped at random; or five people give fifty each, all sound, flipped at random, or one of
the five does harm: all of theirs flipped at random; all of one digit, called another one;
or ordinary 7s of MNIST that are read right, called 1. Sound sets that neighbours could wrong
stand below: few, mostly of one digit, of all styles at once, and the base's own misreadings.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import styles
from common.docs_tables import table, write
from common.poisoned_feedback import Given, by_all, by_five, by_one

from digitlab.datasets import mnist, photographs
from digitlab.learning.label_quality.items import FeedbackItem
from digitlab.learning.label_quality.rules import find_label_issues
from digitlab.model.reference_embeddings import ReferenceEmbeddings
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was held of all feedback of a case; shares of 1, means over styles and seeds."""

    case: str
    n: float
    sound_held: float
    flips_held: float | None
    worst_sound: float
    worst_style: str


class Bench:
    """The rules on one model's embeddings."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        x, y = (array[:3000] for array in mnist.load("train"))
        self._reference = ReferenceEmbeddings(embeddings=classifier.embed(x), labels=y)

    def misread(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Which digits the model misreads."""
        return self._classifier.logits_and_embeddings(x)[0].argmax(1) != y

    def held(self, given: Given, rng: np.random.Generator) -> np.ndarray:
        """Which of the feedback is held, bool (N,); it came in any order, one every ten seconds."""
        embeddings = self._classifier.embed(given.x)
        probabilities = self._classifier.predict_proba(given.x)
        when = rng.permutation(len(given.x))
        items = [
            FeedbackItem(
                id=row,
                digit=int(given.said[row]),
                contributor=str(given.people[row]),
                time=NOON + timedelta(seconds=10 * int(when[row])),
                picture=str(row),
                digit_sha256=hashlib.sha256(given.x[row].tobytes()).hexdigest(),
                embedding=embeddings[row],
                probabilities=probabilities[row],
            )
            for row in range(len(given.x))
        ]
        found = find_label_issues(items, reference=self._reference)
        return np.array([row in found for row in range(len(items))])


def own_misreadings(bench: Bench) -> Given:
    """What the base misreads of MNIST's tune digits and of photographs of them."""
    parts = [mnist.load("validation"), photographs.load("validation")]
    x = np.concatenate([x for x, _ in parts])
    y = np.concatenate([y for _, y in parts]).astype(int)
    wrong = bench.misread(x, y)
    return Given(case="sound: the base's own misreadings", style="MNIST", x=x[wrong], said=y[wrong],
                 true=y[wrong], people=np.full(int(wrong.sum()), "Ada"))  # fmt: skip


def run(bench: Bench, seeds: int) -> list[Row]:
    """All cases over styles and seeds."""
    measured: dict[str, list[tuple[str, int, float, float | None]]] = {}

    def measure(given: Given, seed: int) -> None:
        held = bench.held(given, np.random.default_rng([seed, 3]))
        wrong = given.said != given.true
        flips = float(held[wrong].mean()) if wrong.any() else None
        row = given.style, len(held), float(held[~wrong].mean()), flips
        measured.setdefault(given.case, []).append(row)

    for seed in range(seeds):
        found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for name in styles.STYLES:
            x, y, people = styles.style(name, seed)
            if not len(x):
                continue
            wrong = bench.misread(x, y)
            found[name] = x[wrong], y[wrong].astype(int)
            rng = np.random.default_rng([seed, 1])
            for given in by_one(name, *found[name], rng):
                measure(given, seed)
            for given in by_five(name, *found[name], np.array(people)[wrong], seed):
                measure(given, seed)
        if found:
            measure(by_all(found, seed), seed)
    measure(own_misreadings(bench), 0)
    return [_row(case, rows) for case, rows in measured.items()]


def _row(case: str, rows: list[tuple[str, int, float, float | None]]) -> Row:
    by_style: dict[str, list[float]] = {}
    for name, _, sound, _ in rows:
        by_style.setdefault(name, []).append(sound)
    means = {name: float(np.mean(shares)) for name, shares in by_style.items()}
    worst = max(means, key=lambda name: means[name])
    flips = [share for *_, share in rows if share is not None]
    return Row(
        case=case,
        n=float(np.mean([n for _, n, _, _ in rows])),
        sound_held=float(np.mean([sound for _, _, sound, _ in rows])),
        flips_held=float(np.mean(flips)) if flips else None,
        worst_sound=means[worst],
        worst_style=worst,
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write docs/learning.md's table")
    options = parser.parse_args(arguments)
    rows = run(Bench(Classifier.load(options.model)), options.seeds)
    install = styles.lacking()
    command = (
        f"`python benchmarks/label_issues.py --seeds {options.seeds}`, model {options.model.name}."
        + (f" Missing: {install}" if install else "")
    )
    text = table(
        ["feedback", "images", "flips held", "sound ones held", "most of a style's"],
        [
            [row.case, f"{row.n:.0f}", "" if row.flips_held is None else f"{row.flips_held:.0%}",
             f"{row.sound_held:.1%}", f"{row.worst_sound:.1%}, {row.worst_style}"]
            for row in rows
        ],
    )  # fmt: skip
    if options.json:
        print(json.dumps([asdict(row) for row in rows]))
    else:
        print(f"{command}\n\n{text}")
    if options.write:
        write("suspicion", f"{command}\n\n{text}", page="learning")


if __name__ == "__main__":
    main()
