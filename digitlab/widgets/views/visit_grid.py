"""VisitGrid: the digits of this visit as cells, each with its prediction and verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import anywidget
import traitlets

from digitlab.html.primitives import digit_image_uri
from digitlab.prediction import FAIRLY_SURE, Prediction, prediction_text
from digitlab.widgets.state.browser_messages import Content, listen
from digitlab.widgets.state.bulk_confirm import button_text
from digitlab.widgets.state.session import Session
from digitlab.widgets.state.visit_items import VisitItem, VisitItems, count_text
from digitlab.widgets.views import assets

EMPTY_TEXT: Final = "Your pictures appear here, with your verdicts."

Row = dict[str, str | int | float | bool]


class VisitGrid(anywidget.AnyWidget):
    """The grid of cells; a click on a cell or an arrow key shows its picture.

    Hundreds of rows are too many to send with every verdict, so an open view gets only the
    changed values, in `changes`. A view that opens gets all `rows` with their `revision`; a view
    that missed a change requests all rows.

    Messages from the browser: "select" (item_id, select_id), "confirm-pending" (shown_count),
    "get-rows", "ready".

    Attributes:
        rows: one row for each item, oldest first: id, name, thumbnail, prediction_text,
            predicted (the predicted digit; empty for none), uncertainty ("unsure", "refused" or
            empty), remembered, state ("unreadable", "pending" or the verdict), verdict_text,
            label (the true digit that a "wrong" names) and judged_at (seconds since 1970; 0 for
            no verdict).
        revision: number of changes of the rows.
        changes: the last change: its revision, and the id and the new values of each row that
            it changed.
        current_id: id of the item in view; -1 for none.
        select_id: the browser's id of the last "select" that `current_id` shows.
        summary: number of items, in words.
        confirm_text: text of the button that confirms all pending items; empty for no button.
        ready: True when the view is in a browser.
    """

    _esm = assets.script("visit_grid")
    _css = assets.style("visit_grid")

    rows = traitlets.List(traitlets.Dict())
    revision = traitlets.Int(0)
    changes = traitlets.Dict({"revision": 0, "rows": []}).tag(sync=True)
    current_id = traitlets.Int(-1).tag(sync=True)
    select_id = traitlets.Unicode().tag(sync=True)
    summary = traitlets.Unicode().tag(sync=True)
    confirm_text = traitlets.Unicode().tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._items: VisitItems = ()  # the items that `rows` describes
        listen(
            self,
            session,
            {
                "select": lambda content, _: self._select(content),
                "confirm-pending": lambda content, _: session.confirm_pending(
                    content["shown_count"]
                ),
                "get-rows": lambda *_: self.send_state(["rows", "revision"]),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )
        session.observe(self._show, ["items", "current_id"])
        self._show()

    def get_state(
        self, key: str | Iterable[str] | None = None, drop_defaults: bool = False
    ) -> dict[str, Any]:
        """Return the state for a browser; the whole state includes the rows."""
        if key is None:
            key = [*self.keys, "rows", "revision"]
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        return state

    def _select(self, content: Content) -> None:
        with self.hold_sync():
            self._session.select(content["item_id"])
            self.select_id = content.get("select_id", "")

    def _show(self, _: Any = None) -> None:
        items = self._session.items
        with self.hold_sync():
            if items is not self._items:
                self._update_rows(items)
            self.current_id = self._session.current_id
            self.summary = count_text(items) if items else EMPTY_TEXT
            self.confirm_text = button_text(items)

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
            "prediction_text": item.error,
            "predicted": "",
            "uncertainty": "",
            "remembered": False,
            "state": "unreadable",
            "verdict_text": "",
        }
    else:
        row = {
            "thumbnail": thumbnail or digit_image_uri(prediction.digit_image),
            "prediction_text": prediction_text(prediction),
            "predicted": "" if prediction.refused else str(prediction.digit),
            "uncertainty": _uncertainty(prediction),
            "remembered": prediction.remembered,
            "state": "pending" if verdict is None else verdict.value,
            "verdict_text": "not judged" if verdict is None else verdict.text,
        }
    return row | {
        "id": item.id,
        "name": item.name,
        "label": "" if verdict is None or verdict.label is None else str(verdict.label),
        "judged_at": 0 if verdict is None else verdict.judged_at.timestamp(),
    }


def _uncertainty(prediction: Prediction) -> str:
    """Say why a person should check a digit: "refused", "unsure", or nothing."""
    if prediction.refused:
        return "refused"
    unsure = prediction.confidence < FAIRLY_SURE and not prediction.remembered
    return "unsure" if unsure else ""
