"""The reading page as Jupyter widgets: views, one a file, around one Session."""

from digitlab.widgets.page import Page
from digitlab.widgets.state.session import Session

__all__ = ["Page", "Session"]
