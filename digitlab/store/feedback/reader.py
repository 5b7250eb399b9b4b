"""FeedbackReader: the ledger of feedback as one reads it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Self

from digitlab.prediction import DigitImage
from digitlab.settings import Settings
from digitlab.store.closing import Closing
from digitlab.store.database import Database
from digitlab.store.feedback import corrections, queries
from digitlab.store.feedback.export import ExportFormat, export
from digitlab.store.feedback.pictures import PictureStorage
from digitlab.store.feedback.types import IN_FORCE, Counts, Entry
from digitlab.store.tables import verdicts

if TYPE_CHECKING:
    import pandas as pd

_LESSONS: Final = frozenset({"right", "wrong", "not-a-digit"})


class FeedbackReader(Closing):
    """Everything that can be asked of the ledger; `FeedbackStore` adds what can be said.

    Attributes:
        database: where the rows are.
        pictures: where the originals are.
    """

    def __init__(self, database: Database, pictures: PictureStorage) -> None:
        self.database = database
        self.pictures = pictures

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the ledger of a home; create or migrate it when that is due.

        Raises:
            StoreError: the home cannot be written, or is damaged or newer than this program.
        """
        return cls(Database.open(settings.database_url), PictureStorage(settings.storage_url))

    def close(self) -> None:
        """Give the database's connections back."""
        self.database.close()

    def get(self, verdict_id: int) -> Entry:
        """One verdict, whatever its state.

        Raises:
            FeedbackError: there is none with that number.
        """
        with self.database.read() as connection:
            return queries.existing(connection, [verdict_id])[0]

    def entries(
        self, *, contributor: str | None = None, history: bool = False, limit: int | None = None
    ) -> list[Entry]:
        """Verdicts, oldest first.

        Args:
            contributor: only this person's; None for everybody's.
            history: True for all rows, also the undone, superseded and retracted ones; False
                for those in force.
            limit: only the newest so many; None for all.
        """
        within = () if contributor is None else (verdicts.c.contributor == contributor.strip(),)
        statement = queries.entries(*within, only=None if history else IN_FORCE)
        if limit is not None:
            statement = statement.order_by(None).order_by(verdicts.c.id.desc()).limit(limit)
        with self.database.read() as connection:
            found = queries.fetch(connection, statement)
        return found if limit is None else found[::-1]

    def accepted(self) -> list[Entry]:
        """The verdicts to learn from, oldest first: accepted, in force, and not "unsure"."""
        with self.database.read() as connection:
            found = queries.fetch(connection, queries.entries(only=["accepted"]))
        return [entry for entry in found if entry.verdict in _LESSONS]

    def pending(self) -> list[Entry]:
        """The verdicts that are held and wait for review, oldest first."""
        with self.database.read() as connection:
            return queries.fetch(connection, queries.entries(only=["held"]))

    def digit_images(self, verdict_ids: Iterable[int]) -> dict[int, tuple[DigitImage, int | None]]:
        """The digit images of verdicts with the digits that they say, by number; one read.

        None stands for no digit. A verdict that is unknown, or no longer in force because
        somebody took it back or said something else since, is left out.
        """
        wanted = set(verdict_ids)
        named = verdicts.c.id.in_(wanted)
        with self.database.read() as connection:
            statement = queries.entries(queries.keys_of(wanted), only=IN_FORCE).where(named)
            found = queries.fetch(connection, statement)
        return {entry.id: (entry.digit_image, entry.label) for entry in found}

    def corrections(
        self, since: corrections.Mark = corrections.NOTHING
    ) -> tuple[corrections.Mark, dict[int, corrections.Correction | None]]:
        """What the memory has to know: the corrections that came or changed since.

        Args:
            since: as it was returned before; for all by default.

        Returns:
            How far the ledger goes now; and the corrections by number, None for those that are
            in force no longer. Empty when nothing has changed, which is one small read.
        """
        with self.database.read() as connection:
            now = corrections.mark(connection)
            return now, {} if now == since else corrections.changes(connection, since)

    def counts(self) -> Counts:
        """How much the ledger holds."""
        with self.database.read() as connection:
            return queries.count(connection)

    def to_frame(self) -> pd.DataFrame:
        """One row for each verdict in force; `docs/feedback.md` lists the columns."""
        from digitlab.store.feedback.dataframe import to_frame  # pandas, for those who want a frame

        return to_frame(self.entries())

    def export(self, path: str | os.PathLike[str], format: ExportFormat = "imagefolder") -> int:
        """Write the accepted verdicts for other programs; return how many pictures were written.

        Args:
            path: the folder to make, or the file for "csv"; a folder that holds something
                already is refused.
            format: "imagefolder", "csv" or "incorrect_predictions"; `exchange.export` says more.
        """
        return export(self, path, format)
