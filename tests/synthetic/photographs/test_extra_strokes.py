"""Extra strokes: they add ink to 0, 1 and 7 and change no other digit."""

import numpy as np

from digitlab.datasets import mnist
from digitlab.synthetic.photographs.extra_strokes import add_extra_strokes


def test_extra_strokes_change_only_0_1_and_7(digits):
    labels = mnist.load("validation")[1]
    for digit_image, label in zip(digits[:40], labels[:40], strict=True):
        result = add_extra_strokes(digit_image, int(label), rng=np.random.default_rng(0))
        assert (result >= digit_image).all()
        assert np.array_equal(result, digit_image) == (label not in (0, 1, 7))
