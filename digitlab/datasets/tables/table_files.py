"""The format of a table, found in its first bytes."""

from __future__ import annotations

import codecs
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any, Final

from digitlab.datasets.folder_files import list_files
from digitlab.datasets.tables.csv_files import read_csv
from digitlab.datasets.tables.idx_files import find_idx_pair, read_idx_pair
from digitlab.datasets.tables.labelled_pictures import LabelledPictures
from digitlab.datasets.tables.limits import (
    first_line,
    open_regular_file,
    open_unpacked,
    open_zip,
    table_error,
)
from digitlab.datasets.tables.npz_files import read_npz
from digitlab.errors import DataError
from digitlab.images.formats import format_of, suffixes

EXPECTED_FILES: Final = "a .csv or .npz file, or a pair of IDX files, with pictures and labels"
"""What `read_table` accepts, for messages."""

TEXT_SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt", ".tab", ".data"})
"""Suffixes of texts inside a zip archive."""

_TABLE_ENDS: Final = (".csv", ".tsv", ".npz")

_HEAD_BYTES: Final = 512  # a tar archive's first header

_REFUSED: Final = (
    (b"BZh", "is compressed with bzip2", "Unpack it first."),
    (b"\xfd7zXZ", "is compressed with xz", "Unpack it first."),
    (b"(\xb5/\xfd", "is compressed with Zstandard", "Unpack it first."),
    (b"7z\xbc\xaf", "is a 7z archive", "Unpack it first."),
    (b"Rar!", "is a RAR archive", "Unpack it first."),
    (b"PAR1", "is a Parquet file", "Write it as CSV, or pass the DataFrame to lab.evaluate()."),
    (b"\x89HDF", "is an HDF5 file", "Write its arrays with numpy.savez()."),
    (b"MATLAB", "is a MATLAB file", "Write its arrays with numpy.savez()."),
    (b"\x80", "is a pickle, which can run programs", "Write its arrays with numpy.savez()."),
    (b"%PDF", "is a PDF document", "`digitlab predict` reads pictures."),
    (b"\x7fELF", "is a program", ""),
    (b"@relation", "is an ARFF file", "Save it as CSV."),
    (b"@RELATION", "is an ARFF file", "Save it as CSV."),
    (b"%", "begins with a comment, as ARFF files do", "Save it as CSV."),
    (b"<", "is a web page or XML", "Download the file itself."),
    (b"{", "is JSON", "Save it as CSV."),
    (b"[", "is JSON", "Save it as CSV."),
    (b"version https://git-lfs", "is a Git LFS pointer without the data", "Run git lfs pull."),
)

_REFUSED_ARCHIVES: Final = (
    ("workbook.xml", "is an Excel workbook", "Save it as CSV."),
    ("data.pkl", "is a PyTorch file, which can run programs", "Use numpy.savez()."),
    ("model.weights.h5", "is a Keras model", "`digitlab models import` reads it."),
)
"""Files in zip archives of other formats."""


def read_table(path: Path, *, shown: Path | None = None) -> LabelledPictures:
    """Read a file of labelled digits: CSV, NPZ or an IDX pair, plain or gzipped.

    A CSV file may also be the only one in a zip archive.

    Args:
        path: the file.
        shown: name of its folder in messages, for a temporary one.

    Raises:
        DataError: the file is none of these, damaged, or over a limit.
    """
    try:
        return _read_table(path)
    except DataError as error:
        if shown is None:
            raise
        message = str(error).replace(str(path.parent), str(shown))
        raise DataError(message, path=str(shown), row=error.row, expected=error.expected) from error


def _read_table(path: Path) -> LabelledPictures:
    head = _head(path)
    if not head:
        raise table_error(path, "is empty", EXPECTED_FILES)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY")):
        return _read_archive(path)
    if head[:2] == b"\0\0" and len(head) > 2 and head[2] != 0:
        return read_idx_pair(path)
    if head[257:262] == b"ustar":
        raise table_error(path, "is a tar archive", EXPECTED_FILES, hint="Unpack it first.")
    text_head = head.removeprefix(codecs.BOM_UTF8).lstrip()
    for signature, found, hint in _REFUSED:
        if head.startswith(signature) or text_head.startswith(signature):
            raise table_error(path, found, EXPECTED_FILES, hint=hint)
    picture = format_of(head)
    if picture is not None:
        raise table_error(
            path,
            f"is a {picture.name} picture",
            EXPECTED_FILES,
            hint="`digitlab predict` reads it.",
        )
    if path.name.lower().removesuffix(".gz").endswith(".npz"):
        return read_npz(path)  # refuses it by name
    with open_unpacked(path) as file:
        return read_csv(file, path)


def find_table(folder: Path) -> Path | None:
    """Return the table in a folder: IDX pictures, or its only CSV or NPZ file beside no picture.

    Returns:
        None if the folder has pictures, no table or several.

    Raises:
        DataError: it has several pairs of IDX files, and not exactly one of them is for tests.
    """
    pictures = find_idx_pair(folder)
    if pictures is not None:
        return pictures
    files = list_files(folder)
    if files.pictures:
        return None
    names = [*map(str, files.tables), *(item.name for item in files.left_out)]
    tables = [name for name in names if name.lower().removesuffix(".gz").endswith(_TABLE_ENDS)]
    return folder / tables[0] if len(tables) == 1 else None


def is_table_archive(path: Path) -> bool:
    """Return whether a file is a zip archive that holds arrays or texts and no picture."""
    try:
        with open_regular_file(path) as file, open_zip(file, path, EXPECTED_FILES) as archive:
            found = {PurePosixPath(name).suffix.lower() for name in archive.namelist()}
    except DataError:
        return False
    return not found & suffixes() and bool(found & {".npy", *TEXT_SUFFIXES})


def _head(path: Path) -> bytes:
    with open_unpacked(path) as file:
        return file.read(_HEAD_BYTES) or b""


def _read_archive(path: Path) -> LabelledPictures:
    with open_regular_file(path) as file:
        if file.read(6) == b"\x93NUMPY":
            return read_npz(path)
        file.seek(0)
        with open_zip(file, path, EXPECTED_FILES) as archive:
            members = [
                info
                for info in archive.infolist()
                if not info.is_dir() and "__MACOSX" not in info.filename
            ]
            texts = [
                info
                for info in members
                if PurePosixPath(info.filename).suffix.lower() in TEXT_SUFFIXES
            ]
            if any(info.filename.endswith(".npy") for info in members):
                return read_npz(path)
            for name, found, hint in _REFUSED_ARCHIVES:
                if any(PurePosixPath(info.filename).name == name for info in members):
                    raise table_error(path, found, EXPECTED_FILES, hint=hint)
            if not texts:
                return read_npz(path)  # refuses it
            if len(texts) > 1:
                shown = ", ".join(info.filename for info in texts[:6])
                raise table_error(
                    path,
                    f"holds {len(texts)} texts ({shown})",
                    "one",
                    hint="Unpack the one to read.",
                )
            return _read_member(archive, texts[0], path)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> LabelledPictures:
    if info.flag_bits & 1:
        raise table_error(path, f"its {info.filename} is encrypted", "a zip without password")
    source = f"{path}: {info.filename}"
    try:
        member: Any = archive.open(info)
    except Exception as error:  # zipfile raises many types over broken bytes
        raise table_error(
            path, f"cannot be unpacked ({first_line(error)})", "a whole file"
        ) from error
    with member:
        return read_csv(member, source)
