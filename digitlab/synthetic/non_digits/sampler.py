"""Sampler: images without a digit in MNIST's frame, from which a network learns to refuse.

Source of the method: Hendrycks, Mazeika and Dietterich 2019, "Deep Anomaly Detection with
Outlier Exposure".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.synthetic.handwriting.digit_shapes import DIGIT_SHAPES
from digitlab.synthetic.handwriting.letter_shapes import LETTER_SHAPES
from digitlab.synthetic.handwriting.pen_strokes import (
    Floats,
    parse_strokes,
    sample_pen_paths,
    smooth_stroke,
)
from digitlab.synthetic.handwriting.rasterise import centre_in_frame, rasterise, scan
from digitlab.synthetic.handwriting.writer import sample_pen_widths, write_digits, write_strokes
from digitlab.synthetic.non_digits.object_shapes import (
    draw_bags,
    draw_garments,
    draw_shoes,
    draw_solids,
    smooth_noise,
)
from digitlab.synthetic.non_digits.symbol_shapes import SYMBOL_SHAPES

Images = NDArray[np.uint8]

DIGIT_LIKE_LETTERS: Final = frozenset("IlOoSsgqZzBbD" + "GJQYaijy")
"""Letters that look like a digit in some handwriting; the sampler leaves them out."""

_IMAGES_PER_WORD: Final = 10
_IMAGES_PER_LINE_COUNT: Final = 30
_FINE_PEN: Final = 0.75  # relative pen width; a usual pen would fill drawings of many lines
_LETTER_STROKES: Final = [
    strokes
    for letter, shapes in LETTER_SHAPES.items()
    if letter not in DIGIT_LIKE_LETTERS
    for _, strokes in shapes.values()
]
_CHARACTER_STROKES: Final = [
    strokes
    for shapes in (*DIGIT_SHAPES.values(), *LETTER_SHAPES.values())
    for _, strokes in list(shapes.values())[:2]
]


class Kind(NamedTuple):
    """A kind of images without a digit.

    Attributes:
        share: weight of the kind in `sample_non_digits`.
        sample: draws n images, uint8 (n, 28, 28).
    """

    share: float
    sample: Callable[[int, np.random.Generator], Images]


def sample_non_digits(n: int, *, rng: np.random.Generator) -> Images:
    """Draw n images without a digit, in random order.

    The kinds in `KINDS` take part by their shares.

    Args:
        n: number of images.
        rng: draws everything; equal states give equal images.

    Returns:
        uint8 (n, 28, 28).
    """
    shares = np.array([kind.share for kind in KINDS.values()])
    counts = rng.multinomial(n, shares / shares.sum())
    parts = [
        kind.sample(int(count), rng)
        for kind, count in zip(KINDS.values(), counts, strict=True)
        if count
    ]
    images = np.concatenate([np.zeros((0, 28, 28), np.uint8), *parts])
    return images[rng.permutation(n)]


def _letters(n: int, rng: np.random.Generator) -> Images:
    """Draw letters that do not look like a digit."""
    return write_strokes(
        [_LETTER_STROKES[i] for i in rng.integers(len(_LETTER_STROKES), size=n)],
        rng=rng,
        variation=0.8,
    )


def _symbols(n: int, rng: np.random.Generator) -> Images:
    symbols = list(SYMBOL_SHAPES.values())
    return write_strokes(
        [symbols[i] for i in rng.integers(len(symbols), size=n)],
        rng=rng,
        variation=0.8,
        pen=_FINE_PEN,
    )


def _words(n: int, rng: np.random.Generator) -> Images:
    """Draw words and numbers of two to four characters, each word in ten handwritings."""
    images = []
    for start in range(0, n, _IMAGES_PER_WORD):
        count = min(_IMAGES_PER_WORD, n - start)
        paths, pressures, right = [], [], np.zeros((count, 1), np.float32)
        for _ in range(rng.integers(2, 5)):
            strokes = parse_strokes(_CHARACTER_STROKES[rng.integers(len(_CHARACTER_STROKES))])
            points, pressure = sample_pen_paths(strokes, count, rng=rng)
            gap = rng.uniform(14, 34, (count, 1)).astype(np.float32)
            points[:, :, 0] += right + gap - points[:, :, 0].min(1, keepdims=True)
            points *= rng.uniform(0.9, 1.1)
            right = points[:, :, 0].max(1, keepdims=True)
            paths.append(points)
            pressures.append(pressure)
        images.append(_rasterise_fine(np.concatenate(paths, 1), np.concatenate(pressures, 1), rng))
    return np.concatenate(images)


def _scribbles(n: int, rng: np.random.Generator) -> Images:
    """Draw curves through random points; half of them run from left to right."""
    images = []
    for start in range(0, n, _IMAGES_PER_LINE_COUNT):
        count = min(_IMAGES_PER_LINE_COUNT, n - start)
        point_count = int(rng.integers(12, 22))
        strokes = smooth_stroke(point_count)
        control = rng.uniform(0, 100, (count, point_count, 2)).astype(np.float32)
        runs_right = rng.random((count, 1)) < 0.5
        control[:, :, 0] += np.where(runs_right, np.arange(point_count) * 120 / point_count, 0)
        points = strokes.matrix @ control
        images.append(_rasterise_fine(points, np.ones(points.shape[:2], np.float32), rng))
    return np.concatenate(images)


def _crossing_lines(n: int, rng: np.random.Generator) -> Images:
    """Draw straight lines that cross each other."""
    images = []
    for start in range(0, n, _IMAGES_PER_LINE_COUNT):
        count = min(_IMAGES_PER_LINE_COUNT, n - start)
        line_count = int(rng.integers(6, 11))
        strokes = parse_strokes(" | ".join(["0,0 100,0"] * line_count))
        ends = rng.uniform(0, 100, (count, 2 * line_count, 2)).astype(np.float32)
        points = strokes.matrix @ ends
        images.append(_rasterise_fine(points, np.ones(points.shape[:2], np.float32), rng))
    return np.concatenate(images)


def _rasterise_fine(points: Floats, pressure: Floats, rng: np.random.Generator) -> Images:
    width = sample_pen_widths(len(points), rng=rng) * np.float32(_FINE_PEN)
    return rasterise(points, pressure, width, rng=rng)


def _scans_of(draw: Callable[..., Floats]) -> Callable[[int, np.random.Generator], Images]:
    return lambda n, rng: scan(draw(n, rng=rng), rng=rng)


def _textures(n: int, rng: np.random.Generator) -> Images:
    """Draw gratings, plaids, clouds, speckle and edges; half of them end at MNIST's box."""
    x = np.linspace(-1, 1, 28, dtype=np.float32)[None, None, :]
    y = x.transpose(0, 2, 1)

    def uniform(low: float, high: float) -> Floats:
        return rng.uniform(low, high, (n, 1, 1)).astype(np.float32)

    angle, pitch = uniform(0, np.pi), uniform(9, 38)
    along = np.cos(angle) * x + np.sin(angle) * y
    across = np.cos(angle) * y - np.sin(angle) * x
    grating = np.sin(pitch * along + uniform(0, 6))
    plaid = grating + np.sin(uniform(9, 38) * across + uniform(0, 6))
    cells = [smooth_noise(n, 28, count, rng=rng) * 1.5 for count in (6, 9, 14)]
    clouds = np.choose(rng.integers(3, size=(n, 1, 1)), cells)
    grain = rng.standard_normal((n, 28, 28), np.float32)
    speckle = np.where(rng.random((n, 28, 28)) < uniform(0.02, 0.4), 1.5, -1.5)
    edge = (along - uniform(-0.5, 0.5)) * uniform(2, 30)
    corner = np.minimum(edge, (across - uniform(-0.5, 0.5)) * 12)
    kind = rng.integers(7, size=(n, 1, 1))
    tones = np.choose(kind, [grating, plaid, clouds, grain, speckle, edge, corner])
    tones = np.clip(tones * uniform(0.5, 3) * 0.5 + 0.5, 0, 1)
    tones = tones * uniform(0.3, 1) + grain * uniform(0, 0.08)
    outside_box = np.maximum(np.abs(x), np.abs(y)) > 20 / 28
    cropped = (rng.random((n, 1, 1)) < 0.5) & (kind < 5)
    return _to_uint8(np.where(outside_box & cropped, 0, tones))


