"""Plots for notebooks: the course of a training and the errors of a model version.

Each function returns one matplotlib figure. matplotlib comes with the extra
`digitlab[plots]`; only these functions import it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digitlab.model import metrics
from digitlab.model.card import Card
from digitlab.model.runtime import Classifier

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curves(card: Card) -> Figure:
    """Plot training loss and validation errors by epoch, with the chosen epoch marked."""
    figure, (left, right) = _subplots(1, 2, figsize=(9, 3))
    epochs = [row["epoch"] for row in card.history]
    left.plot(epochs, [row["loss"] for row in card.history], label="training")
    left.plot(epochs, [row["validation_log_loss"] for row in card.history], label="validation")
    left.set(yscale="log", xlabel="epoch", ylabel="cross-entropy", title="Loss")
    left.legend()
    n = card.data["validation"]
    right.plot(epochs, [n - row["validation_correct"] for row in card.history])
    right.axvline(card.epoch, linestyle=":", color="grey", label=f"chosen: epoch {card.epoch}")
    right.set(yscale="log", xlabel="epoch", ylabel=f"wrong of {n:,}", title="Errors on validation")
    right.legend()
    figure.tight_layout()
    return figure


def confusion_matrix(classifier: Classifier, x: NDArray[np.uint8], y: NDArray[np.uint8]) -> Figure:
    """Plot the confusion matrix; its diagonal has no colour.

    Args:
        classifier: the model version.
        x: digit images, uint8 (N, 28, 28).
        y: their labels, (N,).
    """
    counts = metrics.confusion_matrix(y, classifier.predict_proba(x).argmax(axis=1))
    figure, axes = _subplots(figsize=(4.5, 4.5))
    errors = np.where(np.eye(10, dtype=bool), 0, counts)
    axes.imshow(errors, cmap="Oranges")
    for label, digit in np.ndindex(10, 10):
        if counts[label, digit]:
            axes.text(digit, label, counts[label, digit], ha="center", va="center", fontsize=7)
    wrong = int(errors.sum())
    axes.set(
        xticks=range(10),
        yticks=range(10),
        xlabel="read as",
        ylabel="true digit",
        title=f"{wrong:,} of {len(y):,} wrong",
    )
    figure.tight_layout()
    return figure


def hardest_mistakes(
    classifier: Classifier, x: NDArray[np.uint8], y: NDArray[np.uint8], *, n: int = 20
) -> Figure:
    """Plot the `n` wrong predictions with the lowest probability of the true digit, worst first."""
    probabilities = classifier.predict_proba(x)
    digits = probabilities.argmax(axis=1)
    true_probability = probabilities[np.arange(len(y)), y]
    wrong = np.flatnonzero(digits != y)
    worst = wrong[np.argsort(true_probability[wrong])][:n]
    rows = max(1, -(-len(worst) // 10))
    figure, axes = _subplots(rows, 10, figsize=(10, 1.25 * rows), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, i in zip(axes.flat, worst, strict=False):
        axis.imshow(x[i], cmap="gray_r", vmin=0, vmax=255)
        axis.set_title(f"{y[i]}, read {digits[i]}\n{probabilities[i].max():.0%}", fontsize=8)
    figure.tight_layout()
    return figure


def _subplots(*args: Any, **kwargs: Any) -> tuple[Figure, Any]:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError('Plots need matplotlib: pip install "digitlab[plots]"') from error
    figure, axes = pyplot.subplots(*args, **kwargs)
    pyplot.close(figure)  # a notebook would show an open figure a second time
    return figure, axes
