"""The CPU time of a reading, checked between its expensive steps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from digitlab.errors import ImageError

DEFAULT_SECONDS: Final = 5.0
"""CPU seconds of one reading, unless the settings say otherwise."""


@dataclass
class _Deadline:
    """The thread's CPU time at which a reading ends, and the seconds that it had."""

    end: float
    seconds: float


_deadline: ContextVar[_Deadline | None] = ContextVar("_deadline", default=None)


@contextmanager
def limit_time(seconds: float) -> Iterator[None]:
    """Limit the CPU time of this thread within the block.

    `check_time` raises when the time is over. Within another such block, the outer limit holds.
    """
    if _deadline.get() is not None:
        yield
        return
    token = _deadline.set(_Deadline(time.thread_time() + seconds, seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def check_time() -> None:
    """Raise an ImageError if the CPU time of the reading is over; do nothing without a limit.

    Raises:
        ImageError: with code "too-complex".
    """
    deadline = _deadline.get()
    if deadline is not None and time.thread_time() > deadline.end:
        raise too_complex(f"needs more than {deadline.seconds:g} seconds of computing time")


def seconds_left() -> float:
    """Return the CPU seconds that remain; the default without a limit."""
    deadline = _deadline.get()
    return DEFAULT_SECONDS if deadline is None else max(0.0, deadline.end - time.thread_time())


def spend_time(seconds: float) -> None:
    """Count the CPU seconds of another process for this reading."""
    deadline = _deadline.get()
    if deadline is not None:
        deadline.end -= seconds


def too_complex(reason: str) -> ImageError:
    """Return the error for a picture that would take too much time or memory.

    Args:
        reason: what the picture has or needs, a verb first.
    """
    return ImageError(
        f"This picture {reason}: crop it to its digits, or save it again as a plain PNG or JPEG, "
        "and try that.",
        code="too-complex",
    )
