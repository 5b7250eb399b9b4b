"""How the state of each verdict follows from the rows, as SQL: one statement, one pass.

The last review of a verdict decides, and "undone" is final. Among the verdicts with one key
that are neither undone nor retracted, the newest is in force and supersedes the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from digitlab.errors import FeedbackError
from digitlab.store.feedback.types import IN_FORCE, STATES, VERDICTS, Counts, Entry, State
from digitlab.store.feedback.validation import clean
from digitlab.store.tables import KEY, predictions, reviews, verdicts

Condition = sa.ColumnElement[bool]


def states(*within: Condition) -> sa.Subquery:
    """Columns id, state, by and reason of the verdicts `within`, or of all.

    Args:
        within: conditions on `verdicts` that keep or drop whole keys, such as one contributor
            or one key. Others would hide what supersedes a verdict.
    """
    last = (
        sa.select(sa.func.max(reviews.c.id))
        .where(reviews.c.verdict_id == verdicts.c.id)
        .correlate(verdicts)
        .scalar_subquery()
    )
    review_state = sa.func.coalesce(reviews.c.state, "accepted")
    newest = sa.func.max(
        sa.case((review_state.not_in(["undone", "retracted"]), verdicts.c.id))
    ).over(partition_by=KEY)
    rows = (
        sa.select(
            verdicts.c.id,
            review_state.label("review_state"),
            newest.label("newest"),
            sa.func.coalesce(reviews.c.by, "").label("by"),
            sa.func.coalesce(reviews.c.reason, "").label("reason"),
        )
        .select_from(verdicts.outerjoin(reviews, reviews.c.id == last))
        .where(*within)
        .subquery("decided")
    )
    state = sa.case(
        (rows.c.review_state.in_(["undone", "retracted"]), rows.c.review_state),
        (rows.c.id < rows.c.newest, "superseded"),
        else_=rows.c.review_state,
    )
    return sa.select(rows.c.id, state.label("state"), rows.c.by, rows.c.reason).subquery("states")


def entries(*within: Condition, only: Iterable[State] | None = None) -> sa.Select[Any]:
    """All columns of the verdicts `within` with their state, by and reason; oldest first.

    Args:
        within: as for `states`.
        only: the states wanted; None for all.
    """
    state = states(*within)
    statement = (
        sa.select(verdicts, state.c.state, state.c.by, state.c.reason)
        .join(state, state.c.id == verdicts.c.id)
        .order_by(verdicts.c.id)
    )
    return statement if only is None else statement.where(state.c.state.in_(list(only)))


def same_key(values: dict[str, Any]) -> Condition:
    """The condition that a verdict speaks of the same thing as the row `values`."""
    return sa.and_(*(column == values[column.name] for column in KEY))


def keys_of(ids: Iterable[int]) -> Condition:
    """The condition that a verdict has the key of one of the verdicts `ids`."""
    named = verdicts.alias("named")
    keys = sa.select(*(named.c[column.name] for column in KEY)).where(named.c.id.in_(list(ids)))
    return sa.tuple_(*KEY).in_(keys)


def fetch(connection: sa.Connection, statement: sa.Select[Any]) -> list[Entry]:
    """The rows of an `entries` statement as plain data."""
    return [_to_entry(row) for row in connection.execute(statement)]


def in_force(connection: sa.Connection, *within: Condition) -> Entry | None:
    """The newest verdict in force `within`, conditions as for `states`; None without any."""
    statement = entries(*within, only=IN_FORCE).order_by(None).order_by(verdicts.c.id.desc())
    found = fetch(connection, statement.limit(1))
    return found[0] if found else None


def last_review(connection: sa.Connection, row: dict[str, Any]) -> tuple[State, str, str]:
    """What reviewers decided last of what `row` says, by whom, and why.

    All verdicts count that say the same under the same key, also those that were superseded,
    undone or retracted since: nobody escapes a review by going to and fro. "accepted", by
    nobody, where there was no review.
    """
    same = (same_key(row), verdicts.c.verdict == row["verdict"], verdicts.c.label == row["label"])
    found = connection.execute(
        sa.select(reviews.c.state, reviews.c.by, reviews.c.reason)
        .join(verdicts, verdicts.c.id == reviews.c.verdict_id)
        .where(*same, reviews.c.state.in_(IN_FORCE))
        .order_by(reviews.c.id.desc())
        .limit(1)
    ).first()
    return ("accepted", "", "") if found is None else (found.state, found.by, found.reason)


def count(connection: sa.Connection) -> Counts:
    """How much the ledger holds."""
    state = states()
    held = sa.select(verdicts.c.verdict, state.c.state, sa.func.count().label("n")).join(
        state, state.c.id == verdicts.c.id
    )
    rows = connection.execute(held.group_by(verdicts.c.verdict, state.c.state)).all()
    judged = (
        sa.select(sa.func.count(verdicts.c.prediction_id.distinct()))
        .join(state, state.c.id == verdicts.c.id)
        .where(state.c.state.in_(IN_FORCE))
    )
    return Counts(
        predictions=connection.execute(
            sa.select(sa.func.count()).select_from(predictions)
        ).scalar_one(),
        judged=connection.execute(judged).scalar_one(),
        verdicts={
            name: sum(row.n for row in rows if row.verdict == name and row.state in IN_FORCE)
            for name in VERDICTS
        },
        states={name: sum(row.n for row in rows if row.state == name) for name in STATES},
    )


def existing(connection: sa.Connection, ids: Iterable[int]) -> list[Entry]:
    """The verdicts `ids`, whatever their state; oldest first.

    Raises:
        FeedbackError: one of them does not exist.
    """
    wanted = set(ids)
    statement = entries(keys_of(wanted)).where(verdicts.c.id.in_(wanted))
    found = fetch(connection, statement)
    missing = sorted(wanted - {entry.id for entry in found})
    if missing:
        raise FeedbackError(f"There is no verdict {', '.join(map(str, missing))}.")
    return found


def insert(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> int:
    """Add one row; return its number."""
    key = connection.execute(sa.insert(table).values(row)).inserted_primary_key
    assert key is not None  # one row, so there is a key  # noqa: S101
    return int(key[0])


def insert_verdict(connection: sa.Connection, row: dict[str, Any]) -> int:
    """Add one verdict; return its number.

    A prediction that this database does not know, because it was made for another home, is
    not referred to: the verdict holds all the evidence itself.
    """
    known = sa.select(predictions.c.id).where(predictions.c.id == row["prediction_id"])
    return insert(connection, verdicts, row | {"prediction_id": known.scalar_subquery()})


def decide(
    connection: sa.Connection,
    ids: Iterable[int],
    review_state: State,
    *,
    by: str,
    reason: str,
    time: datetime,
) -> None:
    """Add a row to `reviews` for each of the verdicts `ids`; none for no verdicts."""
    said = {"state": review_state, "by": by, "reason": clean(reason), "time": time}
    rows = [said | {"verdict_id": verdict_id} for verdict_id in ids]
    if rows:
        connection.execute(sa.insert(reviews), rows)


def _to_entry(row: sa.Row[Any]) -> Entry:
    values = dict(row._mapping)
    x, y, width, height = (values.pop(name) for name in ("x", "y", "width", "height"))
    image = np.frombuffer(values.pop("digit_image"), dtype=np.uint8).reshape(28, 28)
    probabilities = tuple(values.pop("probabilities"))
    return Entry(
        box=(x, y, width, height), digit_image=image, probabilities=probabilities, **values
    )
