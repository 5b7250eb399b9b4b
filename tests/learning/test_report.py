"""The results of a fine-tune's steps as HTML in a notebook."""

import dataclasses
from types import SimpleNamespace

import IPython.core.getipython
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from support.comparisons import comparison_counts, pairs
from support.examples import example
from support.feedback_rows import noise

from digitlab.labels import NO_DIGIT
from digitlab.learning.data.examples import ExampleSet
from digitlab.learning.data.preview import FeedbackPreview
from digitlab.learning.report import (
    comparison_html,
    decision_html,
    preview_html,
    register_html_formatters,
    run_result_html,
    training_html,
)
from digitlab.learning.results import (
    ComparisonResult,
    Decision,
    PairedPredictions,
    RunResult,
    TrainingResult,
    ValidationChange,
)
from digitlab.model.calibration import Calibration

# the preview ------------------------------------------------------------------------------------


def preview(*examples, **changes):
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


def test_a_preview_counts_the_examples_and_shows_the_corrections():
    check = dataclasses.replace(example(2, 5), check=True)
    html = preview_html(preview(example(1, 4), check, example(3, 7, correction=False)))
    assert (
        "2 corrected images and 1 confirmed image: 2 to train on, 1 kept back as a check. The "
        "fine-tune starts from base." in html
    )
    assert html.count("<figure") == 2
    assert 'alt="5 (check)"' in html


def test_an_image_without_a_digit_has_its_own_caption():
    assert 'alt="none"' in preview_html(preview(example(1, NO_DIGIT)))


def test_the_reasons_of_a_preview_are_escaped():
    html = preview_html(preview(held={7: "labelled <1>"}, reasons=("judged by <r1>",)))
    assert "verdict no. 7: labelled &lt;1&gt;" in html
    assert "judged by &lt;r1&gt;" in html


def test_a_long_gallery_is_cut_and_says_how_many_more_there_are():
    html = preview_html(preview(*(example(n, 4) for n in range(60))))
    shown = html.count("<figure")
    assert shown < 60
    assert f"and {60 - shown} more" in html


# the training -----------------------------------------------------------------------------------


def change(broken=0):
    return ValidationChange(n=5000, variants=5, fixed=0, broken=broken, standard_error=0.001)


def training(**changes):
    values = {
        "curve": ((1, 2.0, None), (2, 1.0, 0.9)),
        "alphas": ((0.5, change(broken=20)), (0.25, change())),
        "alpha": 0.25,
        "checked_rows": np.arange(5),
        "predictions": np.zeros(5, np.int64),
        "seconds": 1.0,
    }
    return TrainingResult(**values | changes)


def test_a_training_is_shown_as_three_charts_and_the_chosen_alpha():
    html = training_html(training())
    assert html.count("<svg") == 3
    assert "Alpha 0.25 is the highest" in html


def test_a_training_without_a_passing_alpha_says_so():
    assert "Every alpha loses too much" in training_html(training(alpha=None))


# the comparison ---------------------------------------------------------------------------------


def predictions(labels, champion, challenger):
    return PairedPredictions(
        x=np.stack([noise(n) for n in range(len(labels))]),
        y=np.array(labels, np.uint8),
        champion=np.array(champion),
        challenger=np.array(challenger),
    )


@pytest.fixture
def comparison():
    return ComparisonResult(
        counts=comparison_counts(holdout=pairs(3, champion=2, fixed=1, broken=1)),
        predictions={
            "holdout": predictions([1, 2, 3], [1, 9, 3], [1, 2, 5]),
            "photographs": predictions([4], [4], [4]),
            "corrections": predictions([7, NO_DIGIT], [1, 3], [7, NO_DIGIT]),
        },
        calibration=Calibration(
            temperature=1.0, refusal=0.0, metrics={}, validation_guesses=np.empty(0, int)
        ),
        champion="base",
    )


def test_a_comparison_shows_the_images_that_changed_sides(comparison):
    html = comparison_html(comparison)
    assert "holdout: 1 fixed" in html
    assert 'alt="2: 9 → 2"' in html
    assert "holdout: 1 broken" in html
    assert 'alt="3: 3 → 5"' in html
    assert "corrections: 2 fixed" in html
    assert 'alt="none: 3 → none"' in html
    assert "photographs: " not in html


def test_a_comparison_has_both_confusion_matrices(comparison):
    html = comparison_html(comparison)
    assert "champion: true digit (down)" in html
    assert "challenger: true digit (down)" in html


def test_a_comparison_has_a_row_for_each_part_that_has_images(comparison):
    html = comparison_html(comparison)
    assert '<th scope="row" style="text-align:left">holdout, digit 9</th>' in html
    assert "of these kept back" not in html


# the decision and the result --------------------------------------------------------------------


def test_a_decision_is_shown_with_its_reasons_escaped():
    html = decision_html(Decision(promoted=False, reasons=("a < b", "c")))
    assert html == "<p><strong>rejected</strong></p><ul><li>a &lt; b</li><li>c</li></ul>"
    assert "promoted" in decision_html(Decision(promoted=True, reasons=()))


def test_a_result_names_the_version():
    html = run_result_html(RunResult(run="r1", outcome="promoted", version="v0007"))
    assert "promoted as v0007" in html


def test_a_result_without_a_version_is_its_outcome():
    html = run_result_html(RunResult(run="r1", outcome="nothing-new", reasons=("Nothing <new>.",)))
    assert "<strong>nothing-new</strong>" in html
    assert "Nothing &lt;new&gt;." in html


# the notebook -----------------------------------------------------------------------------------


@pytest.fixture
def formatter(monkeypatch):
    """The display formatter of a notebook that has registered the formatters of the results."""
    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    monkeypatch.setattr(IPython.core.getipython, "get_ipython", lambda: shell)
    register_html_formatters()
    return shell.display_formatter


def test_a_notebook_shows_every_result_as_html(formatter, comparison):
    results = {
        preview_html: preview(example(1, 4)),
        training_html: training(),
        comparison_html: comparison,
        decision_html: Decision(promoted=True, reasons=("a < b",)),
        run_result_html: RunResult(run="r1", outcome="busy"),
    }
    for to_html, result in results.items():
        data, _ = formatter.format(result)
        assert data["text/html"] == to_html(result)


def test_outside_a_notebook_no_formatter_is_registered():
    register_html_formatters()
    assert IPython.core.getipython.get_ipython() is None
