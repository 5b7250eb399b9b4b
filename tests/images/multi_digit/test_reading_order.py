"""Rows from top to bottom, digits from left to right."""

from digitlab.images.multi_digit.reading_order import sort_into_rows


def test_digits_of_different_sizes_at_one_height_form_one_row():
    boxes = [(slice(10, 60), slice(100, 130)), (slice(30, 60), slice(10, 30))]
    assert sort_into_rows(boxes) == [[1, 0]]


def test_a_digit_above_another_one_starts_a_row():
    boxes = [(slice(45, 85), slice(0, 30)), (slice(0, 40), slice(5, 35))]
    assert sort_into_rows(boxes) == [[1], [0]]


def test_no_digits_give_no_rows():
    assert sort_into_rows([]) == []
