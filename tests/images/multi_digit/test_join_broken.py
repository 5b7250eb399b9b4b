"""Broken digits: marks that may be pieces of one digit, and the ways to join them."""

from __future__ import annotations

import numpy as np
import pytest
from support.number_sheets import sheet, truth

from digitlab.images.multi_digit.digit_ink import DigitInk
from digitlab.images.multi_digit.join_broken import cluster_broken, merge, ways_to_join
from digitlab.picture_reader import Reader, limits_of
from digitlab.settings import Settings
from digitlab.store import ModelRegistry

USUAL = 40.0


def mark(x: int, y: int, width: int, height: int) -> DigitInk:
    box = (slice(y, y + height), slice(x, x + width))
    return DigitInk(box=box, mask=np.ones((height, width), bool))


def places(way) -> list[tuple[int, int, int, int]]:
    return [(c.start, r.start, c.stop - c.start, r.stop - r.start) for r, c in (m.box for m in way)]


def test_digits_apart_are_no_cluster():
    marks = [mark(0, 0, 20, 40), mark(40, 0, 20, 40), mark(0, 80, 20, 40)]
    assert [len(one) for one in cluster_broken(marks, USUAL)] == [1, 1, 1]


def test_halves_of_one_digit_are_a_cluster():
    upper, lower = mark(0, 0, 24, 18), mark(2, 20, 24, 20)
    ((first, second),) = cluster_broken([lower, upper], USUAL)
    assert {id(first), id(second)} == {id(upper), id(lower)}


def test_what_is_too_large_for_one_digit_is_no_cluster():
    broad = [mark(0, 0, 30, 40), mark(31, 0, 30, 40)]
    high = [mark(0, 0, 30, 50), mark(0, 51, 30, 50)]
    assert len(cluster_broken(broad, USUAL)) == len(cluster_broken(high, USUAL)) == 2


def test_pieces_chained_through_a_third_stand_together():
    marks = [mark(0, 0, 10, 20), mark(20, 0, 10, 20), mark(12, 5, 6, 20)]
    (cluster,) = cluster_broken(marks, USUAL)
    assert [m.box[1].start for m in cluster] == [0, 12, 20]


def test_every_way_to_join_three_pieces_holds_all_of_the_ink():
    marks = [mark(0, 0, 10, 20), mark(12, 5, 6, 20), mark(20, 0, 10, 20)]
    ways = ways_to_join(marks, USUAL)
    assert [len(way) for way in ways] == [3, 2, 2, 2, 1]
    for way in ways:
        assert sum(int(m.mask.sum()) for m in way) == sum(int(m.mask.sum()) for m in marks)
    assert places(ways[-1]) == [(0, 0, 30, 25)]


def test_no_way_joins_what_is_larger_than_a_digit():
    marks = [mark(0, 0, 24, 40), mark(22, 10, 8, 8), mark(32, 0, 24, 40)]
    for way in ways_to_join(marks, USUAL):
        assert max(width for _, _, width, _ in places(way)) <= 1.25 * USUAL


def test_merged_marks_keep_their_pixels():
    whole = merge([mark(5, 5, 4, 6), mark(12, 8, 3, 9)])
    assert places([whole]) == [(5, 5, 10, 12)]
    assert int(whole.mask.sum()) == 4 * 6 + 3 * 9


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Reader:
    settings = Settings.load(tmp_path_factory.mktemp("home"), environ={})
    return Reader(ModelRegistry(settings).load(None), limits=limits_of(settings))


def broken(text: str, *, at: float, seed: int) -> np.ndarray:
    """A row whose first two digits have a gap of a sixteenth of their height through them."""
    page = sheet(text, seed=seed)
    rows = np.flatnonzero((page < 120).any(1))
    columns = np.flatnonzero((page < 120).any(0))
    row = rows[0] + round(at * len(rows))
    page[row : row + max(3, len(rows) // 16), : columns[0] + 2 * len(columns) // 5] = page.max()
    return page


@pytest.mark.parametrize("at", [0.4, 0.6])
def test_a_row_with_a_gap_through_it_is_read_whole(reader, at):
    page = broken("60385", at=at, seed=3)
    assert [p.digit for p in reader.read_all(page)] == truth(["60385"])