def _blanks(n: int, rng: np.random.Generator) -> Images:
    """Draw empty paper: a tone and a grain without any visible mark."""
    level = rng.uniform(0, 0.15, (n, 1, 1))
    cloud = smooth_noise(n, 28, 4, rng=rng) * rng.uniform(0, 0.08, (n, 1, 1))
    grain = rng.standard_normal((n, 28, 28)) * rng.uniform(0.01, 0.1, (n, 1, 1))
    return _to_uint8(level + cloud + grain)


def _scrambled_digits(n: int, rng: np.random.Generator) -> Images:
    """Draw digits whose opposite quarters are swapped; 1, 3 and 8 would still look like digits."""
    digits, labels = write_digits(2 * n + 20, rng=rng)
    digits = digits[~np.isin(labels, [1, 3, 8])][:n]
    boxes = np.roll(digits[:, 4:24, 4:24], (10, 10), (1, 2))
    return centre_in_frame((boxes / 255).astype(np.float32))


def _to_uint8(tones: NDArray[np.floating]) -> Images:
    return np.asarray(np.rint(np.clip(tones, 0, 1) * 255), np.uint8)


KINDS: Final[dict[str, Kind]] = {
    "letters": Kind(0.30, _letters),
    "words": Kind(0.10, _words),
    "symbols": Kind(0.16, _symbols),
    "scribbles": Kind(0.07, _scribbles),
    "crossing lines": Kind(0.04, _crossing_lines),
    "garments": Kind(0.09, _scans_of(draw_garments)),
    "shoes": Kind(0.05, _scans_of(draw_shoes)),
    "bags": Kind(0.04, _scans_of(draw_bags)),
    "solids": Kind(0.04, _scans_of(draw_solids)),
    "textures": Kind(0.06, _textures),
    "blanks": Kind(0.01, _blanks),
    "scrambled digits": Kind(0.04, _scrambled_digits),
}
"""Kinds of images without a digit, by name. Their order is part of every seeded draw."""
