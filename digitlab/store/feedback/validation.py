"""What a verdict must be to be kept, and what it changes; decided without touching the store."""

from __future__ import annotations

import hashlib
from typing import Any, Final, NamedTuple

import numpy as np

from digitlab.errors import FeedbackError
from digitlab.labels import article
from digitlab.prediction import Prediction
from digitlab.store.feedback.types import VERDICTS, Entry, State, Verdict

COMMENT_LIMIT: Final = 2_000
"""Longest comment, in characters."""

CONTRIBUTOR_LIMIT: Final = 200
"""Longest name of a contributor, in characters."""

Row = dict[str, Any]
"""Column names and values of a verdict, without id and time."""


class Change(NamedTuple):
    """What a new verdict changes.

    Attributes:
        row: the row to add.
        adds: False when the row says nothing new.
    """

    row: Row
    adds: bool


def to_row(
    prediction: Prediction, verdict: Verdict, *, label: int | None, contributor: str, comment: str
) -> Row:
    """The verdict with all its evidence, checked.

    Raises:
        FeedbackError: the verdict contradicts itself or lacks something.
    """
    image = np.ascontiguousarray(prediction.digit_image)
    if image.dtype != np.uint8 or image.shape != (28, 28):
        raise FeedbackError(
            f"Expected a digit image of uint8 (28, 28), got {image.dtype} {image.shape}."
        )
    x, y, width, height = (int(value) for value in prediction.box)
    return {
        "contributor": check_contributor(contributor),
        "verdict": verdict,
        "label": _true_label(prediction, verdict, label),
        "comment": _check_length(clean(comment), COMMENT_LIMIT, "comment"),
        "prediction_id": prediction.id,
        "model": prediction.model,
        "predicted": int(prediction.digit),
        "confidence": float(prediction.confidence),
        "probabilities": [float(value) for value in prediction.probabilities],
        "refused": bool(prediction.refused),
        "remembered": bool(prediction.remembered),
        "picture_sha256": prediction.picture_sha256,
        "picture_bytes": len(prediction.picture),
        "name": clean(prediction.name),
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "digit_sha256": hashlib.sha256(image.tobytes()).hexdigest(),
        "digit_image": image.tobytes(),
    }


def weigh(earlier: Entry | None, row: Row) -> Change:
    """What `row` changes of `earlier`, the verdict in force with its key.

    A "right" for the digit that one's own earlier correction named confirms that correction:
    digitlab has learned it. The correction stays, with the evidence of the misreading; else
    everybody who checks what was learned would take the example back.
    """
    if earlier is None:
        return Change(row, adds=True)
    same = (earlier.verdict, earlier.label) == (row["verdict"], row["label"])
    confirms = (
        earlier.verdict == "wrong" and row["verdict"] == "right" and row["label"] == earlier.label
    )
    if not (same or confirms):
        return Change(row, adds=True)
    if confirms:
        row = row | _evidence(earlier)
    return Change(row, adds=row["comment"] not in {"", earlier.comment})


def receipt_message(change: Change, earlier: Entry | None, state: State) -> str:
    """One plain sentence for the person; `state` is the verdict's afterwards."""
    row = change.row
    label, predicted = row["label"], row["predicted"]
    this = f"this is {article(label)}"
    said = {
        "right": this,
        "wrong": this if label == predicted else f"{this}, not {article(predicted)}",
        "not-a-digit": "this is not a digit",
        "unsure": "you are not sure what this is",
    }[row["verdict"]]
    opening = "Kept" if earlier is None else "Changed" if change.adds else "You had said so before"
    ending = {
        "held": "; it waits for review",
        "rejected": "; a reviewer has set it aside",
    }.get(state, "")
    return f"{opening}: {said}{ending}."


def check_contributor(contributor: str) -> str:
    """The contributor's name without surrounding space.

    Raises:
        FeedbackError: it is empty or longer than `CONTRIBUTOR_LIMIT`.
    """
    name = _check_length(clean(contributor), CONTRIBUTOR_LIMIT, "contributor's name")
    if not name:
        raise FeedbackError("Expected the name of who says so, got an empty one.")
    return name


def clean(text: str) -> str:
    """`text` as any database takes it: valid Unicode, no NUL, no surrounding space.

    File names on Linux may hold bytes that are no text; those become question marks.
    """
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "").strip()


def _true_label(prediction: Prediction, verdict: str, label: int | None) -> int | None:
    predicted = prediction.digit
    if verdict not in VERDICTS:
        raise FeedbackError(f"Expected one of {', '.join(VERDICTS)} as verdict, got {verdict!r}.")
    if label is not None and (isinstance(label, bool) or label not in range(10)):
        raise FeedbackError(f"Expected a digit from 0 to 9, got {label!r}.")
    if verdict == "right":
        if label not in {None, predicted}:
            raise FeedbackError(
                f"A {predicted} was read, so it cannot be right and a {label}; "
                f'say "wrong" with the digit {label}.'
            )
        return int(predicted)
    if verdict == "wrong":
        if label is None:
            raise FeedbackError('"wrong" needs the right digit, from 0 to 9.')
        if label == predicted and not prediction.refused:
            raise FeedbackError(
                f'A {predicted} was read, and that is what you say too: say "right".'
            )
        return int(label)
    if label is not None:
        raise FeedbackError(f'"{verdict}" takes no digit, got {label}.')
    return None


def _check_length(text: str, limit: int, what: str) -> str:
    if len(text) > limit:
        raise FeedbackError(
            f"Expected a {what} of at most {limit:,} characters, got {len(text):,}; shorten it."
        )
    return text


def _evidence(entry: Entry) -> Row:
    return {
        "verdict": entry.verdict,
        "label": entry.label,
        "model": entry.model,
        "predicted": entry.predicted,
        "confidence": entry.confidence,
        "probabilities": list(entry.probabilities),
        "refused": entry.refused,
        "remembered": entry.remembered,
        "digit_sha256": entry.digit_sha256,
        "digit_image": entry.digit_image.tobytes(),
    }
