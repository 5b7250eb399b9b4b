"""Simulate the corrections of one person or of five people, correct ones and with flipped labels.

"Sound" corrections have the true label; "flipped" ones have another label.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from digitlab.datasets import mnist

PEOPLE = ("Ada", "Bela", "Cleo", "Dara", "Emil")
CORRECTIONS_EACH = 50
"""Corrections of each of the five people."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FeedbackCase:
    """Corrections with their true labels, which the rules for label issues never see.

    Attributes:
        case: name of the case.
        style: name of the digits' style.
        x: digit images, uint8 (N, 28, 28).
        given_labels: the labels that the contributors gave, int (N,).
        true_labels: the true labels, int (N,).
        contributors: the name of each correction's contributor, (N,).
    """

    case: str
    style: str
    x: np.ndarray
    given_labels: np.ndarray
    true_labels: np.ndarray
    contributors: np.ndarray

    @property
    def flipped(self) -> np.ndarray:
        """The corrections with a wrong label, bool (N,)."""
        return np.asarray(self.given_labels != self.true_labels)


def sound_case(
    case: str, style: str, x: np.ndarray, labels: np.ndarray, contributors: np.ndarray
) -> FeedbackCase:
    """Return corrections that all have their true label."""
    return FeedbackCase(
        case=case,
        style=style,
        x=x,
        given_labels=labels,
        true_labels=labels,
        contributors=contributors,
    )


def flip_labels(
    feedback: FeedbackCase, rows: np.ndarray, case: str, rng: np.random.Generator
) -> FeedbackCase:
    """Return the corrections with a random wrong label in some rows."""
    labels = feedback.given_labels.copy()
    labels[rows] = (labels[rows] + rng.integers(1, 10, len(rows))) % 10
    return replace(feedback, case=case, given_labels=labels)


def one_person_cases(
    style: str, x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> Iterator[FeedbackCase]:
    """Yield one person's corrections: 50 and 200, sound and flipped; few; mostly of one digit."""
    order = rng.permutation(len(x))

    def sound(case: str, rows: np.ndarray) -> FeedbackCase:
        return sound_case(case, style, x[rows], y[rows], np.full(len(rows), "Ada"))

    for n in (50, 200):
        rows = order[:n]
        case = f"one person, {n} corrections"
        all_sound = sound(f"{case}, sound", rows)
        yield all_sound
        for share in (0.1, 0.2, 0.4):
            flipped = rng.permutation(len(rows))[: round(share * len(rows))]
            yield flip_labels(all_sound, flipped, f"{case}, {share:.0%} flipped", rng)
    usual = np.bincount(y).argmax()
    mostly = np.concatenate([order[y[order] == usual][:40], order[y[order] != usual][:10]])
    cases = {"3 corrections": order[:3], "10 corrections": order[:10], "mostly one digit": mostly}
    for case, rows in cases.items():
        yield sound(f"sound: {case}", rows)


def five_people_cases(
    style: str, x: np.ndarray, y: np.ndarray, contributors: np.ndarray, seed: int
) -> Iterator[FeedbackCase]:
    """Yield five people's corrections: all sound, flipped at random, or one person's all wrong."""
    rng = np.random.default_rng([seed, 5])
    order = rng.permutation(len(x))
    rows = np.concatenate(
        [order[contributors[order] == person][:CORRECTIONS_EACH] for person in PEOPLE]
    )
    sound = sound_case("five people, sound", style, x[rows], y[rows], contributors[rows])
    yield sound
    for share in (0.1, 0.2, 0.4):
        flipped = rng.permutation(len(rows))[: round(share * len(rows))]
        yield flip_labels(sound, flipped, f"five people, {share:.0%} flipped", rng)
    bad = PEOPLE[seed % len(PEOPLE)]
    rows_of_bad = np.flatnonzero(sound.contributors == bad)
    yield flip_labels(sound, rows_of_bad, "one of five: fifty flipped at random", rng)
    if style != "hands":  # there, no other person writes the bad one's digits in the same way
        usual = np.bincount(y).argmax()
        usual_rows = rng.permutation(np.flatnonzero(y == usual))
        wrong_rows = usual_rows[: min(CORRECTIONS_EACH, round(0.6 * len(usual_rows)))]
        others = order[~np.isin(order, wrong_rows)]
        other_rows = [
            others[contributors[others] == person][:CORRECTIONS_EACH]
            for person in PEOPLE
            if person != bad
        ]
        rows = np.concatenate([wrong_rows, *other_rows])
        wrong = np.arange(len(rows)) < len(wrong_rows)
        yield FeedbackCase(
            case="one of five: fifty of one digit",
            style=style,
            x=x[rows],
            given_labels=np.where(wrong, (usual + 1 + seed) % 10, y[rows]),
            true_labels=y[rows],
            contributors=np.where(wrong, bad, contributors[rows]),
        )
    sevens, ones = ordinary_sevens(seed)
    kept = np.flatnonzero(sound.contributors != bad)
    yield FeedbackCase(
        case="one of five: fifty ordinary 7s called 1",
        style=style,
        x=np.concatenate([sevens, sound.x[kept]]),
        given_labels=np.concatenate([ones, sound.given_labels[kept]]),
        true_labels=np.concatenate([ones + 6, sound.true_labels[kept]]),
        contributors=np.concatenate([np.full(CORRECTIONS_EACH, bad), sound.contributors[kept]]),
    )


@cache
def ordinary_sevens(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return fifty 7s of MNIST's validation split, and the wrong label 1 for each."""
    x, y = mnist.load("validation")
    rows = np.random.default_rng([seed, 7]).permutation(np.flatnonzero(y == 7))[:CORRECTIONS_EACH]
    return x[rows], np.ones(CORRECTIONS_EACH, int)


def all_styles_case(styles: dict[str, tuple[np.ndarray, np.ndarray]], seed: int) -> FeedbackCase:
    """Return ten sound corrections of every style, by one person.

    Args:
        styles: digit images and labels by style.
        seed: chooses the corrections.
    """
    rng = np.random.default_rng([seed, 9])
    rows = {name: rng.permutation(len(y))[:10] for name, (_, y) in styles.items()}
    x = np.concatenate([styles[name][0][r] for name, r in rows.items()])
    y = np.concatenate([styles[name][1][r] for name, r in rows.items()])
    return sound_case("sound: all styles at once", "all", x, y, np.full(len(y), "Ada"))
