"""VerdictButtons: a verdict with one click or key, its comment, its receipt and undo."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from digitlab.widgets.state.browser_messages import listen
from digitlab.widgets.state.session import Session
from digitlab.widgets.state.visit_items import last_added
from digitlab.widgets.views import assets


class VerdictButtons(anywidget.AnyWidget):
    """The verdict on the item in view, which the browser sends through the grid's model.

    Messages from the browser: "ready".

    Attributes:
        visit_id: see `Session`.
        receipt: effect of the last verdict or undo that the kernel carried out.
        can_undo: True when this visit added a verdict that is in force.
        ready: True when the view is in a browser.
    """

    _esm = assets.script("command_queue", "visit", "comment_field", "verdict_buttons")
    _css = assets.style("verdict_buttons")

    visit_id = traitlets.Unicode().tag(sync=True)
    receipt = traitlets.Unicode().tag(sync=True)
    can_undo = traitlets.Bool(False).tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__(visit_id=session.visit_id)
        self._session = session
        listen(self, session, {"ready": lambda *_: setattr(self, "ready", True)})
        session.observe(self._show, ["items", "notice"])
        self._show()

    def _show(self, _: Any = None) -> None:
        with self.hold_sync():
            self.receipt = self._session.notice
            self.can_undo = last_added(self._session.items) is not None
