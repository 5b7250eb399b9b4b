"""Draw digits in styles that the base has not seen, and measure how many it misreads.

    python benchmarks/styles.py [--seed 0] [--model DIR] [--json] [--write] [--sheet FILE.png]

Debian's fonts draw the numerals of other scripts and handwriting fonts. Mirrored, sideways and
leaning digits are images of MNIST's validation split. Five invented people write with digitlab's
pen. All but the mirrored and the written digits are read as pictures by the front end. The result
leaves out fonts that are not installed, and names the command that installs them. A style counts
if the base reads at most 90 % of it right and misreads at least 300 digits.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from common.docs_tables import markdown_table, write_to_docs
from common.font_glyphs import missing_packages
from common.font_numerals import NUMERALS, draw_numerals
from common.handwriting_styles import HANDS, write_digits
from PIL import Image

from digitlab.datasets import mnist
from digitlab.images import from_array, read_digit
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.scene import Scene

Style = tuple[np.ndarray, np.ndarray, list[str]]
"""Digit images uint8 (N, 28, 28), labels uint8 (N,), and the name of each one's contributor."""

MAX_RIGHT, MIN_MISREAD = 0.9, 300

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
"""Number of images of each style; of most styles, the base then misreads 300."""

ALL = tuple(SIZES)
STYLES = tuple(name for name in ALL if name != "handwriting")
"""The styles that count; the base reads handwriting fonts well."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """The base's results on one style; shares of 1."""

    name: str
    n: int
    right: float
    wrong: int
    refused: float

    @property
    def counts(self) -> bool:
        """Whether the base misreads enough of the style to learn from it."""
        return self.right <= MAX_RIGHT and self.wrong >= MIN_MISREAD


@cache
def load_style(name: str, seed: int) -> Style:
    """Draw a style; equal seeds give equal images. The result is cached.

    Args:
        name: one of `ALL`.
        seed: draws digits, fonts, pages and contributors.

    Returns:
        Digit images uint8 (N, 28, 28), labels uint8 (N,) and contributors, in random order. The
        contributors of "hands" are the writers, those of other styles five random people. The
        arrays are empty if the fonts are not installed.
    """
    rng = np.random.default_rng([seed, ALL.index(name)])
    if name == "hands":
        x, y, contributors = _hands(SIZES[name], rng)
    else:
        x, y = _digits(name, SIZES[name], rng)
        contributors = rng.choice(list(HANDS), len(x))
    order = rng.permutation(len(x))
    return x[order], y[order], [str(person) for person in contributors[order]]


def _digits(name: str, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    if name in NUMERALS:
        return draw_numerals(NUMERALS[name], n, rng=rng)
    x, y = mnist.load("validation")
    rows = rng.permutation(len(x))[:n]
    x, y = x[rows], y[rows].astype(np.uint8)
    if name == "mirrored":
        return np.ascontiguousarray(x[:, :, ::-1]), y
    return np.stack([_photograph_and_read(image, SCENES[name], rng) for image in x]), y


def _photograph_and_read(image: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    grey = np.asarray(photograph(image, rng=rng, scene=scene).convert("L"))
    return read_digit(from_array(grey)).digit_image


def _hands(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels = np.arange(n // len(HANDS)) % 10
    x = [write_digits(hand, labels, rng=rng) for hand in HANDS.values()]
    y = np.tile(labels, len(HANDS)).astype(np.uint8)
    return np.concatenate(x), y, np.repeat(list(HANDS), len(labels))


def measure(classifier: Classifier, name: str, seed: int) -> Row | None:
    """Return a model's results on a style; None if its fonts are not installed."""
    x, y, _ = load_style(name, seed)
    if not len(x):
        return None
    outputs = classifier.classify(x)
    right = outputs.probabilities.argmax(1) == y
    return Row(
        name=name,
        n=len(x),
        right=float(right.mean()),
        wrong=int((~right).sum()),
        refused=float(outputs.refused.mean()),
    )


def install_command() -> str:
    """Return the command that installs the missing fonts; empty if none is missing."""
    packages = missing_packages(
        [package for numerals in NUMERALS.values() for package in numerals.packages]
    )
    return f"apt-get install --no-install-recommends {' '.join(packages)}" if packages else ""


def save_contact_sheet(path: Path, seed: int) -> None:
    """Save a picture with one row of digit images for each style, dark on white."""
    images = [load_style(name, seed)[0][:36] for name in ALL]
    rows = [np.hstack(x) for x in images if len(x)]
    Image.fromarray(255 - np.vstack(rows)).save(path)


def main(arguments: list[str] | None = None) -> None:
    """Measure all styles and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="save a contact sheet")
    options = parser.parse_args(arguments)
    classifier = Classifier.load(options.model)
    rows = [row for name in ALL if (row := measure(classifier, name, options.seed))]
    install = install_command()
    command = f"`python benchmarks/styles.py --seed {options.seed}`, model {options.model.name}."
    table = markdown_table(
        ["style", "images", "read right", "misread", "refused", "counts"],
        [
            [
                row.name,
                f"{row.n:,}",
                f"{row.right:.1%}",
                f"{row.wrong:,}",
                f"{row.refused:.1%}",
                "yes" if row.counts else "no",
            ]
            for row in rows
        ],
    )
    text = f"{command}{f' Missing: {install}' if install else ''}\n\n{table}"
    if options.json:
        print(json.dumps({"styles": [asdict(row) for row in rows], "missing": install}))
    else:
        print(text)
    if options.write:
        write_to_docs("styles", text)
    if options.sheet:
        save_contact_sheet(options.sheet, options.seed)


if __name__ == "__main__":
    main()
