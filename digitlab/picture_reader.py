"""Reader: the way of one picture from its bytes to a Prediction, with one model version."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from digitlab.correction_memory import CERTAINTY, CorrectionMemory
from digitlab.errors import ImageError
from digitlab.images import (
    MAX_DIGITS,
    DigitCandidate,
    Limits,
    Picture,
    decode,
    from_array,
    read_candidates,
    read_spots,
)
from digitlab.images.similarity.picture_fingerprint import QueryPicture
from digitlab.model.runtime import Answers, Classifier
from digitlab.prediction import Prediction, RecalledCorrection
from digitlab.settings import Settings

PictureSource = str | os.PathLike[str] | bytes | bytearray | memoryview | NDArray[Any]
"""What a caller may give as a picture: a path, the bytes of a file, or an array of pixels."""

_TRUST: Final = 0.2  # how much the model's evidence for a digit counts beside the ink's
_PLAIN: Final = 4.0  # evidence from which on a digit is plain: more says nothing
_CUT: Final = 0.02  # what every cut costs, as a logarithm of confidence
_BROAD: Final = 1.1  # width to height up to which a digit is usual
_BROADER: Final = 1.0  # what the square of more than that costs
_LOW: Final = 0.8  # of the usual height: lower digits are measured as if they had this


class Reader:
    """Reads the digit, or all digits, of a picture.

    Args:
        classifier: the model version that answers.
        limits: what is refused before it is decoded.
        memory: corrections that answer where the version would answer otherwise; None for the
            version alone.
        contributor: who asks the memory.
    """

    def __init__(
        self,
        classifier: Classifier,
        *,
        limits: Limits,
        memory: CorrectionMemory | None = None,
        contributor: str = "",
    ) -> None:
        self.classifier = classifier
        self._limits = limits
        self._recall: Callable[..., RecalledCorrection | None] | None = None
        if memory is not None:
            self._recall = partial(memory.recall, classifier=classifier, contributor=contributor)

    def read(self, source: PictureSource, *, name: str = "") -> Prediction:
        """The digit in a picture.

        Args:
            source: path, bytes, or uint8 array (H, W), (H, W, 3) or (H, W, 4).
            name: what to call the picture; the file's name when a path is given.

        Raises:
            ImageError: the picture cannot be read; `code` says why.
        """
        picture, name, data = self._open(source, name)
        return self._read_one(picture, name=name, data=data)

    def read_all(self, source: PictureSource, *, name: str = "") -> tuple[Prediction, ...]:
        """All digits in a picture, in reading order: rows from the top, each from the left.

        Where digits may touch or be broken, the ways to part or to join them are read too, all in
        one batch, and the surest way is kept.

        Args:
            source: as for `read`.
            name: as for `read`.

        Returns:
            One prediction a digit, at most `images.MAX_DIGITS`, each with its own box and all
            with the same picture; empty when there is no ink.

        Raises:
            ImageError: the picture cannot be read; `code` says why.
        """
        picture, name, data = self._open(source, name)
        spots = read_spots(picture)
        views = [view for ways in spots for way in ways for view in way]
        if not views:
            return ()
        answers = self.classifier.answers(_stack(views))
        rows = iter(range(len(views)))
        usual = float(np.median([ways[0][0].box[3] for ways in spots]))
        predictions: list[Prediction] = []
        for ways in spots:
            read = [(way, list(islice(rows, len(way)))) for way in ways]
            chosen = max(
                read,
                key=lambda pair: _plausibility(pair[0], pair[1], answers, usual=usual),
            )
            predictions += [
                self._predict(picture, view, answers, row, name=name, data=data)
                for view, row in zip(*chosen, strict=True)
            ]
        if len(predictions) == 1:  # then `read`, which tries more, says which digit
            return (self._read_one(picture, name=name, data=data),)
        return tuple(predictions[:MAX_DIGITS])

    def read_images(
        self, digit_images: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        """Labels, confidences and refusals, each (N,), of digit images, uint8 (N, 28, 28)."""
        answers = self.classifier.answers(digit_images)
        labels = answers.probabilities.argmax(axis=1)
        confidence, refused = answers.probabilities.max(axis=1), answers.refused.copy()
        for row, image in enumerate(digit_images if self._recall else ()):
            found = self._recall and self._recall(image, answers.embeddings[row])
            if found and differs(found, int(labels[row]), bool(refused[row])):
                labels[row] = labels[row] if found.label is None else found.label
                confidence[row], refused[row] = CERTAINTY, found.label is None
        return labels, confidence, refused

    def reconsider(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        """Predictions of earlier, with what their digit images are answered now.

        Args:
            predictions: of any version.

        Returns:
            In the same order; the same object where label and refusal are as they were.
        """
        if not predictions:
            return []
        images = np.stack([prediction.digit_image for prediction in predictions])
        answers = self.classifier.answers(images)
        found = []
        for row, before in enumerate(predictions):
            shares = answers.probabilities[row]
            after = dataclasses.replace(
                before,
                digit=int(shares.argmax()),
                confidence=float(shares.max()),
                probabilities=tuple(float(share) for share in shares),
                refused=bool(answers.refused[row]) or not before.digit_image.any(),
                remembered=False,
                correction=None,
                model=self.classifier.version,
            )
            correction = self._recall and self._recall(before.digit_image, answers.embeddings[row])
            after = recalled(after, correction) if correction else after
            same = (after.digit, after.refused) == (before.digit, before.refused)
            found.append(before if same else after)
        return found

    def explain(self, source: PictureSource) -> dict[str, Image]:
        """The steps from a picture to the digit that `read` finds in it, as images, in order.

        Args:
            source: as for `read`.

        Raises:
            ImageError: the picture cannot be read; `code` says why.
        """
        from digitlab.images.explain import reading_steps  # nobody else needs it

        picture, _, _ = self._open(source, "")
        views = read_candidates(picture)
        answers = self.classifier.answers(_stack(views))
        guesses = answers.probabilities.argmax(axis=1)
        captions = [
            f"{guess}: {row[guess]:.0%}"
            for guess, row in zip(guesses, answers.probabilities, strict=True)
        ]
        return reading_steps(picture, views, choose(views, answers), captions=captions)

    def _open(self, source: PictureSource, name: str) -> tuple[Picture, str, bytes]:
        """The picture, its name, and its bytes if it came as bytes."""
        if isinstance(source, np.ndarray):
            return from_array(source), name, b""
        if isinstance(source, (str, os.PathLike)):
            name = name or os.path.basename(os.fspath(source))
            data = read_file(source, max_bytes=self._limits.max_bytes)
        else:
            data = bytes(source)
        return decode(data, limits=self._limits), name, data

    def _read_one(self, picture: Picture, *, name: str, data: bytes) -> Prediction:
        views = read_candidates(picture)
        answers = self.classifier.answers(_stack(views))
        best = choose(views, answers)
        sight = QueryPicture(picture.grey)
        return self._predict(picture, views[best], answers, best, name=name, data=data, sight=sight)

    def _predict(
        self,
        picture: Picture,
        view: DigitCandidate,
        answers: Answers,
        row: int,
        *,
        name: str,
        data: bytes,
        sight: QueryPicture | None = None,
    ) -> Prediction:
        probabilities = answers.probabilities[row]
        label = int(probabilities.argmax())
        prediction = Prediction(
            digit=label,
            confidence=float(probabilities[label]),
            probabilities=tuple(float(p) for p in probabilities),
            refused=view.blank or bool(answers.refused[row]),
            remembered=False,
            model=self.classifier.version,
            box=view.box,
            digit_image=view.digit_image,
            picture_sha256=picture.sha256,
            name=name,
            picture=data,
            preview=picture.preview,
            size=picture.size,
            fingerprint=b""
            if sight is None
            else sight.fingerprint(view.box, picture.size).to_bytes(),
        )
        if self._recall is None:
            return prediction
        found = self._recall(view.digit_image, answers.embeddings[row], sight=sight)
        return prediction if found is None else recalled(prediction, found)


def differs(correction: RecalledCorrection, label: int, refused: bool) -> bool:
    """Whether a version that answers so needs to be told."""
    return not refused if correction.label is None else refused or label != correction.label


def recalled(prediction: Prediction, correction: RecalledCorrection) -> Prediction:
    """A version's prediction, as the correction that it is like would have it.

    Where both say the same the version answers, and the prediction only points to the correction.
    """
    prediction = dataclasses.replace(prediction, correction=correction)
    if not differs(correction, prediction.digit, prediction.refused):
        return prediction
    if correction.label is None:
        return dataclasses.replace(prediction, refused=True, remembered=True)
    shares = [(1 - CERTAINTY) * share for share in prediction.probabilities]
    shares[correction.label] += CERTAINTY
    return dataclasses.replace(
        prediction,
        digit=correction.label,
        confidence=shares[correction.label],
        probabilities=tuple(shares),
        refused=False,
        remembered=True,
    )


def _plausibility(
    way: tuple[DigitCandidate, ...], rows: list[int], answers: Answers, *, usual: float
) -> float:
    """How well a way to read ink holds: by its least sure digit, its widths, its parts."""
    sure = np.log(np.maximum(answers.probabilities[rows].max(axis=1), 1e-6))
    digit = -np.logaddexp(0, -answers.evidence[rows])  # logarithm of: there is a digit at all
    shapes = [view.box[2] / max(view.box[3], _LOW * usual) for view in way]
    broad = sum(max(0.0, shape - _BROAD) ** 2 for shape in shapes) / len(way)
    return float((sure + digit).min()) - _BROADER * broad - _CUT * (len(way) - 1)


def choose(views: Sequence[DigitCandidate], answers: Answers) -> int:
    """Which of the views is the digit: by its ink, and by how much the model sees a digit in it.

    Args:
        views: what the front end found.
        answers: of the same views.
    """
    ink = np.log(np.maximum([view.weight for view in views], 1e-9))
    return int((ink + _TRUST * np.minimum(answers.evidence, _PLAIN)).argmax())


def _stack(views: Sequence[DigitCandidate]) -> NDArray[np.uint8]:
    return np.stack([view.digit_image for view in views])


def limits_of(settings: Settings) -> Limits:
    """The limits on pictures that hold in a home."""
    return Limits(
        max_bytes=settings.max_bytes,
        max_pixels=settings.max_pixels,
        max_pixels_jpeg=settings.max_pixels_jpeg,
    )


def read_file(path: str | os.PathLike[str], *, max_bytes: int) -> bytes:
    """The bytes of a picture file.

    Raises:
        ImageError: code "not-found": there is no such file, or it cannot be opened; code
            "too-large": it has more than `max_bytes`.
    """
    try:
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise ImageError(
            f"{os.fspath(path)} cannot be opened: {error.strerror}.", code="not-found"
        ) from error
    if len(data) > max_bytes:
        raise ImageError(
            f"This file has {max(size, len(data)) / 1e6:.1f} MB; at most {max_bytes / 1e6:g} MB "
            "are read: save a smaller copy and try that.",
            code="too-large",
        )
    return data
