"""Zip files of pictures: their pictures and tables, unpacked into a temporary folder."""

from __future__ import annotations

import lzma
import re
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from digitlab.datasets.folder_files import PICTURE_SUFFIXES, TABLE_SUFFIXES
from digitlab.datasets.tables.idx_files import is_idx_name
from digitlab.errors import DataError, StoreError, is_storage_error

MAX_ENTRIES: Final = 200_000
"""Most entries in a zip file."""

MAX_DIRECTORY_BYTES: Final = 40_000_000
"""Largest list of entries that is read, in bytes; an entry takes 46 and its name."""

MAX_UNPACKED_BYTES: Final = 2_000_000_000
"""Most bytes that a zip file is unpacked to."""

MAX_RATIO: Final = 200
"""Highest ratio of unpacked to packed bytes, above `FREE_BYTES`."""

FREE_BYTES: Final = 100_000_000
"""Unpacked bytes up to which the ratio does not matter."""

_STEP: Final = 1 << 20  # bytes copied at once
_LONGEST_NAME: Final = 250  # bytes of a folder's or file's name; disks take 255


@contextmanager
def open_folder(path: Path) -> Iterator[Path]:
    """Open a folder, or the content of a zip file as a temporary folder.

    Of a zip file, only pictures, tables, IDX files and zip files are unpacked, under names that
    stay in the folder. Links and hidden files are left out.

    Args:
        path: a folder, or a file whose name ends in ".zip".

    Yields:
        The folder. A temporary one is deleted at the end.

    Raises:
        DataError: the zip file cannot be read, is encrypted or damaged, contains a path that
            leads out of it or the same path twice, or is larger than the limits.
        StoreError: the disk with the temporary folders is full.
    """
    if path.is_dir() or path.suffix.lower() != ".zip":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="digitlab-zip-") as name:
        folder = Path(name).resolve()
        try:
            _unpack(path, folder)
        except OSError as error:
            if is_storage_error(error):
                statement = f"{path} cannot be unpacked into {folder.parent}"
                raise StoreError.from_os_error(statement, error, place=str(folder)) from error
            raise _refusal(path, f"cannot be unpacked ({_cause(error)})") from error
        except (EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:
            raise _refusal(path, f"cannot be unpacked ({_cause(error)})") from error
        except (ValueError, RuntimeError, NotImplementedError, struct.error) as error:
            raise _refusal(path, f"is damaged or in an unknown form ({_cause(error)})") from error
        yield folder


def _unpack(path: Path, folder: Path) -> None:
    if not stat.S_ISREG(path.stat().st_mode):
        raise _refusal(path, "is no regular file")
    packed = path.stat().st_size
    with path.open("rb") as file:
        _check_directory(path, file)
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise _refusal(path, f"has {len(entries):,} entries, more than {MAX_ENTRIES:,}")
            written: set[PurePosixPath] = set()
            limit = left = min(MAX_UNPACKED_BYTES, max(FREE_BYTES, MAX_RATIO * packed))
            for entry in entries:
                target = _target(path, entry)
                if target is None:
                    continue
                if target in written:
                    raise _refusal(path, f"contains {entry.filename} twice")
                written.add(target)
                if entry.flag_bits & 1:
                    raise _refusal(path, f"is encrypted ({entry.filename})")
                (folder / target).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, (folder / target).open("xb") as copy:
                    left -= _copy(source, copy, left)
                if left < 0:
                    sizes = f"{packed / 1e6:,.1f} MB and unpacks to more than {limit / 1e6:,.0f} MB"
                    raise _refusal(path, f"has {sizes}")


def _copy(source: IO[bytes], copy: IO[bytes], limit: int) -> int:
    """Copy a file, but no more than a few bytes above the limit; return the bytes copied."""
    done = 0
    while done <= limit and (data := source.read(_STEP)):
        copy.write(data)
        done += len(data)
    return done


def _target(path: Path, entry: zipfile.ZipInfo) -> PurePosixPath | None:
    """Return the path below the folder for an entry; None for one that is left out.

    Raises:
        DataError: the entry's path leads out of the zip file.
    """
    parts = [part for part in re.split(r"[/\\]", entry.filename) if part not in {"", "."}]
    is_absolute = entry.filename.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", entry.filename)
    if ".." in parts or is_absolute:
        raise _refusal(path, f"contains the path {entry.filename}, which leads out of it")
    mode = entry.external_attr >> 16
    is_file = not entry.is_dir() and stat.S_IFMT(mode) in {0, stat.S_IFREG}
    if not is_file or any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return None
    suffix = PurePosixPath(parts[-1]).suffix
    is_wanted = suffix.lower() in PICTURE_SUFFIXES | TABLE_SUFFIXES | {".zip"}
    if not is_wanted and not is_idx_name(parts[-1]):
        return None
    # Names in another encoding or with characters that a file system refuses are rewritten.
    names = [re.sub(r'[\x00-\x1f\x7f<>:"|?*]', "-", part) for part in parts]
    *folders, name = names
    name = _shortened(name.removesuffix(suffix), _LONGEST_NAME - len(suffix)) + suffix
    return PurePosixPath(*(_shortened(folder, _LONGEST_NAME) for folder in folders), name)


def _shortened(name: str, size: int) -> str:
    """Return a name of at most `size` bytes that the file system can encode."""
    return name.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")


def _check_directory(path: Path, file: IO[bytes]) -> None:
    """Check the size of the list of entries, which zipfile reads as a whole.

    Source: APPNOTE.TXT, 4.3.14 to 4.3.16 (end of central directory, also of ZIP64).
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_557))  # the record with the longest comment
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0:
        raise _refusal(path, "is not a zip file")
    (directory,) = struct.unpack_from("<L", tail, place + 12)
    if directory == 0xFFFFFFFF:
        locator = tail.rfind(b"PK\x06\x07", 0, place)
        (offset,) = struct.unpack_from("<Q", tail, locator + 8) if locator >= 0 else (size,)
        file.seek(min(offset, size))
        record = file.read(56)
        (directory,) = struct.unpack_from("<Q", record.ljust(56, b"\xff"), 40)
    if directory > min(size, MAX_DIRECTORY_BYTES):
        raise _refusal(path, f"has a list of entries of {directory:,} bytes")
    file.seek(0)


def _refusal(path: Path, problem: str) -> DataError:
    return DataError(
        f"{path}: {problem}; expected a plain zip file of pictures. Unpack it and name the folder.",
        path=str(path),
        expected="a zip file of pictures",
    )


def _cause(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror or error or type(error).__name__).rstrip(".")
