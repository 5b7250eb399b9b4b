"""Reading: the digits of one picture, in rows, with the text that they make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from markupsafe import Markup

from digitlab.images.multi_digit.orientation import Rotation
from digitlab.prediction import STYLE, Box, Prediction


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """One row of digits.

    Attributes:
        text: digits and separators from left to right, such as "27.48" or "12/25". A space
            stands for a gap that is wider than a digit, "?" for a refused digit.
        box: position of digits and separators in the upright picture.
        digits: the digits from left to right.
    """

    text: str
    box: Box
    digits: tuple[Prediction, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return one element of `rows` in `digitlab predict --split --json`."""
        digits = [prediction.to_dict() for prediction in self.digits]
        return {"text": self.text, "box": list(self.box), "digits": digits}


class Reading(Sequence[Prediction]):
    """The digits of one picture in reading order, an immutable sequence of predictions.

    Args:
        rows: rows from top to bottom.
        rotation: degrees by which the page is turned counter-clockwise in the picture. The
            boxes and sizes of all predictions are those of the picture as the file shows it.
    """

    __slots__ = ("_digits", "_rotation", "_rows")

    def __init__(self, rows: Sequence[Row] = (), *, rotation: Rotation = 0) -> None:
        self._rows = tuple(rows)
        self._rotation: Rotation = rotation
        self._digits = tuple(digit for row in self._rows for digit in row.digits)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows from top to bottom."""
        return self._rows

    @property
    def rotation(self) -> Rotation:
        """Degrees by which the page is turned counter-clockwise in the picture."""
        return self._rotation

    @property
    def text(self) -> str:
        """The text of all rows, one a line."""
        return "\n".join(row.text for row in self._rows)

    def replaced(self, predictions: Sequence[Prediction]) -> Reading:
        """Return the same reading with other predictions, one for each digit, in order."""
        remaining = iter(predictions)
        rows = [
            Row(text=row.text, box=row.box, digits=tuple(next(remaining) for _ in row.digits))
            for row in self._rows
        ]
        return Reading(rows, rotation=self._rotation)

    @overload
    def __getitem__(self, index: int) -> Prediction: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Prediction, ...]: ...

    def __getitem__(self, index: int | slice) -> Prediction | tuple[Prediction, ...]:
        return self._digits[index]

    def __len__(self) -> int:
        return len(self._digits)

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self._digits)

    def __eq__(self, other: object) -> bool:
        """Return whether the other one is a reading or a tuple of the same predictions."""
        if isinstance(other, Reading):
            return self._rows == other._rows and self._rotation == other._rotation
        return self._digits == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._digits)

    def __repr__(self) -> str:
        return f"<Reading {self.text!r}>"

    def _repr_html_(self) -> str:
        if not self._digits:
            return Markup("<p>I see no digit here</p>")
        lines = Markup("<br>").join(row.text for row in self._rows)
        return Markup(
            '<style>{}</style><div class="dl-prediction"><p class="dl-text">{}</p></div>'
        ).format(STYLE, lines)
