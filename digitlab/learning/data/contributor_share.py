"""Weights of training examples that limit the share of each contributor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digitlab.learning.thresholds import LABEL_ISSUES


def cap_contributor_share(contributors: Sequence[str], *, max_share: float) -> NDArray[np.float64]:
    """Weight examples so that no contributor exceeds their share of the training.

    Args:
        contributors: the contributor of each example, (N,).
        max_share: maximum share of the total weight of one contributor, 0-1. With few
            contributors it is at least an equal share.

    Returns:
        A weight for each example, (N,), at most 1. All weights are 1 with fewer than three
        contributors, who cannot be told from one another.
    """
    names, inverse, counts = np.unique(
        np.asarray(contributors, str), return_inverse=True, return_counts=True
    )
    totals = counts.astype(float)
    if len(names) >= LABEL_ISSUES.min_contributors:
        max_share = max(max_share, 1 / len(names))
        capped = np.zeros(len(names), bool)
        while True:
            over = ~capped & (totals > max_share * totals.sum() * (1 + 1e-9))
            if not over.any():
                break
            capped |= over
            uncapped = float(totals[~capped].sum())
            uncapped_share = 1 - max_share * int(capped.sum())
            totals[capped] = (
                max_share * uncapped / uncapped_share
                if uncapped and uncapped_share > 1e-9
                else totals.min()
            )
    weights: NDArray[np.float64] = (totals / counts)[inverse]
    return weights
