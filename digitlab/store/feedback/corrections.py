"""Recollect: what the ledger gives the memory, and what of it has changed since."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa

from digitlab.prediction import DigitImage
from digitlab.store.feedback import queries
from digitlab.store.feedback.types import Entry, State
from digitlab.store.tables import fingerprints, reviews, verdicts

_REMEMBERED: Final[tuple[State, ...]] = ("accepted", "held")


class Mark(NamedTuple):
    """How far the ledger has been read: its last verdict and its last review; 0 for none."""

    verdict: int
    review: int


NOTHING: Final = Mark(0, 0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Correction:
    """One correction as the memory keeps it.

    Attributes:
        id: number of the verdict.
        time: when it was given; aware, UTC.
        contributor: who gave it.
        label: the right digit, 0-9; None for "not a digit".
        accepted: False while it is held: then it counts for its contributor alone.
        digit_image: uint8 (28, 28), read-only.
        digit_sha256: of the digit image's bytes, in hex.
        fingerprint: how the picture looked (`images.fingerprint`); empty where that was not kept.
    """

    id: int
    time: datetime
    contributor: str
    label: int | None
    accepted: bool
    digit_image: DigitImage = field(repr=False)
    digit_sha256: str
    fingerprint: bytes = field(repr=False)


def mark(connection: sa.Connection) -> Mark:
    """How far the ledger goes; two looks into indices."""
    last = (
        sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0)).scalar_subquery()
        for table in (verdicts, reviews)
    )
    return Mark(*connection.execute(sa.select(*last)).one())


def changes(connection: sa.Connection, since: Mark) -> dict[int, Correction | None]:
    """The corrections that came since, or whose state may have changed, by number.

    Args:
        since: what was read before; `NOTHING` for all.

    Returns:
        None for those that are in force no longer.
    """
    if since == NOTHING:
        within: tuple[sa.ColumnElement[bool], ...] = ()
    else:
        new = sa.select(verdicts.c.id).where(verdicts.c.id > since.verdict)
        decided = sa.select(reviews.c.verdict_id).where(reviews.c.id > since.review)
        touched = [row.id for row in connection.execute(new.union(decided))]
        within = (queries.keys_of(touched),)
    statement = queries.entries(*within).where(
        verdicts.c.verdict.in_(["wrong", "not-a-digit"]) | verdicts.c.remembered
    )
    found = queries.fetch(connection, statement)
    kept = fingerprints_of(connection, [entry.id for entry in found if entry.state in _REMEMBERED])
    return {
        entry.id: _to_correction(entry, kept.get(entry.id, b""))
        if entry.state in _REMEMBERED and entry.verdict != "unsure"
        else None
        for entry in found
    }


def fingerprints_of(connection: sa.Connection, ids: list[int]) -> dict[int, bytes]:
    """The fingerprints of verdicts, by number, where they were kept."""
    found: dict[int, bytes] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        rows = connection.execute(
            sa.select(fingerprints).where(fingerprints.c.verdict_id.in_(some))
        )
        found |= {row.verdict_id: row.fingerprint for row in rows}
    return found


_AT_ONCE: Final = 10_000  # numbers in one statement; SQLite takes 32,766


def _to_correction(entry: Entry, fingerprint: bytes) -> Correction:
    return Correction(
        id=entry.id,
        time=entry.time,
        contributor=entry.contributor,
        label=entry.label,
        accepted=entry.state == "accepted",
        digit_image=entry.digit_image,
        digit_sha256=entry.digit_sha256,
        fingerprint=fingerprint,
    )
