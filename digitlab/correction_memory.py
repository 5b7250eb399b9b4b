"""Memory: corrections that answer at once for their picture and its like, before any training.

A picture is known again in three ways, the surest first: its digit image is the same to the byte;
it looks like the picture that was corrected (`images.similarity`); its digit image is like the corrected
one. For the last the embedding must lie within the correction's own radius, which ends before the
nearest ordinary digit of another label, *and* the pixels must agree: a correction is a misread
image, and lies among the images of another digit.
"""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Sequence
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
from digitlab.model.config import NO_DIGIT
from digitlab.model.reference_embeddings import Reference
from digitlab.model.runtime import Classifier
from digitlab.prediction import DigitImage, RecalledCorrection
from digitlab.store.feedback.corrections import NOTHING, Correction
from digitlab.store.feedback.reader import FeedbackReader

CERTAINTY: Final = 0.98
"""Confidence of a remembered answer: about as many are right (`docs/memory.md`)."""

MARGIN: Final = 0.13
"""How far before the nearest digit of another label a correction's radius ends, in cosines."""

LEAST_RADIUS: Final = 0.6
"""Least cosine of whitened embeddings at which two digit images may be alike."""

PIXELS: Final = 0.88
"""Least correlation of their pixels."""

_ASKED: Final = 12  # corrections that are compared closely, the nearest ones

Floats = NDArray[np.floating]


class CorrectionMemory:
    """The corrections of a home; safe to share between threads.

    It follows the ledger: each question asks whether something came or changed, which is one
    small read. Digit images are embedded anew when another version answers.

    Args:
        store: the ledger.
        cache: folder for what versions make of ordinary digits; made when missing.
    """

    def __init__(self, store: FeedbackReader, *, cache: Path) -> None:
        self._store = store
        self._cache = cache
        self._lock = threading.Lock()
        self._mark = NOTHING
        self._kept: dict[int, Correction] = {}
        self._fingerprints: dict[int, PictureFingerprint] = {}
        self._embedded: _Embedded | None = None
        self._index: _Index | None = None

    def __len__(self) -> int:
        """How many corrections there are."""
        self._follow()
        return len(self._kept)

    def recall(
        self,
        digit_image: DigitImage,
        embedding: Floats,
        *,
        classifier: Classifier,
        contributor: str,
        sight: QueryPicture | None = None,
    ) -> RecalledCorrection | None:
        """The correction that a digit image or its picture is like; None when there is none.

        Args:
            digit_image: uint8 (28, 28).
            embedding: (E,), the classifier's.
            classifier: the version that answers.
            contributor: who asks: their own corrections count also while they are held.
            sight: the picture, where it shows this one digit.
        """
        with self._lock:
            self._follow()
            if not self._kept:
                return None
            index = self._current(classifier)
            found = index.find(digit_image, embedding, contributor=contributor, sight=sight)
            if found is None:
                return None
            return RecalledCorrection(
                verdict=found.id,
                time=found.time,
                label=found.label,
                own=found.contributor == contributor,
                learned=found.digit_sha256 in index.embedded.training_examples,
            )

    def _follow(self) -> None:
        """Take in what came or changed since the last question."""
        mark, changed = self._store.corrections(self._mark)
        self._mark = mark
        for number, correction in changed.items():
            self._fingerprints.pop(number, None)
            self._kept.pop(number, None)
            if correction is not None:
                self._kept[number] = correction
                if correction.fingerprint:
                    self._fingerprints[number] = PictureFingerprint.from_bytes(
                        correction.fingerprint
                    )
            self._index = None

    def _current(self, classifier: Classifier) -> _Index:
        if self._embedded is None or self._embedded.classifier is not classifier:
            self._embedded, self._index = _Embedded(classifier, self._cache), None
        if self._index is None:
            newest_first = sorted(self._kept.values(), key=lambda one: -one.id)
            self._index = _Index(newest_first, self._fingerprints, self._embedded)
        return self._index


