"""Hold the digits of a visit with their verdicts, as plain data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from digitlab.labels import article
from digitlab.prediction import Box, Prediction
from digitlab.store import Receipt, Verdict
from digitlab.widgets.state.picture_spool import EMPTY_SLOT, Slot

MAX_NAME_LENGTH: Final = 120
"""Longest name of a picture, in characters."""


@dataclass(frozen=True, kw_only=True)
class ItemVerdict:
    """A person's verdict on an item.

    Attributes:
        id: number of the verdict in the feedback store.
        added: False when the store had the verdict already; a visit undoes only verdicts that
            it added.
        value: "right", "wrong", "not-a-digit" or "unsure".
        label: the true digit that a "wrong" names; None for the other verdicts.
        contributor: name of the person; empty for the lab's contributor.
        judged_at: time of the verdict; aware.
        comment: the comment that was stored with it; may be empty.
        step: identifies the key press or click that gave it; the verdicts of one click share it.
    """

    id: int
    added: bool
    value: Verdict
    label: int | None
    contributor: str
    judged_at: datetime
    comment: str = ""
    step: str = ""

    @classmethod
    def from_receipt(
        cls,
        receipt: Receipt,
        value: Verdict,
        label: int | None = None,
        *,
        contributor: str,
        judged_at: datetime,
        comment: str = "",
        step: str = "",
    ) -> ItemVerdict:
        """Build the verdict for which the feedback store gave `receipt`."""
        return cls(
            id=receipt.id,
            added=receipt.added,
            value=value,
            label=label,
            contributor=contributor,
            judged_at=judged_at,
            comment=comment,
            step=step,
        )

    @property
    def text(self) -> str:
        """The verdict in words: "right", "wrong, it is a 3", "not a digit" or "unsure"."""
        if self.value == "wrong":
            return f"wrong, it is {article(self.label)}"
        return self.value.replace("-", " ")


@dataclass(frozen=True, kw_only=True)
class VisitItem:
    """One digit of a visit: a picture, or one of the several digits of a picture.

    Attributes:
        id: number within the visit, from 0; the item's index in `Session.items`.
        name: name of the picture; tidied, not escaped. The name of one of several digits says
            which digit it is.
        first_of_picture: True for the first or only digit of its picture.
        other_boxes: boxes of the picture's other digits.
        prediction: the prediction without picture and preview, which are in the session's
            spool; None for a picture that could not be read.
        earlier_predictions: the predictions that later ones replaced, oldest first. A verdict
            belongs to the prediction that the person saw, which may be one of these.
        error: why the picture could not be read, in a sentence; empty when it could.
        verdicts: verdicts in force, oldest first; the last one counts.
        picture: slot of the picture's bytes.
        preview: slot of the prediction's preview.
        number_text: the rows of a picture that was read as several digits, such as "27.48",
            one a line; empty for one digit.
        replaced: True when the digits of the same picture took the item's place; then it has
            no prediction.
    """

    id: int
    name: str
    first_of_picture: bool = True
    other_boxes: tuple[Box, ...] = ()
    prediction: Prediction | None = None
    earlier_predictions: tuple[Prediction, ...] = ()
    error: str = ""
    verdicts: tuple[ItemVerdict, ...] = ()
    picture: Slot = EMPTY_SLOT
    preview: Slot = EMPTY_SLOT
    number_text: str = ""
    replaced: bool = False

    @property
    def verdict(self) -> ItemVerdict | None:
        """The verdict that counts; None when the item is not judged."""
        return self.verdicts[-1] if self.verdicts else None

    @property
    def pending(self) -> bool:
        """True when the item has a prediction and no verdict."""
        return self.prediction is not None and not self.verdicts

    @property
    def revision(self) -> int:
        """Number of the prediction in view: how many it has replaced."""
        return len(self.earlier_predictions)

    def seen(self, revision: int | None) -> Prediction | None:
        """Return the prediction with the number `revision`; the current one for None."""
        if revision is None or revision == self.revision:
            return self.prediction
        return self.earlier_predictions[revision]

    def with_prediction(self, prediction: Prediction) -> VisitItem:
        """Return the item with another prediction; the same item if it has that one already."""
        if self.prediction is None or prediction is self.prediction:
            return self
        return replace(
            self,
            prediction=prediction,
            earlier_predictions=(*self.earlier_predictions, self.prediction),
        )

    def as_replaced(self) -> VisitItem:
        """Return the item after the digits of its picture took its place; its id stays."""
        return replace(self, prediction=None, first_of_picture=False, replaced=True)


VisitItems = tuple[VisitItem, ...]


def picture_items(
    name: str,
    predictions: Sequence[Prediction],
    *,
    first_id: int,
    picture: Slot,
    preview: Slot,
    number_text: str = "",
) -> VisitItems:
    """Build an item for each digit of one picture.

    Args:
        name: tidied name of the picture.
        predictions: the picture's digits in reading order.
        first_id: id of the first item.
        picture: slot of the picture's bytes; all its digits share it.
        preview: slot of the preview; all its digits share it.
        number_text: see `VisitItem`.
    """
    count = len(predictions)
    return tuple(
        VisitItem(
            id=first_id + place,
            name=name if count == 1 else f"{name} · {place + 1} of {count}",
            first_of_picture=place == 0,
            other_boxes=tuple(other.box for other in predictions if other is not prediction),
            prediction=replace(prediction, name=name, picture=b"", preview=b""),
            picture=picture,
            preview=preview,
            number_text=number_text,
        )
        for place, prediction in enumerate(predictions)
    )


def count_text(items: VisitItems) -> str:
    """Count the items: "2 pictures, 1 judged" or "1 picture with 5 digits, 3 judged"."""
    pictures = sum(item.first_of_picture for item in items)
    digits = sum(not item.replaced for item in items)
    text = f"{pictures} {'picture' if pictures == 1 else 'pictures'}"
    if digits > pictures:
        text += f" with {digits} digits"
    return f"{text}, {sum(bool(item.verdicts) for item in items)} judged"


def add_verdict(
    items: VisitItems, item_id: int, prediction: Prediction, verdict: ItemVerdict
) -> VisitItems:
    """Return the items with one more verdict; a repeated verdict changes nothing.

    Args:
        items: all items of the visit.
        item_id: id of the judged item.
        prediction: the prediction that the verdict is about; the item shows it from now on.
        verdict: the verdict.
    """
    item = items[item_id]
    if item.verdict is not None and item.verdict.id == verdict.id:
        return items
    judged = replace(item.with_prediction(prediction), verdicts=(*item.verdicts, verdict))
    return (*items[:item_id], judged, *items[item_id + 1 :])


def remove_verdicts(items: VisitItems, verdict_ids: Collection[int]) -> VisitItems:
    """Return the items without the verdicts `verdict_ids`.

    Two items share a verdict when the same file is in the visit twice.
    """

    def without(item: VisitItem) -> VisitItem:
        verdicts = tuple(verdict for verdict in item.verdicts if verdict.id not in verdict_ids)
        return item if verdicts == item.verdicts else replace(item, verdicts=verdicts)

    return tuple(without(item) for item in items)


def last_added(items: VisitItems) -> tuple[VisitItem, ItemVerdict] | None:
    """Return the last verdict that this visit added, with its item; None when there is none."""
    added = [(item, verdict) for item in items for verdict in item.verdicts if verdict.added]
    return max(added, key=lambda pair: pair[1].id, default=None)


def tidy_name(name: str) -> str:
    """Reduce a file name to its last part, without control characters.

    A name longer than `MAX_NAME_LENGTH` keeps its beginning and its end.
    """
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(letter for letter in name if letter.isprintable()).strip() or "picture"
    if len(name) <= MAX_NAME_LENGTH:
        return name
    return f"{name[: MAX_NAME_LENGTH - 9]}…{name[-8:]}"
