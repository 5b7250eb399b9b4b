"""Poison: corrections as one person or five might give them, sound and with harm done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from digitlab.datasets import mnist

PEOPLE = ("Ada", "Bela", "Cleo", "Dara", "Emil")
EACH = 50


@dataclass(frozen=True, kw_only=True, eq=False)
class Given:
    """Feedback with what is true of it, which the rules never see.

    Attributes:
        case: what it tries.
        style: of the digits.
        x: uint8 (N, 28, 28); `said` and `true`: int (N,); `people`: a name each.
    """

    case: str
    style: str
    x: np.ndarray
    said: np.ndarray
    true: np.ndarray
    people: np.ndarray


def flipped(given: Given, rows: np.ndarray, case: str, rng: np.random.Generator) -> Given:
    """The same with the labels of some rows changed to any other digit."""
    said = given.said.copy()
    said[rows] = (said[rows] + rng.integers(1, 10, len(rows))) % 10
    return replace(given, case=case, said=said)


def by_one(name: str, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Iterator[Given]:
    """One person's corrections: 50 and 200, sound and with flips; few; mostly of one digit."""
    order = rng.permutation(len(x))
    for n in (50, 200):
        rows = order[:n]
        case = f"one person, {n} corrections"
        sound = Given(case=f"{case}, sound", style=name, x=x[rows], said=y[rows], true=y[rows],
                      people=np.full(len(rows), "Ada"))  # fmt: skip
        yield sound
        for share in (0.1, 0.2, 0.4):
            poisoned = rng.permutation(len(rows))[: round(share * len(rows))]
            yield flipped(sound, poisoned, f"{case}, {share:.0%} flipped", rng)
    usual = np.bincount(y).argmax()
    most = np.concatenate([order[y[order] == usual][:40], order[y[order] != usual][:10]])
    cases = {"3 corrections": order[:3], "10 corrections": order[:10], "mostly one digit": most}
    for case, rows in cases.items():
        yield Given(case=f"sound: {case}", style=name, x=x[rows], said=y[rows], true=y[rows],
                    people=np.full(len(rows), "Ada"))  # fmt: skip


def by_five(
    name: str, x: np.ndarray, y: np.ndarray, people: np.ndarray, seed: int
) -> Iterator[Given]:
    """Five people's corrections; one of them does harm."""
    rng = np.random.default_rng([seed, 5])
    order = rng.permutation(len(x))
    mine = {person: order[people[order] == person][:EACH] for person in PEOPLE}
    rows = np.concatenate(list(mine.values()))
    sound = Given(case="five people, sound", style=name, x=x[rows], said=y[rows], true=y[rows],
                  people=people[rows])  # fmt: skip
    yield sound
    for share in (0.1, 0.2, 0.4):
        poisoned = rng.permutation(len(rows))[: round(share * len(rows))]
        yield flipped(sound, poisoned, f"five people, {share:.0%} flipped", rng)
    bad = PEOPLE[seed % len(PEOPLE)]
    theirs = np.flatnonzero(sound.people == bad)
    yield flipped(sound, theirs, "one of five: fifty flipped at random", rng)
    if name != "hands":  # where nobody else wrote what one person calls something else
        usual = np.bincount(y).argmax()
        those = rng.permutation(np.flatnonzero(y == usual))
        harm = those[: min(EACH, round(0.6 * len(those)))]
        left = order[~np.isin(order, harm)]
        rest = [left[people[left] == person][:EACH] for person in PEOPLE if person != bad]
        rows = np.concatenate([harm, *rest])
        harmful = np.arange(len(rows)) < len(harm)
        said = np.where(harmful, (usual + 1 + seed) % 10, y[rows])
        whose = np.where(harmful, bad, people[rows])
        yield Given(case="one of five: fifty of one digit", style=name, x=x[rows], said=said,
                    true=y[rows], people=whose)  # fmt: skip
    sevens, ones = ordinary_sevens(seed)
    kept = np.flatnonzero(sound.people != bad)
    yield Given(
        case="one of five: fifty ordinary 7s called 1",
        style=name,
        x=np.concatenate([sevens, sound.x[kept]]),
        said=np.concatenate([ones, sound.said[kept]]),
        true=np.concatenate([ones + 6, sound.true[kept]]),
        people=np.concatenate([np.full(EACH, bad), sound.people[kept]]),
    )


@cache
def ordinary_sevens(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Fifty 7s of MNIST's tune split, and as many 1s as labels."""
    x, y = mnist.load("validation")
    rows = np.random.default_rng([seed, 7]).permutation(np.flatnonzero(y == 7))[:EACH]
    return x[rows], np.ones(EACH, int)


def by_all(found: dict[str, tuple[np.ndarray, np.ndarray]], seed: int) -> Given:
    """A few sound corrections of every style at once, by one person."""
    rng = np.random.default_rng([seed, 9])
    rows = {name: rng.permutation(len(y))[:10] for name, (_, y) in found.items()}
    x = np.concatenate([found[name][0][r] for name, r in rows.items()])
    y = np.concatenate([found[name][1][r] for name, r in rows.items()])
    return Given(case="sound: all styles at once", style="all", x=x, said=y, true=y,
                 people=np.full(len(y), "Ada"))  # fmt: skip
