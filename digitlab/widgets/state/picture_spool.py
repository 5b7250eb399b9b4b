"""Spool: the bytes of a visit's pictures, on disk instead of in the kernel's memory."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass


@dataclass(frozen=True)
class Slot:
    """Where one piece lies in its spool."""

    offset: int
    length: int


NOTHING = Slot(0, 0)
"""The slot of no bytes."""


class Spool:
    """An unnamed temporary file that pieces are appended to.

    The system removes the file with the process, even when a kernel is killed, so nothing
    is left behind when a tab is closed.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the visit
        self._end = 0

    def put(self, data: bytes) -> Slot:
        """Append `data`; the slot brings it back."""
        self._file.seek(self._end)
        self._file.write(data)
        slot = Slot(self._end, len(data))
        self._end += len(data)
        return slot

    def get(self, slot: Slot) -> bytes:
        """The bytes that were put into `slot`."""
        self._file.seek(slot.offset)
        return self._file.read(slot.length)

    def close(self) -> None:
        """Give the file back to the system."""
        self._file.close()
