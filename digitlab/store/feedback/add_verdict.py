"""The addition of one verdict inside a transaction, with the rules for repeats and reviews."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from digitlab.store.database import utc_now_or
from digitlab.store.feedback import queries
from digitlab.store.feedback.receipt import make_receipt
from digitlab.store.feedback.types import Receipt, is_correction
from digitlab.store.feedback.validation import Row, compare_with_earlier
from digitlab.store.tables import fingerprints

REVIEWED_HOME_REASON: Final = "In this home verdicts count once a reviewer has accepted them."


def add_verdict(
    connection: sa.Connection,
    row: Row,
    fingerprint: bytes,
    *,
    is_reviewed: bool,
    now: datetime | None,
) -> Receipt:
    """Insert one verdict, unless the verdict in force already says the same.

    Args:
        connection: inside a write transaction.
        row: the verdict, from `validation.to_row`.
        fingerprint: of its picture; empty for none. Only corrections keep it.
        is_reviewed: whether verdicts in this home wait for a reviewer.
        now: time of the verdict, aware; None for the current time.
    """
    earlier = queries.fetch_newest_in_force(connection, queries.has_key_of(row))
    change = compare_with_earlier(earlier, row)
    statement = {name: change.row[name] for name in ("verdict", "label", "predicted")}
    if earlier is not None and not change.adds:
        return make_receipt(
            id=earlier.id, **statement, added=False, superseded=None, state=earlier.state
        )
    time = utc_now_or(now)
    verdict_id = queries.insert_verdict(connection, change.row | {"time": time})
    if fingerprint and is_correction(row["verdict"], remembered=row["remembered"]):
        values = {"verdict_id": verdict_id, "fingerprint": fingerprint}
        connection.execute(sa.insert(fingerprints).values(values))
    state, by, reason = queries.fetch_last_review(connection, change.row)
    if state == "accepted" and not by and is_reviewed:
        state, by, reason = "held", "digitlab", REVIEWED_HOME_REASON
    if state != "accepted" or by:  # an earlier acceptance by a reviewer applies to this row too
        queries.insert_reviews(connection, [verdict_id], state, by=by, reason=reason, time=time)
    return make_receipt(
        id=verdict_id,
        **statement,
        added=True,
        superseded=None if earlier is None else earlier.id,
        state=state,
    )
