"""Measure how much feedback with flipped labels is held for review, and how much sound feedback.

    python benchmarks/label_issues.py [--seeds 5] [--model DIR] [--json] [--write]
                                      [--cleanlab base|neighbours]

The corrections are digits of a style that the base misreads. One person gives 50 or 200 of them,
some with labels flipped at random. Or five people give fifty each: all are sound, labels are
flipped at random, or one person gives only wrong labels: all flipped at random, all of one digit
that is called another, or ordinary 7s of MNIST that are called 1. Other rows have sound feedback
that the rules could hold by mistake: a few corrections, mostly one digit, all styles at once, and
digits that the base misreads. `--cleanlab` measures cleanlab in place of digitlab's rules.
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
from common.cleanlab_rules import held_by_cleanlab
from common.docs_tables import markdown_table, write_to_docs
from common.poisoned_feedback import (
    FeedbackCase,
    all_styles_case,
    five_people_cases,
    one_person_cases,
    sound_case,
)

from digitlab.datasets import mnist, photographs
from digitlab.learning.label_quality.items import FeedbackItem
from digitlab.learning.label_quality.rules import find_label_issues
from digitlab.model.reference_embeddings import ReferenceEmbeddings
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Row:
    """The shares of a case's feedback that are held, 0-1; means over styles and seeds.

    Attributes:
        case: name of the case.
        n: number of corrections.
        sound_held: share of the sound corrections that are held.
        flips_held: share of the flipped corrections that are held; None without any.
        worst_sound: `sound_held` of the style with the highest share.
        worst_style: that style.
    """

    case: str
    n: float
    sound_held: float
    flips_held: float | None
    worst_sound: float
    worst_style: str


class IssueFinder:
    """The rules for label issues, with the embeddings of one model.

    Args:
        classifier: the model.
        cleanlab: source of cleanlab's probabilities; None for digitlab's rules.
    """

    def __init__(self, classifier: Classifier, *, cleanlab: str | None = None) -> None:
        self._classifier = classifier
        self._cleanlab = cleanlab
        x, y = (array[:3000] for array in mnist.load("train"))
        self._reference = ReferenceEmbeddings(embeddings=classifier.embed(x), labels=y)

    def misread(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the digits that the model misreads, bool (N,)."""
        return self._classifier.logits_and_embeddings(x)[0].argmax(1) != y

    def held(self, feedback: FeedbackCase, rng: np.random.Generator) -> np.ndarray:
        """Return the feedback that is held, bool (N,).

        Args:
            feedback: the feedback; one verdict is given every ten seconds.
            rng: draws the order of the verdicts.
        """
        if self._cleanlab is not None:
            return held_by_cleanlab(
                feedback,
                classifier=self._classifier,
                reference=self._reference,
                source=self._cleanlab,
            )
        embeddings = self._classifier.embed(feedback.x)
        probabilities = self._classifier.predict_proba(feedback.x)
        order = rng.permutation(len(feedback.x))
        items = [
            FeedbackItem(
                id=row,
                label=int(feedback.given_labels[row]),
                contributor=str(feedback.contributors[row]),
                time=NOON + timedelta(seconds=10 * int(order[row])),
                picture=str(row),
                digit_sha256=hashlib.sha256(feedback.x[row].tobytes()).hexdigest(),
                embedding=embeddings[row],
                probabilities=probabilities[row],
            )
            for row in range(len(feedback.x))
        ]
        issues = find_label_issues(items, reference=self._reference)
        return np.array([row in issues for row in range(len(items))])


def misread_mnist(finder: IssueFinder) -> FeedbackCase:
    """Return what the base misreads of MNIST's validation digits and of photographs of them."""
    parts = [mnist.load("validation"), photographs.load("validation")]
    x = np.concatenate([x for x, _ in parts])
    y = np.concatenate([y for _, y in parts]).astype(int)
    misread = finder.misread(x, y)
    contributors = np.full(int(misread.sum()), "Ada")
    return sound_case(
        "sound: the base's own misreadings", "MNIST", x[misread], y[misread], contributors
    )


def run(finder: IssueFinder, seeds: int) -> list[Row]:
    """Return a row for each case, over all styles and seeds."""
    results: dict[str, list[tuple[str, int, float, float | None]]] = {}

    def measure(feedback: FeedbackCase, seed: int) -> None:
        held = finder.held(feedback, np.random.default_rng([seed, 3]))
        flipped = feedback.flipped
        flips_held = float(held[flipped].mean()) if flipped.any() else None
        result = feedback.style, len(held), float(held[~flipped].mean()), flips_held
        results.setdefault(feedback.case, []).append(result)

    for seed in range(seeds):
        misread_by_style: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for style in styles.STYLES:
            x, y, contributors = styles.load_style(style, seed)
            if not len(x):
                continue
            misread = finder.misread(x, y)
            digits = x[misread], y[misread].astype(int)
            misread_by_style[style] = digits
            rng = np.random.default_rng([seed, 1])
            for feedback in one_person_cases(style, *digits, rng):
                measure(feedback, seed)
            people = np.array(contributors)[misread]
            for feedback in five_people_cases(style, *digits, people, seed):
                measure(feedback, seed)
        if misread_by_style:
            measure(all_styles_case(misread_by_style, seed), seed)
    measure(misread_mnist(finder), 0)
    return [_row(case, case_results) for case, case_results in results.items()]


def _row(case: str, results: list[tuple[str, int, float, float | None]]) -> Row:
    by_style: dict[str, list[float]] = {}
    for style, _, sound_held, _ in results:
        by_style.setdefault(style, []).append(sound_held)
    means = {style: float(np.mean(shares)) for style, shares in by_style.items()}
    worst = max(means, key=lambda style: means[style])
    flips_held = [share for *_, share in results if share is not None]
    return Row(
        case=case,
        n=float(np.mean([n for _, n, _, _ in results])),
        sound_held=float(np.mean([sound_held for _, _, sound_held, _ in results])),
        flips_held=float(np.mean(flips_held)) if flips_held else None,
        worst_sound=means[worst],
        worst_style=worst,
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    parser.add_argument(
        "--cleanlab",
        choices=["base", "neighbours"],
        help="measure cleanlab, with probabilities of the base or of the nearest images",
    )
    options = parser.parse_args(arguments)
    if options.write and options.cleanlab:
        parser.error("--write writes the table of digitlab's rules: leave --cleanlab out.")
    finder = IssueFinder(Classifier.load(options.model), cleanlab=options.cleanlab)
    rows = run(finder, options.seeds)
    install = styles.install_command()
    command = (
        f"`python benchmarks/label_issues.py --seeds {options.seeds}`, model {options.model.name}."
        + (f" Missing: {install}" if install else "")
    )
    table = markdown_table(
        ["feedback", "images", "flips held", "sound ones held", "most of a style's"],
        [
            [
                row.case,
                f"{row.n:.0f}",
                "" if row.flips_held is None else f"{row.flips_held:.0%}",
                f"{row.sound_held:.1%}",
                f"{row.worst_sound:.1%}, {row.worst_style}",
            ]
            for row in rows
        ],
    )
    if options.json:
        print(json.dumps([asdict(row) for row in rows]))
    else:
        print(f"{command}\n\n{table}")
    if options.write:
        write_to_docs("label_issues", f"{command}\n\n{table}")


if __name__ == "__main__":
    main()
