"""Visit: the digits of this visit, what was read and what was said of it."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from digitlab.model.show import digit_image_uri, sentence
from digitlab.widgets import assets
from digitlab.widgets.items import Item, in_figures
from digitlab.widgets.messages import listen
from digitlab.widgets.session import Session

NOTHING_YET = "The pictures that you show appear here, with what you said of them."

Row = dict[str, str | int | float]


class Visit(anywidget.AnyWidget):
    """The list; a click on a row shows its picture.

    Messages from the browser: "select" (item), "ready".

    Attributes:
        rows: oldest first; each with id, name, thumbnail, read, said, state ("broken",
            "waiting" or the verdict) and at (seconds since 1970 of the verdict; 0 for none).
        current: id of the digit in view; -1 for none.
        summary: how many there are, in a sentence.
    """

    _esm = assets.script("visit")
    _css = assets.style("visit")

    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    current = traitlets.Int(-1).tag(sync=True)
    summary = traitlets.Unicode().tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._known: dict[int, tuple[Item, Row]] = {}
        listen(
            self,
            session,
            {
                "select": lambda content, _: session.select(content["item"]),
                "ready": lambda *_: setattr(self, "ready", True),
            },
        )
        session.observe(self._show, ["items", "index"])
        self._show()

    def _show(self, _: Any = None) -> None:
        with self.hold_sync():
            self.rows = [self._row(item) for item in self._session.items]
            self.current = self._session.index
            self.summary = in_figures(self._session.items) if self._session.items else NOTHING_YET

    def _row(self, item: Item) -> Row:
        """The row of an item, made once for each state of it."""
        known = self._known.get(item.id)
        if known is None or known[0] is not item:
            known = self._known[item.id] = (item, _describe(item))
        return known[1]


def _describe(item: Item) -> Row:
    row: Row = {"id": item.id, "name": item.name, "thumbnail": "", "said": "", "at": 0}
    if item.prediction is None:
        return {**row, "state": "broken", "read": item.error}
    row["thumbnail"] = digit_image_uri(item.prediction.digit_image)
    row["read"] = sentence(item.prediction)
    if item.judgement is None:
        return {**row, "state": "waiting"}
    return {
        **row,
        "state": item.judgement.verdict,
        "said": item.judgement.in_words(),
        "at": item.judgement.at.timestamp(),
    }
