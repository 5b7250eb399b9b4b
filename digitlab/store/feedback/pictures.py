"""The originals that people gave, kept once each under the hash of their content."""

from __future__ import annotations

import hashlib
import os
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from digitlab.errors import StoreError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_SHA256 = re.compile(r"[0-9a-f]{64}")


class PictureStorage:
    """Content-addressed files below one fsspec URL: `ab/abcdef….bin`.

    Making one touches nothing: the file system is opened at the first use. A file is written
    beside its place and moved, so that another process never reads half a picture.

    Attributes:
        url: the folder's address, for example "file:///home/ann/pictures" or "memory://x".
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def put(self, data: bytes) -> str:
        """Keep `data`; return its SHA-256 in hex. The same bytes again change nothing."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        try:
            if self._fs.exists(path) and self._fs.size(path) == len(data):
                return sha256
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            aside = f"{path}.{os.getpid()}-{os.urandom(4).hex()}.part"
            self._fs.pipe_file(aside, data)
            self._fs.mv(aside, path)
        except OSError as error:
            raise StoreError(
                f"A picture cannot be kept in {self.url}: {error.strerror or error}.",
                place=self.url,
            ) from error
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes with that SHA-256.

        Raises:
            StoreError: they were never kept, were deleted, or are damaged.
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
        """Whether a picture with that SHA-256 is kept; its content is not checked."""
        return bool(self._fs.exists(self._path(sha256)))

    def delete(self, sha256: str) -> None:
        """Remove the picture; one that is not there is no error."""
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

    @property
    def _fs(self) -> AbstractFileSystem:
        return self._opened[0]

    @property
    def _root(self) -> str:
        return self._opened[1]

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs  # opening a ledger to read needs no file system

        try:
            fs, root = url_to_fs(_local_path(self.url))
        except (ImportError, ValueError) as error:
            raise StoreError(
                f"The picture storage {self.url} cannot be opened: {error}.", place=self.url
            ) from error
        return fs, str(root).rstrip("/")


def _local_path(url: str) -> str:
    """`url`, or the path that a file URL names: fsspec leaves its %20 and %C3%A4 undecoded."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        return url
    return url2pathname(parts.path)
