"""NeighbourVotes: label issues in feedback that similar images contradict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.learning.label_quality.gaussian_process import (
    contradiction,
    kernel,
    leave_group_out_scores,
)
from digitlab.learning.label_quality.items import FeedbackItem, Floats, label_text
from digitlab.learning.thresholds import LABEL_ISSUES
from digitlab.model.reference_embeddings import NEIGHBOURS, ReferenceEmbeddings

_NEIGHBOURS_IN_REASON: Final = 5

Rows = NDArray[np.intp]


class NeighbourVotes:
    """The votes of similar images on the labels of items.

    Args:
        items: at least one item, sorted by time, without copies of an image.
        reference: embeddings of ordinary digits.
    """

    def __init__(self, items: Sequence[FeedbackItem], reference: ReferenceEmbeddings) -> None:
        self._items = items
        self._labels = np.array([item.label for item in items], np.intp)
        contributors = np.unique([item.contributor for item in items], return_inverse=True)[1]
        self._contributors = contributors.astype(np.intp)
        n_contributors = int(self._contributors.max()) + 1
        self._judges_contributors = n_contributors >= LABEL_ISSUES.min_contributors
        self._reviewed = np.array([item.reviewed for item in items])
        self._variance = np.where(
            self._reviewed,
            LABEL_ISSUES.vote_variance * LABEL_ISSUES.reviewed_variance_factor,
            LABEL_ISSUES.vote_variance,
        )
        directions = reference.directions(np.stack([item.embedding for item in items]))
        self._similarity = kernel(directions, directions)
        self._reference_labels, self._typicality = reference.agreed_labels(directions)
        probabilities = np.stack([np.append(item.probabilities, 0) for item in items])
        of_label = probabilities[np.arange(len(items)), self._labels]
        # The model half agrees with the label, so the label is more likely to be right.
        self._support = LABEL_ISSUES.model_support * np.sqrt(np.minimum(of_label, 0.5))
        # A confirmed prediction is no independent support for its own label.
        self._support[probabilities.argmax(axis=1) == self._labels] = 0
        self._contradicts_reference = (
            (self._reference_labels >= 0)
            & (self._reference_labels != self._labels)
            & (of_label < LABEL_ISSUES.max_label_probability)
        )

    def label_issues(self) -> dict[int, str]:
        """Find the items with a label issue; return their reasons by position in `items`."""
        issues: dict[int, str] = {}
        rows = np.arange(len(self._items))
        while self._judges_contributors and (group := self._worst_group(rows)):
            issues |= group
            rows = np.array([row for row in rows if row not in group], np.intp)
        scores = self._scores(rows, np.arange(len(rows)))
        contradictions = contradiction(scores, self._labels[rows]) - self._support[rows]
        of_label = scores[np.arange(len(rows)), self._labels[rows]]
        threshold = LABEL_ISSUES.min_contradiction
        threshold += LABEL_ISSUES.min_contradiction_of_few / max(1, len(rows))
        for row, contradicted, support in zip(rows, contradictions, of_label, strict=True):
            if contradicted > threshold:
                issues[int(row)] = self._reason(int(row), rows)
            elif (
                self._contradicts_reference[row]
                and self._typicality[row] >= LABEL_ISSUES.min_typicality
                and support < LABEL_ISSUES.min_support
            ):
                issues[int(row)] = (
                    f"It was labelled {label_text(self._labels[row])}, but looks like an ordinary "
                    f"{self._reference_labels[row]}: the {NEIGHBOURS} most similar digits of MNIST "
                    f"are all labelled {self._reference_labels[row]}."
                )
        return issues

    def _scores(self, rows: Rows, groups: Rows, variance: Floats | None = None) -> Floats:
        variance = self._variance[rows] if variance is None else variance
        similarity = self._similarity[np.ix_(rows, rows)]
        return leave_group_out_scores(similarity, self._labels[rows], variance, groups)

    def _worst_group(self, rows: Rows) -> dict[int, str]:
        """Return the reasons for the items of the most contradicted group of one contributor."""
        scores = self._group_scores(rows)
        worst, highest_mean = rows[:0], -np.inf
        for group in self._groups(rows):
            mean = float(scores[group].mean())
            contradicted = scores[group] > LABEL_ISSUES.min_contradiction_in_group
            if contradicted.mean() >= LABEL_ISSUES.min_group_share and mean > highest_mean:
                worst, highest_mean = group, mean
        if not len(worst):
            return {}
        contributor = self._items[rows[worst[0]]].contributor or "one person"
        n_contradicted = int((scores[worst] > LABEL_ISSUES.min_contradiction_in_group).sum())
        reason = (
            f"One of {len(worst)} verdicts of {contributor}; what is known about similar images "
            f"contradicts {n_contradicted} of them."
        )
        return {int(rows[place]): reason for place in worst if scores[place] > 0}

    def _group_scores(self, rows: Rows) -> Floats:
        """Score how much other contributors or the contributor's other items contradict each."""
        contributors, labels = self._contributors[rows], self._labels[rows]
        places = np.arange(len(rows))
        agree = (contributors[:, None] == contributors) & (labels[:, None] == labels)
        # Each contributor has one vote in a neighbourhood, however many items they gave there.
        crowding = (self._similarity[np.ix_(rows, rows)] * agree).sum(axis=1)
        by_others = self._scores(rows, contributors, self._variance[rows] * crowding)
        by_all = self._scores(rows, places)
        unlike_label = (
            self._contradicts_reference[rows]
            & (self._typicality[rows] >= LABEL_ISSUES.min_typicality_in_group)
            & (by_others[places, labels] < LABEL_ISSUES.min_support)
        )
        scores = np.maximum(contradiction(by_others, labels), contradiction(by_all, labels))
        group_scores: Floats = np.where(unlike_label, np.maximum(scores, 1), scores)
        return group_scores

    def _groups(self, rows: Rows) -> Iterator[Rows]:
        """Yield the positions of all items of a contributor, of one sitting, and of one label."""
        for contributor in np.unique(self._contributors[rows]):
            mine = np.flatnonzero((self._contributors[rows] == contributor) & ~self._reviewed[rows])
            times = [self._items[rows[place]].time for place in mine]
            pauses = [
                n
                for n in range(1, len(mine))
                if times[n] - times[n - 1] > LABEL_ISSUES.sitting_pause
            ]
            for part in (mine, *(np.split(mine, pauses) if pauses else ())):
                labels = self._labels[rows[part]]
                for group in (part, *(part[labels == label] for label in np.unique(labels))):
                    if len(group) >= LABEL_ISSUES.min_group_size:
                        yield group

    def _reason(self, row: int, rows: Rows) -> str:
        others = rows[rows != row]
        nearest = others[np.argsort(-self._similarity[row, others])[:_NEIGHBOURS_IN_REASON]]
        labels = self._labels[nearest]
        other_label = np.bincount(labels[labels != self._labels[row]], minlength=1).argmax()
        return (
            f"It was labelled {label_text(self._labels[row])}; "
            f"{int((labels == other_label).sum())} of the {len(nearest)} most similar accepted "
            f"images are labelled {label_text(other_label)}."
        )
