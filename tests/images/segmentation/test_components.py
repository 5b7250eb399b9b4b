"""Connected components of a mask and their measures."""

import numpy as np

from digitlab.images.segmentation.components import find_components, label_background


def two_components() -> tuple[np.ndarray, np.ndarray]:
    """A mask with a bar at the left edge and a diagonal, and its contrast."""
    mask = np.zeros((8, 10), bool)
    mask[2:7, 0:2] = True
    mask[[1, 2, 3], [5, 6, 7]] = True
    contrast = np.where(mask, 100, 0).astype(np.float32)
    contrast[mask & (np.arange(10) > 4)] = 40
    return mask, contrast


def test_diagonal_neighbours_are_connected():
    components = find_components(*two_components())
    assert len(components) == 2


def test_components_are_measured():
    components = find_components(*two_components())
    assert components.boxes == [(slice(1, 4), slice(5, 8)), (slice(2, 7), slice(0, 2))]
    assert components.areas.tolist() == [3, 10]
    assert components.tones.tolist() == [40, 100]
    assert components.masses.tolist() == [120, 1000]
    assert components.heights.tolist() == [3, 5]
    assert components.widths.tolist() == [3, 2]
    assert components.extents.tolist() == [3, 5]


def test_only_the_component_at_the_left_edge_touches_an_edge():
    components = find_components(*two_components())
    assert components.touched_edges().tolist() == [
        [False, False],
        [False, True],
        [False, False],
        [False, False],
    ]


def test_the_mask_of_a_component_has_its_pixels():
    mask, contrast = two_components()
    components = find_components(mask, contrast)
    assert np.array_equal(components.mask([0, 1]), mask)
    assert int(components.mask([1]).sum()) == 10


def test_max_count_keeps_the_largest_components():
    mask, contrast = two_components()
    components = find_components(mask, contrast, max_count=1)
    assert components.areas.tolist() == [10]
    assert np.array_equal(components.labels > 0, mask & (np.arange(10) < 4))


def test_an_empty_mask_has_no_components():
    components = find_components(np.zeros((5, 6), bool), np.zeros((5, 6), np.float32))
    assert len(components) == 0
    assert components.touched_edges().shape == (4, 0)


def test_background_labels_tell_holes_from_the_paper_around():
    ring = np.ones((5, 6), bool)
    ring[2, 2:4] = False
    labels, areas = label_background(ring)
    assert labels[0, 0] == labels[-1, -1] == 1
    assert labels[3, 3] == 2
    assert areas.tolist() == [28, 26, 2]
