"""ReferenceEmbeddings: ordinary digits as a model version sees them, to tell what is like what.

Embeddings are compared by their directions after whitening: what varies within a digit of the
reference counts little, what tells digits apart counts much.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, Self
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist
from digitlab.datasets.cached import cache_file_name, read_arrays, write_arrays
from digitlab.model.runtime import Classifier

Floats = NDArray[np.floating]

NEIGHBOURS: Final = 10
"""How many digits of the reference are asked."""

_IMAGES: Final = 3_000  # of `train`, its first ones
_RIDGE: Final = 0.05  # of the mean variance within digits, added before whitening


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferenceEmbeddings:
    """Digits of MNIST's `train` split as the base sees them.

    Attributes:
        embeddings: float (N, E); a few thousand.
        labels: (N,), 0-9.
    """

    embeddings: Floats = field(repr=False)
    labels: NDArray[np.integer] = field(repr=False)

    @classmethod
    def load(cls, classifier: Classifier, *, cache: Path) -> Self:
        """Digits of `train` as a version sees them; kept in a file, for MNIST is large.

        Args:
            classifier: the version.
            cache: folder of the file.
        """
        hashes = classifier.card.hashes
        asked = hashes["weights"], hashes["model.tflite"], mnist.SHA256
        file = cache / cache_file_name("reference", _IMAGES, _RIDGE, NEIGHBOURS, *asked)
        shared = _SHARED.get(file)
        if isinstance(shared, cls):  # the memory and the screening of one process
            return shared
        size = classifier.card.embedding
        kept = {
            "whitening": (size, size),
            "directions": (_IMAGES, size),
            "neighbour_similarity": (_IMAGES,),
        }
        found = read_arrays(file, embeddings=(_IMAGES, size), labels=(_IMAGES,), **kept)
        if found is None:
            x, y = (array[:_IMAGES] for array in mnist.load("train"))
            made = cls(embeddings=classifier.embed(x), labels=y.astype(np.intp))
            found = (
                made.embeddings,
                made.labels,
                made.whitening,
                made._directions,
                made.neighbour_similarity,
            )
            write_arrays(file, **dict(zip(("embeddings", "labels", *kept), found, strict=True)))
            _SHARED[file] = made
            return made
        reference = cls(embeddings=found[0].astype(np.float32), labels=found[1].astype(np.intp))
        # What follows from these takes a page's kernel half a second and 150 MB for a moment.
        vars(reference).update(
            whitening=found[2], _directions=found[3], neighbour_similarity=found[4]
        )
        _SHARED[file] = reference
        return reference

    def directions(self, embeddings: Floats) -> Floats:
        """Whitened embeddings (N, E) of length 1; their products tell what is alike."""
        whitened = np.asarray(embeddings, np.float64) @ self.whitening
        lengths = np.linalg.norm(whitened, axis=1, keepdims=True)
        found: Floats = whitened / np.maximum(lengths, 1e-9)
        return found

    def similarity_to_other_labels(self, directions: Floats, labels: NDArray[np.integer]) -> Floats:
        """The cosine to the nearest digit of the reference that has another label, (N,).

        Args:
            directions: as of `directions`, (N, E).
            labels: (N,); for one that is no digit's all of the reference are others.
        """
        similar = directions @ self._directions.T
        similar[self.labels[None, :] == labels[:, None]] = -1
        found: Floats = similar.max(axis=1)
        return found

    def agreed_labels(self, directions: Floats) -> tuple[NDArray[np.intp], Floats]:
        """What the reference's nearest digits are, where they agree.

        Args:
            directions: as of `directions`.

        Returns:
            The label of the `NEIGHBOURS` digits, (N,), -1 where they differ; and how ordinary
            the place is, 0-1: the share of the reference's own digits that lie less close
            to their neighbours.
        """
        labels, tenth = self._ask(directions, itself=False)
        return labels, np.searchsorted(self.neighbour_similarity, tenth) / len(
            self.neighbour_similarity
        )

    @cached_property
    def whitening(self) -> Floats:
        """The matrix (E, E) that makes directions of embeddings."""
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
    def neighbour_similarity(self) -> Floats:
        """How near the reference's own digits have their neighbours, from far to near."""
        return np.sort(self._ask(self._directions, itself=True)[1])

    def _ask(self, directions: Floats, *, itself: bool) -> tuple[NDArray[np.intp], Floats]:
        """Label and similarity of the last of the nearest, of which none is the image itself."""
        count = min(NEIGHBOURS, len(self.labels) - 1)
        similar = directions @ self._directions.T
        if itself:
            np.fill_diagonal(similar, -1)
        near = np.argpartition(-similar, count - 1, axis=1)[:, :count]
        labels = self.labels[near]
        agreed = (labels == labels[:, :1]).all(axis=1)
        last: Floats = np.take_along_axis(similar, near, axis=1).min(axis=1)
        return np.where(agreed, labels[:, 0], -1).astype(np.intp), last


_SHARED: Final[WeakValueDictionary[Path, ReferenceEmbeddings]] = WeakValueDictionary()
"""What this process has in use, by its file: it has 5 MB."""
