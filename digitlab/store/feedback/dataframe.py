"""Verdicts as a pandas table, for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from digitlab.store.feedback.types import STATES, VERDICTS, Entry

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = (
    "id",
    "time",
    "contributor",
    "verdict",
    "label",
    "state",
    "is_correction",
    "comment",
    "predicted",
    "confidence",
    *(f"p{digit}" for digit in range(10)),
    "refused",
    "remembered",
    "model",
    "name",
    "x",
    "y",
    "width",
    "height",
    "picture_sha256",
    "picture_bytes",
    "digit_sha256",
    "prediction_id",
    "by",
    "reason",
)
"""The columns in their order; `docs/feedback.md` describes each."""


def to_frame(entries: Sequence[Entry]) -> pd.DataFrame:
    """Build a table with one row per entry; an empty table has the same columns and types."""
    import pandas as pd  # takes a second to load

    def column(name: str) -> list[object]:
        return [getattr(entry, name) for entry in entries]

    boxes = [entry.box for entry in entries]
    values: dict[str, object] = {
        "id": pd.Series(column("id"), dtype="int64"),
        "time": pd.Series(column("time"), dtype="datetime64[us, UTC]"),
        "verdict": pd.Categorical(column("verdict"), categories=list(VERDICTS)),
        "state": pd.Categorical(column("state"), categories=list(STATES)),
        "label": pd.Series(column("label"), dtype="Int8"),
        "predicted": pd.Series(column("predicted"), dtype="int8"),
        "confidence": pd.Series(column("confidence"), dtype="float64"),
        "picture_bytes": pd.Series(column("picture_bytes"), dtype="int64"),
        "prediction_id": pd.Series(column("prediction_id"), dtype="Int64"),
    }
    for name in ("is_correction", "refused", "remembered"):
        values[name] = pd.Series(column(name), dtype="bool")
    for digit in range(10):
        values[f"p{digit}"] = pd.Series(
            [entry.probabilities[digit] for entry in entries], dtype="float64"
        )
    for index, name in enumerate(("x", "y", "width", "height")):
        values[name] = pd.Series([box[index] for box in boxes], dtype="int64")
    for name in set(COLUMNS) - set(values):
        values[name] = pd.Series(column(name), dtype="str")
    return pd.DataFrame({name: values[name] for name in COLUMNS})
