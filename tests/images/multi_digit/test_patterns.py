"""Patterns without digits: each gets an answer in a short time."""

import time
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from digitlab.images import from_array, read_candidates, segment_page

Pattern = NDArray[np.uint8]
MAX_SECONDS = 8.0
"""CPU seconds of one reading; before, stripes and grids took 10 to 50."""


def ink(mask: NDArray[np.bool_]) -> Pattern:
    return np.where(mask, 0, 255).astype(np.uint8)


def stripes(height: int, width: int, *, period: float, angle: float) -> Pattern:
    y, x = np.mgrid[:height, :width]
    turned = x * np.cos(np.deg2rad(angle)) + y * np.sin(np.deg2rad(angle))
    return ink(turned % period < period / 2)


def patterns(side: int) -> Iterator[Pattern]:
    """Yield stripes, checkers, dots, noise, rings, spirals, chevrons, mazes and halftone."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:side, :side]
    radius = np.hypot(y - side / 2, x - side / 2)
    turn = np.arctan2(y - side / 2, x - side / 2) / (2 * np.pi)
    for period in (2, 5, 24):
        for angle in (0, 5, 45, 90):
            yield stripes(side, side, period=period, angle=angle)
        yield ink((y // period + x // period) % 2 == 0)
        yield ink((y % period < period / 2) & (x % period < period / 2))
        yield ink(radius % period < period / 3)
        yield ink((radius + turn * period) % period < period / 3)
        yield ink((x + np.abs(y - side / 2)) % period < period / 3)
        yield ink((y % period < 1) | (x % period < 1))
        yield ink((y % period < period * 0.8) & (x % 5 < 2))
        blocks = rng.random((side // period + 1, side // period + 1)) < 0.5
        yield ink(np.kron(blocks, np.ones((period, period), bool))[:side, :side])
        wave = (np.cos(2 * np.pi * x / period) + np.cos(2 * np.pi * y / period)) / 4 + 0.5
        yield ink(x / side < wave)
    yield rng.integers(0, 256, (side, side), np.uint8)


@pytest.mark.parametrize("side", [40, 113])
def test_any_pattern_gives_an_answer(side):
    for pattern in patterns(side):
        picture = from_array(pattern)
        assert read_candidates(picture)
        segment_page(picture)


@pytest.mark.parametrize(
    "shape",
    [(1, 1), (1, 4000), (4000, 1), (2, 4000), (3, 1200), (1200, 5), (64, 1200), (28, 28), (2, 2)],
)
def test_any_shape_gives_an_answer(shape):
    height, width = shape
    rows, columns = np.mgrid[:height, :width]
    for grey in (
        ink(columns % 2 == 0),
        ink(rows % 2 == 0),
        ink((rows + columns) % 6 < 3),
        ink((rows % 5 < 2) & (columns % 5 < 2)),
        np.zeros(shape, np.uint8),
    ):
        picture = from_array(grey)
        assert read_candidates(picture)
        segment_page(picture)


@pytest.mark.parametrize(
    "pattern",
    [
        stripes(1200, 1200, period=24, angle=45),
        ink((np.mgrid[:1200, :1200] // 24).sum(0) % 2 == 0),
        np.tile(ink(np.add.outer(np.arange(20) // 12, np.arange(14) // 2) == 0), (60, 86))[
            :, :1200
        ],
        ink(np.hypot(*(np.mgrid[:1200, :1200] - 600)) % 16 < 4),
    ],
    ids=["diagonal stripes", "checkers", "grid of small strokes", "rings"],
)
def test_a_large_pattern_takes_a_bounded_time(pattern):
    started = time.thread_time()
    segment_page(from_array(pattern))
    assert time.thread_time() - started < MAX_SECONDS
