"""Re-predict the pending digits of a visit after a correction or its undo."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from digitlab.prediction import Prediction
from digitlab.widgets.state.visit_items import VisitItems


def answered_by_model(items: VisitItems) -> VisitItems:
    """Return the pending items that the model answered: a new correction may answer them."""
    return tuple(
        item
        for item in items
        if item.pending and item.prediction is not None and not item.prediction.remembered
    )


def answered_by_corrections(items: VisitItems, verdict_ids: Collection[int]) -> VisitItems:
    """Return the pending items that the corrections `verdict_ids` answered."""
    return tuple(
        item
        for item in items
        if item.pending
        and item.prediction is not None
        and item.prediction.remembered
        and item.prediction.correction is not None
        and item.prediction.correction.verdict in verdict_ids
    )


def replace_predictions(
    items: VisitItems,
    chosen: VisitItems,
    predictions: Sequence[Prediction],
    *,
    only_remembered: bool,
) -> VisitItems:
    """Return the items with new predictions for some of them.

    Args:
        items: all items of the visit.
        chosen: the items that were predicted again.
        predictions: their new predictions, in the same order; the same object where nothing
            changed.
        only_remembered: use a new prediction only if a correction answered it.
    """
    changed = {
        item.id: item.with_prediction(prediction)
        for item, prediction in zip(chosen, predictions, strict=True)
        if prediction is not item.prediction and (prediction.remembered or not only_remembered)
    }
    return tuple(changed.get(item.id, item) for item in items) if changed else items
