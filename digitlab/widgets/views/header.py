"""Header: the name of the page, the version of the model that serves, and who judges."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from digitlab.widgets.state.messages import listen
from digitlab.widgets.state.session import MAX_CONTRIBUTOR, Session
from digitlab.widgets.views import assets


class Header(anywidget.AnyWidget):
    """Name, version, and the field "judged by".

    The browser keeps the contributor's name and makes one up at the first visit. Messages
    from it: "contributor" (name), "ready".
    """

    _esm = assets.script("header")
    _css = assets.style("header")

    model_version = traitlets.Unicode().tag(sync=True)
    contributor = traitlets.Unicode().tag(sync=True)
    longest = traitlets.Int(MAX_CONTRIBUTOR).tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        listen(
            self,
            session,
            {
                "contributor": lambda content, _: session.name_contributor(content["name"]),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )
        session.observe(self._show, ["model", "contributor"])
        self._show()

    def _show(self, _: Any = None) -> None:
        with self.hold_sync():
            self.model_version = self._session.model
            self.contributor = self._session.contributor
