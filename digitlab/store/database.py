"""The database of a home: opened, migrated when that is due, read and written in transactions."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import sqlalchemy as sa

from digitlab.errors import StoreError
from digitlab.store.tables import HEAD

log = logging.getLogger(__name__)

BUSY_SECONDS: Final = 30
"""How long a writer waits for the others before it gives up."""

_WRITE: Final = "digitlab_write"

_WRITER: Final = 0x6469676974  # "digit" in ASCII
"""Number of the lock that a writer holds in PostgreSQL; any number will do."""


class Database:
    """One opened database; safe to share between threads.

    SQLite runs in WAL mode: readers never wait, and a writer takes its place in the queue
    when its transaction begins (`BEGIN IMMEDIATE`), so that it can read, decide and write
    without another writer coming between.

    Attributes:
        place: the file, or the address without its password, for messages.
    """

    def __init__(self, engine: sa.Engine, *, place: str) -> None:
        self.place = place
        self._reader = engine
        self._writer = engine.execution_options(**{_WRITE: True})

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database at `url`, a SQLAlchemy URL; create or migrate it when that is due.

        Raises:
            StoreError: the place cannot be written, holds no database, or one of a newer digitlab.
        """
        engine, place = _engine(url)
        database = cls(engine, place=place)
        try:
            database._migrate()
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the database throughout."""
        with self._errors(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that is alone in writing; kept when the block ends, else undone."""
        with self._errors(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give the connections back; the database opens them again when it is used again."""
        self._reader.dispose()

    def _migrate(self) -> None:
        with self.read() as connection:
            if _revision(connection) == HEAD:
                return
        from digitlab.store import migrations  # loads Alembic, which nothing else does

        with self.write() as connection:
            revision = _revision(connection)  # another process may have been first
            if revision == HEAD:
                return
            if revision is not None and not migrations.is_known(revision):
                raise StoreError(
                    f"The database {self.place} was written by a newer digitlab (its revision is "
                    f"{revision}, this program knows up to {HEAD}); update digitlab to open it.",
                    place=self.place,
                )
            migrations.upgrade(connection)
            log.info("%s: migrated from %s to %s", self.place, revision or "nothing", HEAD)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise StoreError(
                f"The database {self.place} cannot be used: {_explain(error)}.", place=self.place
            ) from error


def _engine(url: str) -> tuple[sa.Engine, str]:
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise StoreError(
            f"Expected a database address such as sqlite:///folder/digitlab.db, got {url!r}.",
            place=url,
        ) from error
    place = address.render_as_string(hide_password=True)
    arguments: dict[str, Any] = {}
    if address.get_backend_name() == "sqlite":
        place = address.database or ":memory:"
        # No implicit BEGIN by the driver: `_begin` says which one is meant.
        arguments = {"isolation_level": None, "timeout": BUSY_SECONDS}
        _make_folder(place)
    try:
        engine = sa.create_engine(address, connect_args=arguments)
    except (sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError(
            f"The database {place} needs a driver that is not installed: {error}.", place=place
        ) from error
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    elif engine.dialect.name == "postgresql":
        sa.event.listen(engine, "begin", _begin_postgresql)
    return engine, place


def _make_folder(place: str) -> None:
    if place == ":memory:" or place.startswith("file:"):
        return
    folder = Path(place).absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {folder} for the database cannot be made: {error.strerror or error}.",
            place=str(folder),
        ) from error


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")  # WAL stays whole after a crash with it
    connection.execute("PRAGMA foreign_keys = ON")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL; SQLite does not wait here by itself when others do so at the same time."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _begin_postgresql(connection: sa.Connection) -> None:
    if connection.get_execution_options().get(_WRITE, False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")


def _revision(connection: sa.Connection) -> str | None:
    """The revision that the database is at; None for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _explain(error: sa.exc.DBAPIError) -> str:
    cause = error.orig
    code = getattr(cause, "sqlite_errorcode", None)
    known = {
        sqlite3.SQLITE_NOTADB: "the file is not a database",
        sqlite3.SQLITE_CANTOPEN: "it cannot be opened; is its folder writable",
        sqlite3.SQLITE_READONLY: "it is read-only",
        sqlite3.SQLITE_FULL: "the disk is full",
        sqlite3.SQLITE_BUSY: f"others kept it busy for more than {BUSY_SECONDS} seconds",
        sqlite3.SQLITE_CORRUPT: "it is damaged",
    }
    # The low byte of an extended code is the primary one.
    plain = known.get(code & 0xFF) if isinstance(code, int) else None
    return plain or str(cause).strip().splitlines()[0].rstrip(".")
