"""VerdictButtons: a verdict with one click or key, its comment, its receipt and undo."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from digitlab.prediction import Prediction, prediction_text
from digitlab.widgets.state.browser_messages import listen
from digitlab.widgets.state.session import Session
from digitlab.widgets.state.visit_items import VisitItem, last_added
from digitlab.widgets.views import assets


class VerdictButtons(anywidget.AnyWidget):
    """The verdict on the item in view.

    Messages from the browser: "verdict" (verdict, comment, item_id), "label" (label, comment,
    item_id), "undo", "ready".

    Attributes:
        item_id: id of the item in view; -1 when there is none that can be judged.
        predicted: the predicted digit; -1 when there is none (no picture, or refused).
        verdict: the verdict in force: "right", "wrong", "not-a-digit", "unsure", or "".
        label: the true digit that a "wrong" names; -1 for none.
        position: position of the item in the visit, "3 of 20"; empty for the only item.
        spoken_text: the prediction in one line, for screen readers.
        receipt: effect of the last verdict or undo.
        saved_count: number of verdicts that this visit has given and the store has. The browser
            clears the comment when it grows, so that an error loses no comment.
        can_undo: True when this visit added a verdict that is in force.
        ready: True when the view is in a browser.
    """

    _esm = assets.script("verdict_buttons")
    _css = assets.style("verdict_buttons")

    item_id = traitlets.Int(-1).tag(sync=True)
    predicted = traitlets.Int(-1).tag(sync=True)
    verdict = traitlets.Unicode().tag(sync=True)
    label = traitlets.Int(-1).tag(sync=True)
    position = traitlets.Unicode().tag(sync=True)
    spoken_text = traitlets.Unicode().tag(sync=True)
    receipt = traitlets.Unicode().tag(sync=True)
    saved_count = traitlets.Int(0).tag(sync=True)
    can_undo = traitlets.Bool(False).tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        listen(
            self,
            session,
            {
                "verdict": lambda content, _: session.judge(
                    content["verdict"], comment=content["comment"], item_id=content["item_id"]
                ),
                "label": lambda content, _: session.judge_by_label(
                    content["label"], content["comment"], item_id=content["item_id"]
                ),
                "undo": lambda *_: session.undo(),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )
        session.observe(self._show, ["saved_count", "items", "current_id", "notice"])
        self._show()

    def _show(self, _: Any = None) -> None:
        item = self._session.current
        prediction = None if item is None else item.prediction
        verdict = None if item is None else item.verdict
        count = len(self._session.items)
        with self.hold_sync():
            self.receipt = self._session.notice
            self.saved_count = self._session.saved_count
            self.can_undo = last_added(self._session.items) is not None
            self.item_id = -1 if item is None or prediction is None else item.id
            self.predicted = -1 if prediction is None or prediction.refused else prediction.digit
            self.position = "" if item is None or count < 2 else f"{item.id + 1} of {count}"
            self.spoken_text = (
                "" if item is None or prediction is None else _spoken_text(item, prediction)
            )
            self.verdict = "" if verdict is None else verdict.value
            self.label = -1 if verdict is None or verdict.label is None else verdict.label


def _spoken_text(item: VisitItem, prediction: Prediction) -> str:
    """Name one of several digits, because the next digit may have the same prediction."""
    text = prediction_text(prediction)
    return f"{item.name}: {text}" if item.other_boxes else text
