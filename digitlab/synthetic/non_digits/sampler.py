"""Outliers: what is no digit and yet arrives in MNIST's frame, for a network to learn to refuse.

Source of the method: Hendrycks, Mazeika and Dietterich 2019, "Deep Anomaly Detection with
Outlier Exposure".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.synthetic.handwriting.digit_shapes import DIGITS
from digitlab.synthetic.handwriting.letter_shapes import LETTERS
from digitlab.synthetic.handwriting.pen_strokes import Floats, skeleton, smooth_curve, trace
from digitlab.synthetic.handwriting.rasterise import centre, draw, scan
from digitlab.synthetic.handwriting.writer import pen_widths, write_digits, write_forms
from digitlab.synthetic.non_digits.object_shapes import bags, garments, shoes, smooth_noise, solids
from digitlab.synthetic.non_digits.symbol_shapes import SIGNS

Images = NDArray[np.uint8]

LOOKALIKES: Final = frozenset("IlOoSsgqZzBbD" + "GJQYaijy")
"""Letters that somebody writes as another writes a digit."""

_SAME_WORD: Final = 10
_FINER: Final = 0.75  # of the usual pen: what has many lines would fill up
_LETTERS: Final = [
    strokes
    for letter, forms in LETTERS.items()
    if letter not in LOOKALIKES
    for _, strokes in forms.values()
]
_GLYPHS: Final = [
    strokes
    for forms in (*DIGITS.values(), *LETTERS.values())
    for _, strokes in list(forms.values())[:2]
]


def outliers(n: int, *, rng: np.random.Generator) -> Images:
    """Pictures of anything but one digit, in random order.

    Letters without a digit's shape, words and numbers of several digits, signs, scribbles,
    crossing lines, clothing, shoes, bags, solid shapes, textures, noise, and digits whose
    quarters changed places.

    Args:
        n: how many.
        rng: draws everything; equal states give equal images.

    Returns:
        uint8 (n, 28, 28).
    """
    kinds = list(KINDS)
    shares = np.array([KINDS[kind][0] for kind in kinds])
    counts = rng.multinomial(n, shares / shares.sum())
    parts = [
        KINDS[kind][1](int(count), rng) for kind, count in zip(kinds, counts, strict=True) if count
    ]
    images = np.concatenate([np.zeros((0, 28, 28), np.uint8), *parts])
    return images[rng.permutation(n)]


def _letters(n: int, rng: np.random.Generator) -> Images:
    return write_forms(
        [_LETTERS[i] for i in rng.integers(len(_LETTERS), size=n)], rng=rng, wild=0.8
    )


def _signs(n: int, rng: np.random.Generator) -> Images:
    signs = list(SIGNS.values())
    return write_forms(
        [signs[i] for i in rng.integers(len(signs), size=n)], rng=rng, wild=0.8, pen=_FINER
    )


def _words(n: int, rng: np.random.Generator) -> Images:
    """Two to four glyphs side by side, of one pen; ten times the same ones by other hands."""
    images = []
    for start in range(0, n, _SAME_WORD):
        count = min(_SAME_WORD, n - start)
        paths, pressures, right = [], [], np.zeros((count, 1), np.float32)
        for _ in range(rng.integers(2, 5)):
            form = skeleton(_GLYPHS[rng.integers(len(_GLYPHS))])
            points, pressure = trace(form, count, rng=rng)
            gap = rng.uniform(14, 34, (count, 1)).astype(np.float32)
            points[:, :, 0] += right + gap - points[:, :, 0].min(1, keepdims=True)
            points *= rng.uniform(0.9, 1.1)
            right = points[:, :, 0].max(1, keepdims=True)
            paths.append(points)
            pressures.append(pressure)
        images.append(_drawn(np.concatenate(paths, 1), np.concatenate(pressures, 1), rng))
    return np.concatenate(images)


def _scribbles(n: int, rng: np.random.Generator) -> Images:
    """Aimless curves through many places, some of them hurrying from left to right."""
    images = []
    for start in range(0, n, 30):
        count = min(30, n - start)
        places = int(rng.integers(12, 22))
        form = smooth_curve(places)
        control = rng.uniform(0, 100, (count, places, 2)).astype(np.float32)
        hurry = rng.random((count, 1)) < 0.5
        control[:, :, 0] += np.where(hurry, np.arange(places) * 120 / places, 0)
        points = form.matrix @ control
        images.append(_drawn(points, np.ones(points.shape[:2], np.float32), rng))
    return np.concatenate(images)


def _lines(n: int, rng: np.random.Generator) -> Images:
    """Straight lines across each other."""
    images = []
    for start in range(0, n, 30):
        count = min(30, n - start)
        lines = int(rng.integers(6, 11))
        form = skeleton(" | ".join(["0,0 100,0"] * lines))
        points = form.matrix @ rng.uniform(0, 100, (count, 2 * lines, 2)).astype(np.float32)
        images.append(_drawn(points, np.ones(points.shape[:2], np.float32), rng))
    return np.concatenate(images)


def _drawn(points: Floats, pressure: Floats, rng: np.random.Generator) -> Images:
    return draw(points, pressure, pen_widths(len(points), rng=rng) * np.float32(_FINER), rng=rng)


def _shapes(shape: Callable[..., Floats]) -> Callable[[int, np.random.Generator], Images]:
    return lambda n, rng: scan(shape(n, rng=rng), rng=rng)


def _textures(n: int, rng: np.random.Generator) -> Images:
    """Gratings, plaids, clouds, speckle and edges; half of them end at MNIST's box."""
    x = np.linspace(-1, 1, 28, dtype=np.float32)[None, None, :]
    y = x.transpose(0, 2, 1)

    def pick(low: float, high: float) -> Floats:
        return rng.uniform(low, high, (n, 1, 1)).astype(np.float32)

    angle, pitch = pick(0, np.pi), pick(9, 38)
    along = np.cos(angle) * x + np.sin(angle) * y
    across = np.cos(angle) * y - np.sin(angle) * x
    grating = np.sin(pitch * along + pick(0, 6))
    plaid = grating + np.sin(pick(9, 38) * across + pick(0, 6))
    cells = [smooth_noise(n, 28, count, rng=rng) * 1.5 for count in (6, 9, 14)]
    clouds = np.choose(rng.integers(3, size=(n, 1, 1)), cells)
    grain = rng.standard_normal((n, 28, 28), np.float32)
    speckle = np.where(rng.random((n, 28, 28)) < pick(0.02, 0.4), 1.5, -1.5)
    edge = (along - pick(-0.5, 0.5)) * pick(2, 30)
    corner = np.minimum(edge, (across - pick(-0.5, 0.5)) * 12)
    kind = rng.integers(7, size=(n, 1, 1))
    tones = np.choose(kind, [grating, plaid, clouds, grain, speckle, edge, corner])
    tones = np.clip(tones * pick(0.5, 3) * 0.5 + 0.5, 0, 1)
    tones = tones * pick(0.3, 1) + grain * pick(0, 0.08)
    outside = np.maximum(np.abs(x), np.abs(y)) > 20 / 28
    ends = (rng.random((n, 1, 1)) < 0.5) & (kind < 5)
    return _grey(np.where(outside & ends, 0, tones))


