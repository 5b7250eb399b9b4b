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

from typing import Final, Literal, get_args

ImageErrorCode = Literal[
    "not-found",
    "empty",
    "too-large",
    "too-many-pixels",
    "not-a-picture",
    "damaged",
]

IMAGE_ERROR_CODES: Final[tuple[str, ...]] = get_args(ImageErrorCode)
"""All codes of ImageError; `docs/pictures.md` explains them."""


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
    """

    def __init__(self, message: str, *, place: str = "") -> None:
        super().__init__(message)
        self.place = place


class ServeError(DigitlabError):
    """The dashboard server cannot start, for example because its port is taken."""
