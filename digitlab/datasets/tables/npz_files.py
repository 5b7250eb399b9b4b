"""NPZ files: arrays chosen by name, with every header checked before data is read."""

from __future__ import annotations

import math
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets.tables.labelled_pictures import LabelledPictures, from_arrays
from digitlab.datasets.tables.limits import (
    LIMITS,
    BoundedStream,
    first_line,
    open_regular_file,
    open_zip,
    table_error,
)
from digitlab.errors import DataError

_PICTURE_NAMES: Final = frozenset(
    {"x", "image", "images", "img", "imgs", "data", "features", "pixels", "pictures", "inputs"}
)
_LABEL_NAMES: Final = frozenset(
    {"y", "label", "labels", "target", "targets", "class", "classes", "digits", "t"}
)
_PARTS: Final = {
    "test": "test",
    "testing": "test",
    "t10k": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "train": "training",
    "training": "training",
}
_PREDICTED: Final = frozenset(
    {
        *("pred", "preds", "predict", "predicted", "prediction", "predictions", "hat", "yhat"),
        *("prob", "probs", "proba", "probabilities", "score", "scores", "logits", "confidence"),
    }
)
"""Words in the names of arrays that hold a model's answers."""

_NO_LABEL_NAMES: Final = frozenset(
    {"id", "ids", "idx", "index", "indices", "writer", "writers", "user", "users", "weight"}
    | {"weights", "fold", "folds", "split", "group", "groups", "age", "ages"}
)
"""Words in the names of arrays with one number for each picture that is no label."""

_PREFERENCE: Final = ("test", "", "validation", "training")
_VERSIONS: Final = ((1, 0), (2, 0), (3, 0))  # of the .npy format
_EXPECTED: Final = "an .npz file with pictures x and labels y (or x_test and y_test)"


@dataclass(frozen=True)
class _Header:
    """What the header of a stored array says, and how many bytes it takes."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[Any]
    length: int


def read_npz(path: Path) -> LabelledPictures:
    """Read pictures and labels from an .npz file.

    The arrays are found by their names: x and y, images and labels, data and target, and so on,
    also with the name of a part. Of several parts the test part is read. An array of other names
    is taken only if the file has exactly two, and their shapes tell pictures from labels.

    Raises:
        DataError: the file is damaged or over a limit, its arrays have other names, shapes or
            types, or a label is not 0-9.
    """
    with _Archive(path) as archive:
        pictures, labels, rules = _choose_arrays(archive)
        others = [name for name in archive.names if name not in (pictures, labels)]
        if others:
            shown = ", ".join(others[:6]) + (", ..." if len(others) > 6 else "")
            rules = (*rules, f"not read: {shown}")
        x, y = archive.read(pictures), archive.read(labels)
    return from_arrays(x, y, source=path, rules=rules)


def read_npz_arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Read arrays of an .npz file by name.

    Raises:
        DataError: the file is not an .npz file, or an array is missing, pickled or over a limit.
    """
    with _Archive(path) as archive:
        missing = [name for name in names if name not in archive.names]
        if missing:
            raise table_error(path, f"has no array {missing[0]!r}", " and ".join(names))
        return {name: archive.read(name) for name in names}


