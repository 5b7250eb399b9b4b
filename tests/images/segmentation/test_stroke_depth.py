"""The depth of ink is the exact distance to the paper."""

import numpy as np
import pytest
from scipy import ndimage

from digitlab.images.segmentation.stroke_depth import squared_depth


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (33, 57), (120, 90)])
@pytest.mark.parametrize("sigma", [0.5, 2.0, 9.0])
def test_the_depth_is_the_distance_to_the_nearest_paper(shape, sigma):
    noise = np.random.default_rng(len(shape)).normal(size=shape)
    mask = ndimage.gaussian_filter(noise, sigma) > 0
    expected = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    assert np.sqrt(squared_depth(mask)) == pytest.approx(expected)


def test_the_edge_of_the_picture_is_paper():
    depth = squared_depth(np.ones((5, 9), bool))
    assert depth[2].tolist() == [1, 4, 9, 9, 9, 9, 9, 4, 1]
