"""Page: all views in one widget, for Voilà and for a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ipywidgets  # type: ignore[import-untyped]
from markupsafe import Markup

from digitlab.widgets.state.run_follower import RunFollower
from digitlab.widgets.state.session import Session
from digitlab.widgets.views import assets
from digitlab.widgets.views.banner import Banner
from digitlab.widgets.views.fine_tune_panel import FineTunePanel
from digitlab.widgets.views.header import Header
from digitlab.widgets.views.picture_input import PictureInput
from digitlab.widgets.views.result import Result
from digitlab.widgets.views.verdict_buttons import VerdictButtons
from digitlab.widgets.views.visit_grid import VisitGrid

if TYPE_CHECKING:
    from digitlab.lab import Lab

READY_MARKER: Final = Markup('<span data-testid="digitlab-ready"></span>')
"""In the page when all views are; the server's template and the tests wait for it."""


class Page(ipywidgets.VBox):  # type: ignore[misc]
    """The reading page of a lab.

    The tree of widgets is built once; later only traits change.

    Attributes:
        session: the state of this visit.
        run_follower: the fine-tunes of the lab's home.
    """

    def __init__(self, lab: Lab) -> None:
        self.session = session = Session(lab)
        self.run_follower = RunFollower(lab, session)
        self.header = Header(session)
        self.banner = Banner(session)
        self.picture_input = PictureInput(session)
        self.result = Result(session)
        self.verdict_buttons = VerdictButtons(session)
        self.visit_grid = VisitGrid(session)
        self.fine_tune_panel = FineTunePanel(session, self.run_follower)
        result_card = ipywidgets.VBox([self.result, self.verdict_buttons])
        result_card.add_class("dl-result-card")
        layout = ipywidgets.VBox(
            [self.picture_input, result_card, self.visit_grid, self.fine_tune_panel]
        )
        layout.add_class("dl-layout")
        sheet = Markup(assets.style("page"))  # noqa: S704  the package's own style sheet
        style = ipywidgets.HTML(Markup("<style>{}</style>").format(sheet))
        style.add_class("dl-invisible")
        self._ready_marker = ipywidgets.HTML()
        self._ready_marker.add_class("dl-invisible")
        self._browser_views = (
            self.header,
            self.banner,
            self.picture_input,
            self.result,
            self.verdict_buttons,
            self.visit_grid,
            self.fine_tune_panel,
        )
        for view in self._browser_views:
            view.observe(self._mark_ready, "ready")
        super().__init__([style, self.header, self.banner, layout, self._ready_marker])
        self.add_class("digitlab-page")

    def close(self) -> None:
        """Close the page with its thread and its temporary file."""
        self.run_follower.stop()
        self.session.close()
        super().close()

    def _mark_ready(self, _: Any) -> None:
        """Add the marker when every view in the browser has reported to the kernel."""
        if all(view.ready for view in self._browser_views):
            self._ready_marker.value = READY_MARKER
