"""The plain data of feedback: verdicts and their states, entries, receipts and counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final, Literal, get_args

from digitlab.prediction import Box, DigitImage, Prediction

Verdict = Literal["right", "wrong", "not-a-digit", "unsure"]
"""A person's verdict on a prediction; "wrong" comes with the true digit."""

VERDICTS: Final[tuple[str, ...]] = get_args(Verdict)

ReviewState = Literal["accepted", "held", "rejected", "retracted", "undone"]
"""The state that one review gives to a verdict; every review is a row."""

State = Literal["accepted", "held", "rejected", "retracted", "undone", "superseded"]
"""The current state of a verdict; `docs/feedback.md` describes each."""

STATES: Final[tuple[State, ...]] = get_args(State)

IN_FORCE: Final[tuple[State, ...]] = ("accepted", "held", "rejected")
"""States of a verdict that its contributor has neither replaced nor withdrawn."""

CONTRADICTIONS: Final[tuple[Verdict, ...]] = ("wrong", "not-a-digit")
"""Verdicts that contradict the answer that the person saw."""


def is_correction(verdict: str, *, remembered: bool) -> bool:
    """Tell whether a verdict contradicts the model version that made the prediction.

    "wrong" and "not-a-digit" do. "right" does where an earlier correction had answered: the
    version itself would have answered otherwise.

    Args:
        verdict: the person's verdict.
        remembered: whether an earlier correction answered instead of the version.
    """
    return verdict in CONTRADICTIONS or (verdict == "right" and remembered)


def verdict_by_label(label: int | None, *, predicted: int, refused: bool) -> Verdict:
    """Return "right" if the person saw the digit `label` as the answer, else "wrong".

    Args:
        label: the true digit.
        predicted: the digit that was predicted.
        refused: whether digitlab saw no digit, so that `predicted` was not shown.
    """
    return "right" if label == predicted and not refused else "wrong"


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """One stored verdict with its evidence and its state.

    Attributes:
        id: number of the verdict; numbers grow with time and are never reused.
        time: time of the verdict; aware, UTC.
        contributor: name of the person who gave it.
        verdict: the person's verdict.
        label: the true digit, 0-9; None for "not-a-digit" and "unsure".
        comment: the person's comment; may be empty.
        predicted: the predicted digit, 0-9.
        confidence: the calibrated probability of `predicted`, 0-1.
        probabilities: ten calibrated probabilities, in the order of the digits.
        refused: True if digitlab saw no digit.
        remembered: True if an earlier correction answered instead of the model.
        model: name of the version that made the prediction.
        box: x, y, width, height in pixels of the upright picture.
        digit_image: the model's input; uint8 (28, 28), read-only.
        digit_sha256: SHA-256 of the digit image's 784 bytes, in hex.
        picture_sha256: SHA-256 of the picture's bytes, in hex.
        picture_bytes: size of the original in the picture storage; 0 if none is stored.
        name: the picture's name as given; may be empty.
        prediction_id: row of the judged prediction; None if it is not stored.
        state: the current state.
        by: name of the last reviewer; empty if there was no review.
        reason: reason of the last review; may be empty.
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
        """True if the verdict contradicts the version that made the prediction."""
        return is_correction(self.verdict, remembered=self.remembered)

    def to_prediction(self, *, picture: bytes, fingerprint: bytes) -> Prediction:
        """Return the judged prediction.

        Args:
            picture: bytes of the original; empty if none is stored.
            fingerprint: of the picture; empty if none is stored.
        """
        return Prediction(
            digit=self.predicted,
            confidence=self.confidence,
            probabilities=self.probabilities,
            refused=self.refused,
            remembered=self.remembered,
            model=self.model,
            box=self.box,
            digit_image=self.digit_image,
            picture_sha256=self.picture_sha256,
            name=self.name,
            picture=picture,
            id=self.prediction_id,
            fingerprint=fingerprint,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as `digitlab feedback list --json` prints it: without digit image."""
        values = {column.name: getattr(self, column.name) for column in fields(self)}
        del values["digit_image"]
        return values | {
            "time": self.time.isoformat(),
            "probabilities": list(self.probabilities),
            "box": list(self.box),
        }


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The result of adding one verdict.

    Attributes:
        id: number of the verdict; of the earlier verdict if nothing was added.
        added: False if the same person had already given this verdict on this digit.
        superseded: number of the verdict that this one replaces; None for a first verdict.
        state: "accepted", unless the verdict waits for review or a reviewer rejected it before.
        message: one or two plain sentences for the person; see `store.feedback.receipt`.
    """

    id: int
    added: bool
    superseded: int | None
    state: State
    message: str


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Numbers of stored predictions and verdicts.

    Attributes:
        predictions: recorded predictions.
        judged: recorded predictions with a verdict in force.
        verdicts: number of verdicts in force, by verdict.
        states: number of all verdicts, by state.
    """

    predictions: int
    judged: int
    verdicts: Mapping[str, int]
    states: Mapping[str, int]

    def _repr_html_(self) -> str:
        from digitlab.html.render import render  # loads Jinja2

        rows = [
            ("predictions", self.predictions),
            ("judged predictions", self.judged),
            *((f'verdicts "{verdict}" in force', n) for verdict, n in self.verdicts.items()),
            *((f"verdicts {state}", n) for state, n in self.states.items()),
        ]
        return render("table.html.j2", caption="Feedback", columns=(), rows=rows)
