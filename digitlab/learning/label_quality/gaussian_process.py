"""Alike: what feedback and the base's own digits say of images that are like one another.

Images are compared by their directions (`model.reference`). Neighbours vote as in a Gaussian
process over the labels (Rasmussen and Williams 2006, "Gaussian Processes for Machine Learning"):
what the others say of an image follows in closed form from one inverse (section 5.4.2), and where
nothing is near they say nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

LABELS: Final = 11
"""Ten digits, and none."""

_POWER: Final = 4  # of the cosine: an even one keeps the matrix positive; 0.7 counts a quarter
_PRIOR: Final = 0.1  # of each label, where nothing is near


def likeness(one: Floats, other: Floats) -> Floats:
    """How much images count for each other, 0-1, (N, M), of directions (N, E) and (M, E)."""
    found: Floats = (one @ other.T) ** _POWER
    return found


def opinions(
    alike: Floats, labels: NDArray[np.intp], doubt: Floats, groups: NDArray[np.intp]
) -> Floats:
    """What the other groups say of each image.

    Args:
        alike: `likeness` among the images, (N, N).
        labels: what each is said to be, 0-10.
        doubt: variance of each vote, (N,), of the order of 1; a large one makes it count little.
        groups: (N,), the group of each; no image hears its own group. All different for
            leaving out nothing but the image itself.

    Returns:
        (N, 11), about 0-1 for each label; the same for all labels where nothing is near.
    """
    votes = np.eye(LABELS)[labels] - _PRIOR
    inverse = np.linalg.inv(alike + np.diag(doubt))
    weights = inverse @ votes
    said = np.empty_like(votes)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        if len(rows) == 1:
            said[rows] = votes[rows] - weights[rows] / inverse[rows, rows][:, None]
        else:
            said[rows] = votes[rows] - np.linalg.solve(inverse[np.ix_(rows, rows)], weights[rows])
    return said + _PRIOR


def contradiction(said: Floats, labels: NDArray[np.intp]) -> Floats:
    """How much more the best other label was said than the given one, (N,)."""
    rows = np.arange(len(labels))
    others = said.copy()
    others[rows, labels] = -np.inf
    found: Floats = others.max(axis=1) - said[rows, labels]
    return found
