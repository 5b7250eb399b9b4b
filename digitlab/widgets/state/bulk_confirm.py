"""Confirm many digits of a visit with one click, and take such a click back as one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from digitlab.store import Receipt
from digitlab.widgets.state.visit_items import ItemVerdict, VisitItem, VisitItems, last_added

UndoStep = tuple[tuple[VisitItem, ItemVerdict], ...]
"""The verdicts that one click or key gave, each with its item."""


def add_confirmations(
    items: VisitItems,
    confirmed: VisitItems,
    receipts: Sequence[Receipt],
    *,
    contributor: str,
    judged_at: datetime,
    step: str,
) -> VisitItems:
    """Return the items after one click that confirmed some of them.

    Args:
        items: all items of the visit.
        confirmed: the confirmed items with the predictions that the person saw; they had no
            verdict.
        receipts: receipts of the feedback store, in the order of `confirmed`.
        contributor: name of the person; empty for the lab's contributor.
        judged_at: time of the click; aware.
        step: identifies the click.
    """
    judged = {
        item.id: replace(
            item,
            verdicts=(
                ItemVerdict.from_receipt(
                    receipt, "right", contributor=contributor, judged_at=judged_at, step=step
                ),
            ),
        )
        for item, receipt in zip(confirmed, receipts, strict=True)
    }
    return tuple(judged.get(item.id, item) for item in items)


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
    unreadable = sum(bool(item.error) for item in items)
    if unreadable:
        parts.append(f"{unreadable} could not be read")
    return f"{'; '.join(parts)}."


def step_verdicts(items: VisitItems, step: str | None) -> UndoStep:
    """Return the verdicts that one key press or click added, each with its item.

    Args:
        items: all items of the visit.
        step: identifies the key press or click; None for the last one that added a verdict.
    """
    if step is None:
        last = last_added(items)
        step = "" if last is None else last[1].step
    return tuple(
        (item, verdict)
        for item in items
        for verdict in item.verdicts
        if verdict.step == step and verdict.added
    )


def undo_text(undone: int) -> str:
    """Say how many verdicts of a click were taken back."""
    return f"{_count(undone, 'verdict')} {'was' if undone == 1 else 'were'} taken back."


def _is_refused(item: VisitItem) -> bool:
    return item.prediction is not None and item.prediction.refused


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _verb(number: int, verb: str) -> str:
    return f"{verb}{'s' if number == 1 else ''}"
