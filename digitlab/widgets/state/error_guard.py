"""Guarded: the one guard between what a person or a thread does on the page and its errors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import traitlets

from digitlab.errors import DigitlabError

log = logging.getLogger(__name__)

SORRY = "Something went wrong here; nothing was lost."


class Guarded(traitlets.HasTraits):
    """State whose handlers never lose an error.

    Attributes:
        error: a plain sentence for the person; empty when all is well.
    """

    error = traitlets.Unicode()

    @contextmanager
    def guard(self, told: Callable[[str], None] | None = None) -> Iterator[None]:
        """Run a handler: what it raises becomes a sentence on the page, never a lost traceback.

        Args:
            told: gets the sentence; by default it becomes the `error` trait.
        """
        told = told or self._say_error
        try:
            yield
        except DigitlabError as error:
            told(str(error))
        except Exception:
            log.exception("a handler of the page failed")
            told(SORRY)

    def dismiss(self) -> None:
        """The person has read the error."""
        self.error = ""

    def _say_error(self, sentence: str) -> None:
        self.error = sentence
