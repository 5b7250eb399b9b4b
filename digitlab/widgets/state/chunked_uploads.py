"""Put uploaded pictures together from chunks.

The browser sends one chunk at a time and waits for its acknowledgement, so a picture of any
size passes through a websocket of any limit. Each upload has its own id, so that two uploads at
the same time (two tabs, a view that was closed half-way) cannot mix.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from typing import Final

from digitlab.errors import DigitlabError, ImageError

CHUNK_BYTES: Final = 1 << 20
"""Bytes in one message; the browser gets the number from here."""

MAX_UNFINISHED: Final = 2
"""Unfinished uploads that are kept; one more drops the oldest."""


class UploadError(DigitlabError):
    """An upload that cannot continue; the person has to send the picture again."""


@dataclass
class _Upload:
    size: int
    data: io.BytesIO = field(default_factory=io.BytesIO)


class ChunkedUploads:
    """The unfinished uploads of one page.

    Args:
        max_bytes: size of the largest picture that is accepted.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._unfinished: dict[str, _Upload] = {}

    def receive(self, upload_id: str, chunk: bytes, *, size: int, offset: int) -> bytes | None:
        """Add a chunk and return the whole picture after its last chunk, else None.

        Args:
            upload_id: id of the upload, chosen by the browser.
            chunk: the bytes from `offset` on.
            size: the picture's full size in bytes.
            offset: position of the chunk in the picture; 0 starts or restarts the upload.

        Raises:
            ImageError: the picture is larger than the limit.
            UploadError: a chunk before this one is missing, or the chunks have more bytes than
                `size`.
        """
        self.check_size(max(size, offset + len(chunk)))
        if offset == 0:
            self._start(upload_id, size)
        upload = self._unfinished.get(upload_id)
        if upload is None or upload.data.tell() != offset or offset + len(chunk) > upload.size:
            self._unfinished.pop(upload_id, None)
            raise UploadError("It did not arrive whole; please send it again.")
        upload.data.write(chunk)
        if upload.data.tell() < upload.size:
            return None
        del self._unfinished[upload_id]
        return upload.data.getvalue()

    def check_size(self, size: int) -> None:
        """Raise ImageError when a picture of `size` bytes is over the limit."""
        if size > self.max_bytes:
            raise ImageError(
                f"This file has {math.ceil(size / 1e5) / 10:g} MB; pictures of up to "
                f"{self.max_bytes / 1e6:g} MB can be read. Please send a smaller one.",
                code="too-large",
            )

    def drop(self, upload_id: str) -> None:
        """Forget an upload that the person stopped."""
        self._unfinished.pop(upload_id, None)

    def _start(self, upload_id: str, size: int) -> None:
        self._unfinished.pop(upload_id, None)
        while len(self._unfinished) >= MAX_UNFINISHED:
            del self._unfinished[next(iter(self._unfinished))]
        self._unfinished[upload_id] = _Upload(size)
