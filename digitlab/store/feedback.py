"""FeedbackStore: the append-only ledger of what people said of predictions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from digitlab.errors import FeedbackError
from digitlab.model.prediction import Prediction
from digitlab.store import ledger
from digitlab.store.entries import IN_FORCE, Decision, Entry, Receipt, State, Verdict
from digitlab.store.judgement import check_contributor, clean, receipt_message, to_row, weigh
from digitlab.store.moment import moment
from digitlab.store.options import Options
from digitlab.store.reader import FeedbackReader
from digitlab.store.tables import predictions, reviews, traces, verdicts

REVIEWED: Final = "In this home verdicts count once a reviewer has accepted them."


class FeedbackStore(FeedbackReader):
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
                "label": int(prediction.label),
                "confidence": float(prediction.confidence),
                "refused": bool(prediction.refused),
                "remembered": bool(prediction.remembered),
            }
            for prediction in made
        ]
        with self.database.write() as connection:
            return tuple(ledger.insert(connection, predictions, row) for row in rows)

    def add(
        self,
        prediction: Prediction,
        verdict: Verdict,
        *,
        digit: int | None = None,
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
            digit: the right digit, 0-9; needed for "wrong", and else only allowed for "right".
                It may be the label only where the prediction was refused.
            contributor: who says so; at most 200 characters.
            comment: the person's own words; at most 2,000 characters.
            now: the time of the verdict, aware; None for the present.

        Raises:
            FeedbackError: the verdict contradicts itself or lacks something.
            StoreError: the picture or the row cannot be written.
        """
        row = to_row(prediction, verdict, digit=digit, contributor=contributor, comment=comment)
        if prediction.picture and self.pictures.put(prediction.picture) != row["picture_sha256"]:
            raise FeedbackError(
                "The prediction's picture_sha256 is not the hash of its picture; predict it anew."
            )
        reviewed = Options(self.database).review
        with self.database.write() as connection:
            earlier = ledger.in_force(connection, ledger.same_key(row))
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
            new = ledger.insert_verdict(connection, change.row | {"time": time})
            if prediction.trace and change.row["verdict"] != "unsure":
                kept = {"verdict_id": new, "trace": prediction.trace}
                connection.execute(sa.insert(traces).values(kept))
            state, by, reason = ledger.last_review(connection, change.row)
            if state == "accepted" and not by and reviewed:
                state, by, reason = "held", "digitlab", REVIEWED
            if state != "accepted" or by:  # whoever accepted it did so once and for all
                _decide(connection, [new], state, by=by, reason=reason, time=time)
        return Receipt(
            id=new,
            added=True,
            superseded=None if earlier is None else earlier.id,
            state=state,
            message=receipt_message(change, earlier, state),
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
                last = ledger.in_force(connection, verdicts.c.contributor == name)
            else:
                last = ledger.existing(connection, [verdict_id])[0]
                _check_takes_back(name, last)
            if last is None:
                return None
            _decide(connection, [last.id], "undone", by=name, reason="", time=moment(now))
            return ledger.existing(connection, [last.id])[0]

    def review(
        self,
        ids: Iterable[int],
        decision: Decision,
        *,
        by: str,
        reason: str = "",
        only: Iterable[State] | None = None,
        now: datetime | None = None,
    ) -> list[Entry]:
        """Decide whether verdicts count: "accepted", "held" or "rejected".

        The last decision holds. Accepting a retracted verdict brings it back.

        Args:
            ids: numbers of verdicts.
            decision: what is decided of all of them.
            by: who decides.
            reason: why.
            only: the states in which it is decided; verdicts in another one are passed over.
                None to decide of all.
            now: the time, aware; None for the present.

        Returns:
            The verdicts as they are afterwards, oldest first.

        Raises:
            FeedbackError: a verdict does not exist, or is undone or superseded; then nothing
                is decided of the others either.
        """
        if decision not in {"accepted", "held", "rejected"}:
            raise FeedbackError(
                f"Expected accepted, held or rejected, got {decision!r}; "
                "undo and retract have methods of their own."
            )
        wanted = list(ids)
        name = check_contributor(by)
        with self.database.write() as connection:
            found = ledger.existing(connection, wanted)
            if only is not None:
                states = set(only)
                wanted = [entry.id for entry in found if entry.state in states]
                found = [entry for entry in found if entry.id in wanted]
            gone = [entry.id for entry in found if entry.state in {"undone", "superseded"}]
            if gone:
                numbers = ", ".join(map(str, gone))
                raise FeedbackError(
                    f"Verdict {numbers} is no longer in force and cannot be {decision}."
                )
            _decide(connection, wanted, decision, by=name, reason=reason, time=moment(now))
            return ledger.existing(connection, wanted)

    def retract(
        self,
        ids: Iterable[int] | None = None,
        *,
        contributor: str | None = None,
        by: str,
        reason: str = "",
        now: datetime | None = None,
    ) -> list[Entry]:
        """Withdraw judged things with all that their contributors said of them until now.

        Unlike after an undo, no earlier verdict comes back into force. Nothing is deleted, and
        the contributor may judge the same thing again.

        Args:
            ids: verdicts whose judged things to withdraw; or
            contributor: the person whose verdicts to withdraw, all of them.
            by: who withdraws them.
            reason: why.
            now: the time, aware; None for the present.

        Returns:
            The verdicts that were in force and are now "retracted", oldest first.

        Raises:
            FeedbackError: a verdict does not exist, or neither ids nor a contributor were given,
                or both.
        """
        wanted = list(ids or ())
        if bool(wanted) == (contributor is not None):
            raise FeedbackError("Expected either numbers of verdicts or a contributor to retract.")
        name = check_contributor(by)
        with self.database.write() as connection:
            if contributor is None:
                ledger.existing(connection, wanted)
                within = ledger.keys_of(wanted)
            else:
                within = verdicts.c.contributor == check_contributor(contributor)
            standing = ledger.entries(within, only=(*IN_FORCE, "superseded"))
            found = ledger.fetch(connection, standing)
            gone = [entry.id for entry in found]
            _decide(connection, gone, "retracted", by=name, reason=reason, time=moment(now))
            were_in_force = {entry.id for entry in found if entry.state in IN_FORCE}
            after = ledger.fetch(connection, ledger.entries(within, only=["retracted"]))
            return [entry for entry in after if entry.id in were_in_force]


def _check_takes_back(name: str, entry: Entry) -> None:
    if entry.contributor != name:
        raise FeedbackError("This verdict is somebody else's; only they can take it back.")
    if entry.state not in IN_FORCE:
        raise FeedbackError("This verdict is no longer in force; there is nothing to take back.")


def _decide(
    connection: sa.Connection,
    ids: Iterable[int],
    decision: State,
    *,
    by: str,
    reason: str,
    time: datetime,
) -> None:
    said = {"decision": decision, "by": by, "reason": clean(reason), "time": time}
    rows = [said | {"verdict_id": verdict_id} for verdict_id in ids]
    if rows:
        connection.execute(sa.insert(reviews), rows)
