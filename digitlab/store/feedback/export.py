"""The export of feedback: an image folder, Kaggle's CSV, or the old app's file names."""

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
from typing import Any, Final, Literal, get_args

from digitlab.errors import FeedbackError, StoreError
from digitlab.store.feedback.pictures import PictureStorage
from digitlab.store.feedback.types import Entry

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
"""Columns of `metadata.csv` in an image folder."""


def export(
    entries: Sequence[Entry],
    pictures: PictureStorage,
    path: str | os.PathLike[str],
    format: ExportFormat = "imagefolder",
) -> int:
    """Write verdicts for other programs, completely or not at all.

    - "imagefolder": `<digit>/<hash>.<ext>` and `not-a-digit/<hash>.<ext>`, with `metadata.csv`.
    - "csv": a row `label,pixel0,…,pixel783` per digit image, as Kaggle's `train.csv`; verdicts
      without a digit are left out.
    - "incorrect_predictions": the misread pictures under the old app's names,
      `<true digit>_<id>_not_<predicted digit>_<name>`.

    The export contains the original picture if it is stored and shows one digit only, otherwise
    the 28x28 digit image as PNG.

    Args:
        entries: the verdicts to write; `FeedbackStore.accepted()` gives those to learn from.
        pictures: storage of the originals.
        path: the new file for "csv", otherwise a new or empty folder.
        format: one of `EXPORT_FORMATS`.

    Returns:
        The number of pictures written.

    Raises:
        FeedbackError: the format is unknown, or `path` exists and is not an empty folder.
        StoreError: `path` cannot be written, or an original is damaged.
    """
    if format not in EXPORT_FORMATS:
        raise FeedbackError(f"Expected one of {', '.join(EXPORT_FORMATS)}, got {format!r}.")
    target = Path(path).absolute()
    if format == "csv":
        if target.exists():
            raise FeedbackError(f"Expected a new file, but {target} exists already.")
    elif target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FeedbackError(f"Expected a new or empty folder, but {target} is not empty.")
    # Written beside the target and moved, so that a failed export leaves nothing.
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if format == "csv":
            count = _write_csv(entries, part)
        else:
            part.mkdir()
            write = _write_imagefolder if format == "imagefolder" else _write_legacy
            count = write(entries, _PictureFiles(entries, pictures), part)
            if target.exists():
                target.rmdir()
        os.replace(part, target)
    except OSError as error:
        raise StoreError(
            f"The feedback cannot be written to {target}: {error.strerror or error}.",
            place=str(target),
        ) from error
    finally:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                part.unlink()
    return count


class _PictureFiles:
    """The content of an entry's file: the original picture, or the digit image as PNG."""

    def __init__(self, entries: Sequence[Entry], pictures: PictureStorage) -> None:
        self._pictures = pictures
        self._labelled_boxes: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
        for entry in entries:
            self._labelled_boxes[entry.picture_sha256].add((entry.box, entry.label))

    def content(self, entry: Entry) -> tuple[bytes, str, str]:
        """Return content, hash, and file extension with its dot."""
        sha256 = entry.picture_sha256
        # A picture with several digits or with contradictory labels is no labelled example.
        has_one_label = len(self._labelled_boxes[sha256]) == 1
        if has_one_label and self._pictures.exists(sha256):
            data = self._pictures.get(sha256)
            return data, sha256, _extension(data)
        return _digit_image_png(entry), entry.digit_sha256, ".png"


def _write_csv(entries: Sequence[Entry], path: Path) -> int:
    rows = [entry for entry in entries if entry.label is not None]
    with path.open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file)
        writer.writerow(["label", *(f"pixel{n}" for n in range(784))])
        writer.writerows([entry.label, *entry.digit_image.ravel().tolist()] for entry in rows)
    return len(rows)


def _write_imagefolder(entries: Sequence[Entry], files: _PictureFiles, folder: Path) -> int:
    names = set()
    with (folder / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(METADATA_COLUMNS)
        for entry in entries:
            data, sha256, extension = files.content(entry)
            label = "not-a-digit" if entry.label is None else str(entry.label)
            name = f"{label}/{sha256}{extension}"
            if name not in names:  # several people may have judged one picture
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


def _write_legacy(entries: Sequence[Entry], files: _PictureFiles, folder: Path) -> int:
    misread = [entry for entry in entries if entry.verdict == "wrong"]
    for entry in misread:
        data, _, extension = files.content(entry)
        stem = Path(re.split(r"[/\\]", entry.name)[-1]).stem
        # Keep the characters that every file system accepts; the extension follows the content.
        stem = re.sub(r"[^\w .()-]", "-", stem).encode()[:160].decode(errors="ignore")
        stem = stem.strip(" .") or "picture"
        name = f"{entry.label}_{entry.id}_not_{entry.predicted}_{stem}{extension}"
        (folder / name).write_bytes(data)
    return len(misread)


def _digit_image_png(entry: Entry) -> bytes:
    from PIL import Image  # the store loads Pillow only here

    png = io.BytesIO()
    Image.fromarray(entry.digit_image).save(png, "PNG")
    return png.getvalue()


def _extension(data: bytes) -> str:
    """Return the file extension for the content; the picture's own name may be wrong."""
    from digitlab.images.formats import format_of  # digitlab.images loads Pillow

    picture_format = format_of(data)
    return ".bin" if picture_format is None else picture_format.suffixes[0]
