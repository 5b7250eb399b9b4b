"""SQL queries on verdicts and reviews; they derive each verdict's state from the rows.

The last review of a verdict counts, and "undone" is final. Of the verdicts with one key that
are neither undone nor retracted, the newest is in force and supersedes the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from digitlab.errors import FeedbackError
from digitlab.phrases import numbers_text
from digitlab.store.feedback.types import IN_FORCE, STATES, VERDICTS, Counts, Entry, State
from digitlab.store.feedback.validation import clean
from digitlab.store.tables import KEY, predictions, reviews, verdicts

Condition = sa.ColumnElement[bool]


def select_states(*conditions: Condition) -> sa.Subquery:
    """Return a subquery with the columns id, state, by and reason of verdicts.

    Args:
        conditions: on `verdicts`; none for all verdicts. A condition must keep or drop whole
            keys, such as one contributor or one key. Otherwise it hides what supersedes a
            verdict.
    """
    last_review_id = (
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
        .select_from(verdicts.outerjoin(reviews, reviews.c.id == last_review_id))
        .where(*conditions)
        .subquery("reviewed")
    )
    state = sa.case(
        (rows.c.review_state.in_(["undone", "retracted"]), rows.c.review_state),
        (rows.c.id < rows.c.newest, "superseded"),
        else_=rows.c.review_state,
    )
    return sa.select(rows.c.id, state.label("state"), rows.c.by, rows.c.reason).subquery("states")


def select_entries(*conditions: Condition, states: Iterable[State] | None = None) -> sa.Select[Any]:
    """Return a statement with all columns of verdicts and their state, oldest first.

    Args:
        conditions: as for `select_states`.
        states: keep verdicts in these states; None for all.
    """
    state = select_states(*conditions)
    statement = (
        sa.select(verdicts, state.c.state, state.c.by, state.c.reason)
        .join(state, state.c.id == verdicts.c.id)
        .order_by(verdicts.c.id)
    )
    return statement if states is None else statement.where(state.c.state.in_(list(states)))


def newest_first(statement: sa.Select[Any], limit: int) -> sa.Select[Any]:
    """Return a `select_entries` statement that gives only the newest verdicts, newest first."""
    return statement.order_by(None).order_by(verdicts.c.id.desc()).limit(limit)


def has_key_of(row: dict[str, Any]) -> Condition:
    """Return the condition that a verdict has the key of `row`."""
    return sa.and_(*(column == row[column.name] for column in KEY))


def has_key_among(ids: Iterable[int]) -> Condition:
    """Return the condition that a verdict has the key of one of the verdicts `ids`."""
    named = verdicts.alias("named")
    keys = sa.select(*(named.c[column.name] for column in KEY)).where(named.c.id.in_(list(ids)))
    return sa.tuple_(*KEY).in_(keys)


def fetch_entries(connection: sa.Connection, statement: sa.Select[Any]) -> list[Entry]:
    """Run a `select_entries` statement."""
    return [_to_entry(row) for row in connection.execute(statement)]


def fetch_newest_in_force(connection: sa.Connection, *conditions: Condition) -> Entry | None:
    """Return the newest verdict in force; None if there is none.

    Args:
        connection: inside a transaction.
        conditions: as for `select_states`.
    """
    statement = newest_first(select_entries(*conditions, states=IN_FORCE), limit=1)
    entries = fetch_entries(connection, statement)
    return entries[0] if entries else None


def fetch_by_id(connection: sa.Connection, ids: Iterable[int]) -> list[Entry]:
    """Return the verdicts `ids` in any state, oldest first.

    Raises:
        FeedbackError: one of them does not exist.
    """
    wanted = set(ids)
    statement = select_entries(has_key_among(wanted)).where(verdicts.c.id.in_(wanted))
    entries = fetch_entries(connection, statement)
    missing = sorted(wanted - {entry.id for entry in entries})
    if missing:
        raise FeedbackError(f"There is no verdict {numbers_text(missing)}.")
    return entries


def fetch_last_review(connection: sa.Connection, row: dict[str, Any]) -> tuple[State, str, str]:
    """Return state, reviewer and reason of the last review of the same verdict.

    Every earlier verdict with the same key, verdict and label counts, also if it is superseded,
    undone or retracted by now: a contributor cannot escape a review by changing a verdict and
    changing it back.

    Returns:
        ("accepted", "", "") if there was no review.
    """
    review = connection.execute(
        sa.select(reviews.c.state, reviews.c.by, reviews.c.reason)
        .join(verdicts, verdicts.c.id == reviews.c.verdict_id)
        .where(
            has_key_of(row),
            verdicts.c.verdict == row["verdict"],
            verdicts.c.label == row["label"],
            reviews.c.state.in_(IN_FORCE),
        )
        .order_by(reviews.c.id.desc())
        .limit(1)
    ).first()
    return ("accepted", "", "") if review is None else (review.state, review.by, review.reason)


def fetch_counts(connection: sa.Connection) -> Counts:
    """Count the stored predictions and verdicts."""
    state = select_states()
    by_verdict_and_state = (
        sa.select(verdicts.c.verdict, state.c.state, sa.func.count().label("n"))
        .join(state, state.c.id == verdicts.c.id)
        .group_by(verdicts.c.verdict, state.c.state)
    )
    rows = connection.execute(by_verdict_and_state).all()
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


def insert_row(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> int:
    """Insert one row; return its number."""
    key = connection.execute(sa.insert(table).values(row)).inserted_primary_key
    assert key is not None  # an INSERT of one row has a key  # noqa: S101
    return int(key[0])


def insert_rows(
    connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]
) -> tuple[int, ...]:
    """Insert rows with one statement, within a transaction that writes; return their numbers."""
    if not rows:
        return ()
    insert = sa.insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return tuple(connection.execute(insert, rows).scalars())


def insert_verdict(connection: sa.Connection, row: dict[str, Any]) -> int:
    """Insert one verdict; return its number.

    `prediction_id` becomes NULL if this database has no such prediction, because the prediction
    was made in another home. The verdict holds all evidence itself.
    """
    prediction_id = sa.select(predictions.c.id).where(predictions.c.id == row["prediction_id"])
    return insert_row(
        connection, verdicts, row | {"prediction_id": prediction_id.scalar_subquery()}
    )


def insert_reviews(
    connection: sa.Connection,
    ids: Iterable[int],
    state: State,
    *,
    by: str,
    reason: str,
    time: datetime,
) -> None:
    """Insert one review for each of the verdicts `ids`."""
    review = {"state": state, "by": by, "reason": clean(reason), "time": time}
    rows = [review | {"verdict_id": verdict_id} for verdict_id in ids]
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
