"""The corrections that the correction memory follows, and what changed in them since a position."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa

from digitlab.prediction import DigitImage
from digitlab.store.feedback import queries
from digitlab.store.feedback.types import CONTRADICTIONS, Entry, State
from digitlab.store.tables import fingerprints, reviews, verdicts

_ACTIVE_STATES: Final[tuple[State, ...]] = ("accepted", "held")
"""States of a verdict that the memory answers with."""

_IDS_PER_STATEMENT: Final = 10_000  # SQLite accepts 32,766 variables


class Position(NamedTuple):
    """A point in the history of feedback: its last verdict and its last review; 0 for none."""

    verdict: int
    review: int


START: Final = Position(0, 0)
"""The position before the first verdict."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Correction:
    """One stored correction, as the correction memory needs it.

    Attributes:
        id: number of the verdict.
        time: time of the verdict; aware, UTC.
        contributor: name of the person who gave it.
        label: the true digit, 0-9; None for "not a digit".
        accepted: False while it is held; then it counts for its contributor only.
        digit_image: uint8 (28, 28), read-only.
        digit_sha256: SHA-256 of the digit image's bytes, in hex.
        fingerprint: the picture's fingerprint (`images.similarity.picture_fingerprint`); empty
            if none is stored.
    """

    id: int
    time: datetime
    contributor: str
    label: int | None
    accepted: bool
    digit_image: DigitImage = field(repr=False)
    digit_sha256: str
    fingerprint: bytes = field(repr=False)


def fetch_position(connection: sa.Connection) -> Position:
    """Return the current position; reads the ends of two indexes."""
    last_ids = (
        sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0)).scalar_subquery()
        for table in (verdicts, reviews)
    )
    return Position(*connection.execute(sa.select(*last_ids)).one())


def fetch_changes(connection: sa.Connection, since: Position) -> dict[int, Correction | None]:
    """Return the corrections that are new, or whose state may have changed, by number.

    Args:
        connection: inside a transaction.
        since: the position of the last call; `START` for all corrections.

    Returns:
        None for each correction that no longer counts.
    """
    if since == START:
        conditions: tuple[sa.ColumnElement[bool], ...] = ()
    else:
        new = sa.select(verdicts.c.id).where(verdicts.c.id > since.verdict)
        reviewed = sa.select(reviews.c.verdict_id).where(reviews.c.id > since.review)
        changed_ids = [row.id for row in connection.execute(new.union(reviewed))]
        conditions = (queries.has_key_among(changed_ids),)
    # Leaves out confirmations, of which there are many; `Entry.is_correction` decides the rest.
    statement = queries.select_entries(*conditions).where(
        verdicts.c.verdict.in_(CONTRADICTIONS) | verdicts.c.remembered
    )
    entries = queries.fetch_entries(connection, statement)
    active = {
        entry.id for entry in entries if entry.state in _ACTIVE_STATES and entry.is_correction
    }
    fingerprint_by_id = fetch_fingerprints(connection, sorted(active))
    return {
        entry.id: _to_correction(entry, fingerprint_by_id.get(entry.id, b""))
        if entry.id in active
        else None
        for entry in entries
    }


def fetch_fingerprints(connection: sa.Connection, ids: list[int]) -> dict[int, bytes]:
    """Return the stored picture fingerprints of verdicts, by number."""
    fingerprint_by_id: dict[int, bytes] = {}
    for start in range(0, len(ids), _IDS_PER_STATEMENT):
        some_ids = ids[start : start + _IDS_PER_STATEMENT]
        rows = connection.execute(
            sa.select(fingerprints).where(fingerprints.c.verdict_id.in_(some_ids))
        )
        fingerprint_by_id |= {row.verdict_id: row.fingerprint for row in rows}
    return fingerprint_by_id


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
