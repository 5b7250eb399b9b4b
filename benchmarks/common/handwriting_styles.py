"""Hands: five made-up people, each with forms, proportions and a slant of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from digitlab.synthetic.handwriting.digit_shapes import DIGITS
from digitlab.synthetic.handwriting.pen_strokes import skeleton, trace
from digitlab.synthetic.handwriting.rasterise import draw

Rng = np.random.Generator

_WILD = 0.45
"""How much one person's digits differ from each other; different people's differ by 1."""


@dataclass(frozen=True, kw_only=True)
class Hand:
    """What stays the same in all that one person writes.

    Attributes:
        aspect: width of the digits, relative to the usual ones.
        slant: how far their top leans to the right, in heights; negative to the left.
        turn: degrees by which they are turned, clockwise.
        bend: how far long waves bend them, in hundredths of the box.
        pen: width in pixels of MNIST's box.
        forms: the form of each digit, a name in `digit_shapes` or strokes in its
            notation.
    """

    aspect: float = 1.0
    slant: float = 0.0
    turn: float = 0.0
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
        turn=14,
        pen=2.6,
        forms={1: "curved flag", 3: "flat top", 4: "lightning", 5: "drooping", 8: "slanted"},
    ),
    "Cleo": Hand(aspect=1.15, turn=-20, pen=2.0, forms=_CORNERS),  # as a draughtsman
    "Dara": Hand(  # a thick pen in a trembling hand
        aspect=0.9,
        slant=0.2,
        bend=13,
        pen=4.2,
        forms={0: "slashed", 1: "flag and foot", 4: "closed", 7: "serif, crossed"},
    ),
    "Emil": Hand(  # turned; 1 a peak, 9 a g
        aspect=1.3,
        slant=0.5,
        turn=24,
        pen=1.4,
        forms={1: "10,96 46,0! 84,100", 2: "swan", 4: "cup", 6: "spiral", 7: "round corner", 9: _G},
    ),
}
"""The people by name."""


def written_by(hand: Hand, labels: np.ndarray, *, rng: Rng) -> np.ndarray:
    """Digits in one person's hand.

    Args:
        hand: whose.
        labels: which digits, (N,).
        rng: draws what differs between one person's digits.

    Returns:
        uint8 (N, 28, 28), in MNIST's frame.
    """
    images = np.zeros((len(labels), 28, 28), np.uint8)
    for label in np.unique(labels):
        where = np.flatnonzero(labels == label)
        points, pressure = trace(
            skeleton(_strokes(hand, int(label))), len(where), rng=rng, wild=_WILD
        )
        width = hand.pen * np.exp(rng.normal(0, 0.12, len(where)))
        images[where] = draw(_led(points, hand), pressure, width.astype(np.float32), rng=rng)
    return images


def _strokes(hand: Hand, label: int) -> str:
    """The strokes of a digit; the first form there is where the hand has none of its own."""
    forms = DIGITS[str(label)]
    name = hand.forms.get(label, next(iter(forms)))
    return forms[name][1] if name in forms else name


def _led(points: np.ndarray, hand: Hand) -> np.ndarray:
    """Points (N, P, 2) in the hand's own proportions."""
    x, y = points[..., 0] - 50, points[..., 1] - 50
    x, y = x + hand.bend * np.sin(y / 17 + 1), y + hand.bend * np.sin(x / 15)
    x = x * hand.aspect - y * hand.slant
    turn = np.deg2rad(hand.turn)
    led = [x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)]
    return np.stack(led, axis=-1).astype(np.float32)
