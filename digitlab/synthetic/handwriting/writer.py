"""Strokes: digits and letters written by many hands, each of them made up."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.synthetic.handwriting.digit_shapes import DIGITS, Forms
from digitlab.synthetic.handwriting.letter_shapes import LETTERS
from digitlab.synthetic.handwriting.pen_strokes import Floats, skeleton, trace
from digitlab.synthetic.handwriting.rasterise import draw

_WIDTH: Final = (1.2, 2.3, 3.8)  # pixels of the box: hairline, usual pen, marker


def write_digit(label: int, *, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One written digit, uint8 (28, 28) in MNIST's frame.

    Args:
        label: 0-9.
        rng: draws form, hand, pen and scan; equal states give equal images.
    """
    image: NDArray[np.uint8] = write_forms(_choose(DIGITS[str(label)], 1, rng), rng=rng)[0]
    return image


def write_letter(letter: str, *, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One written letter, A-Z or a-z, uint8 (28, 28) in MNIST's frame.

    Several letters have a digit's shape, as O and l do.
    """
    image: NDArray[np.uint8] = write_forms(_choose(LETTERS[letter], 1, rng), rng=rng)[0]
    return image


def write_digits(
    n: int, *, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Written digits in random order, each label as often as the others, give or take one.

    Returns:
        Digit images uint8 (n, 28, 28) and labels uint8 (n,).
    """
    labels = rng.permutation(np.arange(n) % 10).astype(np.uint8)
    forms = np.empty(n, object)
    for label in range(10):
        which = labels == label
        forms[which] = _choose(DIGITS[str(label)], int(which.sum()), rng)
    return write_forms(list(forms), rng=rng), labels


def write_forms(
    forms: list[str], *, rng: np.random.Generator, wild: float = 1.0, pen: float = 1.0
) -> NDArray[np.uint8]:
    """Write strokes noted as in `digitlab.synthetic.handwriting.digit_shapes`, one image each.

    Args:
        forms: the strokes of each image.
        rng: draws hand, pen and scan.
        wild: how far hands stray from the form, as in `pen_strokes.trace`.
        pen: width of the pens, relative to the usual ones.

    Returns:
        uint8 (N, 28, 28).
    """
    images = np.zeros((len(forms), 28, 28), np.uint8)
    places: dict[str, list[int]] = {}
    for place, form in enumerate(forms):
        places.setdefault(form, []).append(place)
    for form, where in places.items():
        points, pressure = trace(skeleton(form), len(where), rng=rng, wild=wild)
        width = pen_widths(len(where), rng=rng) * np.float32(pen)
        images[where] = draw(points, pressure, width, rng=rng)
    return images


def pen_widths(n: int, *, rng: np.random.Generator) -> Floats:
    """Widths of n pens in pixels of MNIST's box, float32 (n,)."""
    thin, usual, thick = _WIDTH
    return np.clip(usual * np.exp(rng.normal(0, 0.33, n)), thin, thick).astype(np.float32)


def _choose(forms: Forms, n: int, rng: np.random.Generator) -> list[str]:
    weights = np.array([weight for weight, _ in forms.values()], float)
    strokes = [strokes for _, strokes in forms.values()]
    return [strokes[i] for i in rng.choice(len(strokes), n, p=weights / weights.sum())]
