"""Banner: the session's error, which screen readers announce at once, and why nothing is kept."""

from __future__ import annotations

import anywidget
import traitlets

from digitlab.widgets.state.browser_messages import listen
from digitlab.widgets.state.session import Session
from digitlab.widgets.views import assets


class Banner(anywidget.AnyWidget):
    """The session's error, and the reason why nothing is kept; no room is taken without them.

    Messages from the browser: "close" (error: the sentence that the person saw), "ready".

    Attributes:
        visit_id: see `Session`.
        error: the sentence; empty when there is no error.
        not_kept: why nothing can be stored, in a sentence; empty if it can. It cannot be closed.
        ready: True when the view is in a browser.
    """

    _esm = assets.script("command_queue", "visit", "banner")
    _css = assets.style("banner")

    visit_id = traitlets.Unicode().tag(sync=True)
    error = traitlets.Unicode().tag(sync=True)
    not_kept = traitlets.Unicode().tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__(visit_id=session.visit_id)
        self._session = session
        listen(
            self,
            session,
            {
                "close": lambda content, _: self._close_error(content["error"]),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )
        for name in ("error", "not_kept"):
            traitlets.dlink((session, name), (self, name))

    def _close_error(self, error: str) -> None:
        """Clear the error that the person saw; a later one stays."""
        if error == self._session.error:
            self._session.dismiss_error()
