"""Pictures of hands for the bench: other shapes than the training's, repeatable, and with ink."""

import numpy as np

from digitlab.images import decode
from digitlab.synthetic.handwriting.digit_shapes import DIGIT_SHAPES
from digitlab.synthetic.handwriting.rare_shapes import RARE_SHAPES

NO_INK = np.zeros((28, 28), np.uint8)


def test_no_shape_of_the_bench_is_one_of_the_training_data():
    from common.hand_difficulties import HAND_SHAPES

    kinds = (*DIGIT_SHAPES.values(), *RARE_SHAPES.values())
    trained = {strokes for shapes in kinds for _, strokes in shapes.values()}
    rows = HAND_SHAPES.values()
    of_bench = {strokes for row in rows for shapes in row.values() for strokes in shapes}
    assert trained.isdisjoint(of_bench)


def test_equal_seeds_make_equal_pictures_with_ink():
    from common.hand_difficulties import HAND_DIFFICULTIES, LABELS_OF_HANDS

    for row, make in HAND_DIFFICULTIES.items():
        label = LABELS_OF_HANDS.get(row, (4,))[0]
        for seed in range(4):
            first, again = (make(NO_INK, label, np.random.default_rng(seed)) for _ in range(2))
            assert first == again, row
            assert np.ptp(decode(first).grey) > 60, row
