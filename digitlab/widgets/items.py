"""Items: the pictures of a visit as plain data, and what verdicts change of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from digitlab.model.prediction import Prediction
from digitlab.widgets.desk import Entry, Verdict
from digitlab.widgets.spool import NOTHING, Slot

MAX_NAME = 120
"""Longest name of a picture that is kept, in characters."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the person said of an item, under which name, and when.

    `digit` is the right digit of a "wrong"; None for the other verdicts.
    """

    verdict: Verdict
    digit: int | None
    contributor: str
    at: datetime

    def in_words(self) -> str:
        """For lists: "right", "wrong, it is a 3", "not a digit", "unsure"."""
        if self.verdict == "wrong":
            return f"wrong, it is {article(self.digit)}"
        return self.verdict.replace("-", " ")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One picture of a visit.

    Attributes:
        id: number within the visit, from 0; its place in `Session.items`.
        name: for people; tidied, not escaped.
        prediction: what was read, without the picture and its preview (these lie in the
            session's spool); None for a broken picture.
        error: why it could not be read, in a sentence; empty when it could.
        judgements: the verdicts that stand, oldest first; the last one counts.
        picture: where the session keeps the bytes as given.
        preview: where the session keeps the prediction's preview.
    """

    id: int
    name: str
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


def judged(items: Items, item: Item, judgement: Judgement) -> Items:
    """The items after one more judgement of `item`."""
    after = replace(item, judgements=(*item.judgements, judgement))
    return tuple(after if old.id == item.id else old for old in items)


def taken_back(items: Items, undone: Sequence[Item]) -> Items:
    """The items after the last judgement of each of `undone` was taken back."""
    ids = {item.id for item in undone}
    return tuple(
        replace(item, judgements=item.judgements[:-1]) if item.id in ids else item for item in items
    )


def judged_as(items: Items, entry: Entry) -> Items:
    """The items that a verdict of the ledger is about: a file may be in a visit twice."""
    digit = entry.digit if entry.verdict == "wrong" else None
    return tuple(
        item
        for item in items
        if item.prediction is not None
        and item.judgement is not None
        and item.prediction.picture_sha256 == entry.picture_sha256
        and tuple(item.prediction.box) == tuple(entry.box)
        and (item.judgement.verdict, item.judgement.digit) == (entry.verdict, digit)
    )


def last_judgement(items: Items) -> Judgement | None:
    """The judgement that was given last; None when there is none."""
    given = [item.judgement for item in items if item.judgement is not None]
    return max(given, key=lambda judgement: judgement.at, default=None)


def next_waiting(items: Items, index: int) -> int:
    """The next item that waits, from `index` on and around; `index` if none does."""
    order = (*items[index + 1 :], *items[: index + 1])
    return next((item.id for item in order if item.waiting), index)


def tidy_name(name: str) -> str:
    """A file name for people: no folders, no control characters, at most `MAX_NAME` long."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if c.isprintable()).strip() or "picture"
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 9]}…{name[-8:]}"


def article(digit: int | None) -> str:
    """ "a 3", "an 8"."""
    return f"{'an' if digit == 8 else 'a'} {digit}"
