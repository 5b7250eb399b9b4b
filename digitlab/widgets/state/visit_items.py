"""Items: the digits of a visit as plain data, and what verdicts change of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from digitlab.labels import article
from digitlab.prediction import Box, Prediction
from digitlab.store import Receipt, Verdict
from digitlab.widgets.state.picture_spool import NOTHING, Slot

MAX_NAME = 120
"""Longest name of a picture that is kept, in characters."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the person said of an item.

    Attributes:
        id: number of the verdict in the ledger.
        added: False when the ledger had it already; the visit can undo only what it added.
        verdict: "right", "wrong", "not-a-digit" or "unsure".
        label: the right digit of a "wrong"; None for the other verdicts.
        contributor: who said so; empty for the lab's own.
        at: when.
        batch: number of the click that said it of many, from 1; 0 when it was said of one.
    """

    id: int
    added: bool
    verdict: Verdict
    label: int | None
    contributor: str
    at: datetime
    batch: int = 0

    @classmethod
    def of(
        cls,
        receipt: Receipt,
        verdict: Verdict,
        label: int | None = None,
        *,
        contributor: str,
        at: datetime,
        batch: int = 0,
    ) -> Judgement:
        """The judgement that the ledger gave a receipt for."""
        return cls(
            id=receipt.id,
            added=receipt.added,
            verdict=verdict,
            label=label,
            contributor=contributor,
            at=at,
            batch=batch,
        )

    def in_words(self) -> str:
        """For lists: "right", "wrong, it is a 3", "not a digit", "unsure"."""
        if self.verdict == "wrong":
            return f"wrong, it is {article(self.label)}"
        return self.verdict.replace("-", " ")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One digit of a visit: a picture, or one of the several digits of a picture.

    Attributes:
        id: number within the visit, from 0; its place in `Session.items`.
        name: for people; tidied, not escaped. One of several digits says which it is.
        first: True for the first or only digit of its picture.
        others: where the picture's other digits stand, for one of several.
        prediction: what was read, without the picture and its preview (these lie in the
            session's spool); None for a broken picture.
        error: why it could not be read, in a sentence; empty when it could.
        judgements: the verdicts that stand, oldest first; the last one counts.
        picture: where the session keeps the bytes as given.
        preview: where the session keeps the prediction's preview.
    """

    id: int
    name: str
    first: bool = True
    others: tuple[Box, ...] = ()
    prediction: Prediction | None = None
    error: str = ""
    judgements: tuple[Judgement, ...] = ()
    picture: Slot = NOTHING
    preview: Slot = NOTHING

    @property
    def judgement(self) -> Judgement | None:
        """The verdict that counts; None while there is none."""
        return self.judgements[-1] if self.judgements else None

    @property
    def waiting(self) -> bool:
        """True when it was read and nobody has judged it."""
        return self.prediction is not None and not self.judgements


Items = tuple[Item, ...]


def items_of(
    name: str, read: Sequence[Prediction], *, number: int, picture: Slot, preview: Slot
) -> Items:
    """An item for each digit that was read in one picture.

    Args:
        name: the picture's, tidied.
        read: its digits in reading order.
        number: id of the first item.
        picture: where the picture's bytes lie, once for all its digits.
        preview: the same for the preview.
    """
    return tuple(
        Item(
            id=number + place,
            name=name if len(read) == 1 else f"{name} · {place + 1} of {len(read)}",
            first=place == 0,
            others=tuple(other.box for other in read if other is not one),
            prediction=replace(one, name=name, picture=b"", preview=b""),
            picture=picture,
            preview=preview,
        )
        for place, one in enumerate(read)
    )


def in_figures(items: Items) -> str:
    """How many there are: "2 pictures, 1 judged", "1 picture with 5 digits, 3 judged"."""
    pictures = sum(item.first for item in items)
    found = f"{pictures} {'picture' if pictures == 1 else 'pictures'}"
    if len(items) > pictures:
        found += f" with {len(items)} digits"
    return f"{found}, {sum(bool(item.judgements) for item in items)} judged"


def judged(items: Items, item: Item, judgement: Judgement) -> Items:
    """The items after one more judgement of `item`; the same once more changes nothing."""
    if item.judgement is not None and item.judgement.id == judgement.id:
        return items
    after = replace(item, judgements=(*item.judgements, judgement))
    return tuple(after if old.id == item.id else old for old in items)


def taken_back(items: Items, verdict_ids: Collection[int]) -> Items:
    """The items without the verdicts `verdict_ids`; a file may be in a visit twice."""

    def without(item: Item) -> Item:
        kept = tuple(given for given in item.judgements if given.id not in verdict_ids)
        return item if kept == item.judgements else replace(item, judgements=kept)

    return tuple(without(item) for item in items)


def last_added(items: Items) -> tuple[Item, Judgement] | None:
    """The verdict that this visit added last, with its item; None when there is none."""
    added = [(item, given) for item in items for given in item.judgements if given.added]
    return max(added, key=lambda pair: pair[1].id, default=None)


def next_waiting(items: Items, index: int) -> int:
    """The next item that waits, from `index` on and around; `index` if none does."""
    order = (*items[index + 1 :], *items[: index + 1])
    return next((item.id for item in order if item.waiting), index)


def tidy_name(name: str) -> str:
    """A file name for people: no folders, no control characters, at most `MAX_NAME` long."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if c.isprintable()).strip() or "picture"
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 9]}…{name[-8:]}"
