"""Page: all views in one widget, for Voilà and for a notebook alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets  # type: ignore[import-untyped]

from digitlab.widgets.state.run_follower import Learning
from digitlab.widgets.state.session import Session
from digitlab.widgets.views import assets
from digitlab.widgets.views.banner import Banner
from digitlab.widgets.views.fine_tune_panel import Learn
from digitlab.widgets.views.header import Header
from digitlab.widgets.views.picture_input import PictureInput
from digitlab.widgets.views.result import Result
from digitlab.widgets.views.verdict_buttons import Judge
from digitlab.widgets.views.visit_grid import Visit

if TYPE_CHECKING:
    from digitlab.lab import Lab

READY = '<span data-testid="digitlab-ready"></span>'


class Page(ipywidgets.VBox):  # type: ignore[misc]
    """The reading page of a lab.

    The tree of widgets is built here, once; from then on only traits change.

    Attributes:
        session: the state of this visit.
        learning: the fine-tunes of the lab's home.
    """

    def __init__(self, lab: Lab) -> None:
        self.session = session = Session(lab)
        self.header = Header(session)
        self.banner = Banner(session)
        self.picture_input = PictureInput(session)
        self.result = Result(session)
        self.judge = Judge(session)
        self.visit = Visit(session)
        self.learning = Learning(lab, session)
        self.learn = Learn(session, self.learning)
        answer = ipywidgets.VBox([self.result, self.judge])
        answer.add_class("dl-answer-card")
        desk = ipywidgets.VBox([self.picture_input, answer, self.visit, self.learn])
        desk.add_class("dl-desk")
        style = ipywidgets.HTML(f"<style>{assets.style('page')}</style>")
        style.add_class("dl-style")
        self._ready = ipywidgets.HTML()
        self._ready.add_class("dl-style")
        self._parts = (
            self.header,
            self.banner,
            self.picture_input,
            self.judge,
            self.visit,
            self.learn,
        )
        for part in self._parts:
            part.observe(self._mark_ready, "ready")
        super().__init__([style, self.header, self.banner, desk, self._ready])
        self.add_class("digitlab-page")

    def close(self) -> None:
        """Take the page away; nothing of it goes on."""
        self.learning.stop()
        self.session.close()
        super().close()

    def _mark_ready(self, _: Any) -> None:
        """Put the marker in when every view in the browser has reported to the kernel."""
        if all(part.ready for part in self._parts):
            self._ready.value = READY