class _Embedded:
    """What one version makes of the digit images of corrections.

    Attributes:
        classifier: the version.
        examples: hashes of the digit images that it was taught.
    """

    def __init__(self, classifier: Classifier, cache: Path) -> None:
        self.classifier = classifier
        self.training_examples = frozenset(classifier.card.training_examples)
        self._reference = Reference.of(classifier, cache=cache)
        self._known: dict[tuple[str, int], tuple[Floats, float]] = {}

    def direction(self, embedding: Floats) -> Floats:
        """The whitened embedding (E,), of length 1."""
        found: Floats = self._reference.directions(embedding[None])[0].astype(np.float32)
        return found

    def of(self, kept: Sequence[Correction]) -> tuple[Floats, Floats]:
        """Directions (N, E) and radii (N,); each image is embedded once."""
        keys = [(one.digit_sha256, _label(one)) for one in kept]
        new = {key: one for key, one in zip(keys, kept, strict=True) if key not in self._known}
        if new:
            images = np.stack([one.digit_image for one in new.values()])
            directions = self._reference.directions(self.classifier.embed(images))
            labels = np.array([label for _, label in new])
            radii = self._reference.nearest_other(directions, labels) + MARGIN
            directions = directions.astype(np.float32)
            radii = np.maximum(radii, LEAST_RADIUS)
            self._known |= dict(zip(new, zip(directions, radii, strict=True), strict=True))
        found = [self._known[key] for key in keys]
        radii = np.array([radius for _, radius in found], np.float32)
        return np.stack([one for one, _ in found]), radii


class _Index:
    """The corrections at one moment, for one version, newest first."""

    def __init__(
        self,
        kept: Sequence[Correction],
        fingerprints: dict[int, PictureFingerprint],
        embedded: _Embedded,
    ) -> None:
        self.embedded = embedded
        self._kept = kept
        self._directions, self._radii = embedded.of(kept)
        self._accepted = np.array([one.accepted for one in kept])
        self._held = [row for row, one in enumerate(kept) if not one.accepted]
        self._same: dict[str, list[int]] = defaultdict(list)
        for row, one in enumerate(kept):
            self._same[one.digit_sha256].append(row)
        self._fingerprinted = [row for row, one in enumerate(kept) if one.id in fingerprints]
        self._fingerprints = [fingerprints[kept[row].id] for row in self._fingerprinted]
        self._coarse = (
            np.stack([one.coarse for one in self._fingerprints]) if self._fingerprints else None
        )

    def find(
        self,
        digit_image: DigitImage,
        embedding: Floats,
        *,
        contributor: str,
        sight: QueryPicture | None,
    ) -> Correction | None:
        """The correction that it is most like."""
        counts = self._accepted
        if self._held:
            counts = counts.copy()
            counts[self._held] = [self._kept[row].contributor == contributor for row in self._held]
        sha256 = hashlib.sha256(np.ascontiguousarray(digit_image).tobytes()).hexdigest()
        same = [row for row in self._same.get(sha256, ()) if counts[row]]
        if same and digit_image.any():  # empty ones are all the same
            return self._kept[min(same, key=lambda row: self._kept[row].contributor != contributor)]
        for rows, likeness, least in (
            (*self._look(sight, counts), FINGERPRINT_THRESHOLDS.min_similarity),
            (*self._near(digit_image, embedding, counts), PIXELS),
        ):
            best = int(np.argmax(likeness)) if len(likeness) else -1
            if best >= 0 and likeness[best] >= least:
                return self._kept[rows[best]]
        return None

    def _look(self, sight: QueryPicture | None, counts: NDArray[np.bool_]) -> tuple[list[int], Any]:
        """Corrections whose pictures this one may be, and how alike they are."""
        if sight is None or self._coarse is None:
            return [], ()
        places = _largest(
            self._coarse @ sight.coarse - FINGERPRINT_THRESHOLDS.min_coarse_similarity,
            counts[self._fingerprinted],
        )
        likeness = [sight.similarity(self._fingerprints[place]) for place in places]
        return [self._fingerprinted[place] for place in places], likeness

    def _near(
        self, digit_image: DigitImage, embedding: Floats, counts: NDArray[np.bool_]
    ) -> tuple[list[int], Any]:
        """Corrections within whose radius a digit image lies, and how its pixels agree."""
        beyond = self._directions @ self.embedded.direction(embedding) - self._radii
        rows = _largest(beyond, counts)
        return rows, pixel_correlations(digit_image, [self._kept[row].digit_image for row in rows])


def _largest(values: Floats, counts: NDArray[np.bool_]) -> list[int]:
    """Places of the largest values from 0 on that count, at most `_ASKED`, the largest first."""
    some = np.flatnonzero((values >= 0) & counts)
    return [int(place) for place in some[np.argsort(-values[some], kind="stable")][:_ASKED]]


def _label(correction: Correction) -> int:
    return NO_DIGIT if correction.label is None else correction.label
