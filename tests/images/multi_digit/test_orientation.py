"""A page that is turned by 90, 180 or 270 degrees is read upright."""

import numpy as np
import pytest
from support.number_sheets import labels_of, write_sheet

ROWS = ("52437", "64927", "35724")


@pytest.fixture(scope="module")
def page():
    return write_sheet(*ROWS, jitter=0.05, seed=0)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_turned_page_reads_as_the_upright_one(reader, page, rotation):
    reading = reader.read_all(np.rot90(page, rotation // 90))
    assert reading.rotation == rotation
    assert [prediction.digit for prediction in reading] == labels_of(ROWS)


def test_boxes_are_those_of_the_turned_picture(reader, page):
    turned = np.rot90(page)
    first, last = (reader.read_all(turned)[index].box for index in (0, -1))
    # Counter-clockwise, rows run from the bottom to the top.
    assert first[1] > last[1]
    assert all(x + width <= turned.shape[1] for x, _, width, _ in (first, last))


def test_a_single_digit_is_left_as_it_is(reader, page):
    sheet = write_sheet("6", height=100)
    assert reader.read_all(np.rot90(sheet, 2)).rotation == 0
