"""Relabel: a reviewer says which digit a verdict should have named."""

from __future__ import annotations

from digitlab.errors import FeedbackError
from digitlab.prediction import Prediction
from digitlab.store.feedback.corrections import fingerprints_of
from digitlab.store.feedback.store import FeedbackStore
from digitlab.store.feedback.types import IN_FORCE, Entry


def relabel(store: FeedbackStore, verdict_id: int, label: int, *, by: str) -> Entry:
    """Set a verdict aside and give the reviewer's own in its place, with the same evidence.

    Args:
        store: the ledger.
        verdict_id: the verdict that named the wrong thing; it is rejected, and stays.
        label: the right digit, 0-9.
        by: the reviewer; their verdict is accepted.

    Returns:
        The new verdict.

    Raises:
        FeedbackError: there is no such verdict, it is no longer in force, or it names this
            digit already.
    """
    entry = store.get(verdict_id)
    if entry.state not in IN_FORCE:
        raise FeedbackError(f"Verdict {verdict_id} is no longer in force and cannot be relabelled.")
    if entry.label == label:
        raise FeedbackError(f"Verdict {verdict_id} names a {label} already; accept it.")
    with store.database.read() as connection:
        fingerprint = fingerprints_of(connection, [verdict_id]).get(verdict_id, b"")
    read = Prediction(
        digit=entry.predicted,
        confidence=entry.confidence,
        probabilities=entry.probabilities,
        refused=entry.refused,
        remembered=entry.remembered,
        model=entry.model,
        box=entry.box,
        digit_image=entry.digit_image,
        picture_sha256=entry.picture_sha256,
        name=entry.name,
        picture=store.pictures.get(entry.picture_sha256) if entry.picture_bytes else b"",
        id=entry.prediction_id,
        fingerprint=fingerprint,
    )
    right = label == entry.predicted and not entry.refused
    receipt = store.add(
        read,
        "right" if right else "wrong",
        label=label,
        contributor=by,
        comment=f"relabelled from verdict {verdict_id}",
    )
    if entry.contributor != by.strip():  # else the new one has superseded it
        store.review([verdict_id], "rejected", by=by, reason=f"relabelled as {label}")
    return store.review([receipt.id], "accepted", by=by, reason="relabelled")[0]
