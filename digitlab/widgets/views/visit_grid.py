"""Visit: the digits of this visit as cells of a grid, each with what was read and said of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import anywidget
import traitlets

from digitlab.html.primitives import digit_image_uri
from digitlab.prediction import FAIRLY_SURE, Prediction, prediction_text
from digitlab.widgets.state.bulk_confirm import offer
from digitlab.widgets.state.messages import Content, listen
from digitlab.widgets.state.session import Session
from digitlab.widgets.state.visit_items import Item, Items, in_figures
from digitlab.widgets.views import assets

NOTHING_YET = "The pictures that you show appear here, with what you said of them."

Row = dict[str, str | int | float | bool]


class Visit(anywidget.AnyWidget):
    """The grid; a click on a cell or an arrow shows its picture.

    Hundreds of rows are too much to send with every key, so a view that is open gets only
    what changed, in `changes`. One that opens gets all `rows`, with the state that they are
    at, and asks for all when it finds that it missed a change.

    Messages from the browser: "select" (item, move), "others" (shown), "rows", "ready".

    Attributes:
        rows: oldest first; each with id, name, thumbnail, read (a sentence), digit (what was
            read; empty when nothing was), doubt ("unsure", "refused" or empty), remembered,
            state ("broken", "waiting" or the verdict), said (the verdict in words), answer
            (the right digit of a "wrong") and at (seconds since 1970 of the verdict; 0 for
            none).
        revision: how often the rows have changed.
        changes: the last change: its revision, and of each row that it touched the id and
            what became different.
        current: id of the digit in view; -1 for none.
        move: the browser's name of the "select" that `current` answers.
        summary: how many there are, in a sentence.
        others: what the button says that judges all others; empty for no button.
    """

    _esm = assets.script("visit_grid")
    _css = assets.style("visit_grid")

    rows = traitlets.List(traitlets.Dict())
    revision = traitlets.Int(0)
    changes = traitlets.Dict({"revision": 0, "rows": []}).tag(sync=True)
    current = traitlets.Int(-1).tag(sync=True)
    move = traitlets.Unicode().tag(sync=True)
    summary = traitlets.Unicode().tag(sync=True)
    others = traitlets.Unicode().tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._items: Items = ()  # that the rows are of
        listen(
            self,
            session,
            {
                "select": lambda content, _: self._select(content),
                "others": lambda content, _: session.confirm_others(content["shown"]),
                "rows": lambda *_: self.send_state(["rows", "revision"]),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )
        session.observe(self._show, ["items", "index"])
        self._show()

    def get_state(
        self, key: str | Iterable[str] | None = None, drop_defaults: bool = False
    ) -> dict[str, Any]:
        """The state for a browser; where it is all of it, with the rows."""
        if key is None:
            key = [*self.keys, "rows", "revision"]
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        return state

    def _select(self, content: Content) -> None:
        with self.hold_sync():
            self._session.select(content["item"])
            self.move = content.get("move", "")

    def _show(self, _: Any = None) -> None:
        items = self._session.items
        with self.hold_sync():
            if items is not self._items:
                self._change(items)
            self.current = self._session.index
            self.summary = in_figures(items) if items else NOTHING_YET
            self.others = offer(items)

    def _change(self, items: Items) -> None:
        rows, touched = list(self.rows), []
        for place, item in enumerate(items):
            if place < len(rows) and item is self._items[place]:
                continue
            known = rows[place] if place < len(rows) else {}
            row = _describe(item, known.get("thumbnail"))
            different = {name: value for name, value in row.items() if known.get(name) != value}
            touched.append({**different, "id": item.id})
            rows[place : place + 1] = [row]
        self._items, self.rows = items, rows
        self.revision += 1
        self.changes = {"revision": self.revision, "rows": touched}


def _describe(item: Item, thumbnail: str | None) -> Row:
    """The row of an item; its thumbnail is made unless it is known."""
    read = item.prediction
    said = item.judgement
    row: Row = {
        "id": item.id,
        "name": item.name,
        "thumbnail": thumbnail or ("" if read is None else digit_image_uri(read.digit_image)),
        "read": item.error if read is None else prediction_text(read),
        "digit": "" if read is None or read.refused else str(read.digit),
        "doubt": "" if read is None else _doubt(read),
        "remembered": read is not None and read.remembered,
        "state": "broken" if read is None else "waiting",
        "said": "" if read is None else "not judged",
        "answer": "",
        "at": 0,
    }
    if said is None:
        return row
    return row | {
        "state": said.verdict,
        "said": said.in_words(),
        "answer": "" if said.label is None else str(said.label),
        "at": said.at.timestamp(),
    }


def _doubt(prediction: Prediction) -> str:
    """Why the eye should find it: "refused", "unsure", or nothing."""
    if prediction.refused:
        return "refused"
    unsure = prediction.confidence < FAIRLY_SURE and not prediction.remembered
    return "unsure" if unsure else ""
