"""Batch: what one click says of many digits of a visit, and what one undo takes back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from digitlab.errors import FeedbackError
from digitlab.prediction import Prediction
from digitlab.store import Receipt
from digitlab.widgets.state.picture_spool import NOTHING, Spool
from digitlab.widgets.state.visit_items import Item, Items, Judgement, last_added

if TYPE_CHECKING:
    from digitlab.lab import Lab

Step = tuple[tuple[Item, Judgement], ...]
"""Verdicts that were given by one click or key, each with its item."""


def agreeable(items: Items) -> Items:
    """Those that one may say "right" of in one go: they wait, and a digit was seen."""
    return tuple(item for item in items if item.waiting and not _refused(item))


def offer(items: Items) -> str:
    """What the button says, with their number; empty when there is nothing to offer."""
    count = len(agreeable(items))
    if len(items) < 2 or not count:
        return ""
    if count == 1:
        return "The other one is right"
    return f"{'All' if count == len(items) else 'The other'} {count} are right"


def whole(items: Items, spool: Spool) -> Iterator[Prediction]:
    """The predictions of items with their pictures; one picture is in memory at a time."""
    slot, picture = NOTHING, b""
    for item in items:
        if item.picture != slot:  # the digits of one picture share it
            slot, picture = item.picture, spool.get(item.picture)
        if item.prediction is not None:
            yield dataclasses.replace(item.prediction, picture=picture)


def confirmed(
    items: Items, chosen: Items, receipts: Sequence[Receipt], *, contributor: str, at: datetime
) -> Items:
    """The items after one click said "right" of those that were chosen.

    Args:
        items: all of the visit.
        chosen: some of them, none of which had been judged.
        receipts: what the ledger did, in the same order.
        contributor: who clicked.
        at: when.
    """
    batch = 1 + max((given.batch for item in items for given in item.judgements), default=0)
    given = {
        item.id: Judgement.of(receipt, "right", contributor=contributor, at=at, batch=batch)
        for item, receipt in zip(chosen, receipts, strict=True)
    }
    return tuple(
        dataclasses.replace(item, judgements=(given[item.id],)) if item.id in given else item
        for item in items
    )


def kept_in_words(items: Items, chosen: Items, receipts: Sequence[Receipt]) -> str:
    """What became of all: "37 pictures kept as right; 2 without a digit still wait."

    Args:
        items: all of the visit, afterwards.
        chosen: those that were kept.
        receipts: what the ledger did with them.
    """
    noun = "picture" if all(item.first for item in chosen) else "digit"
    said = [f"{_count(len(chosen), noun)} kept as right"]
    held, aside = (sum(one.state == state for one in receipts) for state in ("held", "rejected"))
    if held:
        said.append(f"{held} {_verb(held, 'wait')} for review")
    if aside:
        said.append(f"a reviewer has set {aside} aside")
    refused = sum(item.waiting and _refused(item) for item in items)
    if refused:
        said.append(f"{refused} without a digit still {_verb(refused, 'wait')}")
    broken = sum(item.prediction is None for item in items)
    if broken:
        said.append(f"{broken} could not be read")
    return f"{'; '.join(said)}."


def last_step(items: Items) -> Step:
    """What this visit added last: one verdict, or all of one click; empty when nothing."""
    last = last_added(items)
    if last is None:
        return ()
    batch = last[1].batch
    if not batch:
        return (last,)
    all_given = ((item, given) for item in items for given in item.judgements)
    return tuple((item, given) for item, given in all_given if given.batch == batch and given.added)


def take_back(lab: Lab, step: Step) -> tuple[str, str]:
    """Undo a step in the ledger; a notice, and an error where it was undone elsewhere."""
    (item, given), *more = step
    contributor = given.contributor or None
    if not more:
        try:
            lab.undo(contributor=contributor, verdict_id=given.id)
        except FeedbackError as error:
            return "", f"{item.name}: {error}"
        return f"{item.name}: your verdict was taken back.", ""
    gone = len(lab.undo_all([given.id for _, given in step], contributor=contributor))
    left = len(step) - gone
    notice = f"{_count(gone, 'verdict')} {'was' if gone == 1 else 'were'} taken back."
    return notice, f"{_count(left, 'verdict')} had been changed elsewhere." if left else ""


def _refused(item: Item) -> bool:
    return item.prediction is not None and item.prediction.refused


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _verb(number: int, verb: str) -> str:
    return f"{verb}{'s' if number == 1 else ''}"
