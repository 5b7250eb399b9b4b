"""Embeddings of MNIST digits, as a reference for the similarity of other digit images.

Embeddings are whitened and compared by direction. Variation among images of one digit then counts
little, and variation between digits counts much.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, Self
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from digitlab.model.runtime import Classifier

Floats = NDArray[np.floating]

NEIGHBOURS: Final = 10
"""Number of nearest reference digits that must agree on a label."""

_IMAGES: Final = 3_000  # reference digits: the first ones of MNIST's `train` split
_RIDGE: Final = 0.05  # added to the variances before whitening, as a share of their mean


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferenceEmbeddings:
    """Embeddings of reference digits with one model version.

    Attributes:
        embeddings: float (N, E), not whitened.
        labels: (N,), 0-9.
    """

    embeddings: Floats = field(repr=False)
    labels: NDArray[np.integer] = field(repr=False)

    @classmethod
    def load(cls, classifier: Classifier, *, cache: Path) -> Self:
        """Return the embeddings of a version from its cache file; compute them if necessary.

        The file spares a page's process loading MNIST and half a second of computation, which
        would need 150 MB for a moment. All callers in one process share one object of 5 MB.

        Args:
            classifier: the version.
            cache: folder of the file.
        """
        # Loaded when the first correction is stored: a page or command that only reads needs none.
        from digitlab.datasets import mnist
        from digitlab.datasets.cached import cache_file_name, read_arrays, write_arrays

        hashes = classifier.card.hashes
        version = hashes["weights"], hashes["model.tflite"], mnist.SHA256
        file = cache / cache_file_name("reference", _IMAGES, _RIDGE, NEIGHBOURS, *version)
        shared = _SHARED.get(file)
        if isinstance(shared, cls):
            return shared
        size = classifier.card.embedding
        arrays = read_arrays(
            file,
            embeddings=(_IMAGES, size),
            labels=(_IMAGES,),
            whitening=(size, size),
            directions=(_IMAGES, size),
            neighbour_similarity=(_IMAGES,),
        )
        if arrays is None:
            x, y = (array[:_IMAGES] for array in mnist.load("train"))
            reference = cls(embeddings=classifier.embed(x), labels=y.astype(np.intp))
            write_arrays(
                file,
                embeddings=reference.embeddings,
                labels=reference.labels,
                whitening=reference.whitening,
                directions=reference._directions,
                neighbour_similarity=reference.neighbour_similarity,
            )
        else:
            embeddings, labels, whitening, directions, similarity = arrays
            reference = cls(embeddings=embeddings.astype(np.float32), labels=labels.astype(np.intp))
            vars(reference).update(  # the cached properties
                whitening=whitening, _directions=directions, neighbour_similarity=similarity
            )
        _SHARED[file] = reference
        return reference

    def directions(self, embeddings: Floats) -> Floats:
        """Return whitened embeddings of length 1, (N, E); their products are similarities.

        Args:
            embeddings: (N, E), from the same version.
        """
        whitened = np.asarray(embeddings, np.float64) @ self.whitening
        lengths = np.linalg.norm(whitened, axis=1, keepdims=True)
        directions: Floats = whitened / np.maximum(lengths, 1e-9)
        return directions

    def similarity_to_other_labels(self, directions: Floats, labels: NDArray[np.integer]) -> Floats:
        """Return the similarity to the nearest reference digit with another label, (N,).

        Args:
            directions: directions of images, (N, E).
            labels: labels of the images, (N,). For `labels.NO_DIGIT` every reference digit has
                another label.

        Returns:
            Cosines, -1 to 1.
        """
        similarity = directions @ self._directions.T
        similarity[self.labels[None, :] == labels[:, None]] = -1
        nearest: Floats = similarity.max(axis=1)
        return nearest

    def agreed_labels(self, directions: Floats) -> tuple[NDArray[np.intp], Floats]:
        """Return the labels on which the nearest reference digits agree.

        Args:
            directions: directions of images, (N, E).

        Returns:
            The label of the `NEIGHBOURS` nearest reference digits, (N,), or -1 if they differ; and
            the typicality of each image, (N,), 0-1: the share of the reference digits that are
            less similar to their own neighbours than the image is to its neighbours.
        """
        labels, similarity = self._nearest(directions, exclude_itself=False)
        typical = self.neighbour_similarity
        return labels, np.searchsorted(typical, similarity) / len(typical)

    @cached_property
    def whitening(self) -> Floats:
        """The matrix (E, E) that whitens embeddings, by their covariance within each digit."""
        means = np.stack(
            [
                self.embeddings[self.labels == label].mean(0)
                if (self.labels == label).any()
                else np.zeros(self.embeddings.shape[1])
                for label in range(10)
            ]
        )
        covariance = np.cov((self.embeddings - means[self.labels]).T.astype(np.float64))
        variances, vectors = np.linalg.eigh(np.atleast_2d(covariance))
        variances = np.maximum(variances, 0) + _RIDGE * max(float(variances.mean()), 1e-9)
        matrix: Floats = (vectors / np.sqrt(variances)) @ vectors.T
        return matrix

    @cached_property
    def _directions(self) -> Floats:
        return self.directions(self.embeddings)

    @cached_property
    def neighbour_similarity(self) -> Floats:
        """Similarity of each reference digit to its last near neighbour, (N,), ascending."""
        return np.sort(self._nearest(self._directions, exclude_itself=True)[1])

    def _nearest(
        self, directions: Floats, *, exclude_itself: bool
    ) -> tuple[NDArray[np.intp], Floats]:
        """Return the agreed label, or -1, and the similarity of the last near neighbour.

        Args:
            directions: directions of images, (N, E).
            exclude_itself: whether the images are the reference digits, in their order.
        """
        count = min(NEIGHBOURS, len(self.labels) - 1)
        similarity = directions @ self._directions.T
        if exclude_itself:
            np.fill_diagonal(similarity, -1)
        neighbours = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
        labels = self.labels[neighbours]
        agree = (labels == labels[:, :1]).all(axis=1)
        last: Floats = np.take_along_axis(similarity, neighbours, axis=1).min(axis=1)
        return np.where(agree, labels[:, 0], -1).astype(np.intp), last


_SHARED: Final[WeakValueDictionary[Path, ReferenceEmbeddings]] = WeakValueDictionary()
"""The objects that this process uses, by cache file."""
