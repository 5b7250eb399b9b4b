"""Pictures of hands for the bench: other shapes than the training's, repeatable, and legible."""

import numpy as np
import pytest
from common.hand_difficulties import HAND_DIFFICULTIES, HAND_SHAPES, LABELS_OF_HANDS

from digitlab.images import decode
from digitlab.synthetic.handwriting.digit_shapes import DIGIT_SHAPES
from digitlab.synthetic.handwriting.rare_shapes import RARE_SHAPES

NO_INK = np.zeros((28, 28), np.uint8)


def test_no_shape_of_the_bench_is_one_of_the_training_data():
    trained = {
        strokes
        for shapes in (*DIGIT_SHAPES.values(), *RARE_SHAPES.values())
        for _, strokes in shapes.values()
    }
    rows = HAND_SHAPES.values()
    assert trained.isdisjoint(
        strokes for row in rows for shapes in row.values() for strokes in shapes
    )


@pytest.mark.parametrize("row", HAND_DIFFICULTIES)
def test_equal_seeds_make_equal_pictures_with_ink(row):
    label = LABELS_OF_HANDS.get(row, (4,))[0]
    for seed in range(4):
        first, again = (
            HAND_DIFFICULTIES[row](NO_INK, label, np.random.default_rng(seed)) for _ in range(2)
        )
        assert first == again
        assert np.ptp(decode(first).grey) > 60
