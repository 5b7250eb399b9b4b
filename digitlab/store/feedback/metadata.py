"""`metadata.csv` of an export: one row for each verdict, from which an import restores it."""

from __future__ import annotations

import base64
import binascii
import csv
import math
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, Final, cast

import numpy as np

from digitlab.errors import DataError
from digitlab.prediction import Box, DigitImage
from digitlab.store.feedback.spreadsheet_text import neutralise, restore
from digitlab.store.feedback.types import VERDICTS, Entry, Verdict

METADATA_COLUMNS: Final = (
    "file_name",
    "label",
    "verdict",
    "predicted",
    "confidence",
    "model",
    "time",
    "contributor",
    "comment",
    "picture",
    "box",
    "id",
    "probabilities",
    "refused",
    "remembered",
    "original",
    "picture_sha256",
    "digit_image",
)
"""Columns of `metadata.csv`; `docs/feedback.md` describes each."""

TEXT_COLUMNS: Final = ("file_name", "model", "contributor", "comment", "picture", "original")
"""Columns whose text may start like a formula."""

NOT_A_DIGIT: Final = "not-a-digit"
"""What the column `label` and the folder of a picture without a digit say."""

_NEEDED: Final = frozenset(METADATA_COLUMNS[:11])
"""Columns of every `metadata.csv` of digitlab, also of 0.1."""

