"""Permission: which versions may serve without being forced to."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from digitlab.model.card import Card

_FORCE: Final = "To let it serve all the same, force it and say why (--force --why TEXT)."


def refusal(version: str, card: Card, *, serving: str, served: Container[str | None]) -> str:
    """Why a version may not serve; empty when it may.

    The gate's verdict says that a version is better than the one it was compared with, and is
    no permission to replace another one.

    Args:
        version: its name.
        card: its card.
        serving: the version that serves.
        served: those that have served before.
    """
    if card.is_base and not card.decision:  # judged by the person who promotes it
        return ""
    if card.decision is None:
        return f"{version} was never judged. {_FORCE}"
    if card.decision != "promoted":
        return " ".join([f"{version} was {card.decision}.", *card.reasons, _FORCE])
    if card.champion in {None, serving} or version in served:
        return ""
    return (
        f"{version} has never served: it was found better than {card.champion}, and {serving} "
        f"serves now. Fine-tune again. {_FORCE}"
    )
