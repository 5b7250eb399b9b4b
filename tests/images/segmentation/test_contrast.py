"""Contrast does not depend on the light, and paper stays paper in a tight crop."""

import numpy as np
import pytest

from digitlab.images.segmentation.contrast import isolate_ink, measure_contrast, threshold_ink


def test_ink_has_the_same_contrast_in_the_shade_as_in_the_light():
    page = np.full((200, 300), 220, np.float32)
    page[80:120, 60:66] = page[80:120, 240:246] = 66
    page[:, 150:] *= 0.5
    contrast = measure_contrast(page).values
    light, shade = contrast[90:110, 62:64].mean(), contrast[90:110, 242:244].mean()
    assert shade == pytest.approx(light, rel=0.1)


def test_paper_is_not_ink_when_ink_covers_half_of_it():
    page = np.full((64, 60), 240, np.float32)
    page[:, 4:14] = page[:, 24:34] = page[:, 44:54] = 20
    ink = threshold_ink(measure_contrast(page).values)
    assert ink is not None
    assert ink[:, 5:13].all()
    assert not ink[:, 17:21].any()


def test_blank_paper_has_no_ink():
    page = 220 + np.random.default_rng(0).normal(0, 4, (200, 300)).astype(np.float32)
    contrast, noise, _ = measure_contrast(page)
    assert threshold_ink(contrast, noise=noise) is None


def test_isolated_ink_keeps_its_soft_edge_but_not_its_neighbour():
    contrast = np.full((9, 9), 5, np.float32)
    ink = np.zeros((9, 9), bool)
    ink[3:6, 1:4] = ink[3:6, 6:8] = True
    mask = ink.copy()
    mask[:, 6:] = False
    isolated = isolate_ink(contrast, mask, ink, edge_width=1)
    assert (isolated[mask] == 5).all()
    assert isolated[4, 4] == 5
    assert not isolated[:, 5:].any()
