"""Group the corrections that a run fixed, left or broke, as thumbnails for the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from digitlab.html.primitives import digit_image_uri
from digitlab.labels import article
from digitlab.prediction import DigitImage
from digitlab.store import Run
from digitlab.widgets.state.run_corrections import MAX_IMAGES, corrections_by_kind

TITLES: Final = {
    "promoted": {
        "fixed": "Now read right",
        "still_wrong": "Still read wrong",
        "broken": "No longer read right",
    },
    "rejected": {
        "fixed": "It would read right",
        "still_wrong": "It would still read wrong",
        "broken": "It would no longer read right",
    },
}
"""Titles of the groups, by outcome of the run and by kind of correction."""

Group = dict[str, Any]


def groups_of(
    run: Run | None, digit_images: Mapping[int, tuple[DigitImage, int | None]] | None
) -> list[Group]:
    """Build the groups of a run: kind, title, images and more.

    Each image has src (a data URI), digit and alt. There is no group for a run without a new
    version that was judged, for a kind without corrections, and without digit images.

    Args:
        run: the run in view.
        digit_images: digit image and label by verdict id, without corrections that were undone
            since; None when they could not be read.
    """
    if run is None or digit_images is None:
        return []
    return [
        {
            "kind": kind,
            "title": f"{TITLES[str(run.outcome)][kind]}: {_count_text(kind, run)}",
            "images": [
                _thumbnail(*digit_images[verdict_id])
                for verdict_id in verdict_ids[:MAX_IMAGES]
                if verdict_id in digit_images
            ],
            "more": f"and {more} more" if (more := len(verdict_ids[MAX_IMAGES:])) else "",
        }
        for kind, verdict_ids in corrections_by_kind(run).items()
        if verdict_ids
    ]


def _count_text(kind: str, run: Run) -> str:
    """Count the corrections of a kind: "14 of 20 corrections; 2 were already", or "3"."""
    count, totals = len(run.metrics[kind]), run.metrics.get("corrections", {})
    if kind != "fixed" or "n" not in totals:
        return str(count)
    total, before = totals["n"], totals["champion"]
    already = f"; {before} {'was' if before == 1 else 'were'} already" if before else ""
    return f"{count} of {total} correction{'' if total == 1 else 's'}{already}"


def _thumbnail(image: DigitImage, label: int | None) -> dict[str, str]:
    return {
        "src": digit_image_uri(image),
        "digit": "none" if label is None else str(label),
        "alt": "no digit" if label is None else article(label),
    }
