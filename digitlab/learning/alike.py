"""Alike: what feedback and the base's own digits say of images that are like one another.

Embeddings are compared by their directions after whitening: what varies within a digit of the
reference counts little, what tells digits apart counts much. Neighbours vote as in a Gaussian
process over the labels (Rasmussen and Williams 2006, "Gaussian Processes for Machine Learning"):
what the others say of an image follows in closed form from one inverse (section 5.4.2), and where
nothing is near they say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

LABELS: Final = 11
"""Ten digits, and none."""

NEAREST: Final = 10
"""How many digits of the reference are asked."""

_RIDGE: Final = 0.05  # of the mean variance within digits, added before whitening
_POWER: Final = 4  # of the cosine: an even one keeps the matrix positive; 0.7 counts a quarter
_PRIOR: Final = 0.1  # of each label, where nothing is near


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """Digits of MNIST's `train` split as the base sees them.

    Attributes:
        embeddings: float (N, E); a few thousand.
        labels: (N,), 0-9.
    """

    embeddings: Floats = field(repr=False)
    labels: NDArray[np.integer] = field(repr=False)

    def directions(self, embeddings: Floats) -> Floats:
        """Whitened embeddings (N, E) of length 1; their products tell what is alike."""
        whitened = np.asarray(embeddings, np.float64) @ self._whitening
        lengths = np.linalg.norm(whitened, axis=1, keepdims=True)
        found: Floats = whitened / np.maximum(lengths, 1e-9)
        return found

    def nearest(self, directions: Floats) -> tuple[NDArray[np.intp], Floats]:
        """What the reference's nearest digits are, where they agree.

        Args:
            directions: as of `directions`.

        Returns:
            The label of the `NEAREST` digits, (N,), -1 where they differ; and how ordinary
            the place is, 0-1: the share of the reference's own digits that lie less close
            to their neighbours.
        """
        labels, tenth = self._ask(directions, itself=False)
        return labels, np.searchsorted(self._usual, tenth) / len(self._usual)

    @cached_property
    def _whitening(self) -> Floats:
        means = np.stack(
            [
                self.embeddings[self.labels == label].mean(0)
                if (self.labels == label).any()
                else np.zeros(self.embeddings.shape[1])
                for label in range(10)
            ]
        )
        within = np.cov((self.embeddings - means[self.labels]).T.astype(np.float64))
        values, vectors = np.linalg.eigh(np.atleast_2d(within))
        values = np.maximum(values, 0) + _RIDGE * max(float(values.mean()), 1e-9)
        found: Floats = (vectors / np.sqrt(values)) @ vectors.T
        return found

    @cached_property
    def _directions(self) -> Floats:
        return self.directions(self.embeddings)

    @cached_property
    def _usual(self) -> Floats:
        """How near the reference's own digits have their neighbours, from far to near."""
        return np.sort(self._ask(self._directions, itself=True)[1])

    def _ask(self, directions: Floats, *, itself: bool) -> tuple[NDArray[np.intp], Floats]:
        """Label and similarity of the last of the nearest, of which none is the image itself."""
        count = min(NEAREST, len(self.labels) - 1)
        similar = directions @ self._directions.T
        if itself:
            np.fill_diagonal(similar, -1)
        near = np.argpartition(-similar, count - 1, axis=1)[:, :count]
        labels = self.labels[near]
        agreed = (labels == labels[:, :1]).all(axis=1)
        last: Floats = np.take_along_axis(similar, near, axis=1).min(axis=1)
        return np.where(agreed, labels[:, 0], -1).astype(np.intp), last


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
