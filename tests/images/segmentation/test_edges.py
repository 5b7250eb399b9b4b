"""The outline of ink is an edge of the picture on all sides; that of shade is not."""

import numpy as np

from digitlab.images.segmentation.contrast import measure_contrast, threshold_ink
from digitlab.images.segmentation.edges import edge_support


def page_with_stroke() -> tuple[np.ndarray, np.ndarray]:
    page = np.full((120, 160), 200, np.float32)
    page[30:90, 78:84] = 60
    mask = np.zeros(page.shape, bool)
    mask[30:90, 78:84] = True
    return page, mask


def test_the_outline_of_a_stroke_is_an_edge_all_around():
    page, mask = page_with_stroke()
    contrast, noise, _ = measure_contrast(page)
    assert edge_support(page, contrast, threshold_ink(contrast, noise=noise)) == 1.0
    assert edge_support(page, contrast, mask) == 1.0


def test_a_stroke_in_the_shade_is_supported_like_one_in_the_light():
    page, mask = page_with_stroke()
    page[:, :80] *= 0.5
    assert edge_support(page, measure_contrast(page).values, mask) >= 0.9


def test_a_stroke_that_leaves_the_picture_is_supported():
    page, _ = page_with_stroke()
    page[:, 40:46] = 60
    mask = np.zeros(page.shape, bool)
    mask[:, 40:46] = True
    assert edge_support(page, measure_contrast(page).values, mask) == 1.0


def test_a_piece_of_a_step_between_light_and_shade_is_hardly_supported():
    page = np.full((120, 160), 200, np.float32)
    page[:, :80] = 100
    mask = np.zeros(page.shape, bool)
    mask[30:90, 60:80] = True
    contrast = np.where(mask, 100, 0).astype(np.float32)
    assert edge_support(page, contrast, mask) < 0.6


def test_the_paper_inside_a_ring_is_not_supported():
    y, x = np.mgrid[:120, :160]
    distance = np.hypot(y - 60, x - 80)
    page = np.where(abs(distance - 30) < 3, 60, 200).astype(np.float32)
    inside = distance < 26
    contrast = np.where(inside, 140, 0).astype(np.float32)
    assert edge_support(255 - page, contrast, inside) < 0.1


def test_thick_strokes_with_narrow_gaps_are_supported():
    page = np.full((120, 160), 200, np.float32)
    for left in (0, 56, 112):
        page[:, left : left + 42] = 60
    page[:30] = 60
    mask = page < 100
    contrast = np.where(mask, 140, 0).astype(np.float32)
    assert edge_support(page, contrast, mask) >= 0.9
