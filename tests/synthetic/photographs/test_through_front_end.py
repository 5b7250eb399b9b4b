"""Digits that come back from photographs: the written one is taken, and the same in every run."""

import numpy as np

from digitlab.datasets import mnist
from digitlab.synthetic.photographs.through_front_end import overlap, photographed


def test_most_digits_are_found_and_look_like_what_was_written():
    x, _ = mnist.load("tune")
    images, found = photographed(x[:30], seed=3)
    assert found.mean() > 0.8
    assert not images[~found].any()
    assert all(image.max() > 200 for image in images[found])


def test_equal_seeds_give_equal_images_whatever_the_number_of_processes():
    x, _ = mnist.load("tune")
    alone, _ = photographed(x[:260], seed=5)
    together, _ = photographed(x[:260], seed=5, processes=2)
    assert np.array_equal(alone, together)


def test_the_overlap_of_boxes_is_shared_over_covered_area():
    assert overlap((0, 0, 4, 4), (0, 0, 4, 4)) == 1
    assert overlap((0, 0, 4, 4), (2, 0, 4, 4)) == 8 / 24
    assert overlap((0, 0, 4, 4), (4, 0, 4, 4)) == 0
