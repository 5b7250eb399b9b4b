"""FeedbackReviewer: the decisions on verdicts that are in the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from digitlab.errors import FeedbackError
from digitlab.store.feedback import queries
from digitlab.store.feedback.reader import FeedbackReader
from digitlab.store.feedback.types import IN_FORCE, Entry, ReviewState, State
from digitlab.store.feedback.validation import check_contributor
from digitlab.store.moment import moment
from digitlab.store.tables import verdicts


class FeedbackReviewer(FeedbackReader):
    """What can be decided of verdicts; `FeedbackStore` adds what can be said."""

    def review(
        self,
        ids: Iterable[int],
        state: ReviewState,
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
            state: what is decided of all of them.
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
        if state not in {"accepted", "held", "rejected"}:
            raise FeedbackError(
                f"Expected accepted, held or rejected, got {state!r}; "
                "undo and retract have methods of their own."
            )
        wanted = list(ids)
        name = check_contributor(by)
        with self.database.write() as connection:
            found = queries.existing(connection, wanted)
            if only is not None:
                states = set(only)
                wanted = [entry.id for entry in found if entry.state in states]
                found = [entry for entry in found if entry.id in wanted]
            gone = [entry.id for entry in found if entry.state in {"undone", "superseded"}]
            if gone:
                numbers = ", ".join(map(str, gone))
                raise FeedbackError(
                    f"Verdict {numbers} is no longer in force and cannot be {state}."
                )
            queries.decide(connection, wanted, state, by=name, reason=reason, time=moment(now))
            return queries.existing(connection, wanted)

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
                queries.existing(connection, wanted)
                within = queries.keys_of(wanted)
            else:
                within = verdicts.c.contributor == check_contributor(contributor)
            standing = queries.entries(within, only=(*IN_FORCE, "superseded"))
            found = queries.fetch(connection, standing)
            gone = [entry.id for entry in found]
            queries.decide(connection, gone, "retracted", by=name, reason=reason, time=moment(now))
            were_in_force = {entry.id for entry in found if entry.state in IN_FORCE}
            after = queries.fetch(connection, queries.entries(within, only=["retracted"]))
            return [entry for entry in after if entry.id in were_in_force]
