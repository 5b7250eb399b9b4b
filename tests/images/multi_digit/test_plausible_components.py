"""Components that are parts of lines or sides of cells are told from digits and separators."""

from __future__ import annotations

import numpy as np
import pytest

from digitlab.images.multi_digit.plausible_components import cell_sides, line_ends
from digitlab.images.segmentation.components import Components, find_components


def components_of(mask: np.ndarray) -> Components:
    return find_components(mask, np.full(mask.shape, 100, np.float32))


@pytest.mark.parametrize("gap", [0, 1])
def test_a_level_piece_beside_a_line_is_a_part_of_it(gap):
    mask, lines = np.zeros((2, 60, 200), bool)
    mask[30:33, 40:55] = True
    mask[31:34, 120:135] = True
    lines[30:33, 55 + gap : 100] = True
    assert line_ends(components_of(mask), lines).tolist() == [True, False]


def test_a_point_on_a_line_is_no_part_of_it():
    mask, lines = np.zeros((2, 60, 200), bool)
    mask[28:34, 40:46] = True
    lines[30:33] = True
    lines &= ~mask
    assert line_ends(components_of(mask), lines).tolist() == [False]


def bars(*lefts: int, height: int = 50) -> np.ndarray:
    """Bars with squares of 30 pixels between them."""
    mask = np.zeros((100, 400), bool)
    for left in lefts:
        mask[80 - height : 80, left : left + 3] = True
    for left in lefts[:-1]:
        mask[45:75, left + 12 : left + 42] = True
        mask[50:70, left + 17 : left + 37] = False
    return mask


@pytest.mark.parametrize(
    ("lefts", "height", "expected"),
    [((20, 80, 140, 200), 50, 4), ((20, 80, 200), 50, 3), ((20, 80, 165, 280), 50, 0),
     ((20, 80, 140, 200), 25, 0), ((20, 80), 50, 0)],
)  # fmt: skip
def test_sides_of_cells_stand_evenly_and_rise_above_what_is_between(lefts, height, expected):
    components = components_of(bars(*lefts, height=height))
    assert cell_sides(components, np.arange(len(components))).sum() == expected


def test_1s_side_by_side_are_no_sides():
    mask = np.zeros((100, 400), bool)
    for left in (20, 80, 140, 200):
        mask[30:80, left : left + 3] = True
    components = components_of(mask)
    assert not cell_sides(components, np.arange(len(components))).any()
