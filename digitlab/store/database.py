"""The database of a home: open it, migrate it, and read and write it in transactions."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import sqlalchemy as sa

from digitlab.errors import StoreError
from digitlab.store.tables import HEAD

log = logging.getLogger(__name__)

BUSY_SECONDS: Final = 30
"""Time that a writer waits for other writers before it gives up."""

_WRITE_OPTION: Final = "digitlab_write"

_POSTGRESQL_LOCK: Final = 0x6469676974  # "digit" in ASCII
"""Number of the advisory lock that a writer holds in PostgreSQL; any number would do."""

_READ_ONLY_OPTIONS: Final = ("mode=ro", "mode=ro&immutable=1")
"""SQLite's ways to open a file for reading; the second needs no files beside the database."""


def utc_now_or(now: datetime | None) -> datetime:
    """Return `now`, or the current UTC time if it is None.

    Args:
        now: an aware time.
    """
    return datetime.now(UTC) if now is None else now


class ClosesOnExit(ABC):
    """Mixin for a context manager whose `with` block ends with `close()`."""

    @abstractmethod
    def close(self) -> None:
        """Release what the object holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Database:
    """One open database; safe to share between threads.

    SQLite runs in WAL mode: readers never wait. A writer queues when its transaction begins
    (`BEGIN IMMEDIATE`), so that no other writer changes anything between its reads and writes.

    Attributes:
        place: the file, or the address without its password, for messages.
    """

    def __init__(self, engine: sa.Engine, *, place: str) -> None:
        self.place = place
        self._reader = engine
        self._writer = engine.execution_options(**{_WRITE_OPTION: True})

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database at `url`, a SQLAlchemy URL; create or migrate it if necessary.

        Raises:
            StoreError: the place cannot be written, is not a database, or was written by a
                newer digitlab.
        """
        engine, place = _create_engine(url)
        database = cls(engine, place=place)
        try:
            database._migrate()
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def open_existing(cls, url: str) -> Self | None:
        """Open the database at `url` if it exists; never create one.

        A SQLite file that cannot be written is opened for reading.

        Returns:
            None if there is no database, or if it cannot be written and needs a migration.

        Raises:
            StoreError: the database cannot be used.
        """
        path = _sqlite_path(url)
        if path is None:
            return cls.open(url)
        if not path.is_file():
            return None
        if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
            return cls.open(url)
        for options in _READ_ONLY_OPTIONS:
            try:
                return cls.open(f"sqlite:///file:{quote(path.as_posix())}?{options}&uri=true")
            except StoreError as error:
                log.warning(
                    "%s is read-only and cannot be opened with %s: %s", path, options, error
                )
        return None

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Begin a transaction that sees one state of the database throughout."""
        with self._errors(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Begin the only transaction that writes; commit at the end, roll back on an error."""
        with self._errors(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Release the connections; the next use opens them again."""
        self._reader.dispose()

    def _migrate(self) -> None:
        with self.read() as connection:
            if _current_revision(connection) == HEAD:
                return
        from digitlab.store import migrations  # loads Alembic, which nothing else needs

        with self.write() as connection:
            revision = _current_revision(connection)  # another process may have been first
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
        """Turn the driver's errors into StoreError."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise StoreError(
                f"The database {self.place} cannot be used: {_explain(error)}.", place=self.place
            ) from error


def _create_engine(url: str) -> tuple[sa.Engine, str]:
    """Return an engine and the place that it names in messages."""
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
        # Without this the driver begins transactions by itself; `_begin_sqlite` chooses the kind.
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


def _sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite URL; None for other databases, `:memory:` and file URIs."""
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        return None  # `open` explains what is wrong with the address
    name = address.database or ""
    if address.get_backend_name() != "sqlite" or name in ("", ":memory:"):
        return None
    return None if name.startswith("file:") else Path(name)


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
    # In WAL mode NORMAL keeps the file intact after a crash.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL mode; retry while others switch, because SQLite does not wait here."""
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
    write = connection.get_execution_options().get(_WRITE_OPTION, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _begin_postgresql(connection: sa.Connection) -> None:
    if connection.get_execution_options().get(_WRITE_OPTION, False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRESQL_LOCK})")


def _current_revision(connection: sa.Connection) -> str | None:
    """Return the revision of the database; None for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _explain(error: sa.exc.DBAPIError) -> str:
    """Return the cause of a driver's error in plain words."""
    cause = error.orig
    code = getattr(cause, "sqlite_errorcode", None)
    explanations = {
        sqlite3.SQLITE_NOTADB: "the file is not a database",
        sqlite3.SQLITE_CANTOPEN: "it cannot be opened; is its folder writable",
        sqlite3.SQLITE_READONLY: "it is read-only",
        sqlite3.SQLITE_FULL: "the disk is full",
        sqlite3.SQLITE_BUSY: f"others kept it busy for more than {BUSY_SECONDS} seconds",
        sqlite3.SQLITE_CORRUPT: "it is damaged",
    }
    # The low byte of an extended code is the primary code.
    explanation = explanations.get(code & 0xFF) if isinstance(code, int) else None
    return explanation or str(cause).strip().splitlines()[0].rstrip(".")
