"""Touching digits: the ways to split ink from left to right."""

import numpy as np

from digitlab.images.multi_digit.split_touching import ways_to_split


def test_the_first_cut_goes_through_the_narrowest_place():
    mask = np.zeros((60, 90), bool)
    mask[:, :35] = mask[:, 50:] = True
    mask[30:33] = True
    (left, right), *_ = ways_to_split(mask)
    assert 34 <= np.flatnonzero(left.any(0)).max() < 50
    assert np.array_equal(left | right, mask)
    assert not (left & right).any()


def test_no_cut_opens_a_loop():
    y, x = np.mgrid[-40:41, -45:46]
    ring = (np.hypot(x, y * 1.1) < 44) & (np.hypot(x, y * 1.1) > 34)
    rows, columns = np.flatnonzero(ring.any(1)), np.flatnonzero(ring.any(0))
    ring = ring[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert ways_to_split(ring) == ()


def test_a_pattern_with_many_holes_is_not_split():
    mesh = np.ones((200, 90), bool)
    mesh[2::4, 2::4] = False
    assert ways_to_split(mesh) == ()
