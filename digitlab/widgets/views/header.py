"""Header: the name of the page, the serving model version and the name of the person."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from digitlab.widgets.state.browser_messages import listen
from digitlab.widgets.state.session import MAX_CONTRIBUTOR_LENGTH, Session
from digitlab.widgets.views import assets


class Header(anywidget.AnyWidget):
    """The page's name, the model version, and the field "judged by".

    The browser remembers the contributor's name and makes one up at the first visit. Messages
    from the browser: "contributor" (name), "ready".

    Attributes:
        model_version: name of the version that answers.
        contributor: name of the person who judges.
        max_length: longest name of a contributor, in characters.
        ready: True when the view is in a browser.
    """

    _esm = assets.script("header")
    _css = assets.style("header")

    model_version = traitlets.Unicode().tag(sync=True)
    contributor = traitlets.Unicode().tag(sync=True)
    max_length = traitlets.Int(MAX_CONTRIBUTOR_LENGTH).tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        listen(
            self,
            session,
            {
                "contributor": lambda content, _: session.set_contributor(content["name"]),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )
        session.observe(self._show, ["model", "contributor"])
        self._show()

    def _show(self, _: Any = None) -> None:
        with self.hold_sync():
            self.model_version = self._session.model
            self.contributor = self._session.contributor
