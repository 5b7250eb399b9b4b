"""Limits on the files of tables, and how a file is opened within them."""

from __future__ import annotations

import gzip
import io
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from digitlab.errors import DataError
from digitlab.special_files import special_kind


@dataclass(frozen=True, kw_only=True)
class TableLimits:
    """The sizes above which a table is refused.

    They leave room for MNIST's 70,000 and EMNIST's 280,000 digits, and keep a reading below 2 GB
    of memory and 60 s.

    Attributes:
        max_pictures: pictures in a table.
        max_bytes: bytes of a text after decompression.
        max_array_bytes: bytes of one array after decompression.
        max_line_bytes: bytes of one line of a text.
        max_columns: columns of a text.
        max_pixels: width x height of one picture.
        max_front_end: pictures that need the front end, which takes from 2 to 40 ms for each.
        max_members: files in a zip archive.
        max_directory_bytes: bytes of a zip archive's list of files.
    """

    max_pictures: int = 300_000
    max_bytes: int = 1_000_000_000
    max_array_bytes: int = 600_000_000
    max_line_bytes: int = 200_000
    max_columns: int = 5_000
    max_pixels: int = 16_000_000
    max_front_end: int = 30_000
    max_members: int = 1_000
    max_directory_bytes: int = 1_000_000


LIMITS: Final = TableLimits()


def table_error(
    source: object, found: str, expected: str, *, row: int | None = None, hint: str = ""
) -> DataError:
    """Build the error of a table: its name, what was found and what is expected.

    Args:
        source: path or name of the table.
        found: what was found, without a full stop.
        expected: what is expected, without a full stop.
        row: line or row with the error, counted from 1.
        hint: one sentence on what to do next.
    """
    message = f"{source}: {found}; expected {expected}."
    return DataError(
        f"{message} {hint}" if hint else message, path=str(source), row=row, expected=expected
    )


def open_regular_file(path: Path) -> BinaryIO:
    """Open a file for reading; refuse pipes, devices, sockets and folders without waiting.

    Raises:
        DataError: the file is missing, cannot be opened, or is not a regular file.
    """
    try:
        _require_regular(path, os.stat(path).st_mode)
        # O_NONBLOCK: another process may put a named pipe in place after the check.
        descriptor = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise table_error(path, f"cannot be opened ({reason})", "a readable file") from error
    file = _RegularFile(descriptor, path)
    try:
        _require_regular(path, os.fstat(descriptor).st_mode)
    except DataError:
        file.close()
        raise
    return io.BufferedReader(file)


class _RegularFile(io.FileIO):
    """A file whose reading errors name it."""

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__(descriptor, "rb")
        self._path = path

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes into a buffer; return their number, 0 at the end."""
        try:
            return super().readinto(buffer) or 0
        except OSError as error:
            raise table_error(
                self._path, f"cannot be read ({error.strerror})", "a readable file"
            ) from error

    def readall(self) -> bytes:
        """Read all bytes that are left."""
        return b"".join(iter(lambda: io.RawIOBase.read(self, 1_000_000) or b"", b""))


def _require_regular(path: Path, mode: int) -> None:
    if kind := special_kind(mode):
        raise table_error(path, f"is {kind}", "a regular file")


def is_gzip(head: bytes) -> bool:
    """Return whether a file that begins with these bytes is a gzip file."""
    return head.startswith(b"\x1f\x8b")


def open_unpacked(path: Path) -> BinaryIO:
    """Open a file for reading; its contents are decompressed if it is a gzip file.

    Broken gzip data raises DataError while it is read.
    """
    file = open_regular_file(path)
    head = file.read(2)
    file.seek(0)
    if not is_gzip(head):
        return file
    unpacked: Any = gzip.GzipFile(fileobj=file, mode="rb")
    unpacked.myfileobj = file  # closing the one closes the other
    return BoundedStream(unpacked, path, max_bytes=None)  # type: ignore[return-value]


def open_zip(file: BinaryIO, path: Path, expected: str) -> zipfile.ZipFile:
    """Open a zip archive whose list of files is small.

    Args:
        file: the open file.
        path: its name in messages.
        expected: what is expected, for messages.

    Raises:
        DataError: it is no zip archive, is damaged, or holds too many files.
    """
    tail = _tail(file)
    for match in re.finditer(rb"PK\x05\x06|PK\x06\x07", tail):
        size = tail[match.start() + 12 : match.start() + 16]
        is_zip64 = match[0] == b"PK\x06\x07"
        if is_zip64 or int.from_bytes(size, "little") > LIMITS.max_directory_bytes:
            raise table_error(path, "is a zip archive with a long list of files", expected)
    try:
        archive = zipfile.ZipFile(file)
    except DataError:
        raise
    except Exception as error:  # zipfile raises many types over broken bytes
        found = f"is no zip archive, or a damaged one ({first_line(error)})"
        raise table_error(path, found, expected) from error
    count = len(archive.infolist())
    if count > LIMITS.max_members:
        archive.close()
        raise table_error(path, f"holds {count:,} files", f"at most {LIMITS.max_members:,}")
    return archive


def _tail(file: BinaryIO) -> bytes:
    """Return the end of a file, where a zip archive has its list of files' size."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 65_600))
    tail = file.read()
    file.seek(0)
    return tail