def _blanks(n: int, rng: np.random.Generator) -> Images:
    """Empty paper: a level and a grain that nobody sees anything in."""
    level = rng.uniform(0, 0.15, (n, 1, 1))
    cloud = smooth_noise(n, 28, 4, rng=rng) * rng.uniform(0, 0.08, (n, 1, 1))
    grain = rng.standard_normal((n, 28, 28)) * rng.uniform(0.01, 0.1, (n, 1, 1))
    return _grey(level + cloud + grain)


def _jumbles(n: int, rng: np.random.Generator) -> Images:
    """Digits whose quarters changed places crosswise; 1, 3 and 8 stay too much themselves."""
    digits, labels = write_digits(2 * n + 20, rng=rng)
    digits = digits[~np.isin(labels, [1, 3, 8])][:n]
    boxes = np.roll(digits[:, 4:24, 4:24], (10, 10), (1, 2))
    return centre((boxes / 255).astype(np.float32))


def _grey(tones: NDArray[np.floating]) -> Images:
    return np.asarray(np.rint(np.clip(tones, 0, 1) * 255), np.uint8)


KINDS: Final[dict[str, tuple[float, Callable[[int, np.random.Generator], Images]]]] = {
    "letters": (0.30, _letters),
    "words": (0.10, _words),
    "signs": (0.16, _signs),
    "scribbles": (0.07, _scribbles),
    "lines": (0.04, _lines),
    "garments": (0.09, _shapes(garments)),
    "shoes": (0.05, _shapes(shoes)),
    "bags": (0.04, _shapes(bags)),
    "solids": (0.04, _shapes(solids)),
    "textures": (0.06, _textures),
    "blanks": (0.01, _blanks),
    "jumbles": (0.04, _jumbles),
}
"""Kinds of outliers: the share of each, and what draws n of them."""
