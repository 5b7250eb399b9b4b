"""Readers of labelled digits in common file formats: IDX, NPZ and Kaggle's CSV.

A file that does not match its format raises a DataError with the file, the row, the expected
content and the actual content. No reader unpickles anything.
"""

from __future__ import annotations

import gzip
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import DataError

UInt8 = NDArray[np.uint8]

_KAGGLE_HEADER: Final = ["label", *(f"pixel{i}" for i in range(784))]
_IDX_UBYTE: Final = 0x08  # type code of unsigned bytes


def read_maybe_gzipped(path: Path) -> bytes:
    """Return the bytes of a file, decompressed if it is a gzip file.

    Raises:
        DataError: the file is missing, or its gzip data is broken.
    """
    data = _read(path)
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path}: a broken gzip file ({error}); expected a whole one. Fetch it again.",
            path=str(path),
            expected="a whole gzip file",
        ) from error


def read_idx(path: Path) -> UInt8:
    """Read an IDX file of unsigned bytes, plain or gzipped.

    Source: the file format section of Y. LeCun's MNIST page: two zero bytes, a type code,
    the number of dimensions, the sizes as big-endian uint32, then the values.

    Returns:
        uint8, with the shape in the file's header.

    Raises:
        DataError: the file has another header or type, or its length does not match its header.
    """
    data = read_maybe_gzipped(path)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _IDX_UBYTE or not 1 <= data[3] <= 4:
        raise DataError(
            f"{path}: not an IDX file of unsigned bytes; expected it to begin with 00 00 08 and "
            f"the number of dimensions, found {data[:4].hex(' ') or 'nothing'}.",
            path=str(path),
            expected="IDX header 00 00 08 nn",
        )
    start = 4 + 4 * data[3]
    header = data[4:start].ljust(4 * data[3], b"\0")
    shape = tuple(int(n) for n in np.frombuffer(header, ">u4"))
    expected = start + math.prod(shape)
    if len(data) != expected:
        raise DataError(
            f"{path}: its header promises {expected:,} bytes for the shape {shape}; the file "
            f"has {len(data):,}.",
            path=str(path),
            expected=f"{expected} bytes",
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def read_npz(path: Path) -> tuple[UInt8, UInt8]:
    """Read pictures `x` and labels `y` from an .npz file.

    Returns:
        Pictures, uint8 (N, H, W), and labels, uint8 (N,).

    Raises:
        DataError: an array is missing, pickled, or has another type or shape; or a label is not
            0-9. Rows count from 1.
    """
    arrays = read_npz_arrays(path, ("x", "y"))
    x, y = arrays["x"], arrays["y"]
    if x.dtype != np.uint8 or x.ndim != 3:
        raise DataError(
            f"{path}: x is {x.dtype} {x.shape}; expected uint8 (N, H, W).",
            path=str(path),
            expected="x: uint8 (N, H, W)",
        )
    if y.shape != (len(x),) or y.dtype.kind not in "iu":
        raise DataError(
            f"{path}: y is {y.dtype} {y.shape}; expected {len(x)} whole numbers, one for each "
            "picture in x.",
            path=str(path),
            expected=f"y: integers ({len(x)},)",
        )
    invalid = np.flatnonzero((y < 0) | (y > 9))
    if len(invalid):
        row = int(invalid[0])
        raise _label_error(path, row + 1, y[row])
    return x, y.astype(np.uint8)


def read_npz_arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Read arrays of an .npz file by name.

    Raises:
        DataError: the file is not an .npz file, or an array is missing or pickled.
    """
    _read(path, 4)
    try:
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise ValueError("it is a single .npy array")
        with file:
            return {name: file[name] for name in names}
    except KeyError as error:
        raise DataError(
            f"{path}: has no array {error}; expected {' and '.join(names)}.",
            path=str(path),
            expected=", ".join(names),
        ) from error
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f"{path}: cannot be read as .npz without pickling ({error}); expected an .npz file "
            f"with {' and '.join(names)}.",
            path=str(path),
            expected=f"an .npz file with {', '.join(names)}",
        ) from error


def read_kaggle_csv(path: Path) -> tuple[UInt8, UInt8]:
    """Read digit images and labels from Kaggle's "Digit Recognizer" `train.csv`.

    The first line is `label,pixel0,...,pixel783`. Each other line is one digit image.

    Returns:
        Digit images, uint8 (N, 28, 28), and labels, uint8 (N,).

    Raises:
        DataError: the header differs, a line has another number of fields, or a value is not a
            whole number from 0 to 255 (labels: 0 to 9). The error's row is the line of the file;
            the header is line 1.
    """
    text = _read(path).decode("utf-8-sig", errors="replace")  # the line at fault is reported below
    lines = text.replace('"', "").splitlines()
    header = [name.strip() for name in lines[0].split(",")] if lines else []
    if header != _KAGGLE_HEADER:
        raise _header_error(path, ",".join(header[:3]))
    rows = [(number, line) for number, line in enumerate(lines[1:], 2) if line.strip()]
    values = np.empty((len(rows), 785), np.uint8)
    for i, (number, line) in enumerate(rows):
        values[i] = _kaggle_row(path, number, line)
    return values[:, 1:].reshape(-1, 28, 28), values[:, 0].copy()


def _kaggle_row(path: Path, number: int, line: str) -> NDArray[np.int64]:
    """Return the label and the 784 pixels of a line, int64 (785,), each in its range."""
    fields = line.split(",")
    if len(fields) != 785:
        raise DataError(
            f"{path}, line {number}: {len(fields)} fields; expected 785 (label and 784 pixels).",
            path=str(path),
            row=number,
            expected="785 fields",
        )
    try:
        values = np.array(fields, dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise DataError(
            f"{path}, line {number}: expected only whole numbers ({error}).",
            path=str(path),
            row=number,
            expected="whole numbers",
        ) from error
    if not 0 <= values[0] <= 9:
        raise _label_error(path, number, values[0])
    outside = values[(values < 0) | (values > 255)]
    if len(outside):
        raise DataError(
            f"{path}, line {number}: a pixel is {outside[0]}; expected 0 to 255.",
            path=str(path),
            row=number,
            expected="pixels from 0 to 255",
        )
    return values


def _read(path: Path, count: int = -1) -> bytes:
    """Return the first `count` bytes of a file; all of them if it is -1."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be opened ({error.strerror}); expected a readable file.",
            path=str(path),
            expected="a readable file",
        ) from error


def _header_error(path: Path, header: str) -> DataError:
    return DataError(
        f"{path}, line 1: expected Kaggle's header label,pixel0,...,pixel783; found {header!r}.",
        path=str(path),
        row=1,
        expected="label,pixel0,...,pixel783",
    )


def _label_error(path: Path, row: int, label: object) -> DataError:
    return DataError(
        f"{path}, row {row}: the label is {label}; expected a digit from 0 to 9.",
        path=str(path),
        row=row,
        expected="a label from 0 to 9",
    )
