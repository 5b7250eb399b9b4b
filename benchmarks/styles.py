"""Styles: digits as the base has not seen them, which anybody can make again.

    python benchmarks/styles.py [--seed 0] [--model DIR] [--json] [--write] [--sheet FILE.png]

Numerals of other scripts and handwriting fonts are drawn with Debian's fonts; mirrored digits are
MNIST's tune images, and so are those photographed sideways or leaning far over; five people with a
hand of their own write with digitlab's pen. What was drawn or photographed went the way of a
picture through the front end. What the machine lacks is named together with the command that
installs it. A style counts when the base reads at most 90 % of it and misreads at least 300.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from common.docs_tables import table, write
from common.font_glyphs import missing
from common.font_numerals import NUMERALS, drawn
from common.handwriting_styles import HANDS, written_by
from PIL import Image

from digitlab.datasets import mnist
from digitlab.images import from_array, read_digit
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.scene import Scene

Style = tuple[np.ndarray, np.ndarray, list[str]]
"""Digit images uint8 (N, 28, 28), labels uint8 (N,), and the name of each one's contributor."""

MOST_RIGHT, LEAST_WRONG = 0.9, 300

SCENES = {
    "sideways": Scene(size=(112, 112), height=0.5, rotation=-90),
    "leaning": Scene(size=(112, 112), height=0.5, slant=55, pen=4.2),
}
SIZES = {
    "handwriting": 1000,
    "hands": 2200,
    "mirrored": 1000,
    "sideways": 700,
    "leaning": 1250,
    "Arabic": 700,
    "Bengali": 700,
    "Devanagari": 700,
    "Telugu": 700,
    "Thai": 700,
}
"""How many images each style has: enough for 300 that the base misreads."""

ALL = tuple(SIZES)
STYLES = tuple(name for name in ALL if name != "handwriting")
"""The styles that count; the base reads handwriting fonts well."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the base makes of a style; shares of 1."""

    name: str
    n: int
    right: float
    wrong: int
    refused: float

    @property
    def counts(self) -> bool:
        """Whether there is enough to learn."""
        return self.right <= MOST_RIGHT and self.wrong >= LEAST_WRONG


@cache
def style(name: str, seed: int) -> Style:
    """A style, the same for equal seeds; kept in memory.

    Args:
        name: one of `ALL`.
        seed: draws digits, fonts, pages and who gave which.

    Returns:
        In random order: digit images uint8 (N, 28, 28), labels uint8 (N,) and contributors;
        "hands" are given by those who wrote them, the others by five people at random. Empty
        where the machine lacks the fonts.
    """
    rng = np.random.default_rng([seed, ALL.index(name)])
    if name == "hands":
        x, y, people = _hands(SIZES[name], rng)
    else:
        x, y = _digits(name, SIZES[name], rng)
        people = rng.choice(list(HANDS), len(x))
    order = rng.permutation(len(x))
    return x[order], y[order], [str(person) for person in people[order]]


def _digits(name: str, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    if name in NUMERALS:
        return drawn(NUMERALS[name], n, rng=rng)
    x, y = mnist.load("validation")
    rows = rng.permutation(len(x))[:n]
    x, y = x[rows], y[rows].astype(np.uint8)
    if name == "mirrored":
        return np.ascontiguousarray(x[:, :, ::-1]), y
    return np.stack([_photographed(image, SCENES[name], rng) for image in x]), y


def _photographed(image: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    grey = np.asarray(photograph(image, rng=rng, scene=scene).convert("L"))
    return read_digit(from_array(grey)).digit_image


def _hands(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels = np.arange(n // len(HANDS)) % 10
    x = [written_by(hand, labels, rng=rng) for hand in HANDS.values()]
    y = np.tile(labels, len(HANDS)).astype(np.uint8)
    return np.concatenate(x), y, np.repeat(list(HANDS), len(labels))


def measure(classifier: Classifier, name: str, seed: int) -> Row | None:
    """What a base makes of a style; None where the machine lacks it."""
    x, y, _ = style(name, seed)
    if not len(x):
        return None
    answers = classifier.classify(x)
    right = answers.probabilities.argmax(1) == y
    return Row(
        name=name,
        n=len(x),
        right=float(right.mean()),
        wrong=int((~right).sum()),
        refused=float(answers.refused.mean()),
    )


def lacking() -> str:
    """The command that installs what the machine lacks; "" when it lacks nothing."""
    packages = missing([package for found in NUMERALS.values() for package in found.packages])
    return f"apt-get install --no-install-recommends {' '.join(packages)}" if packages else ""


def save_sheet(path: Path, seed: int) -> None:
    """A picture with a row of each style's first digit images, dark on white."""
    rows = [np.hstack(style(name, seed)[0][:36]) for name in ALL if len(style(name, seed)[0])]
    Image.fromarray(255 - np.vstack(rows)).save(path)


def main(arguments: list[str] | None = None) -> None:
    """Show the styles and what the base makes of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write docs/learning.md's table")
    parser.add_argument("--sheet", type=Path, help="a picture of the styles")
    options = parser.parse_args(arguments)
    classifier = Classifier.load(options.model)
    rows = [row for name in ALL if (row := measure(classifier, name, options.seed))]
    install = lacking()
    command = f"`python benchmarks/styles.py --seed {options.seed}`, model {options.model.name}."
    text = table(
        ["style", "images", "read right", "misread", "refused", "counts"],
        [
            [row.name, f"{row.n:,}", f"{row.right:.1%}", f"{row.wrong:,}", f"{row.refused:.1%}",
             "yes" if row.counts else "no"]
            for row in rows
        ],
    )  # fmt: skip
    text = f"{command}{f' Missing: {install}' if install else ''}\n\n{text}"
    if options.json:
        print(json.dumps({"styles": [asdict(row) for row in rows], "missing": install}))
    else:
        print(text)
    if options.write:
        write("styles", text, page="learning")
    if options.sheet:
        save_sheet(options.sheet, options.seed)


if __name__ == "__main__":
    main()
