"""The checks on a new verdict and its comparison with the earlier one; touches no database."""

from __future__ import annotations

import hashlib
from typing import Any, Final, NamedTuple

import numpy as np

from digitlab.errors import FeedbackError
from digitlab.prediction import Prediction
from digitlab.store.feedback.types import IN_FORCE, VERDICTS, Entry, Verdict

COMMENT_LIMIT: Final = 2_000
"""Longest comment, in characters."""

CONTRIBUTOR_LIMIT: Final = 200
"""Longest name of a contributor, in characters."""

Row = dict[str, Any]
"""Column names and values of a verdict, without id and time."""


class Change(NamedTuple):
    """The effect of a new verdict on the earlier one.

    Attributes:
        row: the row to add.
        adds: False if the earlier verdict already says the same.
    """

    row: Row
    adds: bool


def to_row(
    prediction: Prediction, verdict: Verdict, *, label: int | None, contributor: str, comment: str
) -> Row:
    """Check a verdict and return its row, with all evidence.

    Raises:
        FeedbackError: the verdict contradicts itself or is incomplete.
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


def compare_with_earlier(earlier: Entry | None, row: Row) -> Change:
    """Compare a new verdict with the verdict in force on the same digit by the same person.

    "right" for the digit that the person's own earlier correction named confirms that
    correction: digitlab has learned it. The correction stays in force with the evidence of the
    misread digit. Otherwise each person who checks the result of a fine-tune would take the
    training example back.

    Args:
        earlier: the verdict in force; None if there is none.
        row: the new verdict, from `to_row`.
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


def check_contributor(contributor: str) -> str:
    """Return the contributor's name without surrounding space.

    Raises:
        FeedbackError: the name is empty or longer than `CONTRIBUTOR_LIMIT`.
    """
    name = _check_length(clean(contributor), CONTRIBUTOR_LIMIT, "contributor's name")
    if not name:
        raise FeedbackError("Expected the name of the contributor, got an empty one.")
    return name


def check_undo(name: str, entry: Entry) -> None:
    """Check that the contributor `name` can take a verdict back.

    Raises:
        FeedbackError: the verdict belongs to another contributor or is no longer in force.
    """
    if entry.contributor != name:
        raise FeedbackError(
            "This verdict belongs to another contributor; only its contributor can take it back."
        )
    if entry.state not in IN_FORCE:
        raise FeedbackError("This verdict is no longer in force; there is nothing to take back.")


def clean(text: str) -> str:
    """Return `text` as every database accepts it: valid Unicode, no NUL, no surrounding space.

    File names on Linux may hold bytes that are not text; these become question marks.
    """
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "").strip()


def _true_label(prediction: Prediction, verdict: str, label: int | None) -> int | None:
    """Return the true digit that a verdict states; None for "not-a-digit" and "unsure"."""
    predicted = prediction.digit
    if verdict not in VERDICTS:
        raise FeedbackError(f"Expected one of {', '.join(VERDICTS)} as verdict, got {verdict!r}.")
    if label is not None and (isinstance(label, bool) or label not in range(10)):
        raise FeedbackError(f"Expected a digit from 0 to 9, got {label!r}.")
    if verdict == "right":
        if label not in {None, predicted}:
            raise FeedbackError(
                f'The predicted digit is {predicted}, so "right" cannot go with the digit '
                f'{label}; say "wrong" with the digit {label}.'
            )
        return int(predicted)
    if verdict == "wrong":
        if label is None:
            raise FeedbackError('"wrong" needs the right digit, from 0 to 9.')
        if label == predicted and not prediction.refused:
            raise FeedbackError(
                f"The predicted digit is {predicted}, and that is also the digit that you give: "
                'say "right".'
            )
        return int(label)
    if label is not None:
        raise FeedbackError(f'"{verdict}" takes no digit, got {label}.')
    return None


def _check_length(text: str, limit: int, description: str) -> str:
    if len(text) > limit:
        raise FeedbackError(
            f"Expected a {description} of at most {limit:,} characters, got {len(text):,}; "
            "shorten it."
        )
    return text


def _evidence(entry: Entry) -> Row:
    """Return the columns that record what was judged and with which result."""
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
