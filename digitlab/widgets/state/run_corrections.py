"""Choose the corrections that the page shows with a run: fixed, still wrong and broken ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Sequence
from typing import Final

from digitlab.prediction import DigitImage
from digitlab.store import Run

DigitImages = dict[int, tuple[DigitImage, int | None]]
"""Digit image and label by verdict id; None for "not a digit"."""

ReadDigitImages = Callable[[Iterable[int]], DigitImages]

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


def shown_corrections(run: Run | None, visible: Container[int] | None = None) -> list[int]:
    """Return the verdict ids of the corrections that the page shows, in the order of the kinds.

    Args:
        run: the run in view.
        visible: ids that this browser may see; None for all.
    """
    return [
        verdict_id
        for verdict_ids in corrections_by_kind(run).values()
        for verdict_id in visible_ids(verdict_ids, visible)[:MAX_IMAGES]
    ]


def visible_ids(verdict_ids: Sequence[int], visible: Container[int] | None) -> list[int]:
    """Return those of the ids that this browser may see; see `shown_corrections`."""
    return [one for one in verdict_ids if visible is None or one in visible]


def ids_of_own_pictures(
    run: Run | None, own: Collection[int], digit_images: ReadDigitImages
) -> frozenset[int]:
    """Return those of a run's corrections that a browser gave.

    A run lists the first verdict on each digit image. So the browser's verdict may be another one,
    with the same label on the same image.

    Args:
        run: the run in view.
        own: ids of the verdicts that the browser gave.
        digit_images: returns digit image and label by id.
    """
    listed = {one for verdict_ids in corrections_by_kind(run).values() for one in verdict_ids}
    if not listed or not own:
        return frozenset()
    images = digit_images(listed.union(own))
    contents = {one: (image.tobytes(), label) for one, (image, label) in images.items()}
    own_contents = {contents[one] for one in own if one in contents}
    return frozenset(one for one in listed if one in own or contents.get(one) in own_contents)
