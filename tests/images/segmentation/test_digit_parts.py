"""Components are scored as parts of a digit, and gathered to candidates."""

import numpy as np

from digitlab.images.segmentation.digit_parts import (
    find_digit_parts,
    find_tight_crop,
    gather_candidates,
)


def page_with(*boxes: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """A mask with filled boxes, and its contrast."""
    mask = np.zeros((200, 200), bool)
    for box in boxes:
        mask[box] = True
    return mask, np.where(mask, 120, 0).astype(np.float32)


STROKE = (slice(60, 140), slice(90, 102))


def test_a_line_at_the_edge_is_less_like_a_digit_than_a_stroke():
    mask, contrast = page_with(STROKE, (slice(0, 200), slice(20, 24)))
    parts = find_digit_parts(mask, contrast)
    line, stroke = parts.likeness
    assert parts.edge_counts.tolist() == [2, 0]
    assert line < 0.05 < stroke


def test_a_part_near_the_main_part_belongs_to_the_same_candidate():
    mask, contrast = page_with(STROKE, (slice(60, 70), slice(108, 140)))
    (candidate,) = gather_candidates(find_digit_parts(mask, contrast), contrast)
    assert np.array_equal(candidate.mask, mask)


def test_distant_ink_is_a_separate_candidate():
    mask, contrast = page_with(STROKE, (slice(60, 140), slice(150, 158)))
    first, second = gather_candidates(find_digit_parts(mask, contrast), contrast)
    assert not (first.mask & second.mask).any()
    assert first.mass >= second.mass


def test_the_digit_of_a_tight_crop_touches_the_edges_and_has_nearly_all_ink():
    mask, contrast = page_with((slice(0, 200), slice(80, 110)))
    parts = find_digit_parts(mask, contrast)
    (candidate,) = find_tight_crop(parts, contrast, likeness=0.9)
    assert candidate.likeness == 0.9
    assert np.array_equal(candidate.mask, mask)


def test_a_digit_away_from_the_edges_is_no_tight_crop():
    mask, contrast = page_with(STROKE)
    assert find_tight_crop(find_digit_parts(mask, contrast), contrast, likeness=0.9) == []
