"""Leave-group-out label scores from a Gaussian process over embeddings.

Images are compared by the directions of their embeddings (`model.reference_embeddings`). The
labels of similar images vote as in Gaussian process regression on one-hot labels (Rasmussen and
Williams 2006, "Gaussian Processes for Machine Learning"). The prediction for an image from all
others follows in closed form from one matrix inverse (section 5.4.2). Where no similar image is
known, all labels keep the prior score.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.learning.thresholds import LABEL_ISSUES

Floats = NDArray[np.floating]

N_LABELS: Final = 11
"""The ten digits and "no digit"."""


def kernel(directions: Floats, others: Floats) -> Floats:
    """Return the similarity of each pair of images, 0-1, (N, M).

    Args:
        directions: directions of embeddings, (N, E).
        others: directions of embeddings, (M, E).
    """
    similarity: Floats = (directions @ others.T) ** LABEL_ISSUES.similarity_power
    return similarity


def leave_group_out_scores(
    similarity: Floats, labels: NDArray[np.intp], variance: Floats, groups: NDArray[np.intp]
) -> Floats:
    """Score the labels of each image from the labels of the other groups.

    Args:
        similarity: the kernel matrix of the images, (N, N).
        labels: the given labels, (N,), 0-10.
        variance: variance of each image's vote, (N,), about 1. A high variance lowers the weight
            of the vote.
        groups: the group of each image, (N,). No image is scored from its own group. With a
            different group for each image, each one is left out alone.

    Returns:
        Scores, (N, 11), about 0-1 for each label; the same for all labels where no similar image
        is known.
    """
    votes = np.eye(N_LABELS)[labels] - LABEL_ISSUES.prior
    inverse = np.linalg.inv(similarity + np.diag(variance))
    weights = inverse @ votes
    scores = np.empty_like(votes)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        if len(rows) == 1:
            scores[rows] = votes[rows] - weights[rows] / inverse[rows, rows][:, None]
        else:
            block = inverse[np.ix_(rows, rows)]
            scores[rows] = votes[rows] - np.linalg.solve(block, weights[rows])
    return scores + LABEL_ISSUES.prior


def contradiction(scores: Floats, labels: NDArray[np.intp]) -> Floats:
    """Return how far the best other label is ahead of the given label, (N,)."""
    rows = np.arange(len(labels))
    others = scores.copy()
    others[rows, labels] = -np.inf
    difference: Floats = others.max(axis=1) - scores[rows, labels]
    return difference
