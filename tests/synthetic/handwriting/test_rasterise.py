"""Rasterised digits: the ink fits MNIST's box and stands by its centre of mass."""

import numpy as np

from digitlab.synthetic.handwriting.writer import write_digits


def test_ink_fits_mnists_box_and_is_placed_by_its_centre_of_mass():
    x, _ = write_digits(2000, rng=np.random.default_rng(0))
    ink = x > 24
    extents = [np.ptp(np.flatnonzero(image.any(axis))) + 1 for image in ink for axis in (0, 1)]
    longer_sides = np.array(extents).reshape(-1, 2).max(1)
    assert longer_sides.max() <= 20
    assert np.median(longer_sides) >= 19
    weights = x.astype(float) / x.sum((1, 2), keepdims=True)
    for axis in (1, 2):
        centre = (weights.sum(3 - axis) * np.arange(28)).sum(1)
        at_edge = ink.any(3 - axis)[:, [0, -1]].any(1)  # the frame lets the ink move no farther
        assert np.abs(centre - 14)[~at_edge].max() <= 1
        assert at_edge.mean() < 0.05
