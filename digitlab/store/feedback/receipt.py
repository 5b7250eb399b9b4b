"""The messages of receipts: sentences that tell a person what happened to a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from digitlab.labels import article
from digitlab.store.feedback.types import Receipt, State

_REVIEW_NOTES: Final[dict[State, str]] = {
    "held": "; it waits for review",
    "rejected": "; a reviewer has set it aside",
}

_NEXT_STEPS: Final[dict[State, str]] = {
    "accepted": "It is remembered from now on, and the next fine-tune uses it.",
    "held": "Until then it is remembered for you alone.",
}
"""What happens to a correction next, by its state."""

_NEVER_LEARNED: Final = "It is remembered from now on, but never learned: it is among the {among}."


def make_receipt(
    *,
    id: int,
    verdict: str,
    label: int | None,
    predicted: int,
    added: bool,
    superseded: int | None,
    state: State,
) -> Receipt:
    """Build the receipt of a verdict, for example "Kept: this is a 7, not a 1."

    Args:
        id: number of the verdict; of the earlier verdict if nothing was added.
        verdict: the stored verdict.
        label: the true digit, 0-9; None for "not-a-digit" and "unsure".
        predicted: the predicted digit, 0-9.
        added: False if the same person had already given this verdict.
        superseded: number of the verdict that this one replaces; None for a first verdict.
        state: the state of the verdict now.
    """
    action = "You had said so before" if not added else "Changed" if superseded else "Kept"
    message = f"{action}: {_statement(verdict, label, predicted)}{_REVIEW_NOTES.get(state, '')}."
    return Receipt(id=id, added=added, superseded=superseded, state=state, message=message)


def held_receipt(receipt: Receipt, reason: str) -> Receipt:
    """Return the receipt of a verdict that was accepted and is now held for review.

    Args:
        receipt: the receipt of the accepted verdict.
        reason: sentences that describe the label issue.
    """
    message = f"{receipt.message.removesuffix('.')}{_REVIEW_NOTES['held']}: {reason}"
    return replace(receipt, state="held", message=message)


def with_next_step(receipt: Receipt, *, among: str | None = None) -> Receipt:
    """Return the receipt of a correction with a sentence about what happens to it next.

    Args:
        receipt: the receipt.
        among: images among which the corrected one is, if they are never learned.
    """
    next_step = _NEXT_STEPS.get(receipt.state, "")
    if among is not None and receipt.state == "accepted":
        next_step = _NEVER_LEARNED.format(among=among)
    return replace(receipt, message=f"{receipt.message} {next_step}".strip())


def _statement(verdict: str, label: int | None, predicted: int) -> str:
    """Return what the person stated, in words."""
    if verdict == "not-a-digit":
        return "this is not a digit"
    if verdict == "unsure":
        return "you are not sure what this is"
    statement = f"this is {article(label)}"
    if verdict == "wrong" and label != predicted:
        return f"{statement}, not {article(predicted)}"
    return statement
