"""Feedback written for other programs: labelled folders, Kaggle's CSV, the old app's names."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from digitlab.errors import FeedbackError, StoreError
from digitlab.store.feedback.pictures import PictureStorage
from digitlab.store.feedback.types import Entry

if TYPE_CHECKING:
    from digitlab.store.feedback.reader import FeedbackReader

ExportFormat = Literal["imagefolder", "csv", "incorrect_predictions"]

EXPORT_FORMATS: Final[tuple[str, ...]] = get_args(ExportFormat)

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
)
"""Columns of an image folder's `metadata.csv`."""


def export(
    store: FeedbackReader,
    path: str | os.PathLike[str],
    format: ExportFormat = "imagefolder",
) -> int:
    """Write the accepted feedback for other programs, whole or not at all.

    - "imagefolder": `<digit>/<hash>.<ext>` and `not-a-digit/<hash>.<ext>`, with `metadata.csv`.
    - "csv": a row `label,pixel0,…,pixel783` of each digit image, as Kaggle's `train.csv`;
      without what is not a digit.
    - "incorrect_predictions": the misread pictures under the old app's names,
      `<right>_<id>_not_<read>_<name>`.

    A picture is written as it was given when the original is kept and holds one digit only;
    else the 28x28 digit image takes its place, as PNG.

    Args:
        store: whose accepted verdicts to write.
        path: the file to make for "csv", else the folder; what holds something is refused.
        format: see above.

    Returns:
        How many pictures were written.

    Raises:
        FeedbackError: there is no such format, or the place holds something already.
        StoreError: the place cannot be written, or an original is damaged.
    """
    if format not in EXPORT_FORMATS:
        raise FeedbackError(f"Expected one of {', '.join(EXPORT_FORMATS)}, got {format!r}.")
    target = Path(path).absolute()
    if format == "csv":
        if target.exists():
            raise FeedbackError(f"Expected a new file, {target} is there already.")
    elif target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FeedbackError(f"Expected a new or empty folder, {target} holds something already.")
    entries = store.accepted()
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if format == "csv":
            written = _write_csv(entries, aside)
        else:
            aside.mkdir()
            write = _write_imagefolder if format == "imagefolder" else _write_legacy
            written = write(entries, _Files(entries, store.pictures), aside)
            if target.exists():
                target.rmdir()
        os.replace(aside, target)
    except OSError as error:
        raise StoreError(
            f"The feedback cannot be written to {target}: {error.strerror or error}.",
            place=str(target),
        ) from error
    finally:
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                aside.unlink()
    return written


class _Files:
    """The bytes to write for an entry: the original, or else the digit image as PNG."""

    def __init__(self, entries: Sequence[Entry], pictures: PictureStorage) -> None:
        self._pictures = pictures
        self._said: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
        for entry in entries:
            self._said[entry.picture_sha256].add((entry.box, entry.label))

    def of(self, entry: Entry) -> tuple[bytes, str, str]:
        """Content, hash and extension with its dot."""
        sha256 = entry.picture_sha256
        # A picture of several digits, or one that people disagree on, is no labelled example.
        whole = len(self._said[sha256]) == 1
        if whole and self._pictures.exists(sha256):
            data = self._pictures.get(sha256)
            return data, sha256, _extension(data)
        return _png(entry), entry.digit_sha256, ".png"


def _write_csv(entries: Sequence[Entry], path: Path) -> int:
    rows = [entry for entry in entries if entry.label is not None]
    with path.open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file)
        writer.writerow(["label", *(f"pixel{n}" for n in range(784))])
        writer.writerows([entry.label, *entry.digit_image.ravel().tolist()] for entry in rows)
    return len(rows)


def _write_imagefolder(entries: Sequence[Entry], files: _Files, folder: Path) -> int:
    names = set()
    with (folder / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(METADATA_COLUMNS)
        for entry in entries:
            data, sha256, extension = files.of(entry)
            label = "not-a-digit" if entry.label is None else str(entry.label)
            name = f"{label}/{sha256}{extension}"
            if name not in names:  # several people may have judged the same picture
                names.add(name)
                (folder / label).mkdir(exist_ok=True)
                (folder / name).write_bytes(data)
            writer.writerow(
                [
                    name,
                    label,
                    entry.verdict,
                    entry.predicted,
                    f"{entry.confidence:.4f}",
                    entry.model,
                    entry.time.isoformat(),
                    entry.contributor,
                    entry.comment,
                    entry.name,
                    " ".join(map(str, entry.box)),
                    entry.id,
                ]
            )
    return len(names)


def _write_legacy(entries: Sequence[Entry], files: _Files, folder: Path) -> int:
    wrong = [entry for entry in entries if entry.verdict == "wrong"]
    for entry in wrong:
        data, _, extension = files.of(entry)
        stem = Path(re.split(r"[/\\]", entry.name)[-1]).stem
        # Only what every file system takes; the extension says what the content is.
        stem = re.sub(r"[^\w .()-]", "-", stem).encode()[:160].decode(errors="ignore")
        stem = stem.strip(" .") or "picture"
        name = f"{entry.label}_{entry.id}_not_{entry.predicted}_{stem}{extension}"
        (folder / name).write_bytes(data)
    return len(wrong)


def _png(entry: Entry) -> bytes:
    from PIL import Image  # only an export without originals draws

    file = io.BytesIO()
    Image.fromarray(entry.digit_image).save(file, "PNG")
    return file.getvalue()


def _extension(data: bytes) -> str:
    """Return the suffix for the content; the name that a person gave may be wrong."""
    from digitlab.images.formats import format_of  # digitlab.images loads Pillow

    picture_format = format_of(data)
    return ".bin" if picture_format is None else picture_format.suffixes[0]
