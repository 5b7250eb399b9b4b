"""Medians and percentiles equal those of NumPy."""

import numpy as np
import pytest

from digitlab.images.segmentation.order_statistics import median, percentile


@pytest.mark.parametrize("size", [1, 2, 3, 10, 101, 4096])
def test_the_median_is_that_of_numpy(size):
    values = np.random.default_rng(size).normal(0, 10, size).astype(np.float32)
    assert median(values) == np.median(values)


def test_the_median_of_a_picture_is_that_of_all_its_pixels():
    assert median(np.array([[1, 9], [2, 4]], np.float32)) == 3


@pytest.mark.parametrize("share", [0, 5, 50, 90.0, 99.8, 100])
@pytest.mark.parametrize("size", [1, 2, 7, 4096])
def test_a_percentile_is_that_of_numpy(size, share):
    values = np.random.default_rng(size).normal(0, 10, size).astype(np.float32)
    expected = np.percentile(values.astype(np.float64), share)
    assert percentile(values, share) == pytest.approx(expected, rel=1e-6)
