"""Writer: digits and letters in many made-up handwritings."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.synthetic.handwriting.digit_shapes import DIGIT_SHAPES, Shapes
from digitlab.synthetic.handwriting.letter_shapes import LETTER_SHAPES
from digitlab.synthetic.handwriting.pen_strokes import Floats, parse_strokes, sample_pen_paths
from digitlab.synthetic.handwriting.rare_shapes import RARE_SHAPES
from digitlab.synthetic.handwriting.rasterise import rasterise

_PEN_WIDTHS: Final = (1.2, 2.3, 3.8)  # hairline, usual pen and marker, in pixels of MNIST's box


def write_digit(label: int, *, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Write one digit.

    Args:
        label: the digit, 0-9.
        rng: draws shape, handwriting, pen and scan; equal states give equal images.

    Returns:
        uint8 (28, 28), in MNIST's frame.
    """
    strokes = _choose_strokes(DIGIT_SHAPES[str(label)], 1, rng)
    image: NDArray[np.uint8] = write_strokes(strokes, rng=rng)[0]
    return image


def write_letter(letter: str, *, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Write one letter. Several letters look like a digit, such as O and l.

    Args:
        letter: A-Z or a-z.
        rng: draws shape, handwriting, pen and scan; equal states give equal images.

    Returns:
        uint8 (28, 28), in MNIST's frame.
    """
    strokes = _choose_strokes(LETTER_SHAPES[letter], 1, rng)
    image: NDArray[np.uint8] = write_strokes(strokes, rng=rng)[0]
    return image


def write_digits(
    n: int, *, rng: np.random.Generator, rare: float = 0.0
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Write n digits in random order; the counts of the labels differ by one at most.

    Args:
        n: number of digits.
        rng: draws shape, handwriting, pen and scan; equal states give equal images.
        rare: share of the shapes in `RARE_SHAPES`, 0-1.

    Returns:
        Digit images uint8 (n, 28, 28) and labels uint8 (n,).
    """
    labels = rng.permutation(np.arange(n) % 10).astype(np.uint8)
    return write_strokes(sample_strokes(labels, rng=rng, rare=rare), rng=rng), labels


def sample_strokes(
    labels: NDArray[np.uint8], *, rng: np.random.Generator, rare: float = 0.0
) -> list[str]:
    """Draw the strokes of digits, in the notation of `digit_shapes`, by the shapes' weights.

    Args:
        labels: the digits, (N,), 0-9.
        rng: draws the shapes.
        rare: share of the shapes in `RARE_SHAPES`, 0-1.
    """
    strokes = np.empty(len(labels), object)
    is_rare = rng.random(len(labels)) < rare if rare else np.zeros(len(labels), bool)
    for shapes, is_kind in ((DIGIT_SHAPES, ~is_rare), (RARE_SHAPES, is_rare)):
        for label in range(10):
            chosen = is_kind & (labels == label)
            strokes[chosen] = _choose_strokes(shapes[str(label)], int(chosen.sum()), rng)
    return list(strokes)


def write_strokes(
    strokes: list[str], *, rng: np.random.Generator, variation: float = 1.0, pen: float = 1.0
) -> NDArray[np.uint8]:
    """Write strokes in the notation of `digit_shapes`, one image each.

    Args:
        strokes: the strokes of each image.
        rng: draws handwriting, pen and scan.
        variation: how far handwritings differ from the shape, as in
            `pen_strokes.sample_pen_paths`.
        pen: width of the pens, relative to the usual ones.

    Returns:
        uint8 (N, 28, 28).
    """
    images = np.zeros((len(strokes), 28, 28), np.uint8)
    rows_by_strokes: dict[str, list[int]] = {}
    for row, notation in enumerate(strokes):
        rows_by_strokes.setdefault(notation, []).append(row)
    for notation, rows in rows_by_strokes.items():
        points, pressure = sample_pen_paths(
            parse_strokes(notation), len(rows), rng=rng, variation=variation
        )
        width = sample_pen_widths(len(rows), rng=rng) * np.float32(pen)
        images[rows] = rasterise(points, pressure, width, rng=rng)
    return images


def sample_pen_widths(n: int, *, rng: np.random.Generator) -> Floats:
    """Draw the widths of n pens in pixels of MNIST's box, float32 (n,)."""
    hairline, usual, marker = _PEN_WIDTHS
    return np.clip(usual * np.exp(rng.normal(0, 0.33, n)), hairline, marker).astype(np.float32)


def _choose_strokes(shapes: Shapes, n: int, rng: np.random.Generator) -> list[str]:
    """Draw the strokes of n shapes by their weights."""
    weights = np.array([weight for weight, _ in shapes.values()], float)
    strokes = [strokes for _, strokes in shapes.values()]
    return [strokes[i] for i in rng.choice(len(strokes), n, p=weights / weights.sum())]
