"""ChangeCounter: tell cheaply whether a database has changed since the last question."""

from __future__ import annotations

import sqlite3
from typing import Any

import sqlalchemy as sa

from digitlab.store.database import Database


class ChangeCounter:
    """Asks SQLite's counter `data_version` on a connection that is used for nothing else.

    The counter changes with every commit of another connection, in any process. Reading it takes
    some microseconds and waits for no writer. Other databases have no such counter: there each
    question is answered with yes.

    Args:
        database: the database; it may be opened again in another way.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._engine: sa.Engine | None = None
        self._connection: Any = None  # of the driver, in the pool of `_engine`
        self._version: int | None = None

    def has_changed(self) -> bool:
        """Return whether anything was committed since the last call; True at the first call."""
        engine = self._database.engine
        if engine.dialect.name != "sqlite":
            return True
        try:
            if engine is not self._engine:
                self.close()
                self._engine, self._connection = engine, engine.raw_connection()
            (version,) = self._connection.cursor().execute("PRAGMA data_version").fetchone()
        except (sa.exc.SQLAlchemyError, sqlite3.Error):
            self.close()  # the caller's read says what is wrong
            return True
        before, self._version = self._version, int(version)
        return before != self._version

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
        self._engine = self._connection = self._version = None
