"""Result: the prediction of the item in view, large."""

from __future__ import annotations

import dataclasses

import anywidget
import traitlets
from markupsafe import Markup

from digitlab.prediction import STYLE, prediction_html
from digitlab.widgets.state.browser_messages import Content, listen
from digitlab.widgets.state.session import Session
from digitlab.widgets.views import assets


class Result(anywidget.AnyWidget):
    """The prediction of the item in view.

    The browser requests the item in view and the next ones, so that they are there when a
    verdict brings them into view. Until an item is there the browser shows its cell, large.

    Messages from the browser: "get" (item_ids), "ready". The kernel answers "get" with "results"
    (results: item_id, revision and html of each).

    Attributes:
        visit_id: see `Session`.
        ready: True when the view is in a browser.
    """

    _esm = assets.script("command_queue", "visit", "result")
    _css = f"{assets.style('result')}\n{STYLE}"

    visit_id = traitlets.Unicode().tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__(visit_id=session.visit_id)
        self._session = session
        self.add_class("dl-result")
        listen(
            self,
            session,
            {
                "get": lambda content, _: self._send_results(content),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )

    def html(self, item_id: int) -> str:
        """Render the prediction of an item; all text from outside is escaped.

        The HTML is empty for a picture that could not be read.
        """
        item = self._session.items[item_id]
        prediction = self._session.prediction(item)
        if prediction is None:
            return ""
        named = dataclasses.replace(prediction, name=item.name)
        html = prediction_html(named, other_boxes=item.other_boxes)
        return html + _number_html(item.number_text)

    def _send_results(self, content: Content) -> None:
        results = [
            {
                "item_id": item_id,
                "revision": self._session.items[item_id].revision,
                "html": self.html(item_id),
            }
            for item_id in content["item_ids"]
        ]
        self.send({"type": "results", "results": results})


def _number_html(text: str) -> Markup:
    """Render the rows of a picture of several digits as text; nothing for one digit."""
    if not text:
        return Markup("")
    return Markup(
        '<div class="dl-number"><p>The whole picture</p>'
        '<p class="dl-number-rows" data-testid="number-text" tabindex="0">{}</p></div>'
    ).format(text)
