"""The addition of imported verdicts: many in one transaction, each with its time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from digitlab.store.database import utc_now_or
from digitlab.store.feedback import queries
from digitlab.store.feedback.add_verdict import add_verdict
from digitlab.store.feedback.store import FeedbackStore
from digitlab.store.feedback.types import IN_FORCE, Entry, Receipt
from digitlab.store.feedback.validation import CONTRIBUTOR_LIMIT, Row
from digitlab.store.home_settings import HomeSettings
from digitlab.store.tables import verdicts

IMPORTER = "digitlab"
"""The reviewer's name in the store for verdicts that an import holds."""


@dataclass(frozen=True, kw_only=True)
class ImportedVerdict:
    """One verdict to add.

    Attributes:
        row: from `validation.to_row`.
        fingerprint: of its picture; empty for none.
        time: time of the verdict, aware; None for the time of the import.
        is_exported: whether an export stored it with its box. The label of a whole picture, in
            contrast, contradicts another label of the same picture wherever its box is.
    """

    row: Row
    fingerprint: bytes = field(repr=False)
    time: datetime | None
    is_exported: bool


def add_imported(store: FeedbackStore, imported: Iterable[ImportedVerdict]) -> list[Receipt]:
    """Add all verdicts or none.

    A verdict that contradicts one that its contributor has in force does not supersede it: it is
    stored beside it, under the contributor's name with its label, and both are held for review.
    A verdict that a reviewer accepted stays accepted.

    Returns:
        Receipts in the order of the verdicts.

    Raises:
        StoreError: the database cannot be written.
    """
    is_reviewed = HomeSettings(store.database).review
    receipts = []
    with store.database.write() as connection:
        for verdict in imported:
            row, rivals = _beside_rivals(connection, verdict)
            receipt = add_verdict(
                connection, row, verdict.fingerprint, is_reviewed=is_reviewed, now=verdict.time
            )
            if rivals and receipt.added:
                _hold(connection, [*rivals, *queries.fetch_by_id(connection, [receipt.id])])
            receipts.append(receipt)
    return receipts


def labels_in_force(
    store: FeedbackStore, picture_sha256: Sequence[str]
) -> dict[tuple[str, str], set[int | None]]:
    """Return the labels in force of pictures, by SHA-256 and contributor.

    The contributor of a verdict that stands beside a contradictory one counts by the own name.
    """
    condition = verdicts.c.picture_sha256.in_(picture_sha256)
    with store.database.read() as connection:
        entries = queries.fetch_entries(
            connection, queries.select_entries(condition, states=IN_FORCE)
        )
    labels: dict[tuple[str, str], set[int | None]] = {}
    for entry in entries:
        for name in {entry.contributor, entry.contributor.removesuffix(_suffix(entry.label))}:
            labels.setdefault((entry.picture_sha256, name), set()).add(entry.label)
    return labels


def _beside_rivals(connection: sa.Connection, verdict: ImportedVerdict) -> tuple[Row, list[Entry]]:
    """Return the row to add, and the contributor's verdicts in force that contradict it."""
    row = verdict.row
    same = queries.has_key_of(row)
    if not verdict.is_exported:
        same = sa.and_(
            verdicts.c.picture_sha256 == row["picture_sha256"],
            verdicts.c.contributor == row["contributor"],
        )
    statement = queries.select_entries(same, states=IN_FORCE)
    rivals = [
        entry
        for entry in queries.fetch_entries(connection, statement)
        if (entry.label, entry.label is None and entry.verdict)
        != (row["label"], row["label"] is None and row["verdict"])
    ]
    if not rivals:
        return row, []
    suffix = _suffix(row["label"])
    name = row["contributor"][: CONTRIBUTOR_LIMIT - len(suffix)] + suffix
    return row | {"contributor": name}, rivals


def _suffix(label: int | None) -> str:
    return " (not a digit)" if label is None else f" ({label})"


def _hold(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    """Hold contradictory verdicts, except those that a reviewer accepted."""
    labels = sorted({"no digit" if e.label is None else str(e.label) for e in entries})
    ids = [e.id for e in entries if e.state == "accepted" and e.by in {"", IMPORTER}]
    queries.insert_reviews(
        connection,
        ids,
        "held",
        by=IMPORTER,
        reason=f"The same picture has the labels {' and '.join(labels)}.",
        time=utc_now_or(None),
    )
