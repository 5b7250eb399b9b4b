"""Readers of labelled digits in the files that people have: IDX, NPZ and Kaggle's CSV.

Each reader trusts nothing: what is wrong is a DataError that names the file, the row and
what was expected. Nothing is unpickled.
"""

from __future__ import annotations

import gzip
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import DataError

UInt8 = NDArray[np.uint8]

_KAGGLE_HEADER = ["label", *(f"pixel{i}" for i in range(784))]
_IDX_UBYTE = 0x08


def read_maybe_gzipped(path: Path) -> bytes:
    """The bytes of a file, unpacked if they are gzip's.

    Raises:
        DataError: the file is missing or its gzip stream is broken.
    """
    data = _read(path)
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path}: a broken gzip file ({error}); fetch it again.",
            path=str(path),
            expected="a whole gzip stream",
        ) from error


def read_idx(path: Path) -> UInt8:
    """An IDX file of unsigned bytes, plain or gzipped, as an array of its own shape.

    Source: the file format section of Y. LeCun's MNIST page: two zero bytes, a type code,
    the number of dimensions, the sizes as big-endian uint32, then the values.

    Raises:
        DataError: the header is not IDX, the type is not ubyte, or the length does not fit.
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
            f"{path}: its header promises {expected:,} bytes for the shape {shape}, "
            f"the file has {len(data):,}.",
            path=str(path),
            expected=f"{expected} bytes",
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def read_npz(path: Path) -> tuple[UInt8, UInt8]:
    """Pictures `x`, uint8 (N, H, W), and labels `y`, (N,), from an .npz file.

    Raises:
        DataError: an array is missing, pickled, or of another type or shape, or a label
            is not 0-9.
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
    wrong = np.flatnonzero((y < 0) | (y > 9))
    if len(wrong):
        row = int(wrong[0])
        raise _label_error(path, row + 1, y[row])
    return x, y.astype(np.uint8)


def read_npz_arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """The named arrays of an .npz file; pickled ones are refused.

    Raises:
        DataError: the file is not an .npz, or an array is missing or pickled.
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
            f"{path}: cannot be read as .npz without pickling ({error}).",
            path=str(path),
            expected=f"an .npz file with {', '.join(names)}",
        ) from error


def read_kaggle_csv(path: Path) -> tuple[UInt8, UInt8]:
    """Digit images and labels from Kaggle's "Digit Recognizer" `train.csv`.

    The first line is `label,pixel0,...,pixel783`; each further line one digit image.

    Returns:
        Digit images, uint8 (N, 28, 28), and labels, uint8 (N,).

    Raises:
        DataError: another header, a row with another number of fields, or a value that is
            not a whole number from 0 to 255 (labels: 0 to 9). Rows are counted as lines of
            the file, the header being line 1.
    """
    text = _read(path).decode("utf-8-sig", errors="replace")  # each line reports itself
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
            f"{path}, line {number}: expected whole numbers only ({error}).",
            path=str(path),
            row=number,
            expected="whole numbers",
        ) from error
    if not 0 <= values[0] <= 9:
        raise _label_error(path, number, values[0])
    if values.min() < 0 or values.max() > 255:
        raise DataError(
            f"{path}, line {number}: a pixel outside 0-255.",
            path=str(path),
            row=number,
            expected="pixels from 0 to 255",
        )
    return values


def _read(path: Path, count: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be opened ({error.strerror}).",
            path=str(path),
            expected="a readable file",
        ) from error


def _header_error(path: Path, found: str) -> DataError:
    return DataError(
        f"{path}, line 1: expected Kaggle's header label,pixel0,...,pixel783, found {found!r}.",
        path=str(path),
        row=1,
        expected="label,pixel0,...,pixel783",
    )


def _label_error(path: Path, row: int, found: object) -> DataError:
    return DataError(
        f"{path}, row {row}: the label is {found}; expected a digit from 0 to 9.",
        path=str(path),
        row=row,
        expected="a label from 0 to 9",
    )
