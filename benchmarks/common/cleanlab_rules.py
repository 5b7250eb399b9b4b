"""Label issues by cleanlab, as the alternative to digitlab's rules in `label_issues.py`."""

from __future__ import annotations

from typing import Final

import numpy as np

from common.poisoned_feedback import FeedbackCase
from digitlab.model.reference_embeddings import ReferenceEmbeddings
from digitlab.model.runtime import Classifier

NEIGHBOURS: Final = 10
PRIOR: Final = 0.02  # of each label, so that no probability is 0


def held_by_cleanlab(
    feedback: FeedbackCase,
    *,
    classifier: Classifier,
    reference: ReferenceEmbeddings,
    source: str,
) -> np.ndarray:
    """Return the feedback that cleanlab's `find_label_issues` flags, bool (N,).

    Args:
        feedback: the case.
        classifier: the base.
        reference: ordinary digits in the base's embedding space.
        source: where the probabilities come from: "base" for the base's own, "neighbours" for
            the nearest images among feedback and reference, each image left out for itself.
    """
    from cleanlab.filter import find_label_issues  # pip install "digitlab[bench]"

    labels = feedback.given_labels.astype(int)
    if source == "base":
        probabilities = classifier.predict_proba(feedback.x)
    else:
        probabilities = _neighbour_probabilities(feedback, classifier, reference)
    issues = find_label_issues(labels, probabilities, filter_by="prune_by_noise_rate", n_jobs=1)
    return np.asarray(issues, bool)


def _neighbour_probabilities(
    feedback: FeedbackCase, classifier: Classifier, reference: ReferenceEmbeddings
) -> np.ndarray:
    directions = reference.directions(classifier.embed(feedback.x))
    ordinary = reference.directions(reference.embeddings)
    labels = np.concatenate([feedback.given_labels, reference.labels]).astype(int)
    similarity = directions @ np.concatenate([directions, ordinary]).T
    np.fill_diagonal(similarity[:, : len(directions)], -np.inf)
    nearest = np.argsort(-similarity, axis=1)[:, :NEIGHBOURS]
    votes = np.full((len(directions), 10), PRIOR)
    for row, neighbours in enumerate(nearest):
        np.add.at(votes[row], labels[neighbours], similarity[row, neighbours].clip(1e-6))
    return votes / votes.sum(axis=1, keepdims=True)
