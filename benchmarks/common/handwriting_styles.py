"""Write digits in the hands of five invented people.

They differ in the forms of their digits, in proportions and in slant.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from digitlab.synthetic.handwriting.digit_shapes import DIGIT_SHAPES
from digitlab.synthetic.handwriting.pen_strokes import parse_strokes, sample_pen_paths
from digitlab.synthetic.handwriting.rasterise import rasterise

Rng = np.random.Generator

_VARIATION = 0.45
"""Variation between the digits of one person; 1 is the variation between people."""


@dataclass(frozen=True, kw_only=True)
class Hand:
    """The handwriting of one person.

    Attributes:
        aspect: width of the digits, relative to the usual width.
        slant: shift of the digit's top to the right, in heights; negative to the left.
        rotation: degrees, clockwise.
        bend: amplitude of long waves that bend the strokes, in hundredths of the box.
        pen: width of the pen, in pixels of MNIST's box.
        forms: the form of each digit, a name in `digit_shapes` or strokes in its notation.
    """

    aspect: float = 1.0
    slant: float = 0.0
    rotation: float = 0.0
    bend: float = 0.0
    pen: float = 2.2
    forms: dict[int, str] = field(default_factory=dict)


_CORNERS = {
    0: "14,2! 86,2! 86,98! 14,98! 14,0! | 86,2 14,98",
    1: "10,52 50,0! 50,100! 10,100! 92,100",
    2: "12,4! 88,4! 88,50! 12,50! 12,98! 90,98",
    3: "12,2! 86,2! 86,50! 30,50! 86,50! 86,98! 12,98",
    4: "16,0! 16,52! 86,52 | 86,0 86,100",
    5: "88,2! 14,2! 14,48! 86,48! 86,98! 12,98",
    6: "82,2! 14,2! 14,98! 86,98! 86,52! 14,52",
    7: "12,20! 12,2! 88,2! 88,100 | 60,50 100,50",
    8: "14,2! 86,2! 86,98! 14,98! 14,2! | 14,50 86,50",
    9: "86,50! 14,50! 14,2! 86,2! 86,98! 14,98",
}
_FLOWING_9 = "76,22 52,0 22,14 20,42 46,54 72,34 78,12 80,60 50,100 14,88 40,70 92,84"
_G = "76,22 52,0 22,14 20,42 46,54 72,34 78,12 80,70 62,100 28,98 14,80"

HANDS = {
    "Ada": Hand(  # broad and leaning back, with loops
        aspect=1.7,
        slant=-0.75,
        bend=5,
        pen=1.7,
        forms={1: "8,66 52,0! 56,100", 2: "wide loop", 4: "looped", 7: "waved", 9: _FLOWING_9},
    ),
    "Bela": Hand(  # narrow, leaning far forward
        aspect=0.75,
        slant=1.0,
        rotation=14,
        pen=2.6,
        forms={1: "curved flag", 3: "flat top", 4: "lightning", 5: "drooping", 8: "slanted"},
    ),
    "Cleo": Hand(aspect=1.15, rotation=-20, pen=2.0, forms=_CORNERS),  # technical lettering
    "Dara": Hand(  # a thick pen and a trembling hand
        aspect=0.9,
        slant=0.2,
        bend=13,
        pen=4.2,
        forms={0: "slashed", 1: "flag and foot", 4: "closed", 7: "serif, crossed"},
    ),
    "Emil": Hand(  # rotated; the 1 is a peak, the 9 a g
        aspect=1.3,
        slant=0.5,
        rotation=24,
        pen=1.4,
        forms={1: "10,96 46,0! 84,100", 2: "swan", 4: "cup", 6: "spiral", 7: "round corner", 9: _G},
    ),
}
"""The handwriting of each person, by name."""


def write_digits(hand: Hand, labels: np.ndarray, *, rng: Rng) -> np.ndarray:
    """Write digits in one person's hand.

    Args:
        hand: the person's handwriting.
        labels: the digits to write, (N,).
        rng: draws the variation between the digits of one person.

    Returns:
        Digit images, uint8 (N, 28, 28), framed as MNIST's.
    """
    images = np.zeros((len(labels), 28, 28), np.uint8)
    for label in np.unique(labels):
        where = np.flatnonzero(labels == label)
        points, pressure = sample_pen_paths(
            parse_strokes(_strokes(hand, int(label))), len(where), rng=rng, variation=_VARIATION
        )
        width = hand.pen * np.exp(rng.normal(0, 0.12, len(where)))
        images[where] = rasterise(
            _apply_hand(points, hand), pressure, width.astype(np.float32), rng=rng
        )
    return images


def _strokes(hand: Hand, label: int) -> str:
    """Return the strokes of a digit, in the first form if the hand names none."""
    forms = DIGIT_SHAPES[str(label)]
    name = hand.forms.get(label, next(iter(forms)))
    return forms[name][1] if name in forms else name


def _apply_hand(points: np.ndarray, hand: Hand) -> np.ndarray:
    """Return points (N, P, 2) in the proportions of the hand."""
    x, y = points[..., 0] - 50, points[..., 1] - 50
    x, y = x + hand.bend * np.sin(y / 17 + 1), y + hand.bend * np.sin(x / 15)
    x = x * hand.aspect - y * hand.slant
    angle = np.deg2rad(hand.rotation)
    rotated = [x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)]
    return np.stack(rotated, axis=-1).astype(np.float32)
