"""NotebookLab: a lab with its page, which `digitlab.open()` returns."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from digitlab.lab import Lab
from digitlab.settings import Settings

if TYPE_CHECKING:
    from digitlab.widgets import Page


class NotebookLab(Lab):
    """A `Lab` that can also show the reading page."""

    def page(self) -> Page:
        """Return the reading page as a widget for Voilà, JupyterLab or VS Code."""
        from digitlab.widgets import Page  # loads ipywidgets, which predict does not need

        blank = np.zeros((28, 28), np.uint8)
        self.reader().read(blank)  # loads the model before the first picture arrives
        return Page(self)


def open_lab(
    home: str | os.PathLike[str] | None = None,
    *,
    contributor: str | None = None,
    screening: bool = True,
    memory: bool = True,
) -> NotebookLab:
    """Open a home; exported as `digitlab.open`.

    Args:
        home: the folder; it is created if it does not exist. None for `DIGITLAB_HOME`, else
            the checkout, else the user's data directory.
        contributor: name stored with verdicts; None for this machine's user.
        screening: check each correction for label issues when it is given. Pass False to
            import many corrections, and call `screen()` afterwards.
        memory: let stored corrections answer for pictures that resemble theirs. Pass False to
            get the model's own predictions.

    Raises:
        StoreError: the home cannot be opened or written.
    """
    return NotebookLab(
        Settings.load(home), contributor=contributor, screening=screening, memory=memory
    )
