"""Turn what a handler of the page raises into a sentence for the person."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import traitlets

from digitlab.errors import DigitlabError, StoreError, is_storage_error
from digitlab.widgets.state.server_paths import without_paths

log = logging.getLogger(__name__)

UNEXPECTED_ERROR: Final = "Something went wrong here; nothing was lost."


class ErrorGuard(traitlets.HasTraits):
    """Base class of state that people or threads change.

    Attributes:
        error: a plain sentence for the person; empty when there is no error.
        private_folders: folders of the server whose names may contain spaces.
    """

    private_folders: tuple[str, ...] = ()

    error = traitlets.Unicode()

    @contextmanager
    def guard(self, report: Callable[[str], None] | None = None) -> Iterator[None]:
        """Run a handler and report what it raises.

        A `DigitlabError` is reported with its message, without the server's paths; the log has
        them. So is a disk that is full or cannot be written. Any other exception is a bug: it
        is logged with its traceback and reported as `UNEXPECTED_ERROR`.

        Args:
            report: gets the sentence; None sets the `error` trait.
        """
        report = report or self._set_error
        try:
            yield
        except DigitlabError as error:
            sentence = self.without_paths(str(error))
            if sentence != str(error):
                log.warning("the page reports an error without its paths: %s", error)
            report(sentence)
        except Exception as error:
            if isinstance(error, OSError) and is_storage_error(error):
                log.warning("a handler of the page failed: %s", error)
                report(str(StoreError.from_os_error("The server cannot store this", error)))
                return
            log.exception("a handler of the page failed")
            report(UNEXPECTED_ERROR)

    def without_paths(self, text: str) -> str:
        """Return a text in which each path of the server is only its last part."""
        return without_paths(text, self.private_folders)

    def dismiss_error(self) -> None:
        """Clear the error after the person has read it."""
        self.error = ""

    def _set_error(self, sentence: str) -> None:
        self.error = sentence
