"""Screening: hold accepted feedback that looks wrong, before anything is learned from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from digitlab.labels import NO_DIGIT
from digitlab.learning.label_quality.rules import Item, check_one, suspects
from digitlab.model.metrics import softmax
from digitlab.model.reference_embeddings import ReferenceEmbeddings
from digitlab.model.runtime import Classifier
from digitlab.store import Entry, FeedbackStore, ModelRegistry

SCREENER: Final = "digitlab"
"""Who holds in the ledger what the screening found."""


class Screen:
    """The screening of one home with one base.

    Args:
        store: the ledger.
        base: the version that fine-tunes start from; its embedding says what is alike.
        cache: folder for what the base makes of MNIST's digits; made when missing.
    """

    def __init__(self, store: FeedbackStore, base: Classifier, *, cache: Path) -> None:
        self._store = store
        self._base = base
        self._cache = cache
        self._known: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._reference: ReferenceEmbeddings | None = None

    @classmethod
    def of(cls, store: FeedbackStore, models: ModelRegistry, *, cache: Path) -> Screen:
        """The screening with the base that fine-tunes start from now."""
        return cls(store, models.load(models.base), cache=cache)

    @property
    def base(self) -> str:
        """The version whose embedding is used."""
        return self._base.version

    def hold(self, accepted: Sequence[Entry]) -> dict[int, str]:
        """Hold what is suspicious among accepted verdicts; nothing is deleted.

        Returns:
            The reasons of those held now, by number.
        """
        found = suspects(self._items(accepted), reference=self.reference())
        held: dict[int, str] = {}
        for why in sorted(set(found.values())):
            ids = sorted(number for number, reason in found.items() if reason == why)
            held |= dict.fromkeys(self._keep_back(ids, why), why)
        return held

    def hold_one(self, entry: Entry) -> str | None:
        """Hold a verdict that was just given if it is suspicious; the reason, or None."""
        others = [other for other in self._store.accepted() if other.id != entry.id]
        item, *items = self._items([entry, *others])
        why = check_one(item, items, reference=self.reference())
        return why if why is not None and self._keep_back([entry.id], why) else None

    def _keep_back(self, ids: list[int], why: str) -> list[int]:
        """Hold those that are still accepted: people may have decided otherwise meanwhile."""
        held = self._store.review(ids, "held", by=SCREENER, reason=why, only=["accepted"])
        return [entry.id for entry in held]

    def reference(self) -> ReferenceEmbeddings:
        """Ordinary digits as the base sees them."""
        if self._reference is None:
            self._reference = ReferenceEmbeddings.load(self._base, cache=self._cache)
        return self._reference

    def _items(self, entries: Iterable[Entry]) -> list[Item]:
        """Verdicts as the rules of suspicion see them."""
        entries = list(entries)
        new = {e.digit_sha256: e.digit_image for e in entries if e.digit_sha256 not in self._known}
        if new:
            images = np.stack(list(new.values()))
            logits, embeddings = self._base.logits_and_embeddings(images)
            shares = softmax(logits, temperature=self._base.card.temperature)
            seen = zip(embeddings, shares, strict=True)
            self._known |= dict(zip(new, seen, strict=True))
        return [
            Item(
                id=entry.id,
                label=NO_DIGIT if entry.label is None else entry.label,
                contributor=entry.contributor,
                time=entry.time,
                picture=f"{entry.picture_sha256}:{entry.box}",
                digit_sha256=entry.digit_sha256,
                embedding=self._known[entry.digit_sha256][0],
                probabilities=self._known[entry.digit_sha256][1],
                reviewed=entry.state == "accepted" and entry.by not in {"", SCREENER},
            )
            for entry in entries
        ]
