"""Count what is right in readings of several digits, for `benchmarks/rows.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from common.page_parts import PhotographedPage
from digitlab.model.metrics import ece
from digitlab.prediction import SURE
from digitlab.reading import Reading

Item = TypeVar("Item")


def match_in_order(read: Sequence[Item], written: Sequence[Item]) -> list[tuple[int, int]]:
    """Return the pairs of indices of a longest common subsequence of two sequences."""
    lengths = np.zeros((len(read) + 1, len(written) + 1), int)
    for i, item in enumerate(read):
        for j, other in enumerate(written):
            if item == other:
                lengths[i + 1, j + 1] = lengths[i, j] + 1
            else:
                lengths[i + 1, j + 1] = max(lengths[i, j + 1], lengths[i + 1, j])
    pairs = []
    i, j = len(read), len(written)
    while i and j:
        if read[i - 1] == written[j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif lengths[i - 1, j] >= lengths[i, j - 1]:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


@dataclass
class Tally:
    """Counts of pictures, of written digits, and of the readings that are right.

    Attributes:
        pictures: number of pictures.
        whole: number of them that are read completely right.
        written: number of written digits.
        right: number of written digits that are read, in their order.
        text_rows: number of rows of text.
        right_text: number of rows of which the whole text is right.
        correct: for each digit read, whether it matches a written one; the others are misread
            or invented.
        confidence: for each digit read, its confidence, 0-1.
        refused: number of digits read that are refused.
    """

    pictures: int = 0
    whole: int = 0
    written: int = 0
    right: int = 0
    text_rows: int = 0
    right_text: int = 0
    correct: list[bool] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    refused: int = 0

    def add(self, page: PhotographedPage, reading: Reading) -> None:
        """Compare the reading of a page with its truth.

        The digits of a date stamp may be read or not.
        """
        digits = [prediction.digit for prediction in reading]
        stamp = [int(digit) for digit in page.stamp]
        matched = {index for index, _ in match_in_order(digits, page.digits + stamp)}
        count = len(page.digits)
        rest = digits[count:]
        self.pictures += 1
        self.whole += digits[:count] == page.digits and len(match_in_order(rest, stamp)) == len(
            rest
        )
        self.written += count
        self.right += len(match_in_order(digits, page.digits))
        written_rows, read_rows = page.text, [row.text for row in reading.rows]
        if not page.spaced:
            written_rows = [text.replace(" ", "") for text in written_rows]
            read_rows = [text.replace(" ", "") for text in read_rows]
        self.text_rows += len(written_rows)
        self.right_text += len(match_in_order(read_rows, written_rows))
        self.correct += [index in matched for index in range(len(digits))]
        self.confidence += [prediction.confidence for prediction in reading]
        self.refused += sum(prediction.refused for prediction in reading)

    def join(self, other: Tally) -> None:
        """Add the counts of another tally."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def figures(self) -> dict[str, float]:
        """Return counts, and shares of 1.

        `digits` and `text` are shares of what is written; `sure_mistakes`, `refused` and `ece`
        are shares of the digits read.
        """
        correct, confidence = np.array(self.correct, bool), np.array(self.confidence)
        read = max(1, len(correct))
        return {
            "n": self.pictures,
            "written": self.written,
            "digits": self.right / self.written,
            "pictures": self.whole / self.pictures,
            "text": self.right_text / self.text_rows,
            "invented": int((~correct).sum()),
            "sure_mistakes": float((~correct & (confidence > SURE)).sum()) / read,
            "refused": self.refused / read,
            "ece": ece(confidence, correct),
        }
