"""Page reader: the rows of digits and separators of a picture, as the classifier reads them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.images import DigitCandidate, Picture, segment_page
from digitlab.images.budget import check_time
from digitlab.images.multi_digit.digit_ink import InkSearch
from digitlab.images.multi_digit.orientation import THRESHOLDS as ORIENTATION
from digitlab.images.multi_digit.orientation import (
    Rotation,
    flip_evidence,
    row_direction,
    turn_back,
    turn_upright,
)
from digitlab.images.multi_digit.separators import (
    Mark,
    RowDigit,
    box_around,
    find_separators,
    row_text,
)
from digitlab.model.runtime import Classifier, ClassifierOutput
from digitlab.prediction import Box, Prediction
from digitlab.reading import Reading, Row


@dataclass(frozen=True, kw_only=True)
class PageWeights:
    """Weights by which the reader chooses among the ways to segment ink.

    `benchmarks/rows.py` set them.

    Attributes:
        cut: cost of each cut through ink, as a logarithm of confidence.
        usual_aspect: width to height up to which a digit's shape costs nothing.
        aspect: cost of the square of the aspect above `usual_aspect`.
        min_height: share of the median height; lower digits count as if they were so high.
    """

    cut: float = 0.02
    usual_aspect: float = 1.1
    aspect: float = 1.0
    min_height: float = 0.8


WEIGHTS: Final = PageWeights()


class PageDigit(NamedTuple):
    """A digit of a page.

    Attributes:
        candidate: its digit image and its box in the upright page.
        number: its row in the answers of the page.
    """

    candidate: DigitCandidate
    number: int


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadPage:
    """A page, read by a classifier.

    Attributes:
        rows: the digits of each row; rows from top to bottom, digits from left to right.
        answers: the classifier's answers for all candidates of the page.
        marks: the ink of the same pen that is no digit.
        stroke_width: usual width of the digits' strokes, in full pixels.
        rotation: degrees by which the page is turned counter-clockwise in its picture.
        search: how the ink was searched; None without digits.
    """

    rows: tuple[tuple[PageDigit, ...], ...]
    answers: ClassifierOutput
    marks: tuple[Mark, ...]
    stroke_width: float
    rotation: Rotation = 0
    search: InkSearch | None = None

    @property
    def count(self) -> int:
        """Number of digits."""
        return sum(map(len, self.rows))

    @property
    def boxes(self) -> list[Box]:
        """The box of each digit in the upright page."""
        return [digit.candidate.box for row in self.rows for digit in row]

    @property
    def is_single(self) -> bool:
        """Whether the page holds one digit and no separator."""
        if self.rotation or self.count != 1:
            return False
        return not find_separators(self.row_digits(), self.marks, stroke_width=self.stroke_width)[0]

    @property
    def certainty(self) -> NDArray[np.float64]:
        """Logarithm of the probability of each digit, and of any digit at all, (count,)."""
        return _certainty(self.answers, [digit.number for row in self.rows for digit in row])

    def row_digits(self) -> list[list[RowDigit]]:
        """Return the digits of each row for the search for separators."""
        return [
            [
                RowDigit(box=digit.candidate.box, digit_image=digit.candidate.digit_image)
                for digit in row
            ]
            for row in self.rows
        ]


def read_page(
    picture: Picture, classifier: Classifier, *, one: DigitCandidate | None = None
) -> ReadPage:
    """Segment a picture into digits; the classifier chooses among the ways.

    A page that is turned by 90, 180 or 270 degrees is read upright where the evidence is clear:
    its digits are more certain, and its rows are level.

    Args:
        picture: from `decode` or `from_array`.
        classifier: the model version.
        one: the digit of a picture with one digit, from `read_digit`; None finds it if needed.
    """
    page = _read_as_turned(picture, classifier, 0, one=one)
    if page.count < ORIENTATION.min_digits:
        return page
    direction = row_direction(page.boxes)
    if direction < ORIENTATION.level:
        side = _read_as_turned(picture, classifier, 90, page.search)
        if side.count >= ORIENTATION.min_digits and (
            row_direction(side.boxes) >= direction + ORIENTATION.min_level_gain
        ):
            scores = _digit_scores(side, classifier)
            gain = max(map(_mean_score, scores)) - _mean_score(_digit_scores(page, classifier)[0])
            if gain >= ORIENTATION.min_side_gain:
                return _upper_side(picture, classifier, side, flip_evidence(*scores))
    evidence = flip_evidence(*_digit_scores(page, classifier))
    if evidence <= ORIENTATION.min_flip_evidence:
        return page
    return _upper_side(picture, classifier, page, evidence)


def _upper_side(
    picture: Picture, classifier: Classifier, page: ReadPage, evidence: float
) -> ReadPage:
    """Return a page as it is or upside down, whichever is more certain.

    Args:
        picture: the picture of the page.
        classifier: the model version.
        page: the page as it is.
        evidence: from `flip_evidence`, that it is upside down.
    """
    if page.rotation and evidence < -ORIENTATION.clear_flip:
        return page
    flipped = _read_as_turned(picture, classifier, 270 if page.rotation else 180, page.search)
    if flipped.count < ORIENTATION.min_digits:
        return page
    other = -flip_evidence(*_digit_scores(flipped, classifier))
    is_flipped = evidence + other > 0
    if not page.rotation:  # most pages are upright
        is_flipped = (
            other > ORIENTATION.min_flip_evidence and evidence + other >= ORIENTATION.min_flip
        )
    return flipped if is_flipped else page


def _digit_scores(
    page: ReadPage, classifier: Classifier
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the scores, logarithms of a probability, of digits as they are and upside down."""
    digits = [digit for row in page.rows for digit in row]
    digits = digits[:: -(-len(digits) // ORIENTATION.max_digits)]
    images = stack_images([digit.candidate for digit in digits])
    flipped = classifier.classify(np.ascontiguousarray(images[:, ::-1, ::-1]))
    numbers = [digit.number for digit in digits]
    upright = _certainty(page.answers, numbers)
    return (
        np.maximum(upright, ORIENTATION.min_score),
        np.maximum(_certainty(flipped, list(range(len(digits)))), ORIENTATION.min_score),
    )


def _mean_score(scores: NDArray[np.float64]) -> float:
    """Return the mean of scores; one bad digit does not decide."""
    return float(np.maximum(scores, -ORIENTATION.max_score_change).mean())


def _certainty(answers: ClassifierOutput, numbers: list[int]) -> NDArray[np.float64]:
    """Return the logarithm of the probability of each digit, and of any digit at all, (N,)."""
    log_confidence = np.log(np.maximum(answers.probabilities[numbers].max(axis=1), 1e-6))
    certainty: NDArray[np.float64] = log_confidence - np.logaddexp(0, -answers.evidence[numbers])
    return certainty


def _read_as_turned(
    picture: Picture,
    classifier: Classifier,
    rotation: Rotation,
    search: InkSearch | None = None,
    one: DigitCandidate | None = None,
) -> ReadPage:
    """Read a page that is turned by some degrees in its picture."""
    turned = turn_upright(picture, rotation) if rotation else picture
    page = segment_page(turned, search=search, one=one)
    candidates = [digit for ways in page.clusters for way in ways for digit in way]
    check_time()
    answers = classifier.classify(stack_images(candidates))
    numbers = iter(range(len(candidates)))
    median_height = float(np.median([ways[0][0].box[3] for ways in page.clusters] or [0]))
    rows: list[tuple[PageDigit, ...]] = []
    for clusters in page.rows:
        row: list[PageDigit] = []
        for ways in clusters:
            readings = [(way, list(islice(numbers, len(way)))) for way in ways]
            chosen = max(
                readings,
                key=lambda pair: _plausibility(
                    pair[0], pair[1], answers, median_height=median_height
                ),
            )
            row += map(PageDigit, *chosen)
        rows.append(tuple(row))
    return ReadPage(
        rows=tuple(rows),
        answers=answers,
        marks=page.marks,
        stroke_width=page.stroke_width,
        rotation=rotation,
        search=page.search,
    )


def to_reading(
    page: ReadPage, predictions: Sequence[Sequence[Prediction]], size: tuple[int, int]
) -> Reading:
    """Tell digits from separators and compose the text of each row.

    Rows in which the classifier sees no digit are marks of the paper, if it sees one elsewhere.

    Args:
        page: from `read_page`.
        predictions: a prediction for each digit of each row.
        size: width and height of the picture.
    """
    row_digits = [
        [
            dataclasses.replace(digit, is_certain=prediction.correction is not None)
            for digit, prediction in zip(*pair, strict=True)
        ]
        for pair in zip(page.row_digits(), predictions, strict=True)
    ]
    separators = find_separators(row_digits, page.marks, stroke_width=page.stroke_width)
    has_digits = any(map(_holds_digit, predictions))
    rows = []
    for digits, own, found in zip(row_digits, predictions, separators, strict=True):
        if has_digits and not _holds_digit(own):
            continue
        replaced = {separator.digit for separator in found}
        kept = [number for number in range(len(digits)) if number not in replaced]
        text = row_text(
            [digits[number].box for number in kept],
            ["?" if own[number].refused else str(own[number].digit) for number in kept],
            found,
        )
        boxes = [digits[number].box for number in kept] + [separator.box for separator in found]
        box = turn_back(box_around(boxes), page.rotation, size)
        rows.append(Row(text=text, box=box, digits=tuple(own[number] for number in kept)))
    return Reading(rows, rotation=page.rotation)


def _holds_digit(row: Sequence[Prediction]) -> bool:
    """Return whether the classifier sees a digit in a row, or a person answered for one."""
    return any(not prediction.refused or prediction.correction for prediction in row)


def stack_images(candidates: Sequence[DigitCandidate]) -> NDArray[np.uint8]:
    """Return the digit images of candidates, uint8 (N, 28, 28)."""
    images = [candidate.digit_image for candidate in candidates]
    return np.stack(images) if images else np.zeros((0, 28, 28), np.uint8)


def _plausibility(
    way: tuple[DigitCandidate, ...],
    rows: list[int],
    answers: ClassifierOutput,
    *,
    median_height: float,
) -> float:
    """Score one way to read ink: by its least certain digit, its aspects and its cuts."""
    aspects = [
        candidate.box[2] / max(candidate.box[3], WEIGHTS.min_height * median_height)
        for candidate in way
    ]
    excess = sum(max(0.0, aspect - WEIGHTS.usual_aspect) ** 2 for aspect in aspects) / len(way)
    least_certain = float(_certainty(answers, rows).min())
    return least_certain - WEIGHTS.aspect * excess - WEIGHTS.cut * (len(way) - 1)
