"""Choose the corrections that the page shows with a run: fixed, still wrong and broken ones."""

from __future__ import annotations

from typing import Final

from digitlab.store import Run

KINDS: Final = ("fixed", "still_wrong", "broken")
"""Names of a run's metrics that list verdict ids of corrections."""

MAX_IMAGES: Final = 24
"""Largest number of corrections of a kind that the page shows."""


def corrections_by_kind(run: Run | None) -> dict[str, list[int]]:
    """Return the verdict ids that a promoted or rejected run lists, newest first, by kind.

    The result is empty for any other run, and a kind is empty when the run lists no correction
    of it.
    """
    if run is None or run.outcome not in {"promoted", "rejected"}:
        return {}
    return {kind: sorted(run.metrics.get(kind, []), reverse=True) for kind in KINDS}


def shown_corrections(run: Run | None) -> list[int]:
    """Return the verdict ids of the corrections that the page shows, in the order of the kinds."""
    kinds = corrections_by_kind(run).values()
    return [verdict_id for verdict_ids in kinds for verdict_id in verdict_ids[:MAX_IMAGES]]
