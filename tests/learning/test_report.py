"""How the steps of a fine-tune look in a notebook: HTML and SVG that hold what was found."""

import dataclasses
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from support.comparisons import comparison, paired
from support.examples import example
from support.feedback_rows import noise

from digitlab.html.charts import Line, chart
from digitlab.labels import NO_DIGIT
from digitlab.learning.data.examples import ExampleSet
from digitlab.learning.data.preview import FeedbackPreview
from digitlab.learning.gate.rules import Decision
from digitlab.learning.results import Compared, RunResult, Slice, Trained
from digitlab.learning.training.retention import Shift
from digitlab.model.calibration import Calibration

# charts -----------------------------------------------------------------------------------------


def drawn(*lines, **options):
    """The chart as a tree; it must be well-formed."""
    values = {"title": "Loss", "x": "step", "y": "loss"} | options
    return ET.fromstring(chart(lines, **values))  # noqa: S314  # our own


def points_of(tree):
    return [
        [tuple(map(float, point.split(","))) for point in line.get("points").split()]
        for line in tree.iter("polyline")
    ]


def test_a_line_goes_from_left_to_right_and_its_largest_value_is_highest():
    tree = drawn(Line(name="a", points=[(1, 5.0), (2, 1.0), (3, 3.0)]))
    ((first, second, third),) = points_of(tree)
    assert first[0] < second[0] < third[0]
    assert first[1] < third[1] < second[1]


def test_all_points_are_inside_the_picture():
    tree = drawn(Line(name="a", points=[(0, -3.0), (80, 900.0)]))
    _, _, width, height = map(float, tree.get("viewBox").split())
    for across, down in points_of(tree)[0]:
        assert 0 < across < width
        assert 0 < down < height


def test_lines_share_their_axes_and_keep_their_colours():
    lines = [Line(name=c, points=[(0, n), (1, n)], colour=c) for n, c in enumerate(["red", "blue"])]
    tree = drawn(*lines)
    low, high = points_of(tree)
    assert high[0][1] < low[0][1]
    assert [line.get("stroke") for line in tree.iter("polyline")] == ["red", "blue"]


@pytest.mark.parametrize("lines", [[], [Line(name="a", points=[])]])
def test_a_chart_without_a_point_says_so(lines):
    assert "nothing yet" in "".join(drawn(*lines).itertext())


def test_a_single_point_and_a_level_line_are_drawn():
    for points in ([(1, 2.0)], [(1, 0.0), (2, 0.0)]):
        assert len(points_of(drawn(Line(name="a", points=points)))[0]) == len(points)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_is_left_out(value):
    tree = drawn(Line(name="a", points=[(1, 1.0), (2, value), (3, 2.0)]))
    assert len(points_of(tree)[0]) == 2


def test_dots_mark_each_point():
    tree = drawn(Line(name="a", points=[(1, 1.0), (2, 2.0)], dots=True))
    assert len(list(tree.iter("circle"))) == 2


def test_shares_are_written_as_percent():
    tree = drawn(Line(name="a", points=[(1, 0.5), (2, 1.0)]), percent=True)
    assert any(text.endswith("%") for text in tree.itertext())


def test_the_words_of_a_chart_are_escaped():
    tree = drawn(Line(name="<b>", points=[(1, 1.0)]), title='"<i>"', x="<x>", y="&")
    text = " ".join(tree.itertext())
    assert "<b>" in text
    assert "<x> (across), & (up)" in text
    assert tree.get("aria-label") == '"<i>"'


# steps ------------------------------------------------------------------------------------------


def found(*examples, **changes):
    values = {
        "base": "base",
        "champion": "base",
        "examples": ExampleSet(all=examples, left_out={}),
        "held": {},
        "inputs_fingerprint": "h",
        "feedback_fingerprint": "n",
        "withdrawn": 0,
        "new": True,
        "reasons": (),
    }
    return FeedbackPreview(**values | changes)


def test_what_there_is_to_learn_is_counted_and_shown():
    check = dataclasses.replace(example(2, 5), check=True)
    html = found(example(1, 4), check, example(3, 7, correction=False))._repr_html_()
    assert "2 corrections and 1 confirmations are accepted; 2 of these images are taught, 1" in html
    assert html.count("<figure") == 2
    assert 'alt="5 (check)"' in html


