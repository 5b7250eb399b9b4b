"""Geometry: the overlap of boxes."""

from digitlab.synthetic.photographs.geometry import intersection_over_union


def test_intersection_over_union_is_shared_area_over_covered_area():
    assert intersection_over_union((0, 0, 4, 4), (0, 0, 4, 4)) == 1
    assert intersection_over_union((0, 0, 4, 4), (2, 0, 4, 4)) == 8 / 24
    assert intersection_over_union((0, 0, 4, 4), (4, 0, 4, 4)) == 0
