"""Find label issues: accepted feedback to hold for review before a fine-tune learns from it.

A label that differs from the model's prediction is no label issue: corrections differ by nature.
The label issues are:

- contributors who label the same picture differently;
- a label that the accepted feedback on similar images contradicts;
- an image that looks like an ordinary digit of MNIST with another label, if no other feedback
  supports its label;
- with three contributors or more, most of what one of them gave, if it is contradicted in these
  ways.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from digitlab.learning.label_quality.items import FeedbackItem, label_text
from digitlab.learning.label_quality.neighbours import NeighbourVotes
from digitlab.learning.thresholds import LABEL_ISSUES
from digitlab.model.reference_embeddings import ReferenceEmbeddings


def find_label_issues(
    items: Sequence[FeedbackItem], *, reference: ReferenceEmbeddings
) -> dict[int, str]:
    """Find the items to hold for review.

    Args:
        items: accepted verdicts, in any order.
        reference: embeddings of digits that the base was trained on.

    Returns:
        The reason for each item with a label issue, a sentence, by the item's number.
    """
    items = sorted(items, key=lambda item: (item.time, item.id))[-LABEL_ISSUES.max_items :]
    issues = _contradicting_labels(items)
    copies: dict[tuple[str, str, int], list[FeedbackItem]] = defaultdict(list)
    for item in items:  # a contributor's copies of one image are one vote
        if item.id not in issues:
            copies[item.contributor, item.digit_sha256, item.label].append(item)
    if copies:
        groups = list(copies.values())
        voters = [next((i for i in group if i.reviewed), group[0]) for group in groups]
        for row, reason in NeighbourVotes(voters, reference).label_issues().items():
            issues |= {copy.id: reason for copy in groups[row]}
    reviewed = {item.id for item in items if item.reviewed}
    return {number: issues[number] for number in sorted(issues.keys() - reviewed)}


def check_new_item(
    item: FeedbackItem, others: Sequence[FeedbackItem], *, reference: ReferenceEmbeddings
) -> str | None:
    """Return the reason to hold a new item, by the same rules; None to accept it.

    Args:
        item: the new item.
        others: the accepted items; only the most similar ones are compared.
        reference: as for `find_label_issues`.
    """
    if len(others) > LABEL_ISSUES.max_similar_items:
        directions = reference.directions(np.stack([other.embedding for other in others]))
        similarity = directions @ reference.directions(item.embedding[None])[0]
        same_picture = np.array([other.picture == item.picture for other in others])
        nearest = np.argsort(-(similarity + same_picture))[: LABEL_ISSUES.max_similar_items]
        others = [others[row] for row in nearest]
    return find_label_issues([*others, item], reference=reference).get(item.id)


def _contradicting_labels(items: Sequence[FeedbackItem]) -> dict[int, str]:
    """Find both sides, where contributors label one picture or one image differently.

    Where a reviewer accepted one side, only the other side is held.
    """
    issues: dict[int, str] = {}
    for key in ("picture", "digit_sha256"):
        groups: dict[str, list[FeedbackItem]] = defaultdict(list)
        for item in items:
            groups[getattr(item, key)].append(item)
        for group in groups.values():
            labels = sorted({item.label for item in group})
            if len(labels) == 1 or len({item.contributor for item in group}) == 1:
                continue
            settled = {item.label for item in group if item.reviewed}
            texts = " and ".join(label_text(label) for label in labels)
            reason = f"Contributors label the same picture differently: {texts}."
            issues |= {
                item.id: reason
                for item in group
                if not item.reviewed and (len(settled) != 1 or item.label not in settled)
            }
    return issues
