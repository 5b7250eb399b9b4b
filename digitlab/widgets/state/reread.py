"""Again: the digits of a visit that still wait, as a correction that came since would have them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import TYPE_CHECKING

from digitlab.widgets.state.visit_items import Item, Items

if TYPE_CHECKING:
    from digitlab.lab import Lab


def after_correction(items: Items, lab: Lab, *, contributor: str) -> Items:
    """The items after a correction: those that wait and are like it read as it says.

    Args:
        items: all of the visit.
        lab: predicts again.
        contributor: who corrected; empty for the lab's own.
    """
    waiting = [item for item in items if _waits(item, remembered=False)]
    return _read_again(items, waiting, lab, contributor, remembered=True)


def after_undo(items: Items, lab: Lab, gone: Collection[int], *, contributor: str) -> Items:
    """The items after verdicts were taken back: what they had answered is read anew.

    Args:
        items: all of the visit.
        lab: predicts again.
        gone: numbers of the verdicts.
        contributor: who took them back; empty for the lab's own.
    """
    waiting = [
        item
        for item in items
        if _waits(item, remembered=True)
        and item.prediction is not None
        and item.prediction.correction is not None
        and item.prediction.correction.verdict in gone
    ]
    return _read_again(items, waiting, lab, contributor)


def _waits(item: Item, *, remembered: bool) -> bool:
    return item.waiting and item.prediction is not None and item.prediction.remembered == remembered


def _read_again(
    items: Items, chosen: list[Item], lab: Lab, contributor: str, *, remembered: bool = False
) -> Items:
    """The items with what is read now of those chosen; `remembered`: only by the memory."""
    if not chosen:
        return items
    before = [item.prediction for item in chosen if item.prediction is not None]
    after = lab.reconsider(before, contributor=contributor or None)
    changed = {
        item.id: dataclasses.replace(item, prediction=new)
        for item, old, new in zip(chosen, before, after, strict=True)
        if new is not old and (new.remembered or not remembered)
    }
    return tuple(changed.get(item.id, item) for item in items) if changed else items
