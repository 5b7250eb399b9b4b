"""CorrectionMemory: stored corrections that answer at once, before any training.

The memory recognises a picture in three ways, the most certain first: its digit image is equal
to the byte; the picture looks like the corrected one (`images.similarity.picture_fingerprint`);
its digit image resembles the corrected one. For the last, the embedding must lie within the
correction's radius, which ends before the nearest ordinary digit of another label, *and* the
pixels must agree: a correction is a misread image, so it lies among images of another digit.
"""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.similarity.picture_fingerprint import (
    FINGERPRINT_THRESHOLDS,
    PictureFingerprint,
    QueryPicture,
)
from digitlab.images.similarity.pixel_correlation import pixel_correlations
from digitlab.labels import NO_DIGIT
from digitlab.model.reference_embeddings import ReferenceEmbeddings
from digitlab.model.runtime import Classifier
from digitlab.prediction import DigitImage, RecalledCorrection
from digitlab.store.feedback.corrections import START, Correction
from digitlab.store.feedback.store import FeedbackStore

Floats = NDArray[np.floating]

CERTAINTY: Final = 0.98
"""Confidence of a remembered answer: about this share is right (`docs/memory.md`)."""


@dataclass(frozen=True, kw_only=True)
class MemoryThresholds:
    """Thresholds by which two digit images count as alike; `benchmarks/memory.py` set them.

    Attributes:
        margin: how far a correction's radius ends before the nearest digit of another label,
            as a difference of cosines.
        min_radius: least cosine of whitened embeddings.
        min_pixel_correlation: least correlation of the pixels.
        max_compared: corrections that are compared closely, the nearest ones.
    """

    margin: float = 0.13
    min_radius: float = 0.6
    min_pixel_correlation: float = 0.88
    max_compared: int = 12


THRESHOLDS: Final = MemoryThresholds()


class CorrectionMemory:
    """The corrections of a home; safe to share between threads.

    The memory follows the feedback store: each call checks for new or changed corrections,
    which is one small read. When another version answers, the digit images are embedded again.

    Args:
        store: the feedback store.
        cache: folder for the versions' embeddings of ordinary digits; created when missing.
    """

    def __init__(self, store: FeedbackStore, *, cache: Path) -> None:
        self._store = store
        self._cache = cache
        self._lock = threading.Lock()
        self._position = START
        self._corrections: dict[int, Correction] = {}
        self._fingerprints: dict[int, PictureFingerprint] = {}
        self._embeddings: _CorrectionEmbeddings | None = None
        self._index: _Index | None = None

    def __len__(self) -> int:
        """Return the number of corrections."""
        self._update()
        return len(self._corrections)

    def recall(
        self,
        digit_image: DigitImage,
        embedding: Floats,
        *,
        classifier: Classifier,
        contributor: str,
        query: QueryPicture | None = None,
    ) -> RecalledCorrection | None:
        """Return the correction that a digit image or its picture resembles, if any.

        Args:
            digit_image: uint8 (28, 28).
            embedding: (E,), from the classifier.
            classifier: the version that answers.
            contributor: who asks: their own corrections count also while they are held.
            query: the picture, if it shows this one digit.
        """
        return self.recall_all(
            [digit_image],
            embedding[None],
            classifier=classifier,
            contributor=contributor,
            queries=[query],
        )[0]

    def recall_all(
        self,
        digit_images: Sequence[DigitImage] | NDArray[np.uint8],
        embeddings: Floats,
        *,
        classifier: Classifier,
        contributor: str,
        queries: Sequence[QueryPicture | None] | None = None,
    ) -> list[RecalledCorrection | None]:
        """Return for each digit image what `recall` returns; the store is read once.

        Args:
            digit_images: N times uint8 (28, 28).
            embeddings: (N, E), from the classifier.
            classifier: as for `recall`.
            contributor: as for `recall`.
            queries: N pictures, each as for `recall`; None for N times None.
        """
        with self._lock:
            self._update()
            if not self._corrections:
                return [None] * len(digit_images)
            index = self._index_for(classifier)
            recalled: list[RecalledCorrection | None] = []
            for row, (image, embedding) in enumerate(zip(digit_images, embeddings, strict=True)):
                query = queries[row] if queries else None
                match = index.find(image, embedding, contributor=contributor, query=query)
                recalled.append(
                    RecalledCorrection(
                        verdict=match.id,
                        time=match.time,
                        label=match.label,
                        own=match.contributor == contributor,
                        learned=match.digit_sha256 in index.embeddings.training_examples,
                    )
                    if match
                    else None
                )
            return recalled

    def _update(self) -> None:
        """Read the corrections that were added or changed since the last call."""
        self._position, changed = self._store.corrections(self._position)
        for number, correction in changed.items():
            self._fingerprints.pop(number, None)
            self._corrections.pop(number, None)
            if correction is not None:
                self._corrections[number] = correction
                if correction.fingerprint:
                    self._fingerprints[number] = PictureFingerprint.from_bytes(
                        correction.fingerprint
                    )
            self._index = None

    def _index_for(self, classifier: Classifier) -> _Index:
        if self._embeddings is None or self._embeddings.classifier is not classifier:
            self._embeddings = _CorrectionEmbeddings(classifier, self._cache)
            self._index = None
        if self._index is None:
            newest_first = sorted(self._corrections.values(), key=lambda one: -one.id)
            self._index = _Index(newest_first, self._fingerprints, self._embeddings)
        return self._index


