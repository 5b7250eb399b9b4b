"""The error tree of digitlab: all errors that a caller may want to catch.

    DigitlabError
    ├── ImageError      a picture cannot be read or is over a limit; has a code
    ├── DataError       a data set, or one of its rows, does not match its format
    ├── ModelError      a model version is missing, damaged or of the wrong shape
    ├── FeedbackError   a verdict cannot be stored as given
    ├── ParameterError  a parameter of a fine-tune is unknown, of a wrong type or out of range
    ├── RunError        a fine-tune cannot continue: it was cancelled, or a step is missing
    ├── StoreError      a home, database or storage cannot be opened or written
    └── ServeError      a dashboard server cannot start

A message says what was expected, what was found and what to do next. Its values are also
attributes. Every error can be pickled: the message is the only positional argument, and all
other arguments are keyword-only and optional.
"""

from __future__ import annotations

import errno
from typing import Final, Literal, Self, get_args

ImageErrorCode = Literal[
    "not-found",
    "empty",
    "too-large",
    "too-many-pixels",
    "too-complex",
    "not-a-picture",
    "damaged",
]

IMAGE_ERROR_CODES: Final[tuple[str, ...]] = get_args(ImageErrorCode)
"""All codes of ImageError; `docs/pictures.md` explains them."""

StoreErrorCode = Literal["read-only", "disk-full", "locked", "unreachable", "other"]

STORE_ERROR_CODES: Final[tuple[str, ...]] = get_args(StoreErrorCode)
"""All codes of StoreError. With all but "other", pictures can still be read, and nothing is kept;
"unreachable" stands for a disk or a database server that does not answer."""


NO_SPACE_TEXT: Final = "No space left on device"
"""What the C library says of a full disk; some errors carry only this text."""


class DigitlabError(Exception):
    """Base class of all errors that digitlab raises on purpose."""


class ImageError(DigitlabError):
    """A picture cannot be read.

    Attributes:
        code: one of `IMAGE_ERROR_CODES`; stable, for programs.
    """

    def __init__(self, message: str, *, code: ImageErrorCode = "not-a-picture") -> None:
        super().__init__(message)
        self.code: ImageErrorCode = code


class DataError(DigitlabError):
    """A data set does not match its format.

    Attributes:
        path: the file, as text; empty if unknown.
        row: the row, image or line with the error, counted from 1; None for the whole file.
        expected: the expected content.
    """

    def __init__(
        self, message: str, *, path: str = "", row: int | None = None, expected: str = ""
    ) -> None:
        super().__init__(message)
        self.path = path
        self.row = row
        self.expected = expected


class ModelError(DigitlabError):
    """A model version is missing, damaged or of the wrong shape.

    Attributes:
        version: name of the version; empty if unknown.
    """

    def __init__(self, message: str, *, version: str = "") -> None:
        super().__init__(message)
        self.version = version


class FeedbackError(DigitlabError):
    """A verdict, an undo or a retraction cannot be stored as given."""


class ParameterError(DigitlabError):
    """A parameter of a fine-tune is unknown, of a wrong type or out of range.

    Attributes:
        parameter: name of the parameter; empty if unknown.
    """

    def __init__(self, message: str, *, parameter: str = "") -> None:
        super().__init__(message)
        self.parameter = parameter


class RunError(DigitlabError):
    """A fine-tune cannot continue.

    Attributes:
        run: name of the run; empty if unknown.
    """

    def __init__(self, message: str, *, run: str = "") -> None:
        super().__init__(message)
        self.run = run


class StoreError(DigitlabError):
    """A home, its database or its storage cannot be opened or written.

    Attributes:
        place: the folder or address with the error.
        code: one of `STORE_ERROR_CODES`; stable, for programs.
        reason: the cause without the place, for example "the disk is full".
    """

    def __init__(
        self, message: str, *, place: str = "", code: StoreErrorCode = "other", reason: str = ""
    ) -> None:
        super().__init__(message)
        self.place = place
        self.code: StoreErrorCode = code
        self.reason = reason or message.rstrip(".")

    @classmethod
    def from_os_error(cls, statement: str, error: OSError, *, place: str = "") -> Self:
        """Return the error for a file or folder that the operating system refused.

        Args:
            statement: what failed, without a full stop; the cause is added to it.
            error: from the operating system, or from h5py, whose errors have no number.
            place: the file, folder or address.
        """
        code, reason = _code_and_reason(error)
        return cls(f"{statement}: {reason}.", place=place, code=code, reason=reason)


def is_storage_error(error: OSError) -> bool:
    """Tell whether a disk is full or cannot be written, which is no bug of a program."""
    return _code_and_reason(error)[0] != "other"


def _code_and_reason(error: OSError) -> tuple[StoreErrorCode, str]:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT} or NO_SPACE_TEXT in str(error)
    if full:
        return "disk-full", "the disk is full"
    if error.errno == errno.EROFS:
        return "read-only", "its file system is read-only"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "read-only", "you may not write there"
    if error.errno == errno.EIO:
        return "unreachable", "the disk reports an error"
    if error.errno in {errno.EEXIST, errno.ENOTDIR}:
        return "other", "a file is in the way"
    return "other", str(error.strerror or error)


class NotKeptWarning(UserWarning):
    """A prediction was made in a home that cannot be written, so that no row is stored."""


class ServeError(DigitlabError):
    """The dashboard server cannot start, for example because its port is taken."""
