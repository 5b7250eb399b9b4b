"""Reader: from the bytes of a picture to its predictions, with one model version."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from digitlab.candidate_choice import choose_candidate, doubt
from digitlab.correction_memory import CERTAINTY, CorrectionMemory
from digitlab.digit_count import count_several
from digitlab.errors import ImageError
from digitlab.images import (
    MAX_DIGITS,
    DigitCandidate,
    Limits,
    Picture,
    decode,
    extract_page,
    find_ready_digit,
    read_candidates,
    search_digit,
)
from digitlab.images.budget import limit_time
from digitlab.images.multi_digit.orientation import turn_back
from digitlab.images.pdf import no_such_page
from digitlab.images.similarity.picture_fingerprint import QueryPicture
from digitlab.images.sources import BinaryStream, from_object, from_pillow, read_stream
from digitlab.model.runtime import Classifier, ClassifierOutput
from digitlab.page_reader import PageDigit, read_page, stack_images, to_reading
from digitlab.prediction import DigitImage, Prediction, RecalledCorrection
from digitlab.reading import Reading
from digitlab.settings import Settings
from digitlab.special_files import special_kind

PictureSource = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryStream | Image | NDArray[Any]
)
"""A path, the bytes of a picture file, an open binary file, a Pillow image, or an array of pixels.

