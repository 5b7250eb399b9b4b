"""Judge: one click or one key for a verdict, a comment if one likes, undo, the receipt."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from digitlab.prediction import Prediction, prediction_text
from digitlab.widgets.state.messages import listen
from digitlab.widgets.state.session import Session
from digitlab.widgets.state.visit_items import Item, last_added
from digitlab.widgets.views import assets


class Judge(anywidget.AnyWidget):
    """The verdict on the picture in view.

    Messages from the browser: "judge" (verdict, comment, item), "answer" (digit, comment,
    item), "undo", "ready".

    Attributes:
        item: id of the picture in view; -1 when there is none that can be judged.
        label: the digit that was read; -1 when none was (no picture, or refused).
        said: the verdict that stands: "right", "not-a-digit", "unsure", a digit, or "".
        place: which of the visit's digits is in view, "3 of 20"; empty for the only one.
        spoken: the prediction as a line for screen readers.
        receipt: what the last verdict or undo did.
        kept: how many verdicts of this visit the ledger has; the browser clears the comment
            when it grows, so that an error costs nobody their words.
        can_undo: True when this visit added a verdict that stands.
    """

    _esm = assets.script("verdict_buttons")
    _css = assets.style("verdict_buttons")

    item = traitlets.Int(-1).tag(sync=True)
    label = traitlets.Int(-1).tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)
    place = traitlets.Unicode().tag(sync=True)
    spoken = traitlets.Unicode().tag(sync=True)
    receipt = traitlets.Unicode().tag(sync=True)
    kept = traitlets.Int(0).tag(sync=True)
    can_undo = traitlets.Bool(False).tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        listen(
            self,
            session,
            {
                "judge": lambda content, _: session.judge(
                    content["verdict"], comment=content["comment"], item=content["item"]
                ),
                "answer": lambda content, _: session.answer(
                    content["digit"], content["comment"], item=content["item"]
                ),
                "undo": lambda *_: session.undo(),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )
        session.observe(self._show, ["kept", "items", "index", "notice"])
        self._show()

    def _show(self, _: Any = None) -> None:
        item = self._session.current
        prediction = None if item is None else item.prediction
        judgement = None if item is None else item.judgement
        with self.hold_sync():
            self.receipt = self._session.notice
            self.kept = self._session.kept
            self.can_undo = last_added(self._session.items) is not None
            self.item = -1 if item is None or prediction is None else item.id
            self.label = -1 if prediction is None or prediction.refused else prediction.digit
            count = len(self._session.items)
            self.place = "" if item is None or count < 2 else f"{item.id + 1} of {count}"
            self.spoken = "" if item is None or prediction is None else _aloud(item, prediction)
            if judgement is None:
                self.said = ""
            else:
                self.said = judgement.verdict if judgement.label is None else str(judgement.label)


def _aloud(item: Item, prediction: Prediction) -> str:
    """One of several digits says which it is: the next one may be read the same."""
    return (
        f"{item.name}: {prediction_text(prediction)}"
        if item.others
        else prediction_text(prediction)
    )