class _CorrectionEmbeddings:
    """Embeddings and radii of corrections' digit images for one version.

    Attributes:
        classifier: the version.
        training_examples: SHA-256 of the digit images that the version was trained on.
    """

    def __init__(self, classifier: Classifier, cache: Path) -> None:
        self.classifier = classifier
        self.training_examples = frozenset(classifier.card.training_examples)
        self._reference = ReferenceEmbeddings.load(classifier, cache=cache)
        self._cached: dict[tuple[str, int], tuple[Floats, float]] = {}

    def direction(self, embedding: Floats) -> Floats:
        """Return the whitened embedding, float32 (E,), of length 1."""
        direction: Floats = self._reference.directions(embedding[None])[0].astype(np.float32)
        return direction

    def of(self, corrections: Sequence[Correction]) -> tuple[Floats, Floats]:
        """Return directions (N, E) and radii (N,); each image is embedded once."""
        keys = [(one.digit_sha256, _label(one)) for one in corrections]
        new = {
            key: one for key, one in zip(keys, corrections, strict=True) if key not in self._cached
        }
        if new:
            images = np.stack([one.digit_image for one in new.values()])
            directions = self._reference.directions(self.classifier.embed(images))
            labels = np.array([label for _, label in new])
            radii = (
                self._reference.similarity_to_other_labels(directions, labels) + THRESHOLDS.margin
            )
            directions = directions.astype(np.float32)
            radii = np.maximum(radii, THRESHOLDS.min_radius)
            self._cached |= dict(zip(new, zip(directions, radii, strict=True), strict=True))
        rows = [self._cached[key] for key in keys]
        radii = np.array([radius for _, radius in rows], np.float32)
        return np.stack([direction for direction, _ in rows]), radii


class _Index:
    """The corrections at one moment, for one version, newest first."""

    def __init__(
        self,
        corrections: Sequence[Correction],
        fingerprints: dict[int, PictureFingerprint],
        embeddings: _CorrectionEmbeddings,
    ) -> None:
        self.embeddings = embeddings
        self._corrections = corrections
        self._directions, self._radii = embeddings.of(corrections)
        self._accepted = np.array([one.accepted for one in corrections])
        self._held_rows = [row for row, one in enumerate(corrections) if not one.accepted]
        self._rows_by_sha256: dict[str, list[int]] = defaultdict(list)
        for row, one in enumerate(corrections):
            self._rows_by_sha256[one.digit_sha256].append(row)
        self._fingerprint_rows = [
            row for row, one in enumerate(corrections) if one.id in fingerprints
        ]
        self._fingerprints = [fingerprints[corrections[row].id] for row in self._fingerprint_rows]
        self._coarse = (
            np.stack([one.coarse for one in self._fingerprints]) if self._fingerprints else None
        )

    def find(
        self,
        digit_image: DigitImage,
        embedding: Floats,
        *,
        contributor: str,
        query: QueryPicture | None,
    ) -> Correction | None:
        """Return the most similar correction, or None."""
        eligible = self._accepted
        if self._held_rows:
            eligible = eligible.copy()
            eligible[self._held_rows] = [
                self._corrections[row].contributor == contributor for row in self._held_rows
            ]
        sha256 = hashlib.sha256(np.ascontiguousarray(digit_image).tobytes()).hexdigest()
        equal = [row for row in self._rows_by_sha256.get(sha256, ()) if eligible[row]]
        if equal and digit_image.any():  # all empty images are equal
            own_first = min(
                equal, key=lambda row: self._corrections[row].contributor != contributor
            )
            return self._corrections[own_first]
        for rows, similarities, threshold in (
            (*self._similar_pictures(query, eligible), FINGERPRINT_THRESHOLDS.min_similarity),
            (
                *self._similar_digit_images(digit_image, embedding, eligible),
                THRESHOLDS.min_pixel_correlation,
            ),
        ):
            best = int(np.argmax(similarities)) if len(similarities) else -1
            if best >= 0 and similarities[best] >= threshold:
                return self._corrections[rows[best]]
        return None

    def _similar_pictures(
        self, query: QueryPicture | None, eligible: NDArray[np.bool_]
    ) -> tuple[list[int], Any]:
        """Return rows of corrections with a similar picture, and their similarities."""
        if query is None or self._coarse is None:
            return [], ()
        nearest = _largest(
            self._coarse @ query.coarse - FINGERPRINT_THRESHOLDS.min_coarse_similarity,
            eligible[self._fingerprint_rows],
        )
        similarities = [query.similarity(self._fingerprints[place]) for place in nearest]
        return [self._fingerprint_rows[place] for place in nearest], similarities

    def _similar_digit_images(
        self, digit_image: DigitImage, embedding: Floats, eligible: NDArray[np.bool_]
    ) -> tuple[list[int], Any]:
        """Return rows of corrections whose radius holds the image, and their correlations."""
        excess = self._directions @ self.embeddings.direction(embedding) - self._radii
        rows = _largest(excess, eligible)
        images = [self._corrections[row].digit_image for row in rows]
        return rows, pixel_correlations(digit_image, images)


def _largest(values: Floats, eligible: NDArray[np.bool_]) -> list[int]:
    """Return places of the largest eligible values >= 0, at most `max_compared`, largest first."""
    places = np.flatnonzero((values >= 0) & eligible)
    order = np.argsort(-values[places], kind="stable")[: THRESHOLDS.max_compared]
    return [int(place) for place in places[order]]


def _label(correction: Correction) -> int:
    return NO_DIGIT if correction.label is None else correction.label
