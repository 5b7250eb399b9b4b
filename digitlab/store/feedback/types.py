"""The plain data of the ledger: verdicts, their states, entries, receipts and counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final, Literal, get_args

from digitlab.prediction import Box, DigitImage

Verdict = Literal["right", "wrong", "not-a-digit", "unsure"]
"""What a person said of a prediction; "wrong" comes with the right digit."""

VERDICTS: Final[tuple[str, ...]] = get_args(Verdict)

ReviewState = Literal["accepted", "held", "rejected", "retracted", "undone"]
"""What was decided of a verdict afterwards; each decision is a row of its own."""

State = Literal["accepted", "held", "rejected", "retracted", "undone", "superseded"]
"""What became of a verdict; `docs/feedback.md` says what each means."""

STATES: Final[tuple[State, ...]] = get_args(State)

IN_FORCE: Final[tuple[State, ...]] = ("accepted", "held", "rejected")
"""States of a verdict that is still what its contributor says of that digit."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """One verdict with all that was kept of it, and what became of it.

    Attributes:
        id: number of the verdict; grows with time and is never given twice.
        time: when it was given; aware, UTC.
        contributor: who gave it.
        verdict: what the person said.
        label: the right digit, 0-9; None for "not-a-digit" and "unsure".
        comment: the person's words; may be empty.
        predicted: the digit that was read, 0-9.
        confidence: the calibrated probability of `predicted`, 0-1.
        probabilities: ten calibrated probabilities, in the order of the digits.
        refused: True when digitlab had seen no digit.
        remembered: True when an earlier correction had answered instead of the model.
        model: the version that had answered.
        box: x, y, width, height in pixels of the upright picture.
        digit_image: what the model saw; uint8 (28, 28), read-only.
        digit_sha256: SHA-256 of the digit image's 784 bytes, in hex.
        picture_sha256: SHA-256 of the picture's bytes, in hex.
        picture_bytes: size of the original in the picture storage; 0 when none was kept.
        name: the picture's name as given; may be empty.
        prediction_id: the row of the prediction judged; None when none was kept.
        state: what became of it.
        by: who made the last decision on it; empty when there was none.
        reason: why; may be empty.
    """

    id: int
    time: datetime
    contributor: str
    verdict: Verdict
    label: int | None
    comment: str
    predicted: int
    confidence: float
    probabilities: tuple[float, ...] = field(repr=False)
    refused: bool
    remembered: bool
    model: str
    box: Box
    digit_image: DigitImage = field(repr=False)
    digit_sha256: str = field(repr=False)
    picture_sha256: str
    picture_bytes: int
    name: str
    prediction_id: int | None
    state: State
    by: str
    reason: str

    @property
    def is_correction(self) -> bool:
        """True when the person contradicts what the version reads.

        That is "wrong" or "not-a-digit"; and "right" of what an earlier correction had answered,
        for the version itself would have answered otherwise.
        """
        return self.verdict in {"wrong", "not-a-digit"} or (
            self.verdict == "right" and self.remembered
        )

    def to_dict(self) -> dict[str, Any]:
        """The entry without its digit image, as one line of `digitlab feedback list --json`."""
        values = {kept.name: getattr(self, kept.name) for kept in fields(self)}
        del values["digit_image"]
        return values | {
            "time": self.time.isoformat(),
            "probabilities": list(self.probabilities),
            "box": list(self.box),
        }


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the ledger did with one verdict.

    Attributes:
        id: number of the verdict; of the earlier one when nothing was added.
        added: False when the same person had already said the same of the same digit.
        superseded: number of the verdict that this one replaces; None when it is the first.
        state: the verdict's state: "accepted", unless a reviewer had decided otherwise before.
        message: one plain sentence for the person.
    """

    id: int
    added: bool
    superseded: int | None
    state: State
    message: str


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How much the ledger holds.

    Attributes:
        predictions: predictions recorded.
        judged: recorded predictions with a verdict in force.
        verdicts: for each of the four verdicts, how many are in force.
        states: for each of the six states, how many verdicts are in it; together all rows.
    """

    predictions: int
    judged: int
    verdicts: Mapping[str, int]
    states: Mapping[str, int]
