"""The rule that turns numbers into grey levels."""

import numpy as np
import pytest

from digitlab.images.pixel_scale import find_scale

U8, U16, I64, F64 = (np.dtype(name) for name in ("uint8", "uint16", "int64", "float64"))


@pytest.mark.parametrize(
    ("low", "high", "dtype", "scale"),
    [
        (0, 255, U8, (0, 255)),
        (0, 17, U8, (0, 255)),  # a dark picture
        (0, 1, U8, (0, 1)),
        (0, 0, U8, (0, 255)),
        (0, 0, F64, (0, 255)),
        (0, 1, F64, (0, 1)),
        (0, 0.4, F64, (0, 1)),
        (-1e-7, 1.0000001, F64, (0, 1)),
        (-1, 1, F64, (-1, 1)),
        (-1, 0.3, None, (-1, 1)),
        (0, 254.6, F64, (0, 255)),
        (0, 255, I64, (0, 255)),
        (3, 64, None, (0, 255)),
        (0, 65_535, U16, (0, 65_535)),
        (0, 255, U16, (0, 255)),
    ],
)
def test_the_largest_number_decides(low, high, dtype, scale):
    found = find_scale(low, high, dtype=dtype)
    assert (found.low, found.high) == scale


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [
        (0, 16, F64),
        (0, 16, I64),
        (0, 16, None),
        (0, 1.2, F64),
        (0, 256, I64),
        (0, 65_535, I64),
        (0, 300, U16),
        (-0.42, 2.82, F64),
        (-0.5, 0.5, F64),
        (-255, 255, None),
        (float("nan"), float("nan"), F64),
        (0, float("inf"), F64),
    ],
)
def test_no_scale_is_guessed(low, high, dtype):
    assert find_scale(low, high, dtype=dtype) is None


def test_grey_levels_are_rounded_and_keep_their_shape():
    scale = find_scale(0, 1, dtype=F64)
    grey = scale.to_uint8(np.array([[0, 0.5 / 255], [0.5, 1]]))
    assert grey.dtype == np.uint8
    assert grey.tolist() == [[0, 0], [128, 255]]
    levels = np.arange(256, dtype=np.uint8)
    assert find_scale(0, 255, dtype=U8).to_uint8(levels) is levels
    assert np.array_equal(scale.to_uint8(levels / 255), levels)
    assert np.array_equal(find_scale(-1, 1).to_uint8(levels / 127.5 - 1), levels)
