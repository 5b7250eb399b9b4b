"""Separators: points, commas, colons, hyphens, slashes and spaces between the digits of a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FullBox = tuple[int, int, int, int]
"""x, y, width, height in pixels of the full picture."""

Floats64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Mark:
    """Ink that is no digit: a dot, a comma, a dash, dust.

    Attributes:
        box: position in the full picture.
        mask: bool (H, W), tight around the ink, in pixels of the search.
    """

    box: FullBox
    mask: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class RowDigit:
    """A digit of a row, as far as separators depend on it.

    Attributes:
        box: position in the full picture.
        digit_image: uint8 (28, 28), bright ink on 0.
        is_certain: True for a digit that is no separator in any case.
    """

    box: FullBox
    digit_image: NDArray[np.uint8]
    is_certain: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Separator:
    """A separator of a row.

    Attributes:
        text: one of ". , : - /".
        box: position in the full picture.
        digit: index of the digit of the row that is this separator in fact; None for a mark.
    """

    text: str
    box: FullBox
    digit: int | None = None


def find_separators(
    rows: Sequence[Sequence[RowDigit]], marks: Sequence[Mark], *, stroke_width: float
) -> list[list[Separator]]:
    return [[] for _ in rows]


def row_text(
    digits: Sequence[RowDigit], characters: Sequence[str], separators: Sequence[Separator]
) -> str:
    return "".join(characters)
