"""The results of a fine-tune's steps as HTML, for the notebook that runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.html.charts import Line, line_chart
from digitlab.html.primitives import digit_image_uri
from digitlab.html.render import render
from digitlab.labels import NO_DIGIT
from digitlab.learning.data.preview import FeedbackPreview
from digitlab.learning.results import (
    ComparisonCounts,
    ComparisonResult,
    Decision,
    PairedCounts,
    PairedPredictions,
    RunResult,
    TrainingResult,
)
from digitlab.learning.thresholds import TRAINING
from digitlab.model.metrics import confusion_matrix
from digitlab.phrases import count_text, numbers_text

_MAX_GALLERY_IMAGES: Final = 40


def register_html_formatters() -> None:
    """Show the results of the steps as HTML in the notebook that calls this, if it is one."""
    if "IPython" not in sys.modules:  # a notebook's kernel has loaded it
        return
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None and shell.display_formatter is not None:
        formatter = shell.display_formatter.formatters["text/html"]
        for type_, to_html in _FORMATTERS.items():
            formatter.for_type(type_, to_html)


def preview_html(preview: FeedbackPreview) -> str:
    """Render the number of examples and a gallery of the corrections."""
    examples = preview.examples
    corrected, checks = len(examples.corrections), len(examples.checks)
    summary = (
        f"{count_text(corrected, 'corrected image')} and "
        f"{count_text(len(examples.all) - corrected, 'confirmed image')}: "
        f"{len(examples.training):,} to train on, {checks:,} kept back as "
        f"{'a check' if checks == 1 else 'checks'}. The fine-tune starts from {preview.base}."
    )
    left_out = {
        among: numbers_text(number for number, each in examples.left_out.items() if each == among)
        for among in sorted(set(examples.left_out.values()))
    }
    return render(
        "feedback_preview.html.j2",
        summary=summary,
        notes=[
            *(f"Held for review, verdict no. {n}: {why}" for n, why in preview.held.items()),
            *(
                f"Left out, verdicts {n}: {among}, which are never learned."
                for among, n in left_out.items()
            ),
        ],
        reasons=list(preview.reasons),
        gallery=_gallery(
            (example.digit_image, f"{_label(example.label)}{' (check)' if example.check else ''}")
            for example in examples.corrections
        ),
    )


def training_html(training: TrainingResult) -> str:
    """Render the loss, the accuracy on hard validation images, and the change at each alpha."""
    losses = [(float(step), loss) for step, loss, _ in training.curve]
    accuracies = [
        (float(step), accuracy) for step, _, accuracy in training.curve if accuracy is not None
    ]
    bounds = sorted((alpha, change.lower_bound) for alpha, change in training.alphas)
    charts = [
        line_chart([Line(name="loss", points=losses)], title="Loss", x="step", y="cross-entropy"),
        line_chart(
            [Line(name="accuracy", points=accuracies, colour="#15803d", dots=True)],
            title=f"The hardest {TRAINING.progress_images} validation images",
            x="step",
            y="accuracy",
            percent=True,
        ),
        line_chart(
            [Line(name="lower bound on validation", points=bounds, colour="#b45309", dots=True)],
            title="Interpolation with the base",
            x="alpha",
            y="difference",
            percent=True,
        ),
    ]
    alpha = None if training.alpha is None else f"{training.alpha:g}"
    return render("training_result.html.j2", charts=charts, alpha=alpha)


def comparison_html(comparison: ComparisonResult) -> str:
    """Render the paired counts, both confusion matrices and the images that changed sides."""
    holdout = comparison.predictions["holdout"]
    return render(
        "comparison_result.html.j2",
        rows=[_count_row(name, pairs) for name, pairs in _named_counts(comparison.counts)],
        matrices=[
            {"name": "champion", "rows": _matrix_rows(holdout.y, holdout.champion)},
            {"name": "challenger", "rows": _matrix_rows(holdout.y, holdout.challenger)},
        ],
        changes=[
            {"name": name, "word": word, "count": int(mask.sum()), "gallery": _changed(part, mask)}
            for name, part in comparison.predictions.items()
            for word, mask in (("fixed", part.fixed), ("broken", part.broken))
            if mask.any()
        ],
    )


def decision_html(decision: Decision) -> str:
    """Render the decision and its reasons."""
    word = "promoted" if decision.promoted else "rejected"
    return render("outcome.html.j2", outcome=word, reasons=list(decision.reasons))


def run_result_html(result: RunResult) -> str:
    """Render the outcome of a run and its reasons."""
    version = f" as {result.version}" if result.version else ""
    outcome = f"{result.outcome}{version}"
    return render("outcome.html.j2", outcome=outcome, reasons=list(result.reasons))


_FORMATTERS: Final[Mapping[type, Callable[[Any], str]]] = {
    FeedbackPreview: preview_html,
    TrainingResult: training_html,
    ComparisonResult: comparison_html,
    Decision: decision_html,
    RunResult: run_result_html,
}


def _named_counts(counts: ComparisonCounts) -> list[tuple[str, PairedCounts]]:
    """Return the rows of the table of counts: those with images."""
    named = [
        ("holdout", counts.holdout),
        ("photographs", counts.photographs),
        *((f"{name}, the base as champion", pairs) for name, pairs in counts.base.items()),
        ("corrections", counts.corrections),
        ("of these kept back as a check", counts.checks),
        *((f"holdout, digit {digit}", pairs) for digit, pairs in counts.digits.items()),
    ]
    return [(name, pairs) for name, pairs in named if pairs.n]


def _count_row(name: str, pairs: PairedCounts) -> dict[str, Any]:
    return {
        "name": name,
        "cells": [
            f"{pairs.n:,}",
            f"{pairs.champion:,}",
            f"{pairs.challenger:,}",
            pairs.fixed,
            pairs.broken,
            f"{pairs.difference:+.2%}",
            f"{pairs.lower_bound:+.2%}",
        ],
    }


def _matrix_rows(
    labels: NDArray[np.uint8], predictions: NDArray[np.int64]
) -> list[list[dict[str, Any]]]:
    """Return count and background opacity of each cell; only errors are shaded."""
    counts = confusion_matrix(labels, predictions)
    most_errors = max(1, int(np.where(np.eye(10, dtype=bool), 0, counts).max()))
    return [
        [
            {
                "count": int(count),
                "opacity": "0" if label == predicted else f"{0.7 * count / most_errors:.2f}",
            }
            for predicted, count in enumerate(row)
        ]
        for label, row in enumerate(counts)
    ]


def _changed(part: PairedPredictions, mask: NDArray[np.bool_]) -> dict[str, Any]:
    return _gallery(
        (
            part.x[row],
            f"{_label(int(part.y[row]))}: {_label(int(part.champion[row]))} → "
            f"{_label(int(part.challenger[row]))}",
        )
        for row in np.flatnonzero(mask)
    )


def _gallery(captioned: Iterable[tuple[NDArray[np.uint8], str]]) -> dict[str, Any]:
    """Return the first images with their captions, and how many more there are."""
    images = list(captioned)
    return {
        "images": [
            {"uri": digit_image_uri(image), "caption": caption}
            for image, caption in images[:_MAX_GALLERY_IMAGES]
        ],
        "more": max(0, len(images) - _MAX_GALLERY_IMAGES),
    }


def _label(label: int) -> str:
    return "none" if label == NO_DIGIT else str(label)
