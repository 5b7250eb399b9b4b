"""FeedbackStore: the verdicts of people on predictions, in a database that only grows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final, Self

from digitlab.errors import FeedbackError
from digitlab.labels import article
from digitlab.phrases import numbers_text
from digitlab.prediction import DigitImage, Prediction
from digitlab.private_files import protect_home
from digitlab.settings import Settings
from digitlab.store.database import ClosesOnExit, Database, utc_now_or
from digitlab.store.feedback import queries
from digitlab.store.feedback.add_verdict import add_verdict
from digitlab.store.feedback.corrections import (
    START,
    Correction,
    Position,
    fetch_changes,
    fetch_fingerprints,
    fetch_position,
)
from digitlab.store.feedback.export import ExportFormat, export
from digitlab.store.feedback.pictures import PictureStorage
from digitlab.store.feedback.types import (
    IN_FORCE,
    Counts,
    Entry,
    Receipt,
    ReviewState,
    State,
    Verdict,
    verdict_by_label,
)
from digitlab.store.feedback.validation import check_contributor, check_undo, to_row
from digitlab.store.home_settings import HomeSettings
from digitlab.store.tables import predictions, verdicts

if TYPE_CHECKING:
    import pandas as pd


RECORD_PATIENCE_S: Final = 2.0
"""Longest wait of a prediction's row for other writers, in seconds."""

VERDICT_PATIENCE_S: Final = 10.0
"""Longest wait of a verdict for other writers, in seconds; the page waits as long."""


