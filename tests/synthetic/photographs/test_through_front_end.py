"""Digits that are photographed and read by the front end: most are found, in every run alike."""

import numpy as np
import pytest

from digitlab.synthetic.photographs import through_front_end
from digitlab.synthetic.photographs.through_front_end import photograph_through_front_end

pytestmark = pytest.mark.slow


def test_most_digits_are_found_with_clear_ink(digits):
    images, detected = photograph_through_front_end(digits[:30], seed=3)
    assert detected.mean() > 0.8
    assert not images[~detected].any()
    assert all(image.max() > 200 for image in images[detected])


def test_equal_seeds_give_equal_images_with_any_number_of_processes(digits, monkeypatch):
    monkeypatch.setattr(through_front_end, "_DIGITS_PER_TASK", 6)
    one_process, _ = photograph_through_front_end(digits[:16], seed=5)
    two_processes, _ = photograph_through_front_end(digits[:16], seed=5, processes=2)
    assert np.array_equal(one_process, two_processes)
