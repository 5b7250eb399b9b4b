"""Suspicion: which accepted feedback to hold for a person's review before it is learned from.

To disagree with the model is never enough: that is what a correction is for. Held is where people
contradict each other about one picture; where accepted feedback on images like it says something
else; what looks like one of MNIST's ordinary digits and was called another, with nobody else who
says so; and, with three contributors or more, what one of them gave when most of it is
contradicted in these ways.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.learning.label_quality.neighbours import PEOPLE, Item, Neighbours, name_of
from digitlab.model.reference_embeddings import ReferenceEmbeddings

__all__ = ["Item", "cap_share", "check_one", "suspects"]


_MOST: Final = 2500  # items that are judged: the newest; older ones were judged before
_NEAR: Final = 400  # items that are asked about a single one


def suspects(items: Sequence[Item], *, reference: ReferenceEmbeddings) -> dict[int, str]:
    """The items to hold for review.

    Args:
        items: accepted verdicts, in any order.
        reference: digits that the base was trained on.

    Returns:
        The reason for each held item, a sentence, by the item's number.
    """
    items = sorted(items, key=lambda item: (item.time, item.id))[-_MOST:]
    found = _contradicting(items)
    copies: dict[tuple[str, str, int], list[Item]] = defaultdict(list)
    for item in items:  # a person's copies of one image are one vote
        if item.id not in found:
            copies[item.contributor, item.digit_sha256, item.label].append(item)
    if copies:
        first = [next((i for i in group if i.reviewed), group[0]) for group in copies.values()]
        groups = list(copies.values())
        for row, why in Neighbours(first, reference).reasons().items():
            found |= {copy.id: why for copy in groups[row]}
    reviewed = {item.id for item in items if item.reviewed}
    return {number: found[number] for number in sorted(found.keys() - reviewed)}


def check_one(item: Item, others: Sequence[Item], *, reference: ReferenceEmbeddings) -> str | None:
    """Why to hold an item that was just given, by the same rules; None to accept it.

    Args:
        item: the new one.
        others: the accepted ones; the most similar of them are asked.
        reference: as for `suspects`.
    """
    if len(others) > _NEAR:
        directions = reference.directions(np.stack([other.embedding for other in others]))
        similar = directions @ reference.directions(item.embedding[None])[0]
        same = np.array([other.picture == item.picture for other in others])
        nearest = np.argsort(-(similar + same))[:_NEAR]
        others = [others[row] for row in nearest]
    return suspects([*others, item], reference=reference).get(item.id)


def cap_share(contributors: Sequence[str], *, largest: float) -> NDArray[np.float64]:
    """Weights of examples, so that no contributor has more than their share of the training.

    Args:
        contributors: who gave each example.
        largest: the largest share of all weights that one contributor may have; with few
            contributors at least an equal one.

    Returns:
        A weight for each example, (N,), at most 1. All 1 with fewer than three contributors,
        who could not be told from one another.
    """
    people, of, count = np.unique(
        np.asarray(contributors, str), return_inverse=True, return_counts=True
    )
    total = count.astype(float)
    if len(people) >= PEOPLE:
        largest = max(largest, 1 / len(people))
        capped = np.zeros(len(people), bool)
        while True:
            over = ~capped & (total > largest * total.sum() * (1 + 1e-9))
            if not over.any():
                break
            capped |= over
            rest = float(total[~capped].sum())
            left = 1 - largest * int(capped.sum())
            total[capped] = largest * rest / left if rest and left > 1e-9 else total.min()
    weights: NDArray[np.float64] = (total / count)[of]
    return weights


def _contradicting(items: Sequence[Item]) -> dict[int, str]:
    """Both sides, where people say different things of one picture or of one image.

    Where a person has accepted one side, the other one alone.
    """
    found: dict[int, str] = {}
    for key in ("picture", "digit_sha256"):
        groups: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            groups[getattr(item, key)].append(item)
        for group in groups.values():
            digits = sorted({item.label for item in group})
            if len(digits) == 1 or len({item.contributor for item in group}) == 1:
                continue
            settled = {item.label for item in group if item.reviewed}
            said = " and ".join(name_of(digit) for digit in digits)
            why = f"People say different things of the same picture: {said}."
            found |= {
                item.id: why
                for item in group
                if not item.reviewed and (len(settled) != 1 or item.label not in settled)
            }
    return found
