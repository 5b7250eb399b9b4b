"""Result: the prediction of the picture in view, large."""

from __future__ import annotations

import dataclasses
from html import escape
from typing import Any

import ipywidgets  # type: ignore[import-untyped]

from digitlab.prediction import prediction_html
from digitlab.widgets.state.session import Session

EMPTY = """
<div class="dl-empty"><p>Show me a handwritten digit.</p>
<p>A photograph, a scan or a drawing: I tell which digit it is, how sure I am and what I
looked at.</p></div>
"""


class Result(ipywidgets.HTML):  # type: ignore[misc]
    """What was read, or why nothing was."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._shown: Any = None
        self.add_class("dl-result")
        session.observe(self._show, ["items", "index"])
        self._show()

    def _show(self, _: Any = None) -> None:
        item = self._session.current
        prediction = None if item is None else self._session.prediction(item)
        if item is None:
            self.value = EMPTY
        elif prediction is None:
            self.value = (
                f'<div class="dl-empty"><p>{escape(item.name)}</p><p>{escape(item.error)}</p></div>'
            )
        elif (item.id, item.prediction) != self._shown:
            named = dataclasses.replace(prediction, name=item.name)
            self.value = prediction_html(named, other_boxes=item.others)
        self._shown = None if item is None else (item.id, item.prediction)