class _Archive:
    """An open .npz file whose arrays are checked before they are read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = open_regular_file(path)
        try:
            self._members = self._list_members()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> _Archive:
        return self

    def __exit__(self, *error: object) -> None:
        self._zip.close()
        self._file.close()

    @property
    def names(self) -> list[str]:
        """Names of the arrays, in the file's order."""
        return list(self._members)

    def header(self, name: str) -> _Header:
        """Return the header of an array; see `read`."""
        with self._open(name) as member:
            return self._header(name, member)

    def read(self, name: str) -> NDArray[Any]:
        """Return an array.

        Raises:
            DataError: it is damaged, pickled or over a limit.
        """
        with self._open(name) as member:
            header = self._header(name, member)
            size = math.prod(header.shape) * header.dtype.itemsize
            data = bytearray(size)
            view, filled = memoryview(data), 0
            while filled < size:
                count = member.readinto(view[filled : filled + 1_000_000])
                if not count:
                    raise self._error(name, f"ends after {filled:,} of {size:,} bytes")
                filled += count
            member.read(1)  # at the end, zipfile compares the checksum
        array = np.frombuffer(data, header.dtype)
        return array.reshape(header.shape, order="F" if header.fortran_order else "C")

    def _list_members(self) -> dict[str, zipfile.ZipInfo]:
        self._file.seek(0)
        if self._file.read(6) == b"\x93NUMPY":
            raise table_error(
                self.path,
                "is a single .npy array without labels",
                _EXPECTED,
                hint="Save both with numpy.savez(file, x=pictures, y=labels).",
            )
        self._file.seek(0)
        self._zip = open_zip(self._file, self.path, _EXPECTED)
        infos = [info for info in self._zip.infolist() if info.filename.endswith(".npy")]
        members = {info.filename.removesuffix(".npy"): info for info in infos}
        if len(members) < len(infos):
            raise table_error(self.path, "has two arrays of the same name", _EXPECTED)
        if not members:
            raise table_error(self.path, "holds no array", _EXPECTED)
        return members

    def _open(self, name: str) -> BoundedStream:
        info = self._members[name]
        if info.flag_bits & 1:
            raise self._error(name, "is encrypted")
        try:
            source = self._zip.open(info)
        except Exception as error:  # zipfile raises many types over broken bytes
            raise self._error(name, f"cannot be unpacked ({first_line(error)})") from error
        return BoundedStream(source, self.path, max_bytes=None)

    def _header(self, name: str, member: BoundedStream) -> _Header:
        start = _CountedReader(member)
        try:
            version = np.lib.format.read_magic(start)
            if version not in _VERSIONS:
                raise ValueError(f"unknown version {version[0]}.{version[1]}")
            if version == (1, 0):
                header = np.lib.format.read_array_header_1_0(start)
            else:
                header = np.lib.format.read_array_header_2_0(start)
        except DataError:
            raise
        except Exception as error:  # numpy parses a header as Python and raises many types
            raise self._error(name, f"has a damaged header ({first_line(error)})") from error
        shape, fortran_order, dtype = header
        if dtype.hasobject:
            raise self._error(name, "is pickled (dtype object), which can run programs")
        if dtype.kind not in "biufUS" or any(length < 0 for length in shape):
            raise self._error(name, f"is {dtype} {shape}")
        size = math.prod(shape) * dtype.itemsize
        stored = self._members[name].file_size - start.count
        if size > LIMITS.max_array_bytes:
            raise self._error(
                name,
                f"is {dtype} {shape}, {size / 1e6:,.0f} MB",
                f"at most {LIMITS.max_array_bytes / 1e6:,.0f} MB",
            )
        if size != stored:
            raise self._error(
                name,
                f"is {dtype} {shape} by its header but has {stored:,} bytes of data",
                f"{size:,} bytes",
            )
        return _Header(shape, fortran_order, dtype, start.count)

    def _error(self, name: str, found: str, expected: str = "an array of numbers") -> DataError:
        shown = name if len(name) <= 40 else f"{name[:37]}..."
        return table_error(self.path, f"its array {shown!r} {found}", expected)


class _CountedReader:
    """Count the bytes that numpy reads of a header."""

    def __init__(self, file: BoundedStream) -> None:
        self._file = file
        self.count = 0

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes."""
        data = self._file.read(size) or b""
        self.count += len(data)
        return data


def _choose_arrays(archive: _Archive) -> tuple[str, str, tuple[str, ...]]:
    """Return the names of pictures and labels, and the rule that chose them."""
    by_role: dict[tuple[str, str], list[str]] = {}
    for name in archive.names:
        role, part = _role_of(name)
        by_role.setdefault((role, part), []).append(name)
    for part in _PREFERENCE:
        pictures, labels = by_role.get(("pictures", part), []), by_role.get(("labels", part), [])
        if len(pictures) == 1 and len(labels) == 1:
            prefix = f"the {part} part, " if part else ""
            return pictures[0], labels[0], (f"{prefix}{pictures[0]} with labels {labels[0]}",)
        if pictures and labels:
            break  # several of one role: a guess
    words = {word for name in archive.names for word in _words(name)}
    if len(archive.names) == 2 and not words & (_PREDICTED | _NO_LABEL_NAMES):
        chosen = _by_shape(archive, *archive.names)
        if chosen is not None:
            return (*chosen, (f"{chosen[0]} with labels {chosen[1]}, told apart by their shapes",))
    shown = ", ".join(archive.names[:8]) + (", ..." if len(archive.names) > 8 else "")
    raise table_error(
        archive.path, f"has the arrays {shown}", "one array of pictures x and one of labels y"
    )


def _role_of(name: str) -> tuple[str, str]:
    """Return "pictures", "labels" or "" for the name of an array, and its part or ""."""
    words = _words(name)
    part = next((_PARTS[word] for word in words if word in _PARTS), "")
    rest = [word for word in words if word not in _PARTS]
    if _PREDICTED.intersection(rest):
        return "", part
    if len(rest) == 1 and part == "":  # xtest, trainlabels
        for word in sorted(_PARTS, key=len, reverse=True):
            for inner in (rest[0].removesuffix(word), rest[0].removeprefix(word)):
                if inner != rest[0] and inner in _PICTURE_NAMES | _LABEL_NAMES:
                    rest, part = [inner], _PARTS[word]
                    break
    if any(word in _LABEL_NAMES for word in rest):
        return "labels", part
    if any(word in _PICTURE_NAMES for word in rest):
        return "pictures", part
    return "", part


def _words(name: str) -> list[str]:
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.rpartition("/")[2])
    return [word for word in re.split(r"[^a-z0-9]+", split.lower()) if word]


def _by_shape(archive: _Archive, first: str, second: str) -> tuple[str, str] | None:
    """Return which of two arrays holds the pictures and which the labels; None if unclear."""
    for pictures, labels in ((first, second), (second, first)):
        x, y = archive.header(pictures).shape, archive.header(labels).shape
        if len(x) >= 2 and math.prod(x[1:]) >= 64 and (len(y) == 1 or y[1:] in ((1,), (10,))):
            return pictures, labels
    return None
