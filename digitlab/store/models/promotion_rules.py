"""The rules for a promotion without force."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from digitlab.model.card import Card

_HOW_TO_FORCE: Final = "To let it serve all the same, force it and say why (--force --why TEXT)."


def reason_against_promotion(
    version: str,
    card: Card,
    *,
    champion: str,
    champion_card: Card | None,
    former_champions: Container[str | None],
) -> str:
    """Return why a version may not serve without force; empty if it may.

    The gate's decision says that a version is better than the one that it was compared with. It
    does not say so of another champion.

    Args:
        version: its name.
        card: its card.
        champion: the version that serves.
        champion_card: its card; None if it cannot be read.
        former_champions: the versions that have served before.
    """
    if card.is_base and not card.decision:
        if version in former_champions:
            return ""
        return _reason_against_base(version, card, champion=champion, champion_card=champion_card)
    if card.decision is None:
        return f"{version} was never judged. {_HOW_TO_FORCE}"
    if card.decision != "promoted":
        return " ".join([f"{version} was {card.decision}.", *card.reasons, _HOW_TO_FORCE])
    if card.champion in {None, champion} or version in former_champions:
        return ""
    return (
        f"{version} has never served: it was found better than {card.champion}, and {champion} "
        f"serves now. Fine-tune again. {_HOW_TO_FORCE}"
    )


def _reason_against_base(
    version: str, card: Card, *, champion: str, champion_card: Card | None
) -> str:
    """Return why a base or an imported version may not serve without force; empty if it may."""
    accuracy = card.test_accuracy
    if accuracy is None:
        return f"{version} was never measured on MNIST's test images. {_HOW_TO_FORCE}"
    served = None if champion_card is None else champion_card.test_accuracy
    if served is None:
        return f"{card.warning} {_HOW_TO_FORCE}" if card.warning else ""
    if accuracy >= served:
        return ""
    return (
        f"{version} reads {accuracy:.2%} of MNIST's test images, and {champion}, which serves "
        f"now, reads {served:.2%}. {_HOW_TO_FORCE}"
    )