Arrays of other libraries are converted with `numpy.asarray`.
"""

_BATCH_SIZE: Final = 64
"""Digit images that are read together, and stored in one transaction."""


class _ReadyDigit(NamedTuple):
    """A picture that is a digit image itself, with its name and the bytes of its file."""

    picture: Picture
    candidate: DigitCandidate
    name: str
    data: bytes


class Reader:
    """Read the digit, or all digits, of a picture.

    Args:
        classifier: the model version.
        limits: limits of size, checked before a picture is decoded.
        memory: stored corrections, which answer where the version would answer otherwise; None
            for the version alone.
        contributor: whose held corrections count in the memory.
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
        self._recall: Callable[..., list[RecalledCorrection | None]] | None = None
        if memory is not None:
            self._recall = partial(
                memory.recall_all, classifier=classifier, contributor=contributor
            )

    def read(self, source: PictureSource, *, name: str = "", page: int = 1) -> Prediction:
        """Read the digit in a picture.

        Args:
            source: path, bytes, open binary file, Pillow image, or an array of pixels (H, W),
                (H, W, C) or (C, H, W), of any type; `images.from_array` says which values.
            name: name of the picture; the file name if `source` is a path or an open file.
            page: number of the page to read of a TIFF or PDF, from 1.

        Raises:
            ImageError: the picture cannot be read, or takes too much time or memory; `code` says
                why.
        """
        with limit_time(self._limits.max_seconds):
            picture, name, data = self._open(source, name, page)
            return self._read_one(picture, name=name, data=data)

    def read_many(
        self, sources: Iterable[PictureSource], *, page: int = 1, digit_images: bool = False
    ) -> Iterator[list[Prediction | ImageError]]:
        """Read the digit in each of many pictures, several digit images at once.

        Pictures that are digit images themselves go through the classifier together. The results
        are those of `read`, except that predictions of digit images have no `preview`: their
        `digit_image` shows them.

        Args:
            sources: each as for `read`; read one by one when they are needed.
            page: as for `read`.
            digit_images: take every picture of 28 x 28 pixels as a digit image, also one that
                MNIST would have centred or fitted otherwise.

        Yields:
            The results of some pictures, in the order of the sources; together one for each
            source. An ImageError says why a picture cannot be read.
        """
        ready: list[_ReadyDigit] = []
        result: list[Prediction | ImageError]
        for source in sources:
            try:
                with limit_time(self._limits.max_seconds):
                    picture, name, data = self._open(source, "", page)
                    candidate = find_ready_digit(picture, is_digit=digit_images)
                    if candidate is not None:
                        ready.append(_ReadyDigit(picture, candidate, name, data))
                        if len(ready) < _BATCH_SIZE:
                            continue
                        result = []
                    else:
                        result = [self._read_one(picture, name=name, data=data)]
            except ImageError as error:
                result = [error]
            yield self._read_ready(ready) + result
            ready.clear()
        if ready:
            yield self._read_ready(ready)

    def read_all(self, source: PictureSource, *, name: str = "", page: int = 1) -> Reading:
        """Read all digits in a picture, in reading order.

        Where digits may touch or be broken, the classifier also reads the ways to split or join
        them, all in one batch, and the most plausible way is kept.

        Args:
            source: as for `read`.
            name: as for `read`.
            page: as for `read`.

        Returns:
            One prediction for each digit, all of the same picture, with the rows and their text;
            empty if there is no ink. Of a picture with more than `images.MAX_DIGITS`, the first
            ones; their `part` says so.

        Raises:
            ImageError: as for `read`.
        """
        with limit_time(self._limits.max_seconds):
            return self._read_all(*self._open(source, name, page))

    def part_of(self, source: PictureSource, *, page: int = 1) -> str:
        """Return the part of a file that `read` reads, such as "page 1 of 12"; "" for the whole.

        Args:
            source: as for `read`.
            page: as for `read`.

        Raises:
            ImageError: as for `read`.
        """
        return self._open(source, "", page)[0].part

    def _read_all(self, picture: Picture, name: str, data: bytes) -> Reading:
        page = read_page(picture, self.classifier)
        if page.is_single:  # `read` tries more candidates for a single digit
            prediction = self._read_one(picture, name=name, data=data, is_alone=True)
            return to_reading(page, [[prediction]], picture.size)
        part = picture.part
        if page.count >= MAX_DIGITS:
            first = f"its first {MAX_DIGITS} digits"
            part, name = f"{part}, {first}" if part else first, _name_of_part(name, first)

        digits = [digit for row in page.rows for digit in row]
        numbers = [digit.number for digit in digits]
        images = [digit.candidate.digit_image for digit in digits]
        recalled = self._recall_all(images, page.answers.embeddings[numbers])
        corrections = dict(zip(numbers, recalled, strict=True))

        def predict(digit: PageDigit) -> Prediction:
            prediction = self._predict(
                picture,
                digit.candidate,
                page.answers,
                digit.number,
                name=name,
                data=data,
                correction=corrections[digit.number],
            )
            box = turn_back(prediction.box, page.rotation, picture.size)
            return dataclasses.replace(prediction, box=box, part=part)

        return to_reading(page, [list(map(predict, row)) for row in page.rows], picture.size)

    def read_images(
        self, digit_images: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        """Predict digit images as they are, without the front end.

        Args:
            digit_images: uint8 (N, 28, 28).

        Returns:
            Predicted digits, confidences and refusals, each (N,).
        """
        answers = self.classifier.classify(digit_images)
        digits = answers.probabilities.argmax(axis=1)
        confidence, refused = answers.probabilities.max(axis=1), answers.refused.copy()
        for row, correction in enumerate(self._recall_all(digit_images, answers.embeddings)):
            if correction and contradicts(correction, int(digits[row]), bool(refused[row])):
                if correction.label is not None:
                    digits[row] = correction.label
                confidence[row], refused[row] = CERTAINTY, correction.label is None
        return digits, confidence, refused

    def reconsider(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        """Re-predict the digit images of earlier predictions.

        Args:
            predictions: from any version.

        Returns:
            In the same order; the same object where digit and refusal did not change.
        """
        if not predictions:
            return []
        images = np.stack([prediction.digit_image for prediction in predictions])
        answers = self.classifier.classify(images)
        corrections = self._recall_all(images, answers.embeddings)
        updated = []
        for row, (before, correction) in enumerate(zip(predictions, corrections, strict=True)):
            shares = answers.probabilities[row]
            after = dataclasses.replace(
                before,
                digit=int(shares.argmax()),
                confidence=float(shares.max()),
                probabilities=tuple(float(share) for share in shares),
                refused=self._refuses(answers, row, before.doubt) or not before.digit_image.any(),
                remembered=False,
                correction=None,
                model=self.classifier.version,
            )
            after = apply_correction(after, correction) if correction else after
            same = (after.digit, after.refused) == (before.digit, before.refused)
            updated.append(before if same else after)
        return updated

    def explain(self, source: PictureSource, *, page: int = 1) -> dict[str, Image]:
        """Draw the steps from a picture to the digit that `read` finds in it, in order.

        Args:
            source: as for `read`.
            page: as for `read`.

        Raises:
            ImageError: as for `read`.
        """
        from digitlab.images.explain import reading_steps  # loaded for `predict --explain` alone

        picture, _, _ = self._open(source, "", page)
        candidates = read_candidates(picture)
        answers = self.classifier.classify(stack_images(candidates))
        guesses = answers.probabilities.argmax(axis=1)
        captions = [
            f"{guess}: {row[guess]:.0%}"
            for guess, row in zip(guesses, answers.probabilities, strict=True)
        ]
        return reading_steps(
            picture, candidates, choose_candidate(candidates, answers).number, captions=captions
        )

    def _open(self, source: PictureSource, name: str, page: int) -> tuple[Picture, str, bytes]:
        """Return the picture, its name, and its bytes (empty for an array or Pillow image).

        The bytes of a page after the first are those of a PNG of this page, so that the page is
        stored, and read again, without the number.
        """
        if page != 1 and not _holds_bytes(source):
            raise no_such_page("picture", page, 1)
        if isinstance(source, Image):
            return from_pillow(source, limits=self._limits), name, b""
        if isinstance(source, (str, os.PathLike)):
            name = name or os.path.basename(os.fspath(source))
            data = read_file(source, max_bytes=self._limits.max_bytes)
        elif isinstance(source, (bytes, bytearray, memoryview)):
            data = bytes(source)
        elif isinstance(source, BinaryStream):
            file_name = getattr(source, "name", "")
            name = name or (os.path.basename(file_name) if isinstance(file_name, str) else "")
            data = read_stream(source, max_bytes=self._limits.max_bytes)
        else:
            return from_object(source), name, b""
        pages = 1
        if page != 1:
            data, pages = extract_page(data, page, limits=self._limits)
        picture = decode(data, limits=self._limits)
        if page != 1:
            picture = dataclasses.replace(picture, page=page, pages=pages)
        return picture, _name_of_part(name, picture.part), data

    def _read_one(
        self, picture: Picture, *, name: str, data: bytes, is_alone: bool = False
    ) -> Prediction:
        """Read the digit in a picture; unless it `is_alone`, look whether there are several."""
        search = search_digit(picture)
        candidates = search.candidates
        answers = self.classifier.classify(stack_images(candidates))
        best, probabilities = choose_candidate(candidates, answers)
        query = QueryPicture(picture.grey)
        (correction,) = self._recall_all(
            [candidates[best].digit_image], answers.embeddings[best : best + 1], [query]
        )
        prediction = self._predict(
            picture,
            candidates[best],
            answers,
            best,
            name=name,
            data=data,
            query=query,
            correction=correction,
            probabilities=probabilities,
        )
        if is_alone or correction:
            return prediction
        try:
            count = count_several(picture, self.classifier, prediction, search)
        except ImageError:  # too much time or memory: the one digit has been read
            return prediction
        return dataclasses.replace(prediction, several_count=count)

    def _read_ready(self, digits: Sequence[_ReadyDigit]) -> list[Prediction | ImageError]:
        """Read digit images together."""
        if not digits:
            return []
        answers = self.classifier.classify(stack_images([digit.candidate for digit in digits]))
        queries = [QueryPicture(digit.picture.grey) for digit in digits]
        corrections = self._recall_all(
            [digit.candidate.digit_image for digit in digits], answers.embeddings, queries
        )
        return [
            self._predict(
                digit.picture,
                digit.candidate,
                answers,
                row,
                name=digit.name,
                data=digit.data,
                query=queries[row],
                correction=corrections[row],
                with_preview=False,
            )
            for row, digit in enumerate(digits)
        ]

    def _recall_all(
        self,
        digit_images: Sequence[DigitImage] | NDArray[np.uint8],
        embeddings: NDArray[np.float32],
        queries: Sequence[QueryPicture] | None = None,
    ) -> list[RecalledCorrection | None]:
        """Return the correction that each digit image resembles, if any."""
        if self._recall is None:
            return [None] * len(digit_images)
        return self._recall(digit_images, embeddings, queries=queries)

    def _refuses(self, answers: ClassifierOutput, row: int, doubt: float) -> bool:
        """Return whether one answer has too little evidence for a digit, less the doubt."""
        return bool(answers.evidence[row] - doubt < self.classifier.min_evidence)

    def _predict(
        self,
        picture: Picture,
        candidate: DigitCandidate,
        answers: ClassifierOutput,
        row: int,
        *,
        name: str,
        data: bytes,
        query: QueryPicture | None = None,
        correction: RecalledCorrection | None = None,
        with_preview: bool = True,
        probabilities: NDArray[np.float64] | None = None,
    ) -> Prediction:
        if probabilities is None:
            probabilities = answers.probabilities[row]
        digit = int(probabilities.argmax())
        prediction = Prediction(
            digit=digit,
            confidence=float(probabilities[digit]),
            probabilities=tuple(float(p) for p in probabilities),
            refused=candidate.blank or self._refuses(answers, row, doubt(candidate)),
            remembered=False,
            model=self.classifier.version,
            box=candidate.box,
            digit_image=candidate.digit_image,
            doubt=doubt(candidate),
            picture_sha256=picture.sha256,
            name=name,
            picture=data,
            preview=picture.preview if with_preview else b"",
            size=picture.size,
            part=picture.part,
            fingerprint=b""
            if query is None
            else query.fingerprint(candidate.box, picture.size).to_bytes(),
        )
        return prediction if correction is None else apply_correction(prediction, correction)


def contradicts(correction: RecalledCorrection, digit: int, refused: bool) -> bool:
    """Return whether the correction contradicts a version's answer."""
    if correction.label is None:
        return not refused
    return refused or digit != correction.label


def apply_correction(prediction: Prediction, correction: RecalledCorrection) -> Prediction:
    """Apply a stored correction to a version's prediction.

    If both agree, the version answers and the prediction only points to the correction.
    """
    prediction = dataclasses.replace(prediction, correction=correction)
    if not contradicts(correction, prediction.digit, prediction.refused):
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


def _holds_bytes(source: PictureSource) -> bool:
    """Return whether a source gives the bytes of a file, which may have several pages."""
    kinds = (str, os.PathLike, bytes, bytearray, memoryview)
    return isinstance(source, kinds) or (
        isinstance(source, BinaryStream) and not isinstance(source, Image)
    )


def _name_of_part(name: str, part: str) -> str:
    return f"{name}, {part}" if name and part else name


def limits_of(settings: Settings) -> Limits:
    """Return the limits on pictures in a home's settings."""
    return Limits(
        max_bytes=settings.max_bytes,
        max_pixels=settings.max_pixels,
        max_seconds=settings.max_seconds,
        max_memory=settings.max_memory,
    )


def read_file(path: str | os.PathLike[str], *, max_bytes: int) -> bytes:
    """Read the bytes of a picture file.

    Raises:
        ImageError: code "not-found" if the file cannot be opened or is no regular file; code
            "too-large" if it has more than `max_bytes`.
    """
    try:
        kind = special_kind(os.stat(path).st_mode)
        if kind:
            raise ImageError(
                f"{os.fspath(path)} is {kind}; expected a regular file: pipe other data "
                "to standard input and read the picture '-'.",
                code="not-found",
            )
        with open(path, "rb") as file:  # a third of the time of a Path's
            size = os.fstat(file.fileno()).st_size
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: the path has a NUL
        reason = error.strerror if isinstance(error, OSError) else error
        raise ImageError(
            f"{os.fspath(path)} cannot be opened: {reason}.", code="not-found"
        ) from error
    if len(data) > max_bytes:
        raise ImageError(
            f"This file has {max(size, len(data)) / 1e6:.1f} MB; at most {max_bytes / 1e6:g} MB "
            "are read: save a smaller copy and try that.",
            code="too-large",
        )
    return data
