"""PictureStorage: original pictures, each stored once under the hash of its content."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from digitlab.errors import StoreError
from digitlab.private_files import make_folder, write_file

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PART_AGE_S: Final = 3600.0
"""Age from which an unfinished file is a leftover, in seconds; writing one takes a moment."""

_SHA256 = re.compile(r"[0-9a-f]{64}")

_HOST: Final = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
"""This machine in the name of an unfinished file: another one cannot look for its process."""

_PART = re.compile(r"\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.part$")


class PictureStorage:
    """Content-addressed files below an fsspec URL: `ab/abcdef….bin`.

    The file system is opened at the first use. A file is written under another name and then
    moved, so that no process ever reads half a picture.

    Attributes:
        url: the folder's address, for example "file:///home/ann/pictures" or "memory://x".
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._swept = False

    def put(self, data: bytes) -> str:
        """Store a picture; return the SHA-256 of its bytes in hex.

        Bytes that are stored already are not written again.

        Raises:
            StoreError: the storage cannot be written.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        try:
            if self._fs.exists(path) and self._fs.size(path) == len(data):
                return sha256
            part = f"{path}.{_HOST}-{os.getpid()}-{os.urandom(4).hex()}.part"
            if self._is_local:
                self._sweep_once()
                make_folder(Path(path).parent)
                write_file(Path(part), data)
                os.replace(part, path)
                return sha256
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            try:
                self._fs.pipe_file(part, data)
                self._fs.mv(part, path)
            except BaseException:
                with contextlib.suppress(Exception):  # its first error counts
                    self._fs.rm_file(part)
                raise
        except OSError as error:
            raise StoreError.from_os_error(
                f"A picture cannot be stored in {self.url}", error, place=self.url
            ) from error
        return sha256

    def sweep(self, *, now: float | None = None) -> int:
        """Delete unfinished files of processes that died; return how many.

        A file is unfinished when its process runs no more on this machine, or when it is older
        than `PART_AGE_S`. Storage that is not a local folder stays as it is.

        Args:
            now: seconds since 1970; None for the current time.
        """
        swept = 0
        if self._is_local:
            for part in Path(self._root).glob("??/*.part"):
                with contextlib.suppress(OSError):  # another process may sweep, too
                    if _is_leftover(part, time.time() if now is None else now):
                        part.unlink()
                        swept += 1
        return swept

    def get(self, sha256: str) -> bytes:
        """Return the bytes with this SHA-256.

        Raises:
            StoreError: they are not stored or are damaged.
        """
        path = self._path(sha256)
        try:
            data = bytes(self._fs.cat_file(path))
        except FileNotFoundError as error:
            raise StoreError(
                f"The picture {sha256[:12]}… is not in {self.url}.", place=path
            ) from error
        except OSError as error:
            raise StoreError(
                f"The picture {path} cannot be read: {error.strerror or error}.", place=path
            ) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(
                f"The picture {path} is damaged: its content no longer has the hash in its name.",
                place=path,
            )
        return data

    def exists(self, sha256: str) -> bool:
        """Tell whether a picture with this SHA-256 is stored; its content is not checked."""
        return bool(self._fs.exists(self._path(sha256)))

    def delete(self, sha256: str) -> None:
        """Remove a picture if it is stored.

        Raises:
            StoreError: the file cannot be deleted.
        """
        path = self._path(sha256)
        try:
            self._fs.rm_file(path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(
                f"The picture {path} cannot be deleted: {error.strerror or error}.", place=path
            ) from error

    def _path(self, sha256: str) -> str:
        if not _SHA256.fullmatch(sha256):
            raise StoreError(
                f"Expected a SHA-256 as 64 hex digits, got {sha256!r}.", place=self.url
            )
        return f"{self._root}/{sha256[:2]}/{sha256}.bin"

    def _sweep_once(self) -> None:
        if not self._swept:
            self._swept = True
            self.sweep()

    @property
    def _is_local(self) -> bool:
        return "file" in self._fs.protocol

    @property
    def _fs(self) -> AbstractFileSystem:
        return self._opened[0]

    @property
    def _root(self) -> str:
        return self._opened[1]

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs  # a store that only reads rows needs no file system

        try:
            fs, root = url_to_fs(_local_path(self.url))
        except (ImportError, ValueError) as error:
            raise StoreError(
                f"The picture storage {self.url} cannot be opened: {error}.", place=self.url
            ) from error
        return fs, str(root).rstrip("/")


def _local_path(url: str) -> str:
    """Return the path of a file URL, decoded because fsspec does not; other URLs as they are."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        return url
    return url2pathname(parts.path)


def _is_leftover(part: Path, now: float) -> bool:
    """Tell whether no process will finish the file."""
    if now - part.stat().st_mtime > PART_AGE_S:
        return True
    match = _PART.search(part.name)
    if match is None or match[1] != _HOST:
        return False
    import psutil  # os.kill(pid, 0) only asks on POSIX; on Windows it ends the process

    return not psutil.pid_exists(int(match[2]))
