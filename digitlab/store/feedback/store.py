"""FeedbackStore: the append-only ledger of what people said of predictions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from digitlab.errors import FeedbackError
from digitlab.prediction import Prediction
from digitlab.store.feedback import queries
from digitlab.store.feedback.reviewer import FeedbackReviewer
from digitlab.store.feedback.types import IN_FORCE, Entry, Receipt, Verdict
from digitlab.store.feedback.validation import (
    Row,
    check_contributor,
    receipt_message,
    to_row,
    weigh,
)
from digitlab.store.home_settings import HomeSettings
from digitlab.store.moment import moment
from digitlab.store.tables import fingerprints, predictions, verdicts

REVIEWED: Final = "In this home verdicts count once a reviewer has accepted them."


class FeedbackStore(FeedbackReviewer):
    """Verdicts, the decisions on them, and the pictures that they are about.

    Nothing is ever changed or removed: an undo, a retraction and a changed mind are rows too,
    and what is in force follows from them. Several processes may write at once.

    Attributes:
        database: where the rows are.
        pictures: where the originals are.
    """

    def record(self, prediction: Prediction, *, now: datetime | None = None) -> int:
        """Keep the small row of a prediction, without its picture; return the row's number."""
        return self.record_all([prediction], now=now)[0]

    def record_all(
        self, made: Iterable[Prediction], *, now: datetime | None = None
    ) -> tuple[int, ...]:
        """As `record` for each, all or none; return the rows' numbers in the same order."""
        rows = [
            {
                "time": moment(now),
                "model": prediction.model,
                "digit": int(prediction.digit),
                "confidence": float(prediction.confidence),
                "refused": bool(prediction.refused),
                "remembered": bool(prediction.remembered),
            }
            for prediction in made
        ]
        with self.database.write() as connection:
            return tuple(queries.insert(connection, predictions, row) for row in rows)

    def add(
        self,
        prediction: Prediction,
        verdict: Verdict,
        *,
        label: int | None = None,
        contributor: str,
        comment: str = "",
        now: datetime | None = None,
    ) -> Receipt:
        """Keep what `contributor` says of `prediction`.

        The picture goes to storage first and the row follows, so that the worst that a crash
        can leave is a file without a row. Saying the same again adds nothing, unless with a
        new comment; saying something else supersedes. "right" for the digit that one's own
        correction named confirms the correction and leaves it in force. What reviewers decided
        last of the same said before still holds, whatever was said or undone in between.

        Args:
            prediction: what was read; its `picture` is kept when there is one.
            verdict: "right", "wrong", "not-a-digit" or "unsure".
            label: the right digit, 0-9; needed for "wrong", and else only allowed for "right".
                It may be the label only where the prediction was refused.
            contributor: who says so; at most 200 characters.
            comment: the person's own words; at most 2,000 characters.
            now: the time of the verdict, aware; None for the present.

        Raises:
            FeedbackError: the verdict contradicts itself or lacks something.
            StoreError: the picture or the row cannot be written.
        """
        return self.add_all(
            [prediction], verdict, label=label, contributor=contributor, comment=comment, now=now
        )[0]

    def add_all(
        self,
        made: Iterable[Prediction],
        verdict: Verdict,
        *,
        label: int | None = None,
        contributor: str,
        comment: str = "",
        now: datetime | None = None,
    ) -> tuple[Receipt, ...]:
        """As `add` for each, all or none, in one transaction; receipts in the same order.

        Each picture is let go once it is in storage, so that `made` may bring hundreds.
        """
        rows = []
        picture, sha256 = b"", ""
        for prediction in made:
            row = to_row(prediction, verdict, label=label, contributor=contributor, comment=comment)
            if prediction.picture and prediction.picture is not picture:  # once for all its digits
                picture, sha256 = prediction.picture, self.pictures.put(prediction.picture)
            if prediction.picture and sha256 != row["picture_sha256"]:
                raise FeedbackError(
                    "The prediction's picture_sha256 is not the hash of its picture; "
                    "predict it anew."
                )
            rows.append((row, prediction.fingerprint))
        reviewed = HomeSettings(self.database).review
        with self.database.write() as connection:
            return tuple(
                _keep(connection, row, fingerprint, reviewed=reviewed, now=now)
                for row, fingerprint in rows
            )

    def undo(
        self, contributor: str, *, verdict_id: int | None = None, now: datetime | None = None
    ) -> Entry | None:
        """Take back a verdict of `contributor` that is still in force.

        What it had superseded is in force again.

        Args:
            contributor: whose verdict.
            verdict_id: its number; None for the last one, so that calling again goes further
                back.
            now: the time, aware; None for the present.

        Returns:
            The verdict taken back, now "undone"; None when there was none.

        Raises:
            FeedbackError: verdict `verdict_id` does not exist, is somebody else's, or is no
                longer in force.
        """
        name = check_contributor(contributor)
        with self.database.write() as connection:
            if verdict_id is None:
                last = queries.in_force(connection, verdicts.c.contributor == name)
            else:
                last = queries.existing(connection, [verdict_id])[0]
                _check_takes_back(name, last)
            if last is None:
                return None
            queries.decide(connection, [last.id], "undone", by=name, reason="", time=moment(now))
            return queries.existing(connection, [last.id])[0]

    def undo_all(
        self, contributor: str, ids: Iterable[int], *, now: datetime | None = None
    ) -> list[Entry]:
        """Take back those of the verdicts `ids` that are `contributor`'s and still in force.

        The others are passed over: they were taken back or changed elsewhere meanwhile.

        Returns:
            The verdicts taken back, now "undone", oldest first.

        Raises:
            FeedbackError: a verdict does not exist; then none is taken back.
        """
        name = check_contributor(contributor)
        with self.database.write() as connection:
            found = queries.existing(connection, ids)
            theirs = [entry for entry in found if entry.contributor == name]
            standing = [entry.id for entry in theirs if entry.state in IN_FORCE]
            queries.decide(connection, standing, "undone", by=name, reason="", time=moment(now))
            return queries.existing(connection, standing)


def _keep(
    connection: sa.Connection, row: Row, fingerprint: bytes, *, reviewed: bool, now: datetime | None
) -> Receipt:
    """Add one verdict, unless it says nothing new."""
    earlier = queries.in_force(connection, queries.same_key(row))
    change = weigh(earlier, row)
    if earlier is not None and not change.adds:
        return Receipt(
            id=earlier.id,
            added=False,
            superseded=None,
            state=earlier.state,
            message=receipt_message(change, earlier, earlier.state),
        )
    time = moment(now)
    new = queries.insert_verdict(connection, change.row | {"time": time})
    if fingerprint and (row["verdict"] in {"wrong", "not-a-digit"} or row["remembered"]):
        kept = {"verdict_id": new, "fingerprint": fingerprint}
        connection.execute(sa.insert(fingerprints).values(kept))
    state, by, reason = queries.last_review(connection, change.row)
    if state == "accepted" and not by and reviewed:
        state, by, reason = "held", "digitlab", REVIEWED
    if state != "accepted" or by:  # whoever accepted it did so once and for all
        queries.decide(connection, [new], state, by=by, reason=reason, time=time)
    return Receipt(
        id=new,
        added=True,
        superseded=None if earlier is None else earlier.id,
        state=state,
        message=receipt_message(change, earlier, state),
    )


def _check_takes_back(name: str, entry: Entry) -> None:
    if entry.contributor != name:
        raise FeedbackError("This verdict is somebody else's; only they can take it back.")
    if entry.state not in IN_FORCE:
        raise FeedbackError("This verdict is no longer in force; there is nothing to take back.")
