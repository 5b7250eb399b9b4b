"""The error tree of digitlab: every refusal that a caller may want to catch.

    DigitlabError
    ├── ImageError      a picture that cannot be read or is over a limit; has a code
    ├── DataError       a data set, or one row of it, that is not what its format promises
    ├── ModelError      a model version that is missing, damaged or of the wrong shape
    ├── FeedbackError   a verdict that cannot be kept as it was given
    ├── ParameterError  a parameter of a fine-tune that is unknown, mistyped or out of range
    ├── RunError        a fine-tune that cannot go on: cancelled, or its step before is missing
    ├── StoreError      a home, database or storage that cannot be opened or written
    └── ServeError      a dashboard server that cannot start

A message says what was expected, what came and what to do next. The values in it are
attributes too, and every error survives pickling: the message is the only positional
argument, all else is keyword-only and optional.
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
"""All codes of ImageError; `docs/pictures.md` says what each means."""


class DigitlabError(Exception):
    """Base of all errors that digitlab raises on purpose."""


class ImageError(DigitlabError):
    """A picture was refused.

    Attributes:
        code: one of `IMAGE_ERROR_CODES`; stable, meant for programs.
    """

    def __init__(self, message: str, *, code: ImageErrorCode = "not-a-picture") -> None:
        super().__init__(message)
        self.code: ImageErrorCode = code


class DataError(DigitlabError):
    """A data set is not what its format promises.

    Attributes:
        path: the file, as text; empty when it is not known.
        row: the row, image or line at fault, counted from 1; None for the whole file.
        expected: what should have stood there.
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
        version: the version's name; empty when it is not known.
    """

    def __init__(self, message: str, *, version: str = "") -> None:
        super().__init__(message)
        self.version = version


class FeedbackError(DigitlabError):
    """A verdict, an undo or a retraction that cannot be kept as it was given."""


class ParameterError(DigitlabError):
    """A parameter of a fine-tune is unknown, of another type or out of range.

    Attributes:
        parameter: its name; empty when it is not known.
    """

    def __init__(self, message: str, *, parameter: str = "") -> None:
        super().__init__(message)
        self.parameter = parameter


class RunError(DigitlabError):
    """A fine-tune cannot go on.

    Attributes:
        run: its name; empty when it is not known.
    """

    def __init__(self, message: str, *, run: str = "") -> None:
        super().__init__(message)
        self.run = run


class StoreError(DigitlabError):
    """A home, its database or its storage cannot be opened or written.

    Attributes:
        place: the folder or address at fault.
    """

    def __init__(self, message: str, *, place: str = "") -> None:
        super().__init__(message)
        self.place = place


class ServeError(DigitlabError):
    """The dashboard server cannot start, for example because its port is taken."""
