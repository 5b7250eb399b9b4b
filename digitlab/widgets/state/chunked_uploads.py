"""Uploads: pictures that arrive in chunks, put together whatever the order of messages.

The browser sends one chunk at a time and waits for its acknowledgement, so that a picture of
any size passes through a websocket of any limit. Each upload has an id of its own; two that
run at once (two tabs, a view that was closed half-way) cannot mix.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field

from digitlab.errors import DigitlabError, ImageError

CHUNK = 1 << 20
"""Bytes in one message; the browser gets the number from here."""

MAX_AT_ONCE = 2
"""Unfinished uploads that are kept; the oldest is given up for a third."""


class UploadError(DigitlabError):
    """An upload that cannot go on; the picture has to be sent again."""


@dataclass
class _Upload:
    size: int
    data: io.BytesIO = field(default_factory=io.BytesIO)


class Uploads:
    """The unfinished uploads of one page.

    Args:
        max_bytes: the largest picture accepted.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._open: dict[str, _Upload] = {}

    def receive(self, upload: str, chunk: bytes, *, size: int, offset: int) -> bytes | None:
        """Take one chunk; the whole picture when this was its last one, else None.

        Args:
            upload: id of the upload, chosen by the browser.
            chunk: the bytes from `offset` on.
            size: the picture's full size in bytes.
            offset: where the chunk begins; 0 starts the upload (again).

        Raises:
            ImageError: the picture is, or turns out to be, larger than the limit.
            UploadError: a chunk is missing before this one, or more came than announced.
        """
        self.check_size(max(size, offset + len(chunk)))
        if offset == 0:
            self._start(upload, size)
        current = self._open.get(upload)
        if current is None or current.data.tell() != offset or offset + len(chunk) > current.size:
            self._open.pop(upload, None)
            raise UploadError("It did not arrive whole; please send it again.")
        current.data.write(chunk)
        if current.data.tell() < current.size:
            return None
        del self._open[upload]
        return current.data.getvalue()

    def check_size(self, size: int) -> None:
        """Refuse a picture of `size` bytes when that is over the limit."""
        if size > self.max_bytes:
            raise ImageError(
                f"This file has {math.ceil(size / 1e5) / 10:g} MB; pictures of up to "
                f"{self.max_bytes / 1e6:g} MB can be read. Please send a smaller one.",
                code="too-large",
            )

    def drop(self, upload: str) -> None:
        """Forget an upload that the person stopped."""
        self._open.pop(upload, None)

    def _start(self, upload: str, size: int) -> None:
        self._open.pop(upload, None)
        while len(self._open) >= MAX_AT_ONCE:
            del self._open[next(iter(self._open))]
        self._open[upload] = _Upload(size)
