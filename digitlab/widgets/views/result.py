"""Result: the prediction of the item in view, large."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import ipywidgets  # type: ignore[import-untyped]
from markupsafe import Markup

from digitlab.prediction import prediction_html
from digitlab.widgets.state.session import Session

EMPTY_HTML: Final = Markup(
    """
<div class="dl-empty"><p>Show me a handwritten digit.</p>
<p>A photograph, a scan or a drawing: I tell which digit it is, how sure I am and what I
looked at.</p></div>
"""
)

UNREADABLE_HTML: Final = Markup('<div class="dl-empty"><p>{}</p><p>{}</p></div>')


class Result(ipywidgets.HTML):  # type: ignore[misc]
    """The prediction, or why the picture could not be read."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._shown: Any = None  # id and prediction of the item that `value` shows
        self.add_class("dl-result")
        session.observe(self._show, ["items", "current_id"])
        self._show()

    def _show(self, _: Any = None) -> None:
        item = self._session.current
        prediction = None if item is None else self._session.prediction(item)
        if item is None:
            self.value = str(EMPTY_HTML)
        elif prediction is None:
            self.value = str(UNREADABLE_HTML.format(item.name, item.error))
        elif (item.id, item.prediction) != self._shown:
            named = dataclasses.replace(prediction, name=item.name)
            self.value = prediction_html(named, other_boxes=item.other_boxes)
        self._shown = None if item is None else (item.id, item.prediction)
