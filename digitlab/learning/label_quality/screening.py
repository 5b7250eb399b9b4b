"""Screening: hold accepted feedback with a label issue before a fine-tune learns from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from digitlab.labels import NO_DIGIT
from digitlab.learning.label_quality.items import FeedbackItem
from digitlab.learning.label_quality.rules import check_new_item, find_label_issues
from digitlab.model.metrics import softmax
from digitlab.model.reference_embeddings import ReferenceEmbeddings
from digitlab.model.runtime import Classifier
from digitlab.store import Entry, FeedbackStore, ModelRegistry

SCREENER: Final = "digitlab"
"""The reviewer's name in the store for verdicts that the screening holds."""


class Screening:
    """The screening of one home's feedback with one base.

    Args:
        store: the home's feedback.
        base: the version that fine-tunes start from; its embedding tells which images are
            similar.
        cache: folder for the embeddings of MNIST's digits; created when missing.
    """

    def __init__(self, store: FeedbackStore, base: Classifier, *, cache: Path) -> None:
        self._store = store
        self._base = base
        self._cache = cache
        self._outputs: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._reference: ReferenceEmbeddings | None = None

    @classmethod
    def for_home(cls, store: FeedbackStore, models: ModelRegistry, *, cache: Path) -> Screening:
        """Build the screening with the base that fine-tunes start from now."""
        return cls(store, models.load(models.base), cache=cache)

    @property
    def base(self) -> str:
        """The version whose embedding is used."""
        return self._base.version

    def hold_label_issues(self, accepted: Sequence[Entry]) -> dict[int, str]:
        """Hold the accepted verdicts that have a label issue; nothing is deleted.

        Returns:
            The reasons of the verdicts that are held now, by number.
        """
        issues = find_label_issues(self._items(accepted), reference=self.reference())
        held: dict[int, str] = {}
        for reason in sorted(set(issues.values())):
            ids = sorted(number for number, why in issues.items() if why == reason)
            held |= dict.fromkeys(self._hold(ids, reason), reason)
        return held

    def check(self, entry: Entry) -> str | None:
        """Hold a new verdict if it has a label issue; return the reason, or None."""
        others = [other for other in self._store.accepted() if other.id != entry.id]
        item, *items = self._items([entry, *others])
        reason = check_new_item(item, items, reference=self.reference())
        return reason if reason is not None and self._hold([entry.id], reason) else None

    def reference(self) -> ReferenceEmbeddings:
        """Return the base's embeddings of ordinary digits."""
        if self._reference is None:
            self._reference = ReferenceEmbeddings.load(self._base, cache=self._cache)
        return self._reference

    def _hold(self, ids: list[int], reason: str) -> list[int]:
        """Hold the verdicts that are still accepted: a reviewer may have decided meanwhile."""
        held = self._store.review(ids, "held", by=SCREENER, reason=reason, only=["accepted"])
        return [entry.id for entry in held]

    def _items(self, entries: Iterable[Entry]) -> list[FeedbackItem]:
        entries = list(entries)
        new = {
            entry.digit_sha256: entry.digit_image
            for entry in entries
            if entry.digit_sha256 not in self._outputs
        }
        if new:
            logits, embeddings = self._base.logits_and_embeddings(np.stack(list(new.values())))
            probabilities = softmax(logits, temperature=self._base.card.temperature)
            outputs = zip(embeddings, probabilities, strict=True)
            self._outputs |= dict(zip(new, outputs, strict=True))
        return [
            FeedbackItem(
                id=entry.id,
                label=NO_DIGIT if entry.label is None else entry.label,
                contributor=entry.contributor,
                time=entry.time,
                picture=f"{entry.picture_sha256}:{entry.box}",
                digit_sha256=entry.digit_sha256,
                embedding=self._outputs[entry.digit_sha256][0],
                probabilities=self._outputs[entry.digit_sha256][1],
                reviewed=entry.state == "accepted" and entry.by not in {"", SCREENER},
            )
            for entry in entries
        ]
