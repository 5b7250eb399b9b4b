"""VisitGrid: the digits of this visit as cells, each with its prediction and verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import anywidget
import traitlets

from digitlab.html.primitives import digit_image_uri
from digitlab.prediction import FAIRLY_SURE, Prediction, prediction_text, several_text
from digitlab.widgets.state.browser_messages import Content, listen
from digitlab.widgets.state.command_queue import CommandQueue
from digitlab.widgets.state.session import Session
from digitlab.widgets.state.visit_items import VisitItem, VisitItems, count_text
from digitlab.widgets.views import assets

EMPTY_TEXT: Final = "Your pictures appear here, with your verdicts."

REPLACED_TEXT: Final = "Its digits are below, each with its own verdict."

Row = dict[str, str | int | float | bool]


class VisitGrid(anywidget.AnyWidget):
    """The grid of cells; a click on a cell or an arrow key shows its picture.

    Its model also carries what all views of the visit share in the browser: the rows, and the
    person's verdicts on their way to the kernel. The browser owns the item in view.

    Hundreds of rows are too many to send with every verdict, so an open view gets only the
    changed values, in `changes`. A view that opens gets all `rows` with their `revision`; a view
    that missed a change requests all rows.

    Messages from the browser: "commands" (client, commands), see `CommandQueue`, whose answer
    goes back as "answer" with the `revision` of the rows; "get-rows"; "ready".

    Attributes:
        visit_id: see `Session`.
        rows: one row for each item, oldest first: id, revision (number of the prediction, see
            `VisitItem.revision`), name, thumbnail, prediction_text, predicted (the predicted
            digit; empty for none), uncertainty ("unsure", "refused" or empty), remembered,
            one_of_several (whether its picture has other digits), several_text (that the picture
            clearly holds several digits; empty for others), state ("unreadable", "replaced",
            "pending" or the verdict), verdict_text, label (the true digit that a "wrong" names),
            comment and judged_at (seconds since 1970; 0 for no verdict).
        revision: number of changes of the rows.
        changes: the last change: its revision, and the id and the new values of each row that
            it changed.
        arrived_id: first readable item of the last batch; -1 for none.
        summary: number of items, in words.
        ready: True when the view is in a browser.
    """

    _esm = assets.script("command_queue", "visit", "visit_grid")
    _css = assets.style("visit_grid")

    visit_id = traitlets.Unicode().tag(sync=True)
    rows = traitlets.List(traitlets.Dict())
    revision = traitlets.Int(0)
    changes = traitlets.Dict({"revision": 0, "rows": []}).tag(sync=True)
    arrived_id = traitlets.Int(-1).tag(sync=True)
    summary = traitlets.Unicode().tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__(visit_id=session.visit_id)
        self._session = session
        self._commands = CommandQueue(session)
        self._items: VisitItems = ()  # the items that `rows` describes
        listen(
            self,
            session,
            {
                "commands": lambda content, _: self._receive(content),
                "get-rows": lambda *_: self.send_state(["rows", "revision"]),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )
        session.observe(self._show, ["items", "arrived_id"])
        self._show()

    def get_state(
        self, key: str | Iterable[str] | None = None, drop_defaults: bool = False
    ) -> dict[str, Any]:
        """Return the state for a browser; the whole state includes the rows."""
        if key is None:
            key = [*self.keys, "rows", "revision"]
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        return state

    def _receive(self, content: Content) -> None:
        """Carry out commands; the rows that they change are sent before the answer."""
        answer = self._commands.receive(content["client"], content["commands"])
        self.send({"type": "answer", "revision": self.revision, **answer})

    def _show(self, _: Any = None) -> None:
        items = self._session.items
        with self.hold_sync():
            if items is not self._items:
                self._update_rows(items)
            self.arrived_id = self._session.arrived_id
            self.summary = count_text(items) if items else EMPTY_TEXT

    def _update_rows(self, items: VisitItems) -> None:
        rows, changed_rows = list(self.rows), []
        for place, item in enumerate(items):
            if place < len(rows) and item is self._items[place]:
                continue
            old_row = rows[place] if place < len(rows) else {}
            row = _row(item, old_row.get("thumbnail"))
            changed = {name: value for name, value in row.items() if old_row.get(name) != value}
            changed_rows.append({**changed, "id": item.id})
            rows[place : place + 1] = [row]
        self._items, self.rows = items, rows
        self.revision += 1
        self.changes = {"revision": self.revision, "rows": changed_rows}


def _row(item: VisitItem, thumbnail: str | None) -> Row:
    """Build the row of an item; its thumbnail is encoded when `thumbnail` is None or empty."""
    prediction, verdict = item.prediction, item.verdict
    if prediction is None:
        row: Row = {
            "thumbnail": "",
            "prediction_text": REPLACED_TEXT if item.replaced else item.error,
            "predicted": "",
            "uncertainty": "",
            "remembered": False,
            "several_text": "",
            "state": "replaced" if item.replaced else "unreadable",
            "verdict_text": "",
        }
    else:
        row = {
            "thumbnail": thumbnail or digit_image_uri(prediction.digit_image),
            "prediction_text": prediction_text(prediction),
            "predicted": "" if prediction.refused else str(prediction.digit),
            "uncertainty": _uncertainty(prediction),
            "remembered": prediction.remembered,
            "several_text": several_text(prediction),
            "state": "pending" if verdict is None else verdict.value,
            "verdict_text": "not judged" if verdict is None else verdict.text,
        }
    return row | {
        "id": item.id,
        "revision": item.revision,
        "name": item.name,
        "one_of_several": bool(item.other_boxes),
        "label": "" if verdict is None or verdict.label is None else str(verdict.label),
        "comment": "" if verdict is None else verdict.comment,
        "judged_at": 0 if verdict is None else verdict.judged_at.timestamp(),
    }


def _uncertainty(prediction: Prediction) -> str:
    """Say why a person should check a digit: "refused", "unsure", or nothing."""
    if prediction.refused:
        return "refused"
    unsure = prediction.confidence < FAIRLY_SURE and not prediction.remembered
    return "unsure" if unsure else ""
