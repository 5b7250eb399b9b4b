"""Banner: the session's error, in a plain sentence that screen readers announce at once."""

from __future__ import annotations

import anywidget
import traitlets

from digitlab.widgets.state.browser_messages import listen
from digitlab.widgets.state.session import Session
from digitlab.widgets.views import assets


class Banner(anywidget.AnyWidget):
    """The session's error; the banner takes no room while there is none.

    Messages from the browser: "close", "ready".

    Attributes:
        error: the sentence; empty when there is no error.
        ready: True when the view is in a browser.
    """

    _esm = assets.script("banner")
    _css = assets.style("banner")

    error = traitlets.Unicode().tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__()
        listen(
            self,
            session,
            {
                "close": lambda *_: session.dismiss_error(),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )
        traitlets.dlink((session, "error"), (self, "error"))
