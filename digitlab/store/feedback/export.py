"""The export of feedback: an image folder, Kaggle's CSV, or the old app's file names."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import shutil
import socket
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, get_args

from digitlab.errors import FeedbackError, StoreError
from digitlab.store.database import ClosesOnExit
from digitlab.store.feedback.metadata import NOT_A_DIGIT, write_metadata
from digitlab.store.feedback.pictures import PictureStorage
from digitlab.store.feedback.types import Entry

ExportFormat = Literal["imagefolder", "csv", "incorrect_predictions"]

EXPORT_FORMATS: Final[tuple[str, ...]] = get_args(ExportFormat)

METADATA_NAME: Final = "metadata.csv"
"""The file in a folder's export with one row for each verdict."""

ORIGINALS_NAME: Final = "originals.zip"
"""The file in a folder's export with the pictures that have no place in its format."""

SIDECAR_SUFFIX: Final = ".feedback.zip"
"""End of the name of the file beside a CSV file with all that CSV cannot hold."""


def export(
    entries: Sequence[Entry],
    pictures: PictureStorage,
    path: str | os.PathLike[str],
    format: ExportFormat = "imagefolder",
) -> int:
    """Write verdicts for other programs and for `feedback import`, completely or not at all.

    - "imagefolder": `<digit>/<hash>.<ext>` and `not-a-digit/<hash>.<ext>`, with `metadata.csv`.
    - "csv": a row `label,pixel0,…,pixel783` per digit image, as Kaggle's `train.csv`; verdicts
      without a digit are only in the file `<name>.feedback.zip` beside it.
    - "incorrect_predictions": the misread pictures under the old app's names,
      `<true digit>_<id>_not_<predicted digit>_<name>`; the other verdicts are only in
      `metadata.csv`.

    A picture is the original if it is stored and shows one digit only, otherwise the 28x28 digit
    image as PNG. Originals that are not among the pictures are in `originals.zip`.

    Args:
        entries: the verdicts to write; `FeedbackStore.accepted()` gives those to learn from.
        pictures: storage of the originals.
        path: the new file for "csv", otherwise a new or empty folder; a new zip file with the
            same content if the name ends in ".zip".
        format: one of `EXPORT_FORMATS`.

    Returns:
        The number of pictures or rows written for other programs.

    Raises:
        FeedbackError: the format is unknown, or `path` exists and is not an empty folder.
        StoreError: `path` cannot be written, or an original is damaged.
    """
    if format not in EXPORT_FORMATS:
        raise FeedbackError(f"Expected one of {', '.join(EXPORT_FORMATS)}, got {format!r}.")
    target = Path(path).absolute()
    is_zip = target.suffix.lower() == ".zip"
    is_file = is_zip or format == "csv"
    targets = [target]
    if format == "csv" and not is_zip:
        targets.insert(0, target.with_name(target.stem + SIDECAR_SUFFIX))
    for new in targets:
        _check_target(new, is_file=is_file)
    # Written beside the target and moved, so that a failed export leaves nothing.
    part = target.with_name(f".{target.name}.{socket.gethostname()}-{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        part.mkdir()
        content = part / "content"
        content.mkdir()
        files = _PictureFiles(entries, pictures)
        if format == "csv":
            count = _write_csv(entries, files, content, target.stem)
        else:
            write = _write_imagefolder if format == "imagefolder" else _write_legacy
            count = write(entries, files, content)
        if is_zip:
            _zip(content, part / "content.zip")
            os.replace(part / "content.zip", target)
        elif format == "csv":
            os.replace(content / f"{target.stem}{SIDECAR_SUFFIX}", targets[0])
            os.replace(content / f"{target.stem}.csv", target)
        else:
            if target.exists():
                target.rmdir()
            os.replace(content, target)
    except OSError as error:
        if format == "csv" and not is_zip and not target.exists():
            with contextlib.suppress(OSError):
                targets[0].unlink()
        raise StoreError.from_os_error(
            f"The feedback cannot be written to {target}", error, place=str(target)
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return count


def _check_target(target: Path, *, is_file: bool) -> None:
    """Check that nothing is overwritten.

    Raises:
        FeedbackError: there is something already.
    """
    if is_file:
        if os.path.lexists(target):
            raise FeedbackError(f"Expected a new file, but {target} exists already.")
    elif os.path.lexists(target) and (not target.is_dir() or any(target.iterdir())):
        raise FeedbackError(f"Expected a new or empty folder, but {target} is not empty.")


def _sweep(target: Path) -> None:
    """Delete what exports to the same target left when they were killed on this machine."""
    import psutil  # os.kill(pid, 0) only asks on POSIX; on Windows it ends the process

    start = f".{target.name}.{socket.gethostname()}-"
    for path in target.parent.iterdir():
        pid = path.name.removeprefix(start).removesuffix(".part")
        if path.name != f"{start}{pid}.part" or not pid.isdecimal():
            continue
        if int(pid) == os.getpid() or not psutil.pid_exists(int(pid)):
            shutil.rmtree(path, ignore_errors=True)


class _PictureFiles:
    """The content of an entry's file: the original picture, or the digit image as PNG."""

    def __init__(self, entries: Sequence[Entry], pictures: PictureStorage) -> None:
        self._pictures = pictures
        self._labelled_boxes: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
        for entry in entries:
            self._labelled_boxes[entry.picture_sha256].add((entry.box, entry.label))

    def content(self, entry: Entry) -> tuple[bytes, str, bool]:
        """Return content, file name by its hash, and whether it is the original."""
        sha256 = entry.picture_sha256
        # A picture with several digits or with contradictory labels is no labelled example.
        if len(self._labelled_boxes[sha256]) == 1 and (data := self.original(entry)):
            return data, sha256 + _extension(data), True
        return _digit_image_png(entry), f"{entry.digit_sha256}.png", False

    def original(self, entry: Entry) -> bytes:
        """Return the bytes of the original picture; empty if none is stored."""
        sha256 = entry.picture_sha256
        return self._pictures.get(sha256) if self._pictures.exists(sha256) else b""


class _Originals(ClosesOnExit):
    """A zip file of original pictures; created with the first file.

    Args:
        path: the zip file.
        place: its name in the metadata, before the names of the pictures in it; may be empty.
        files: the pictures.
    """

    def __init__(self, path: Path, place: str, files: _PictureFiles) -> None:
        self._path = path
        self._place = place
        self._files = files
        self._names: dict[str, str] = {}

    @cached_property
    def archive(self) -> zipfile.ZipFile:
        """The open zip file."""
        return zipfile.ZipFile(self._path, "w")

    def close(self) -> None:
        """Write the zip file's list of entries, if there is a zip file."""
        if "archive" in self.__dict__:
            self.archive.close()

    def add(self, entry: Entry) -> str:
        """Add an entry's original once; return its path in the export, empty if it has none."""
        sha256 = entry.picture_sha256
        if sha256 not in self._names:
            data = self._files.original(entry)
            name = f"{sha256}{_extension(data)}"
            if data:
                self.archive.writestr(name, data)
            self._names[sha256] = self._place + name if data else ""
        return self._names[sha256]


def _write_csv(entries: Sequence[Entry], files: _PictureFiles, folder: Path, stem: str) -> int:
    rows = [entry for entry in entries if entry.label is not None]
    with (folder / f"{stem}.csv").open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file)
        writer.writerow(["label", *(f"pixel{n}" for n in range(784))])
        writer.writerows([entry.label, *entry.digit_image.ravel().tolist()] for entry in rows)
    text = io.StringIO(newline="")
    with _Originals(folder / f"{stem}{SIDECAR_SUFFIX}", "", files) as originals:
        write_metadata(text, ((entry, "", originals.add(entry)) for entry in entries))
        originals.archive.writestr(METADATA_NAME, text.getvalue(), zipfile.ZIP_DEFLATED)
    return len(rows)


def _write_imagefolder(entries: Sequence[Entry], files: _PictureFiles, folder: Path) -> int:
    names = set()
    originals = _Originals(folder / ORIGINALS_NAME, f"{ORIGINALS_NAME}/", files)

    def rows() -> Iterator[tuple[Entry, str, str]]:
        for entry in entries:
            data, file_name, is_original = files.content(entry)
            label = NOT_A_DIGIT if entry.label is None else str(entry.label)
            name = f"{label}/{file_name}"
            if name not in names:  # several people may have judged one picture
                names.add(name)
                (folder / label).mkdir(exist_ok=True)
                (folder / name).write_bytes(data)
            yield entry, name, name if is_original else originals.add(entry)

    _write_table(folder, originals, rows())
    return len(names)


def _write_legacy(entries: Sequence[Entry], files: _PictureFiles, folder: Path) -> int:
    names = []
    originals = _Originals(folder / ORIGINALS_NAME, f"{ORIGINALS_NAME}/", files)

    def rows() -> Iterator[tuple[Entry, str, str]]:
        for entry in entries:
            if entry.verdict != "wrong":
                yield entry, "", originals.add(entry)
                continue
            data, file_name, is_original = files.content(entry)
            name = _legacy_name(entry, Path(file_name).suffix)
            names.append(name)
            (folder / name).write_bytes(data)
            yield entry, name, name if is_original else originals.add(entry)

    _write_table(folder, originals, rows())
    return len(names)


def _write_table(
    folder: Path, originals: _Originals, rows: Iterator[tuple[Entry, str, str]]
) -> None:
    """Write the `metadata.csv` of a folder; the rows write pictures and originals on the way."""
    metadata = folder / METADATA_NAME
    with originals, metadata.open("w", newline="", encoding="utf-8") as file:
        write_metadata(file, rows)


def _legacy_name(entry: Entry, extension: str) -> str:
    stem = Path(re.split(r"[/\\]", entry.name)[-1]).stem
    # Keep the characters that every file system accepts; the extension follows the content.
    stem = re.sub(r"[^\w .()-]", "-", stem).encode()[:160].decode(errors="ignore")
    stem = stem.strip(" .") or "picture"
    return f"{entry.label}_{entry.id}_not_{entry.predicted}_{stem}{extension}"


def _zip(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())


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