def test_an_image_without_a_digit_is_named_so():
    assert 'alt="none"' in found(example(1, NO_DIGIT))._repr_html_()


def test_what_is_held_and_why_nothing_is_new_are_told_as_text():
    html = found(held={7: "called <1>"}, reasons=("judged by <r1>",))._repr_html_()
    assert "verdict 7: called &lt;1&gt;" in html
    assert "judged by &lt;r1&gt;" in html


def test_a_gallery_ends_somewhere_and_says_how_many_more():
    html = found(*(example(n, 4) for n in range(60)))._repr_html_()
    shown = html.count("<figure")
    assert shown < 60
    assert f"and {60 - shown} more" in html


def shift(broken=0):
    return Shift(n=5000, readings=5, fixed=0, broken=broken, standard_error=0.001)


def trained(**changes):
    values = {
        "curve": ((1, 2.0, None), (2, 1.0, 0.9)),
        "alphas": ((0.5, shift(broken=20)), (0.25, shift())),
        "alpha": 0.25,
        "asked": np.arange(5),
        "guesses": np.zeros(5, np.int64),
        "seconds": 1.0,
    }
    return Trained(**values | changes)


def test_a_training_is_three_charts_and_the_alpha_taken():
    html = trained()._repr_html_()
    assert html.count("<svg") == 3
    assert "Alpha 0.25 is the highest" in html


def test_a_training_without_a_passing_alpha_says_so():
    assert "No alpha keeps what the base knows" in trained(alpha=None)._repr_html_()


def part(right, champion, challenger):
    images = np.stack([noise(n) for n in range(len(right))])
    return Slice(
        x=images,
        y=np.array(right, np.uint8),
        champion=np.array(champion),
        challenger=np.array(challenger),
    )


def compared(**changes):
    slices = {
        "holdout": part([1, 2, 3], [1, 9, 3], [1, 2, 5]),
        "photographs": part([4], [4], [4]),
        "corrections": part([7, NO_DIGIT], [1, 3], [7, NO_DIGIT]),
    }
    values = {
        "comparison": comparison(holdout=paired(3, right=2, fixed=1, broken=1)),
        "slices": slices | changes,
        "calibration": Calibration(
            temperature=1.0, refusal=0.0, metrics={}, validation_guesses=np.empty(0, int)
        ),
        "champion": "base",
    }
    return Compared(**values)


def test_a_comparison_shows_the_pictures_that_changed_sides():
    html = compared()._repr_html_()
    assert "holdout: 1 fixed" in html
    assert 'alt="2: 9 → 2"' in html
    assert "holdout: 1 broken" in html
    assert 'alt="3: 3 → 5"' in html
    assert "corrections: 2 fixed" in html
    assert 'alt="none: 3 → none"' in html
    assert "photographs: " not in html


def test_a_comparison_has_both_confusion_matrices():
    html = compared()._repr_html_()
    assert "champion: right digit (down)" in html
    assert "challenger: right digit (down)" in html


def test_a_comparison_has_a_row_for_each_slice_that_has_images():
    html = compared()._repr_html_()
    assert '<th scope="row" style="text-align:left">gate, digit 9</th>' in html
    assert "of these kept back" not in html


def test_a_decision_tells_the_verdict_and_its_reasons_as_text():
    html = Decision(promoted=False, reasons=("a < b", "c"))._repr_html_()
    assert html == "<p><strong>rejected</strong></p><ul><li>a &lt; b</li><li>c</li></ul>"
    assert "promoted" in Decision(promoted=True, reasons=())._repr_html_()


def test_an_outcome_names_the_version_that_was_made():
    html = RunResult(run="r1", outcome="promoted", version="v0007")._repr_html_()
    assert "promoted as v0007" in html


def test_an_outcome_without_a_version_is_its_verdict():
    html = RunResult(run="r1", outcome="nothing-new", reasons=("Nothing <new>.",))._repr_html_()
    assert "<strong>nothing-new</strong>" in html
    assert "Nothing &lt;new&gt;." in html
