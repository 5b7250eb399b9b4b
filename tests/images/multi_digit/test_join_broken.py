"""Broken digits: which ink may be parts of one digit, and the ways to join it."""

from __future__ import annotations

import numpy as np
import pytest
from support.number_sheets import labels_of, write_sheet

from digitlab.images.multi_digit.digit_ink import DigitInk
from digitlab.images.multi_digit.join_broken import cluster_broken, merge, ways_to_join

DIGIT_HEIGHT = 40.0


def block(x: int, y: int, width: int, height: int) -> DigitInk:
    """A filled rectangle of ink."""
    box = (slice(y, y + height), slice(x, x + width))
    return DigitInk(box=box, mask=np.ones((height, width), bool))


def boxes_of(way) -> list[tuple[int, int, int, int]]:
    """x, y, width and height of each ink."""
    return [
        (columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
        for rows, columns in (ink.box for ink in way)
    ]


def test_digits_far_apart_stay_in_separate_clusters():
    inks = [block(0, 0, 20, 40), block(40, 0, 20, 40), block(0, 80, 20, 40)]
    assert [len(cluster) for cluster in cluster_broken(inks, DIGIT_HEIGHT)] == [1, 1, 1]


def test_halves_of_one_digit_form_a_cluster():
    upper, lower = block(0, 0, 24, 18), block(2, 20, 24, 20)
    ((first, second),) = cluster_broken([lower, upper], DIGIT_HEIGHT)
    assert {id(first), id(second)} == {id(upper), id(lower)}


def test_ink_too_large_for_one_digit_forms_no_cluster():
    broad = [block(0, 0, 30, 40), block(31, 0, 30, 40)]
    high = [block(0, 0, 30, 50), block(0, 51, 30, 50)]
    assert len(cluster_broken(broad, DIGIT_HEIGHT)) == len(cluster_broken(high, DIGIT_HEIGHT)) == 2


def test_parts_connected_through_a_third_part_form_one_cluster():
    inks = [block(0, 0, 10, 20), block(20, 0, 10, 20), block(12, 5, 6, 20)]
    (cluster,) = cluster_broken(inks, DIGIT_HEIGHT)
    assert [ink.box[1].start for ink in cluster] == [0, 12, 20]


def test_every_way_to_join_three_parts_keeps_all_ink():
    inks = [block(0, 0, 10, 20), block(12, 5, 6, 20), block(20, 0, 10, 20)]
    ways = ways_to_join(inks, DIGIT_HEIGHT)
    assert [len(way) for way in ways] == [3, 2, 2, 2, 1]
    for way in ways:
        assert sum(int(ink.mask.sum()) for ink in way) == sum(int(ink.mask.sum()) for ink in inks)
    assert boxes_of(ways[-1]) == [(0, 0, 30, 25)]


def test_no_way_joins_ink_that_is_larger_than_a_digit():
    inks = [block(0, 0, 24, 40), block(22, 10, 8, 8), block(32, 0, 24, 40)]
    for way in ways_to_join(inks, DIGIT_HEIGHT):
        assert max(width for _, _, width, _ in boxes_of(way)) <= 1.25 * DIGIT_HEIGHT


def test_merging_keeps_all_pixels():
    merged = merge([block(5, 5, 4, 6), block(12, 8, 3, 9)])
    assert boxes_of([merged]) == [(5, 5, 10, 12)]
    assert int(merged.mask.sum()) == 4 * 6 + 3 * 9


def broken_row(text: str, *, at: float, seed: int) -> np.ndarray:
    """A row whose first two digits have a gap of a sixteenth of their height through them."""
    page = write_sheet(text, seed=seed)
    rows = np.flatnonzero((page < 120).any(1))
    columns = np.flatnonzero((page < 120).any(0))
    row = rows[0] + round(at * len(rows))
    page[row : row + max(3, len(rows) // 16), : columns[0] + 2 * len(columns) // 5] = page.max()
    return page


@pytest.mark.parametrize("at", [0.4, 0.6])
def test_a_row_with_a_gap_through_two_digits_is_read_completely(reader, at):
    page = broken_row("60385", at=at, seed=3)
    predictions = reader.read_all(page)
    assert [prediction.digit for prediction in predictions] == labels_of(["60385"])
