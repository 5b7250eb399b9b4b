"""Keep the bytes of a visit's pictures on disk instead of in the kernel's memory."""

from __future__ import annotations

import contextlib
import errno
import io
import tempfile
from dataclasses import dataclass
from typing import Final

from digitlab.errors import StoreError


@dataclass(frozen=True)
class Slot:
    """Position of one piece of data in its spool, in bytes."""

    offset: int
    length: int


MEMORY_BYTES: Final = 64_000_000
"""Largest amount of data that stays in memory while the temporary folder is full."""

EMPTY_SLOT: Final = Slot(0, 0)
"""The slot of no bytes."""


class PictureSpool:
    """An unnamed temporary file to which pieces of data are appended.

    The operating system removes the file with the process, even when the kernel is killed, so
    nothing is left behind when a person closes a tab. What does not fit on the disk stays in
    memory, up to `MEMORY_BYTES`.
    """

    def __init__(self) -> None:
        self._file: io.FileIO | None = None
        self._end = 0
        self._in_memory: dict[Slot, bytes] = {}
        with contextlib.suppress(OSError):
            # Unbuffered: a full disk must show when the data is written.
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  as long as the visit

    def put(self, data: bytes) -> Slot:
        """Append `data` and return the slot from which `get` reads it.

        Raises:
            StoreError: neither the disk nor the memory has room for it.
        """
        try:
            self._append(data)
        except OSError as error:
            in_memory = sum(map(len, self._in_memory.values()))
            if in_memory + len(data) > MEMORY_BYTES:
                raise StoreError.from_os_error(
                    "This visit has no room for another picture", error
                ) from error
            slot = Slot(-1 - len(self._in_memory), len(data))
            self._in_memory[slot] = data
            return slot
        slot = Slot(self._end, len(data))
        self._end += len(data)
        return slot

    def get(self, slot: Slot) -> bytes:
        """Return the bytes in `slot`."""
        if slot in self._in_memory:
            return self._in_memory[slot]
        if self._file is None or not slot.length:
            return b""
        self._file.seek(slot.offset)
        return self._file.read(slot.length) or b""

    def close(self) -> None:
        """Close the file, which removes it."""
        self._in_memory.clear()
        if self._file is not None:
            self._file.close()

    def _append(self, data: bytes) -> None:
        if self._file is None:
            raise FileNotFoundError(errno.ENOENT, "there is no temporary folder")
        self._file.seek(self._end)
        rest = memoryview(data)
        while rest:  # one call may write less
            rest = rest[self._file.write(rest) :]
