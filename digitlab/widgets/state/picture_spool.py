"""Keep the bytes of a visit's pictures on disk instead of in the kernel's memory."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Slot:
    """Position of one piece of data in its spool, in bytes."""

    offset: int
    length: int


EMPTY_SLOT: Final = Slot(0, 0)
"""The slot of no bytes."""


class PictureSpool:
    """An unnamed temporary file to which pieces of data are appended.

    The operating system removes the file with the process, even when the kernel is killed, so
    nothing is left behind when a person closes a tab.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  open as long as the visit
        self._end = 0

    def put(self, data: bytes) -> Slot:
        """Append `data` and return the slot from which `get` reads it."""
        self._file.seek(self._end)
        self._file.write(data)
        slot = Slot(self._end, len(data))
        self._end += len(data)
        return slot

    def get(self, slot: Slot) -> bytes:
        """Return the bytes in `slot`."""
        self._file.seek(slot.offset)
        return self._file.read(slot.length)

    def close(self) -> None:
        """Close the file, which removes it."""
        self._file.close()
