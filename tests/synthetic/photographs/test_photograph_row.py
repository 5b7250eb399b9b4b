"""Photographs of several digits: boxes, reading order, repeatability."""

from dataclasses import replace

import numpy as np
import pytest

from digitlab.synthetic.photographs.photograph_row import photograph_row


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_the_boxes_of_a_row_hold_its_ink_in_order(digits, clean_scene, count):
    scene = replace(clean_scene, size=(900, 300), pen=4.0)
    image, boxes = photograph_row(digits[:count], rng=np.random.default_rng(1), scene=scene)
    ink_outside_boxes = np.asarray(image.convert("L")) < 128
    assert len(boxes) == count
    assert boxes == sorted(boxes)
    for x, y, width, height in boxes:
        assert ink_outside_boxes[y : y + height, x : x + width].any()
        ink_outside_boxes[y : y + height, x : x + width] = False
    assert not ink_outside_boxes.any()


def test_boxes_of_several_lines_are_ordered_from_the_top(digits, clean_scene):
    scene = replace(clean_scene, size=(600, 400))
    _, boxes = photograph_row(digits[:6], rng=np.random.default_rng(0), scene=scene, lines=2)
    first, second = boxes[:3], boxes[3:]
    assert max(y + h for _, y, _, h in first) < min(y for _, y, _, _ in second) + 20
    assert [b[0] for b in first] == sorted(b[0] for b in first)
    assert [b[0] for b in second] == sorted(b[0] for b in second)


def test_equal_seeds_give_equal_rows(digits):
    one, two = (photograph_row(digits[:3], rng=np.random.default_rng(9)) for _ in range(2))
    assert one[1] == two[1]
    assert np.array_equal(np.asarray(one[0]), np.asarray(two[0]))
