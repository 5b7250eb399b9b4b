"""Group the corrections that a run fixed, left or broke, as thumbnails for the browser."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Final

from digitlab.html.primitives import digit_image_uri
from digitlab.labels import article
from digitlab.phrases import count_text
from digitlab.prediction import DigitImage
from digitlab.store import Run
from digitlab.widgets.state.run_corrections import (
    MAX_IMAGES,
    DigitImages,
    corrections_by_kind,
    visible_ids,
)

SERVING_TITLES: Final = {
    "fixed": "Now read right",
    "still_wrong": "Not learned yet",
    "broken": "No longer known",
}
"""Titles of the groups for the version that answers, by kind of correction. Stored corrections
answer for the last two, so the page may still read these pictures right."""

OTHER_TITLES: Final = {
    "fixed": "It would read right",
    "still_wrong": "It would still read wrong",
    "broken": "It would no longer read right",
}
"""Titles for a version that was rejected, or that another one has replaced."""

Group = dict[str, Any]


def groups_of(
    run: Run | None,
    digit_images: DigitImages | None,
    *,
    visible: Container[int] | None,
    model: str,
) -> list[Group]:
    """Build the groups of a run: kind, title, images and more.

    Each image has src (a data URI), digit and alt. There is no group for a run without a new
    version that was judged, for a kind without corrections, and without digit images.

    Args:
        run: the run in view.
        digit_images: digit image and label by verdict id, without corrections that were undone
            since; None when they could not be read.
        visible: ids of the corrections that this browser may see; None for all. The others are
            only counted.
        model: the version that the page answers with.
    """
    if run is None or digit_images is None:
        return []
    serves = run.outcome == "promoted" and run.version in (None, model)
    titles = SERVING_TITLES if serves else OTHER_TITLES
    groups = []
    for kind, verdict_ids in corrections_by_kind(run).items():
        if not verdict_ids:
            continue
        may_show = visible_ids(verdict_ids, visible)
        shown = [one for one in may_show[:MAX_IMAGES] if one in digit_images]
        counts = (
            (len(may_show[MAX_IMAGES:]), "and {:,} more"),
            (len(may_show[:MAX_IMAGES]) - len(shown), "{:,} taken back since"),
            (len(verdict_ids) - len(may_show), "{:,} not given in this browser"),
        )
        groups.append(
            {
                "kind": kind,
                "title": f"{titles[kind]}: {_count_text(kind, run)}",
                "images": [_thumbnail(*digit_images[one]) for one in shown],
                "more": "; ".join(text.format(count) for count, text in counts if count),
            }
        )
    return groups


def _count_text(kind: str, run: Run) -> str:
    """Count the corrections of a kind: "14 of 20 corrections; 2 were already", or "3"."""
    count, totals = len(run.metrics[kind]), run.metrics.get("corrections", {})
    if kind != "fixed" or "n" not in totals:
        return f"{count:,}"
    total, before = totals["n"], totals["champion"]
    already = f"; {before:,} {'was' if before == 1 else 'were'} already" if before else ""
    return f"{count:,} of {count_text(total, 'correction')}{already}"


def _thumbnail(image: DigitImage, label: int | None) -> dict[str, str]:
    return {
        "src": digit_image_uri(image),
        "digit": "none" if label is None else str(label),
        "alt": "no digit" if label is None else article(label),
    }