class FeedbackStore(ClosesOnExit):
    """Verdicts, their reviews, and the pictures that they are about.

    No row is ever changed or removed: an undo, a retraction and a new verdict on the same digit
    are rows too, and the state of each verdict follows from the rows. Several processes may
    write at the same time.

    Attributes:
        database: holds the rows.
        pictures: holds the original pictures.
    """

    def __init__(self, database: Database, pictures: PictureStorage) -> None:
        self.database = database
        self.pictures = pictures

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the feedback of a home; create or migrate its database if necessary.

        A home that cannot be written is opened for reading: `database.problem` says why, and a
        method that writes raises StoreError; see `Database.open_or_read`.

        Raises:
            StoreError: the database is damaged, or is newer than this program.
        """
        database = Database.open_or_read(settings.database_url)
        if database.problem is None:
            protect_home(settings)
        return cls(database, PictureStorage(settings.storage_url))

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def get(self, verdict_id: int) -> Entry:
        """Return one verdict in any state.

        Raises:
            FeedbackError: there is no such verdict.
        """
        with self.database.read() as connection:
            return queries.fetch_by_id(connection, [verdict_id])[0]

    def entries(
        self, *, contributor: str | None = None, history: bool = False, limit: int | None = None
    ) -> list[Entry]:
        """Return verdicts, oldest first.

        Args:
            contributor: this person's verdicts only; None for all.
            history: True for all rows, including undone, superseded and retracted verdicts;
                False for the verdicts in force.
            limit: the newest `limit` verdicts only; None for all.
        """
        conditions = () if contributor is None else (verdicts.c.contributor == contributor.strip(),)
        statement = queries.select_entries(*conditions, states=None if history else IN_FORCE)
        if limit is not None:
            statement = queries.newest_first(statement, limit)
        with self.database.read() as connection:
            entries = queries.fetch_entries(connection, statement)
        return entries if limit is None else entries[::-1]

    def accepted(self) -> list[Entry]:
        """Return the verdicts that a fine-tune learns from, oldest first.

        They are accepted, in force, and not "unsure".
        """
        with self.database.read() as connection:
            entries = queries.fetch_entries(connection, queries.select_entries(states=["accepted"]))
        return [entry for entry in entries if entry.verdict != "unsure"]

    def pending(self) -> list[Entry]:
        """Return the verdicts that are held for review, oldest first."""
        with self.database.read() as connection:
            return queries.fetch_entries(connection, queries.select_entries(states=["held"]))

    def digit_images(self, verdict_ids: Iterable[int]) -> dict[int, tuple[DigitImage, int | None]]:
        """Return digit images, uint8 (28, 28), and true digits of verdicts in force, by number.

        None stands for no digit. Unknown verdicts and verdicts that are no longer in force are
        left out.
        """
        ids = set(verdict_ids)
        statement = queries.select_entries(queries.has_key_among(ids), states=IN_FORCE)
        with self.database.read() as connection:
            entries = queries.fetch_entries(connection, statement.where(verdicts.c.id.in_(ids)))
        return {entry.id: (entry.digit_image, entry.label) for entry in entries}

    def corrections(self, since: Position = START) -> tuple[Position, dict[int, Correction | None]]:
        """Return the corrections that are new or may have changed.

        Args:
            since: the position that the last call returned; the default gives all corrections.

        Returns:
            The current position, and the corrections by number, None for each that no longer
            counts. If nothing has changed, they are empty after one small read. They are empty,
            too, while the database cannot be read.
        """
        with self.database.read(or_empty=True) as connection:
            position = fetch_position(connection)
            if position == since:
                return position, {}
            return position, fetch_changes(connection, since)

    def counts(self) -> Counts:
        """Count the stored predictions and verdicts."""
        with self.database.read() as connection:
            return queries.fetch_counts(connection)

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row per verdict in force; see `docs/feedback.md`."""
        from digitlab.store.feedback.dataframe import to_frame  # loads pandas

        return to_frame(self.entries())

    def export(self, path: str | os.PathLike[str], format: ExportFormat = "imagefolder") -> int:
        """Write the accepted verdicts for other programs; see `store.feedback.export.export`.

        Returns:
            The number of pictures written.
        """
        return export(self.accepted(), self.pictures, path, format)

    def _repr_html_(self) -> str:
        return self.counts()._repr_html_()

    def record(self, prediction: Prediction, *, now: datetime | None = None) -> int:
        """Store the small row of a prediction, without its picture; return its number."""
        return self.record_all([prediction], now=now)[0]

    def record_all(
        self, all_predictions: Iterable[Prediction], *, now: datetime | None = None
    ) -> tuple[int, ...]:
        """Store the rows of all predictions or of none; return their numbers in the same order.

        Raises:
            StoreError: they cannot be stored, or the database was locked for
                `RECORD_PATIENCE_S`: an answer does not wait for its row.
        """
        rows = [
            {
                "time": utc_now_or(now),
                "model": prediction.model,
                "digit": int(prediction.digit),
                "confidence": float(prediction.confidence),
                "refused": bool(prediction.refused),
                "remembered": bool(prediction.remembered),
            }
            for prediction in all_predictions
        ]
        with self.database.write(patience_s=RECORD_PATIENCE_S) as connection:
            return queries.insert_rows(connection, predictions, rows)

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
        """Store a person's verdict on a prediction.

        The same verdict again adds nothing, unless it has a new comment. Another verdict
        supersedes the earlier one. "right" for the digit that the person's own correction named
        confirms the correction and leaves it in force. The last review of the same verdict still
        applies, also after other verdicts or an undo.

        The picture is written before the row: a crash leaves at most a file without a row.

        Args:
            prediction: the judged prediction; its `picture` is stored if it has one.
            verdict: "right", "wrong", "not-a-digit" or "unsure".
            label: the true digit, 0-9; required for "wrong", otherwise allowed for "right" only.
                For "wrong" it may be the predicted digit only if the prediction was refused.
            contributor: name of the person; at most 200 characters.
            comment: the person's comment; at most 2,000 characters.
            now: time of the verdict, aware; None for the current time.

        Raises:
            FeedbackError: the verdict contradicts itself or is incomplete.
            StoreError: the picture or the row cannot be written.
        """
        return self.add_all(
            [prediction], verdict, label=label, contributor=contributor, comment=comment, now=now
        )[0]

    def add_all(
        self,
        judged_predictions: Iterable[Prediction],
        verdict: Verdict,
        *,
        label: int | None = None,
        contributor: str,
        comment: str = "",
        now: datetime | None = None,
    ) -> tuple[Receipt, ...]:
        """Store one verdict on all predictions or on none, in one transaction.

        The predictions are consumed one at a time, and no picture stays in memory after it is
        stored. So an iterator may provide hundreds.

        Returns:
            Receipts in the order of the predictions. See `add` for arguments and errors.
        """
        self.database.check_writable()  # before a picture is stored that no row would name
        rows = []
        picture, sha256 = b"", ""
        for prediction in judged_predictions:
            row = to_row(prediction, verdict, label=label, contributor=contributor, comment=comment)
            # The digits of one picture share its bytes, which are stored once.
            if prediction.picture and prediction.picture is not picture:
                picture, sha256 = prediction.picture, self.pictures.put(prediction.picture)
            if prediction.picture and sha256 != row["picture_sha256"]:
                raise FeedbackError(
                    "The prediction's picture_sha256 is not the hash of its picture; "
                    "predict the picture again."
                )
            rows.append((row, prediction.fingerprint))
        is_reviewed = HomeSettings(self.database).review
        with self.database.write(patience_s=VERDICT_PATIENCE_S) as connection:
            return tuple(
                add_verdict(connection, row, fingerprint, is_reviewed=is_reviewed, now=now)
                for row, fingerprint in rows
            )

    def undo(
        self, contributor: str, *, verdict_id: int | None = None, now: datetime | None = None
    ) -> Entry | None:
        """Take back a verdict in force; the verdict that it superseded is in force again.

        Args:
            contributor: name of the person who gave the verdict.
            verdict_id: number of the verdict; None for the person's last one, so that repeated
                calls go further back.
            now: the time, aware; None for the current time.

        Returns:
            The verdict, now "undone"; None if the person has no verdict in force.

        Raises:
            FeedbackError: verdict `verdict_id` does not exist, belongs to another contributor,
                or is no longer in force.
        """
        name = check_contributor(contributor)
        with self.database.write() as connection:
            if verdict_id is None:
                entry = queries.fetch_newest_in_force(connection, verdicts.c.contributor == name)
            else:
                entry = queries.fetch_by_id(connection, [verdict_id])[0]
                check_undo(name, entry)
            if entry is None:
                return None
            time = utc_now_or(now)
            queries.insert_reviews(connection, [entry.id], "undone", by=name, reason="", time=time)
            return queries.fetch_by_id(connection, [entry.id])[0]

    def undo_all(
        self, contributor: str, ids: Iterable[int], *, now: datetime | None = None
    ) -> list[Entry]:
        """Take back those of the verdicts `ids` that are the contributor's and in force.

        The others are skipped: someone else took them back or changed them in the meantime.

        Returns:
            The verdicts taken back, now "undone", oldest first.

        Raises:
            FeedbackError: a verdict does not exist; then none is taken back.
        """
        name = check_contributor(contributor)
        with self.database.write() as connection:
            undone_ids = [
                entry.id
                for entry in queries.fetch_by_id(connection, ids)
                if entry.contributor == name and entry.state in IN_FORCE
            ]
            time = utc_now_or(now)
            queries.insert_reviews(connection, undone_ids, "undone", by=name, reason="", time=time)
            return queries.fetch_by_id(connection, undone_ids)

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

        The last review applies. Accepting a retracted verdict brings it back.

        Args:
            ids: numbers of verdicts.
            state: the state to set.
            by: name of the reviewer.
            reason: stored with the review.
            only: review the verdicts in these states and skip the others; None for all states.
            now: the time, aware; None for the current time.

        Returns:
            The reviewed verdicts in their new state, oldest first.

        Raises:
            FeedbackError: a verdict does not exist, or is undone or superseded; then no verdict
                is reviewed.
        """
        if state not in {"accepted", "held", "rejected"}:
            raise FeedbackError(
                f"Expected accepted, held or rejected, got {state!r}; use undo or retract for "
                "the other states."
            )
        name = check_contributor(by)
        with self.database.write() as connection:
            entries = queries.fetch_by_id(connection, ids)
            if only is not None:
                states = set(only)
                entries = [entry for entry in entries if entry.state in states]
            ended = [entry.id for entry in entries if entry.state in {"undone", "superseded"}]
            if ended:
                verb = "verdict is" if len(ended) == 1 else "verdicts are"
                raise FeedbackError(
                    f"{len(ended):,} {verb} no longer in force and cannot be {state}: "
                    f"{numbers_text(ended)}."
                )
            reviewed_ids = [entry.id for entry in entries]
            time = utc_now_or(now)
            queries.insert_reviews(
                connection, reviewed_ids, state, by=name, reason=reason, time=time
            )
            return queries.fetch_by_id(connection, reviewed_ids)

    def retract(
        self,
        ids: Iterable[int] | None = None,
        *,
        contributor: str | None = None,
        by: str,
        reason: str = "",
        now: datetime | None = None,
    ) -> list[Entry]:
        """Withdraw verdicts together with all earlier verdicts on the same digits.

        Unlike after an undo, no earlier verdict comes back into force. Nothing is deleted, and
        the contributor may judge the same digit again.

        Args:
            ids: numbers of verdicts; or
            contributor: a person whose verdicts are all withdrawn.
            by: name of the person who withdraws them.
            reason: stored with the reviews.
            now: the time, aware; None for the current time.

        Returns:
            The verdicts that were in force and are now "retracted", oldest first.

        Raises:
            FeedbackError: a verdict does not exist, or neither or both of `ids` and
                `contributor` were given.
        """
        wanted = list(ids or ())
        if bool(wanted) == (contributor is not None):
            raise FeedbackError("Expected either numbers of verdicts or a contributor to retract.")
        name = check_contributor(by)
        with self.database.write() as connection:
            if contributor is None:
                queries.fetch_by_id(connection, wanted)  # raises if one does not exist
                condition = queries.has_key_among(wanted)
            else:
                condition = verdicts.c.contributor == check_contributor(contributor)
            entries = queries.fetch_entries(
                connection, queries.select_entries(condition, states=(*IN_FORCE, "superseded"))
            )
            retracted_ids = [entry.id for entry in entries]
            time = utc_now_or(now)
            queries.insert_reviews(
                connection, retracted_ids, "retracted", by=name, reason=reason, time=time
            )
            were_in_force = {entry.id for entry in entries if entry.state in IN_FORCE}
            retracted = queries.fetch_entries(
                connection, queries.select_entries(condition, states=["retracted"])
            )
            return [entry for entry in retracted if entry.id in were_in_force]

    def relabel(self, verdict_id: int, label: int, *, by: str) -> Entry:
        """Reject a verdict and add the reviewer's own in its place, with the same evidence.

        Args:
            verdict_id: number of the verdict with the wrong label; it is rejected and stays.
            label: the true digit, 0-9.
            by: name of the reviewer; their verdict is accepted.

        Returns:
            The new verdict.

        Raises:
            FeedbackError: there is no such verdict, it is no longer in force, or it has this
                label already.
        """
        entry = self.get(verdict_id)
        if entry.state not in IN_FORCE:
            raise FeedbackError(
                f"Verdict no. {verdict_id} is no longer in force and cannot be relabelled."
            )
        if entry.label == label:
            raise FeedbackError(
                f"Verdict no. {verdict_id} names {article(label)} already; accept it."
            )
        with self.database.read() as connection:
            fingerprint = fetch_fingerprints(connection, [verdict_id]).get(verdict_id)
        picture = self.pictures.get(entry.picture_sha256) if entry.picture_bytes else b""
        receipt = self.add(
            entry.to_prediction(picture=picture, fingerprint=fingerprint or b""),
            verdict_by_label(label, predicted=entry.predicted, refused=entry.refused),
            label=label,
            contributor=by,
            comment=f"relabelled from verdict no. {verdict_id}",
        )
        if entry.contributor != by.strip():  # otherwise the new verdict has superseded it
            self.review([verdict_id], "rejected", by=by, reason=f"relabelled as {label}")
        return self.review([receipt.id], "accepted", by=by, reason="relabelled")[0]
