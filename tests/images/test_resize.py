"""Images are reduced by blocks, expanded again, shrunk and enlarged."""

import numpy as np
import pytest

from digitlab.images.resize import (
    any_blocks,
    block_factor,
    enlarge,
    expand_blocks,
    mean_blocks,
    shrink,
)


@pytest.mark.parametrize(("side", "factor"), [(10, 1), (160, 1), (161, 2), (320, 2), (321, 3)])
def test_the_block_factor_is_the_smallest_that_fits(side, factor):
    assert block_factor((7, side), 160) == factor


def test_a_block_becomes_its_mean():
    values = np.arange(16, dtype=np.float32).reshape(4, 4)
    reduced = mean_blocks(values, 2)
    assert reduced.dtype == np.float32
    assert reduced.tolist() == [[2.5, 4.5], [10.5, 12.5]]


def test_a_block_is_ink_if_any_of_its_pixels_is():
    mask = np.zeros((5, 7), bool)
    mask[4, 6] = mask[0, 1] = True
    reduced = any_blocks(mask, 3)
    assert reduced.dtype == bool
    assert reduced.tolist() == [[True, False, False], [False, False, True]]


def test_the_last_row_and_column_are_repeated_in_a_block_that_is_cut_off():
    values = np.array([[0, 0, 6]], np.float32)
    assert mean_blocks(values, 2).tolist() == [[0, 6]]


def test_expanded_blocks_have_the_shape_of_the_original():
    expanded = expand_blocks(np.array([[1, 2], [3, 4]]), 3, (4, 5))
    assert expanded.shape == (4, 5)
    assert expanded[3, 3] == 4


def test_a_shrunk_image_has_the_given_longest_side_and_the_same_mean():
    grey = np.arange(40 * 100, dtype=np.float32).reshape(40, 100)
    small = shrink(grey, 50)
    assert small.shape == (20, 50)
    assert small.mean() == pytest.approx(grey.mean())
    assert shrink(grey, 100) is grey


def test_an_enlarged_image_is_larger_by_the_factor():
    grey = np.full((3, 5), 7, np.uint8)
    assert enlarge(grey, 4).shape == (12, 20)
    assert enlarge(grey, 1) is grey