class BoundedStream(io.RawIOBase):
    """Bytes of a table while they are read: bounded, and with plain errors.

    Args:
        source: the stream to read from; closed together with this one.
        path: name of the file in messages.
        max_bytes: bytes after decompression; None for no limit.
        max_line_bytes: bytes between two line breaks; None for no limit.
    """

    def __init__(
        self,
        source: Any,
        path: object,
        *,
        max_bytes: int | None,
        max_line_bytes: int | None = None,
    ) -> None:
        self._source = source
        self._path = path
        self._max_bytes = max_bytes
        self._max_line_bytes = max_line_bytes
        self._total = 0
        self._line = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes into a buffer; return their number, 0 at the end.

        Raises:
            DataError: the compressed data is broken, or a limit is exceeded.
        """
        try:
            data: bytes = self._source.read(len(buffer)) or b""
        except DataError:
            raise
        except Exception as error:  # zlib, lzma, zipfile and gzip raise many types
            raise table_error(
                self._path,
                f"cannot be unpacked ({first_line(error)}), it is damaged or incomplete",
                "a whole file",
                hint="Fetch it again.",
            ) from error
        buffer[: len(data)] = data
        self._total += len(data)
        if self._max_bytes is not None and self._total > self._max_bytes:
            raise table_error(
                self._path,
                f"has more than {self._max_bytes / 1e6:,.0f} MB of text",
                "a smaller file",
                hint="Split it.",
            )
        if self._max_line_bytes is not None:
            self._check_lines(data, self._max_line_bytes)
        return len(data)

    def seekable(self) -> bool:
        """Return True: the stream can go back to its start."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go back to the start; no other place is supported."""
        if (offset, whence) != (0, os.SEEK_SET):
            raise io.UnsupportedOperation("only seek(0)")
        self._source.seek(0)
        self._total = self._line = 0
        return 0

    def close(self) -> None:
        """Close the source, too."""
        if not self.closed:
            self._source.close()
        super().close()

    def _check_lines(self, data: bytes, longest: int) -> None:
        step = 65_536
        for start in range(0, len(data), step):
            part = data[start : start + step]
            last_break = max(part.rfind(b"\n"), part.rfind(b"\r"))
            self._line = self._line + len(part) if last_break < 0 else len(part) - last_break - 1
            if self._line > longest:
                raise table_error(
                    self._path,
                    f"has a line of more than {longest:,} bytes",
                    "a table with one digit in each line",
                )


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, shortened, for a message of one line."""
    if isinstance(error, (MemoryError, RecursionError)):
        return "it is nested too deeply or too large"
    message = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    text = " ".join(message.split()) or type(error).__name__
    return text if len(text) <= 120 else f"{text[:117]}..."
