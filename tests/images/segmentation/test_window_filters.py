"""Filters of windows give the results of scipy.ndimage."""

import numpy as np
import pytest
from scipy import ndimage

from digitlab.images.segmentation.window_filters import (
    close_windows,
    dilate,
    window_maximum,
    window_minimum,
)


@pytest.fixture
def values(rng):
    return rng.normal(0, 10, (23, 31)).astype(np.float32)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 13])
def test_each_window_inside_the_array_gives_its_largest_and_smallest_value(values, size):
    windows = np.lib.stride_tricks.sliding_window_view(values, (size, size))
    assert (window_maximum(values, size) == windows.max((2, 3))).all()
    assert (window_minimum(values, size) == windows.min((2, 3))).all()


@pytest.mark.parametrize("size", [1, 3, 9, 45])
def test_a_closing_continues_the_values_of_the_edge(values, size):
    padded = np.pad(values, size, mode="edge")
    expected = ndimage.grey_closing(padded, size=(size, size))[size:-size, size:-size]
    assert (close_windows(values, size) == expected).all()


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_dilation_is_that_of_the_four_neighbours(rng, steps):
    mask = rng.random((20, 30)) < 0.05
    before = mask.copy()
    assert (dilate(mask, steps) == ndimage.binary_dilation(mask, iterations=steps)).all()
    assert (mask == before).all()
