"""Line charts as SVG: well-formed, inside their frame, and escaped."""

import xml.etree.ElementTree as ET

import pytest

from digitlab.html.charts import Line, line_chart


def tree_of(*lines, **options):
    """The chart as a tree; it must be well-formed."""
    values = {"title": "Loss", "x": "step", "y": "loss"} | options
    return ET.fromstring(line_chart(lines, **values))  # noqa: S314  # our own


def points_of(tree):
    return [
        [tuple(map(float, point.split(","))) for point in line.get("points").split()]
        for line in tree.iter("polyline")
    ]


def test_a_line_goes_from_left_to_right_and_its_largest_value_is_highest():
    tree = tree_of(Line(name="a", points=[(1, 5.0), (2, 1.0), (3, 3.0)]))
    ((first, second, third),) = points_of(tree)
    assert first[0] < second[0] < third[0]
    assert first[1] < third[1] < second[1]


def test_all_points_are_inside_the_picture():
    tree = tree_of(Line(name="a", points=[(0, -3.0), (80, 900.0)]))
    _, _, width, height = map(float, tree.get("viewBox").split())
    for x, y in points_of(tree)[0]:
        assert 0 < x < width
        assert 0 < y < height


def test_lines_share_their_axes_and_keep_their_colours():
    lines = [Line(name=c, points=[(0, n), (1, n)], colour=c) for n, c in enumerate(["red", "blue"])]
    tree = tree_of(*lines)
    low, high = points_of(tree)
    assert high[0][1] < low[0][1]
    assert [line.get("stroke") for line in tree.iter("polyline")] == ["red", "blue"]


@pytest.mark.parametrize("lines", [[], [Line(name="a", points=[])]])
def test_a_chart_without_a_point_says_so(lines):
    assert "nothing yet" in "".join(tree_of(*lines).itertext())


def test_a_single_point_and_a_level_line_are_drawn():
    for points in ([(1, 2.0)], [(1, 0.0), (2, 0.0)]):
        assert len(points_of(tree_of(Line(name="a", points=points)))[0]) == len(points)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_is_left_out(value):
    tree = tree_of(Line(name="a", points=[(1, 1.0), (2, value), (3, 2.0)]))
    assert len(points_of(tree)[0]) == 2


def test_dots_mark_each_point():
    tree = tree_of(Line(name="a", points=[(1, 1.0), (2, 2.0)], dots=True))
    assert len(list(tree.iter("circle"))) == 2


def test_shares_are_written_as_percentages():
    tree = tree_of(Line(name="a", points=[(1, 0.5), (2, 1.0)]), percent=True)
    assert any(text.strip().endswith("%") for text in tree.itertext())


def test_the_texts_of_a_chart_are_escaped():
    tree = tree_of(Line(name="<b>", points=[(1, 1.0)]), title='"<i>"', x="<x>", y="&")
    text = " ".join(tree.itertext())
    assert "<b>" in text
    assert "<x> (across), & (up)" in text
    assert tree.get("aria-label") == '"<i>"'
