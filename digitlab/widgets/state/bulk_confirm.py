"""Confirm many digits of a visit with one click, and take such a click back as one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from digitlab.store import Receipt
from digitlab.widgets.state.visit_items import ItemVerdict, VisitItem, VisitItems, last_added

UndoStep = tuple[tuple[VisitItem, ItemVerdict], ...]
"""The verdicts that one click or key gave, each with its item."""


def confirmable(items: VisitItems) -> VisitItems:
    """Return the pending items whose predictions name a digit."""
    return tuple(item for item in items if item.pending and not _is_refused(item))


def button_text(items: VisitItems) -> str:
    """Return the text of the button that confirms many items; empty when none is confirmable."""
    count = len(confirmable(items))
    if len(items) < 2 or not count:
        return ""
    if count == 1:
        return "The other one is right"
    return f"{'All' if count == len(items) else 'The other'} {count} are right"


def add_confirmations(
    items: VisitItems,
    confirmed: VisitItems,
    receipts: Sequence[Receipt],
    *,
    contributor: str,
    judged_at: datetime,
) -> VisitItems:
    """Return the items after one click that confirmed some of them.

    Args:
        items: all items of the visit.
        confirmed: the confirmed items; they had no verdict.
        receipts: receipts of the feedback store, in the order of `confirmed`.
        contributor: name of the person; empty for the lab's contributor.
        judged_at: time of the click; aware.
    """
    bulk = 1 + max((verdict.bulk for item in items for verdict in item.verdicts), default=0)
    verdicts = {
        item.id: ItemVerdict.from_receipt(
            receipt, "right", contributor=contributor, judged_at=judged_at, bulk=bulk
        )
        for item, receipt in zip(confirmed, receipts, strict=True)
    }
    return tuple(
        replace(item, verdicts=(verdicts[item.id],)) if item.id in verdicts else item
        for item in items
    )


def confirmation_text(items: VisitItems, confirmed: VisitItems, receipts: Sequence[Receipt]) -> str:
    """Summarise a click: "37 pictures kept as right; 2 without a digit still wait."

    Args:
        items: all items of the visit, after the click.
        confirmed: the confirmed items.
        receipts: receipts of the feedback store for `confirmed`.
    """
    noun = "picture" if all(item.first_of_picture for item in confirmed) else "digit"
    parts = [f"{_count(len(confirmed), noun)} kept as right"]
    held, rejected = (
        sum(receipt.state == state for receipt in receipts) for state in ("held", "rejected")
    )
    if held:
        parts.append(f"{held} {_verb(held, 'wait')} for review")
    if rejected:
        parts.append(f"a reviewer has set {rejected} aside")
    refused = sum(item.pending and _is_refused(item) for item in items)
    if refused:
        parts.append(f"{refused} without a digit still {_verb(refused, 'wait')}")
    unreadable = sum(item.prediction is None for item in items)
    if unreadable:
        parts.append(f"{unreadable} could not be read")
    return f"{'; '.join(parts)}."


def last_step(items: VisitItems) -> UndoStep:
    """Return the last verdict that this visit added, or all verdicts of its click.

    The step is empty when the visit added no verdict.
    """
    last = last_added(items)
    if last is None:
        return ()
    bulk = last[1].bulk
    if not bulk:
        return (last,)
    return tuple(
        (item, verdict)
        for item in items
        for verdict in item.verdicts
        if verdict.bulk == bulk and verdict.added
    )


def undo_text(undone: int, total: int) -> tuple[str, str]:
    """Return a notice and, where another visit changed some verdicts, an error.

    Args:
        undone: number of verdicts that were taken back.
        total: number of verdicts of the step.
    """
    notice = f"{_count(undone, 'verdict')} {'was' if undone == 1 else 'were'} taken back."
    changed = total - undone
    error = f"{_count(changed, 'verdict')} had been changed elsewhere." if changed else ""
    return notice, error


def _is_refused(item: VisitItem) -> bool:
    return item.prediction is not None and item.prediction.refused


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _verb(number: int, verb: str) -> str:
    return f"{verb}{'s' if number == 1 else ''}"
