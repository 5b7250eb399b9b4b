"""Photographs of pages: places and boxes of digits and separators, and the things around them."""

from dataclasses import replace

import numpy as np
import pytest

from digitlab.synthetic.photographs import page_objects
from digitlab.synthetic.photographs.geometry import sheet_to_photo
from digitlab.synthetic.photographs.photograph_page import RowOfText, Spacing, photograph_page
from digitlab.synthetic.photographs.separators import SEPARATORS, separator_path
from digitlab.synthetic.photographs.skeletonise import Skeleton


@pytest.fixture
def scene(clean_scene):
    return replace(clean_scene, size=(800, 200), height=0.3, pen=4.0)


@pytest.fixture
def write(digits, scene):
    def write(text, **spacing):
        rng = np.random.default_rng(2)
        row = RowOfText(text, lambda digit: digits[digit], spacing=Spacing(**spacing), rng=rng)
        placed = row.place(left=40, middle=100, digit_height=60)
        image, boxes = photograph_page(placed, scene=scene, rng=rng)
        return row, placed, np.asarray(image.convert("L")), boxes

    return write


def test_each_digit_has_a_box_in_order_and_separators_have_none(write):
    row, placed, tones, boxes = write("12/3,4-5")
    assert len(boxes) == 5
    assert boxes == sorted(boxes)
    assert sum(isinstance(character.shape, Skeleton) for character in placed) == 3
    assert boxes[-1][0] + boxes[-1][2] == pytest.approx(40 + 60 * row.length, abs=12)
    outside = tones < 128
    for x, y, width, height in boxes:
        outside[y : y + height, x : x + width] = False
    assert outside.any()  # the ink of the separators


def test_a_space_is_wider_than_a_gap(write):
    near, wide = write("12")[3], write("1 2", space=1.5)[3]
    gaps = [second[0] - first[0] - first[2] for first, second in (near, wide)]
    assert gaps[1] - gaps[0] > 60


@pytest.mark.parametrize("character", SEPARATORS)
def test_separators_have_their_place_beside_a_digit(character):
    x, y = separator_path(character).points.T
    middle, baseline = 14, 24
    if character in ".,":
        assert y.min() > middle + 5
    elif character == "-":
        assert np.ptp(y) < 1
        assert abs(y.mean() - middle) < 1
    elif character == ":":
        assert y.min() < middle < y.max() < baseline
    else:
        assert y.min() < 4
        assert y.max() > baseline
        assert x[y.argmin()] > x[y.argmax()]


@pytest.mark.parametrize(
    ("paint", "place", "darker"),
    [
        (lambda view: page_objects.soft_shade([(60, 40, 20, 20, 0, 2)], depth=0.2), (60, 40), True),
        (
            lambda view: page_objects.holes(
                np.array([(60.0, 40.0)]), radius=8, view=view, colour=(20, 20, 20)
            ),
            (60, 40),
            True,
        ),
        (
            lambda view: page_objects.printed_lines(
                np.array([(0, 40, 120, 40)]), view=view, width=4, colour=(90, 90, 90)
            ),
            (60, 40),
            True,
        ),
        (
            lambda view: page_objects.desk_around(
                np.array([(30, 0), (120, 0), (120, 80), (30, 80)]),
                view=view,
                colour=(60, 50, 40),
                rng=np.random.default_rng(0),
            ),
            (10, 40),
            True,
        ),
        (
            lambda view: page_objects.fingers(
                "left", at=0.5, reach=40, width=20, count=1, rng=np.random.default_rng(0)
            ),
            (20, 40),
            True,
        ),
        (
            lambda view: page_objects.staple((60, 40), length=30, angle=0, width=5),
            (60, 40),
            True,
        ),
        (
            lambda view: page_objects.printed_date(
                "8", left=50, top=30, height=20, colour=(255, 255, 255), segments=True
            ),
            (55, 40),
            False,
        ),
    ],
)
def test_things_on_the_page_are_painted_in_their_place_alone(clean_scene, paint, place, darker):
    view = sheet_to_photo(replace(clean_scene, size=(120, 80)))
    page = np.full((80, 120, 3), 180, np.float32)
    paint(view)(page)
    x, y = place
    change = float(page[y, x].mean()) - 180
    assert (change < -15) if darker else (change > 15)
    assert float(np.abs(page[2, 117] - 180).max()) < 12  # a corner far from all of them
