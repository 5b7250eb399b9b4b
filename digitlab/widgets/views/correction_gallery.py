"""Gallery: what became of the corrections in a run that was judged, as thumbnails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from digitlab.html.primitives import digit_image_uri
from digitlab.labels import article
from digitlab.prediction import DigitImage
from digitlab.store import Run

if TYPE_CHECKING:
    from digitlab.lab import Lab

MOST: Final = 24
"""Thumbnails of a kind at most, the newest corrections first."""

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
"""By outcome, and by the name among the run's metrics that lists the corrections."""

Group = dict[str, Any]


def groups_of(run: Run | None, lab: Lab) -> list[Group]:
    """What became of the corrections, kind by kind: title, images and more.

    Images have src (a data URI), digit and alt. Empty without a run that was judged, and
    for one that does not say which corrections changed.

    Args:
        run: the one in view.
        lab: gives the digit images, all at once.
    """
    if run is None or run.outcome not in TITLES:
        return []
    kinds = {kind: run.metrics.get(kind, []) for kind in TITLES[run.outcome]}
    shown = {kind: sorted(numbers, reverse=True)[:MOST] for kind, numbers in kinds.items()}
    wanted = [number for numbers in shown.values() for number in numbers]
    if not wanted:
        return []
    known = lab.digit_images(wanted)
    return [
        {
            "kind": kind,
            "title": f"{title}: {_counted(kind, run)}",
            "images": [_thumbnail(*known[number]) for number in shown[kind] if number in known],
            "more": f"and {more} more" if (more := len(kinds[kind]) - len(shown[kind])) else "",
        }
        for kind, title in TITLES[run.outcome].items()
        if kinds[kind]
    ]


def _counted(kind: str, run: Run) -> str:
    """How many corrections they are: "14 of 20 corrections; 2 were already", or "3"."""
    found, all_ = len(run.metrics[kind]), run.metrics.get("corrections", {})
    if kind != "fixed" or "n" not in all_:
        return str(found)
    before = all_["champion"]
    already = f"; {before} {'was' if before == 1 else 'were'} already" if before else ""
    return f"{found} of {all_['n']} correction{'' if all_['n'] == 1 else 's'}{already}"


def _thumbnail(image: DigitImage, digit: int | None) -> dict[str, str]:
    return {
        "src": digit_image_uri(image),
        "digit": "none" if digit is None else str(digit),
        "alt": "no digit" if digit is None else article(digit),
    }