_CLOCK_TOLERANCE: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The judged prediction, as the export stored it.

    Attributes:
        probabilities: ten calibrated probabilities.
        refused: digitlab saw no digit.
        remembered: an earlier correction had answered.
        original: the picture's path within the export; empty if the export has none.
        picture_sha256: SHA-256 of the picture's bytes or pixels, in hex.
        digit_image: the model's input; uint8 (28, 28).
    """

    probabilities: tuple[float, ...]
    refused: bool
    remembered: bool
    original: str
    picture_sha256: str
    digit_image: DigitImage


@dataclass(frozen=True, kw_only=True)
class StoredVerdict:
    """One row of `metadata.csv`.

    Attributes:
        file_name: the picture's path within the export, with "/"; empty if the format leaves
            its picture out.
        label: the true digit; None for a verdict without one.
        verdict: the person's verdict.
        predicted: the digit that was predicted.
        confidence: calibrated probability of `predicted`.
        model: the version that predicted.
        time: time of the verdict; aware.
        contributor: name of the person.
        comment: the person's comment.
        picture: the picture's own name.
        box: x, y, width, height in pixels.
        evidence: the rest of the prediction; None in an export of digitlab 0.1.
    """

    file_name: str
    label: int | None
    verdict: Verdict
    predicted: int
    confidence: float
    model: str
    time: datetime
    contributor: str
    comment: str
    picture: str
    box: Box
    evidence: Evidence | None


def is_metadata(text: str) -> bool:
    """Tell whether a text is a `metadata.csv` of digitlab, by its first line."""
    header = next(csv.reader(text.splitlines()[:1]), [])
    return set(header) >= _NEEDED


def write_metadata(file: IO[str], rows: Iterable[tuple[Entry, str, str]]) -> None:
    """Write entries, each with its `file_name` and `original`.

    Args:
        file: opened with `newline=""`, in UTF-8.
        rows: the entry, the path of its picture within the export, and the path of the original;
            each path may be empty.
    """
    writer = csv.writer(file)
    writer.writerow(METADATA_COLUMNS)
    for entry, file_name, original in rows:
        values = {
            "file_name": file_name,
            "label": NOT_A_DIGIT if entry.label is None else entry.label,
            "verdict": entry.verdict,
            "predicted": entry.predicted,
            "confidence": repr(float(entry.confidence)),
            "model": entry.model,
            "time": entry.time.isoformat(),
            "contributor": entry.contributor,
            "comment": entry.comment,
            "picture": entry.name,
            "box": " ".join(map(str, entry.box)),
            "id": entry.id,
            "probabilities": " ".join(repr(float(p)) for p in entry.probabilities),
            "refused": int(entry.refused),
            "remembered": int(entry.remembered),
            "original": original,
            "picture_sha256": entry.picture_sha256,
            "digit_image": _encode(entry.digit_image),
        }
        values |= {name: neutralise(str(values[name])) for name in TEXT_COLUMNS}
        writer.writerow([values[name] for name in METADATA_COLUMNS])


def read_metadata(text: str, shown: str) -> Iterator[tuple[int, StoredVerdict | str]]:
    """Read the rows of a `metadata.csv`.

    Args:
        text: the file's content.
        shown: its name in messages.

    Yields:
        The line, and the row or the reason why it cannot be read.

    Raises:
        DataError: the file is not a table.
    """
    reader = csv.DictReader(_lines(text), restval="")
    try:
        for row in reader:
            try:
                yield reader.line_num, _to_verdict(row)
            except (ValueError, OverflowError) as error:
                yield reader.line_num, f"{shown}, line {reader.line_num}: {error}"
    except csv.Error as error:
        raise DataError(
            f"{shown}, line {reader.line_num}: not a table ({error}); expected the metadata.csv "
            "of an export.",
            path=shown,
            row=reader.line_num,
            expected="the metadata.csv of an export",
        ) from error


def _lines(text: str) -> Iterator[str]:
    """Split at line feeds alone, as the csv module expects it from a file."""
    return iter(re.findall(r"[^\n]*\n|[^\n]+", text))


def _to_verdict(row: Mapping[str, str]) -> StoredVerdict:
    """Return the verdict in a row.

    Raises:
        ValueError: a value is missing or out of its range; the message says which.
    """
    row = {name: restore(text) if name in TEXT_COLUMNS else text for name, text in row.items()}
    verdict = row["verdict"]
    if verdict not in VERDICTS:
        raise ValueError(f"the verdict is {verdict[:40]!r}; expected one of {', '.join(VERDICTS)}")
    label = None if row["label"] == NOT_A_DIGIT else _integer(row, "label", 9)
    if (label is None) != (verdict in {"not-a-digit", "unsure"}):
        raise ValueError(f"the verdict {verdict} cannot have the label {row['label']}")
    box = [int(value) for value in row["box"].split()]
    if len(box) != 4 or min(box) < 0 or max(box) >= 2**31:  # x, y, width, height
        raise ValueError(f"the box is {row['box'][:40]!r}; expected four numbers")
    return StoredVerdict(
        file_name=row["file_name"],
        label=label,
        verdict=cast(Verdict, verdict),
        predicted=_integer(row, "predicted", 9),
        confidence=_share(row["confidence"]),
        model=row["model"],
        time=_time(row["time"]),
        contributor=row["contributor"],
        comment=row["comment"],
        picture=row["picture"],
        box=(box[0], box[1], box[2], box[3]),
        evidence=_evidence(row) if "digit_image" in row else None,
    )


def _evidence(row: Mapping[str, str]) -> Evidence:
    missing = sorted(set(METADATA_COLUMNS) - row.keys())
    if missing:
        raise ValueError(f"the column {missing[0]} is missing")
    probabilities = tuple(_share(value) for value in row["probabilities"].split())
    if len(probabilities) != 10:  # one for each digit
        raise ValueError(f"{len(probabilities)} probabilities; expected 10")
    if not re.fullmatch(r"[0-9a-f]{64}", row["picture_sha256"]):
        raise ValueError("picture_sha256 is no SHA-256 in hex")
    return Evidence(
        probabilities=probabilities,
        refused=bool(_integer(row, "refused", 1)),
        remembered=bool(_integer(row, "remembered", 1)),
        original=row["original"],
        picture_sha256=row["picture_sha256"],
        digit_image=_decode(row["digit_image"]),
    )


def _integer(row: Mapping[str, str], name: str, largest: int) -> int:
    if not re.fullmatch(r"[0-9]", row[name]) or int(row[name]) > largest:
        raise ValueError(f"{name} is {row[name][:40]!r}; expected 0 to {largest}")
    return int(row[name])


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1 or math.isnan(value):
        raise ValueError(f"a probability is {text[:40]!r}; expected 0 to 1")
    return value


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    if time > datetime.now(UTC) + _CLOCK_TOLERANCE:
        raise ValueError(f"the time {text[:40]} is in the future")
    return time


def _encode(image: DigitImage) -> str:
    return base64.b64encode(zlib.compress(image.tobytes(), 9)).decode("ascii")


def _decode(text: str) -> DigitImage:
    size = 28 * 28
    try:
        compressed = base64.b64decode(text, validate=True)
        data = zlib.decompressobj().decompress(compressed, size + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"the digit image cannot be unpacked ({error})") from error
    if len(data) != size:
        raise ValueError(f"the digit image has {len(data)} bytes or more; expected {size}")
    return np.frombuffer(data, np.uint8).reshape(28, 28)
