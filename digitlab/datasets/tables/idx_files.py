"""IDX files, plain or gzipped: one array, or a pair of pictures and labels."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets.tables.labelled_pictures import LabelledPictures, from_arrays
from digitlab.datasets.tables.labels import read_labels
from digitlab.datasets.tables.limits import LIMITS, open_unpacked, table_error

UInt8 = NDArray[np.uint8]

_UBYTE: Final = 0x08  # type code of unsigned bytes
_SUBFOLDERS: Final = (".", "raw", "MNIST/raw", "mnist/raw", "mnist", "MNIST")
_EMNIST_HINT: Final = "EMNIST has digits in its files digits and mnist."
_NAME: Final = re.compile(r"(images|labels)\D*idx\d", re.IGNORECASE)


def read_unpacked(path: Path) -> bytes:
    """Return the bytes of a file, decompressed if it is a gzip file.

    Raises:
        DataError: the file is missing, over a limit, or its gzip data is broken.
    """
    with open_unpacked(path) as file:
        return _read_up_to(file, LIMITS.max_array_bytes, path)


def read_idx(path: Path) -> UInt8:
    """Read an IDX file of unsigned bytes, plain or gzipped.

    Source: the file format section of Y. LeCun's MNIST page: two zero bytes, a type code,
    the number of dimensions, the sizes as big-endian uint32, then the values.

    Returns:
        uint8, with the shape in the file's header.

    Raises:
        DataError: the file has another header or type, its length does not match its header, or
            it is over a limit.
    """
    with open_unpacked(path) as file:
        start = _read_exactly(file, 4)
        if len(start) < 4 or start[:2] != b"\0\0" or start[2] != _UBYTE or not 1 <= start[3] <= 4:
            raise table_error(
                path,
                f"begins with {start.hex(' ') or 'nothing'}, so it is not an IDX file of unsigned "
                "bytes",
                "00 00 08 and the number of dimensions",
            )
        header = _read_exactly(file, 4 * start[3])
        if len(header) < 4 * start[3]:
            raise table_error(path, "ends within its header", f"{start[3]} sizes of 4 bytes")
        shape = tuple(int(n) for n in np.frombuffer(header, ">u4"))
        size = math.prod(shape)
        if size > LIMITS.max_array_bytes:
            raise table_error(
                path,
                f"its header promises {size:,} bytes for the shape {shape}",
                f"at most {LIMITS.max_array_bytes:,}",
            )
        data = _read_exactly(file, size + 1)
    if len(data) != size:
        more = " or more" if len(data) > size else ""
        raise table_error(
            path,
            f"its header promises {size:,} values for the shape {shape}; it has "
            f"{len(data):,}{more}",
            f"{size:,} values",
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def is_idx_name(name: str) -> bool:
    """Return whether a file name is that of IDX pictures or labels, as MNIST's are named."""
    return _NAME.search(name) is not None


def read_idx_pair(path: Path) -> LabelledPictures:
    """Read a pair of IDX files: the one at `path`, and its partner in the same folder.

    The partner has the same name with "labels" in place of "images" (or the other way round);
    dots, dashes and `.gz` may differ: `t10k-images-idx3-ubyte.gz` and `t10k-labels.idx1-ubyte`.

    Raises:
        DataError: the name has no such word, the partner is missing, or the files do not match.
    """
    if not is_idx_name(path.name):
        raise table_error(
            path,
            "is an IDX file whose name does not say what it holds",
            "a name such as t10k-images-idx3-ubyte beside t10k-labels-idx1-ubyte",
        )
    partner = _find_partner(path)
    images, labels = (path, partner) if "images" in path.name.lower() else (partner, path)
    return _read_pair(images, labels)


def find_idx_pair(folder: Path) -> Path | None:
    """Return the IDX pictures in a folder, or in the subfolders that torchvision makes.

    Of several pairs, the test pictures (`t10k` or `test` in the name) are chosen.

    Returns:
        None if the folder has none.

    Raises:
        DataError: it has several pairs, and not exactly one of them is for tests.
    """
    for subfolder in _SUBFOLDERS:
        place = folder / subfolder
        if not place.is_dir():
            continue
        files = sorted(
            file
            for file in place.iterdir()
            if is_idx_name(file.name) and "images" in file.name.lower() and file.is_file()
        )
        by_key = {_key(file.name): file for file in reversed(files)}  # prefer the unpacked one
        if len(by_key) > 1:
            tests = [key for key in by_key if re.search(r"t10k|test", key)]
            if len(tests) != 1:
                raise table_error(
                    folder,
                    f"holds {len(by_key)} IDX files of pictures ({', '.join(sorted(by_key))})",
                    "one pair, or the path of one file",
                )
            return by_key[tests[0]]
        if by_key:
            return next(iter(by_key.values()))
    return None


def _read_pair(images: Path, labels: Path) -> LabelledPictures:
    if "letters" in images.name.lower():
        raise table_error(images, "holds letters by its name", "digits", hint=_EMNIST_HINT)
    x, y = read_idx(images), read_idx(labels)
    if x.ndim != 3 or y.ndim != 1:
        wrong = images if x.ndim != 3 else labels
        shape, expected = (x.shape, "(N, H, W)") if x.ndim != 3 else (y.shape, "(N,)")
        raise table_error(wrong, f"has the shape {shape}", expected)
    if len(x) != len(y):
        raise table_error(
            images,
            f"has {len(x):,} pictures, and {labels.name} has {len(y):,} labels",
            "one label for each picture",
        )
    rule = f"IDX pictures {images.name} with labels {labels.name}"
    return from_arrays(x, read_labels(y, labels), source=images, rules=(rule,))


def _find_partner(path: Path) -> Path:
    key = _key(path.name)
    wanted = (
        key.replace("images", "labels").replace("idx3", "idx1")
        if "images" in key
        else key.replace("labels", "images").replace("idx1", "idx3")
    )
    partners = sorted(
        file for file in path.parent.iterdir() if _key(file.name) == wanted and file.is_file()
    )
    if not partners:
        raise table_error(
            path, f"has no partner {wanted} in its folder", "both files in one folder"
        )
    return partners[0]


def _key(name: str) -> str:
    return re.sub(r"[._]", "-", name.lower().removesuffix(".gz"))


def _read_exactly(file: BinaryIO, size: int) -> bytes:
    """Return the next `size` bytes, or all that are left."""
    parts = []
    while size > 0:
        part = file.read(min(size, 1_000_000))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _read_up_to(file: BinaryIO, limit: int, path: Path) -> bytes:
    data = _read_exactly(file, limit + 1)
    if len(data) > limit:
        raise table_error(path, f"has more than {limit:,} bytes", "a smaller file")
    return data
