"""Turn what a handler of the page raises into a sentence for the person."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import traitlets

from digitlab.errors import DigitlabError

log = logging.getLogger(__name__)

UNEXPECTED_ERROR: Final = "Something went wrong here; nothing was lost."


class ErrorGuard(traitlets.HasTraits):
    """Base class of state that people or threads change.

    Attributes:
        error: a plain sentence for the person; empty when there is no error.
    """

    error = traitlets.Unicode()

    @contextmanager
    def guard(self, report: Callable[[str], None] | None = None) -> Iterator[None]:
        """Run a handler and report what it raises.

        A `DigitlabError` is reported with its message. Any other exception is a bug: it is
        logged with its traceback and reported as `UNEXPECTED_ERROR`.

        Args:
            report: gets the sentence; None sets the `error` trait.
        """
        report = report or self._set_error
        try:
            yield
        except DigitlabError as error:
            report(str(error))
        except Exception:
            log.exception("a handler of the page failed")
            report(UNEXPECTED_ERROR)

    def dismiss_error(self) -> None:
        """Clear the error after the person has read it."""
        self.error = ""

    def _set_error(self, sentence: str) -> None:
        self.error = sentence
