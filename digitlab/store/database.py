"""The database of a home: open it, migrate it, and read and write it in transactions."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import quote

import sqlalchemy as sa

from digitlab.errors import StoreError, StoreErrorCode
from digitlab.private_files import make_folder, restrict
from digitlab.store.tables import HEAD, metadata

log = logging.getLogger(__name__)

BUSY_SECONDS: Final = 30
"""Time that a writer waits for other writers before it gives up."""

MIGRATE_PATIENCE_S: Final = 10.0
"""Longest wait for a process that migrates the database or locks it, in seconds."""

LOCKED_PATIENCE_S: Final = 3.0
"""The same as `BUSY_SECONDS` while the last attempt found the database locked."""

PREPARE_PATIENCE_S: Final = 5.0
"""Longest wait of work that makes sure that it can write before it begins, in seconds."""

OPEN_PATIENCE_S: Final = 1.5
"""Longest wait for a lock before `open_or_read`, or a read of it, falls back, in seconds."""

RETRY_S: Final = 2.0
"""Time after which a read tries again to open a database that could not be written, in seconds."""

RETRY_PATIENCE_S: Final = 0.1
"""Longest wait for a lock in such an attempt, in seconds."""

MODEL_ALONE: Final = "stored corrections do not answer, and the version `base` reads alone"
"""Clause on a database that cannot be read."""

OUTDATED: Final = "it is from an older digitlab and must be migrated first"
"""Clause on a database that could be read after a migration."""

NEWEST_UNREAD: Final = "the newest entries are missing, because they are still in"
"""Clause on a database whose last writer died, before the name of the file."""

_WRITE_OPTION: Final = "digitlab_write"

_PATIENCE_OPTION: Final = "digitlab_patience_s"

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


@dataclass(frozen=True, kw_only=True)
class StorageProblem:
    """Why nothing can be stored in a database.

    Attributes:
        place: the file, folder or address that cannot be written.
        code: the code of the StoreError.
        reason: the cause without the place, for example "the disk is full".
        unread: what cannot be read either, as a sentence; empty if all can be read.
    """

    place: str
    code: StoreErrorCode
    reason: str
    unread: str = ""

    @property
    def sentence(self) -> str:
        """The problem in words, for the person who runs digitlab."""
        return self._text(f"the database {self.place}")

    @property
    def public_sentence(self) -> str:
        """The problem in words without the place, for visitors of a server."""
        return self._text("the database")

    def _text(self, database: str) -> str:
        text = f"Nothing is kept, because {database} cannot be written: {self.reason}"
        return f"{text}; {self.unread}." if self.unread else f"{text}."


class Database:
    """One open database; safe to share between threads.

    SQLite runs in WAL mode: readers never wait. A writer queues when its transaction begins
    (`BEGIN IMMEDIATE`), so that no other writer changes anything between its reads and writes.

    Attributes:
        place: the file, or the address without its password, for messages.
        problem: why nothing can be stored at present; None if there is no such reason, as far as
            the last attempt showed.
    """

    def __init__(self, url: str, *, falls_back: bool) -> None:
        self._url = url
        self._falls_back = falls_back
        self._lock = threading.Lock()
        self._checked_at = 0.0
        self.problem: StorageProblem | None = None
        self._opened = self._open(OPEN_PATIENCE_S if falls_back else MIGRATE_PATIENCE_S)
        self.place = self._opened.place

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database at `url`, a SQLAlchemy URL; create or migrate it if necessary.

        Raises:
            StoreError: the place cannot be written, is not a database, or was written by a
                newer digitlab.
        """
        return cls(url, falls_back=False)

    @classmethod
    def open_or_read(cls, url: str) -> Self:
        """Like `open`, but a database that cannot be written is opened for reading.

        If it cannot be read either, or if it needs a migration, an empty one in memory stands in
        for it. `problem` says so. Each write raises the StoreError that names the reason; each
        write, and a read now and then, tries to open the database for writing. A read of the
        stand-in raises, too, unless the caller can do without what is stored.

        Raises:
            StoreError: the file is not a database or is damaged, or a newer digitlab wrote it.
        """
        return cls(url, falls_back=True)

    @classmethod
    def open_existing(cls, url: str) -> Self | None:
        """Like `open_or_read`, but never create a database; return None if there is none.

        Raises:
            StoreError: the database cannot be used.
        """
        path = _sqlite_path(url)
        if path is not None and not _may_exist(path):
            return None
        return cls.open_or_read(url)

    @property
    def engine(self) -> sa.Engine:
        """The engine that is open now; another one after the database was opened again."""
        return self._opened.engine

    @property
    def is_unread(self) -> bool:
        """Whether the database has, or may have, rows that cannot be read."""
        return (
            self._opened.kind == "stand-in"
            and self.problem is not None
            and (self.problem.unread != "")
        )

    def check(self) -> StorageProblem | None:
        """Return `problem`; if there is one, try now and then whether it still exists."""
        if self._opened.kind != "writable" and monotonic() > self._checked_at + RETRY_S:
            self._open_again()
        return self.problem

    @contextmanager
    def read(self, *, or_empty: bool = False) -> Iterator[sa.Connection]:
        """Begin a transaction that sees one state of the database throughout.

        Args:
            or_empty: read from the empty stand-in if the database cannot be read, for a
                prediction that the model can make alone.

        Raises:
            StoreError: the database cannot be read.
        """
        self.check()
        with ExitStack() as stack:
            stack.enter_context(self._errors())
            connection = self._begin_reading(stack)
            if self.is_unread and not or_empty:
                raise self._refusal("read")
            yield connection

    @contextmanager
    def write(self, *, patience_s: float = BUSY_SECONDS) -> Iterator[sa.Connection]:
        """Begin the only transaction that writes; commit at the end, roll back on an error.

        Args:
            patience_s: longest wait for other writers, in seconds. While the database is known
                to be locked it is `LOCKED_PATIENCE_S`, or a tenth of a smaller patience.
        """
        if self._opened.kind != "writable":
            self._open_again()
        if self._opened.kind != "writable":
            raise self._refusal("written")
        if self.problem is not None and self.problem.code == "locked":
            patience_s = min(LOCKED_PATIENCE_S, patience_s / 10)
        options = {_WRITE_OPTION: True, _PATIENCE_OPTION: patience_s}
        try:
            with self._errors(), self._opened.engine.execution_options(**options).begin() as begun:
                yield begun
        except StoreError as error:
            if error.code != "other" and isinstance(error.__cause__, sa.exc.DBAPIError):
                self.problem = _problem(error)
            raise
        self.problem = None

    def check_writable(self, *, patience_s: float = PREPARE_PATIENCE_S) -> None:
        """Begin a transaction that writes and end it: for work that prepares a long one.

        Raises:
            StoreError: nothing can be stored. A full disk shows only when something is.
        """
        problem = self.problem
        with self.write(patience_s=patience_s):
            pass
        self.problem = problem if problem is not None and problem.code == "disk-full" else None

    def close(self) -> None:
        """Release the connections; the next use opens them again."""
        self._opened.engine.dispose()

    def _refusal(self, verb: str) -> StoreError:
        problem = self.problem
        assert problem is not None  # it is why the database is not open for writing  # noqa: S101
        outdated = f"; {OUTDATED}" if verb == "read" and OUTDATED in problem.unread else ""
        return StoreError(
            f"The database {problem.place} cannot be {verb}: {problem.reason}{outdated}.",
            place=problem.place,
            code=problem.code,
            reason=problem.reason,
        )

    def _begin_reading(self, stack: ExitStack) -> sa.Connection:
        """Begin a transaction and take its read lock; fall back if that fails."""
        if not self._falls_back:
            return stack.enter_context(self._opened.engine.begin())
        options = {_PATIENCE_OPTION: OPEN_PATIENCE_S}
        try:
            with self._errors(), ExitStack() as attempt:
                engine = self._opened.engine.execution_options(**options)
                connection = attempt.enter_context(engine.begin())
                if self._opened.kind != "stand-in":
                    connection.exec_driver_sql("SELECT 1 FROM alembic_version")
                stack.push(attempt.pop_all())
                return connection
        except StoreError as error:
            if error.code == "other":
                raise
            self._open_again()
        return stack.enter_context(self._opened.engine.begin())

    def _open_again(self) -> None:
        """Try to open the database for writing, without a long wait; keep what is up to date."""
        with self._lock:
            before = self._opened
            if before.kind == "writable" or not before.is_up_to_date():
                self._opened = self._open(RETRY_PATIENCE_S)
            self._checked_at = monotonic()
        if before is not self._opened:
            before.engine.dispose()

    def _open(self, patience_s: float) -> _Opened:
        """Open the database for writing or, if it falls back, in the best way that works."""
        self._checked_at = monotonic()
        path = _sqlite_path(self._url)
        try:
            if path is not None:
                _check_permissions(path)
            opened = _open_for_writing(self._url, patience_s)
        except StoreError as error:
            if error.code == "other" or not self._falls_back:
                raise
            opened, unread = _open_for_reading(self._url, path, error)
            self.problem = _problem(error, unread)
            log.info("%s", self.problem.sentence)
            return opened
        self.problem = None
        return opened

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with _driver_errors(self._opened.place):
            yield


@dataclass(frozen=True, kw_only=True)
class _Opened:
    """An engine, and what it can do.

    Attributes:
        engine: of the database or its stand-in.
        place: for messages.
        kind: "writable", "read-only", or "stand-in" for an empty database in memory.
        path: the file; None if there is none.
        state: `_state_of` the file when it was opened.
    """

    engine: sa.Engine
    place: str
    kind: Literal["writable", "read-only", "stand-in"]
    path: Path | None = None
    state: tuple[object, ...] = ()

    def is_up_to_date(self) -> bool:
        """Tell whether another opening would give the same: the file did not change."""
        return bool(self.state) and self.path is not None and self.state == _state_of(self.path)


def _state_of(path: Path) -> tuple[object, ...]:
    """Return what changes when a file that may not be written is changed by another program."""
    files = (path, Path(f"{path}-wal"), Path(f"{path}-shm"))
    state: list[object] = [os.access(path.parent, os.W_OK)]
    for file in files:
        with suppress(OSError):
            info = file.stat()
            state += [file.name, info.st_mtime_ns, info.st_size, os.access(file, os.W_OK)]
    return tuple(state)


def _problem(error: StoreError, unread: str = "") -> StorageProblem:
    return StorageProblem(place=error.place, code=error.code, reason=error.reason, unread=unread)


def _check_permissions(path: Path) -> None:
    """Raise StoreError if an existing database or its folder may not be written."""
    folder = path.absolute().parent
    for each in (folder, path):
        if not _may_exist(each) or os.access(each, os.W_OK):
            continue
        mounted_read_only = False
        with suppress(OSError, AttributeError):  # Windows has no such call
            mounted_read_only = bool(os.statvfs(each).f_flag & os.ST_RDONLY)
        reason = "its file system is read-only" if mounted_read_only else "you may not write there"
        raise StoreError(
            f"The database {path} cannot be written: {reason}.",
            place=str(path),
            code="read-only",
            reason=reason,
        )


def _may_exist(path: Path) -> bool:
    """Return False if a file is known not to exist."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # this process may not look into its folder
        return True
    return True


def _open_for_writing(url: str, patience_s: float) -> _Opened:
    engine, place = _create_engine(url, patience_s)
    opened = _Opened(engine=engine, place=place, kind="writable")
    try:
        _migrate(engine, place)
    except BaseException:
        engine.dispose()
        raise
    return opened


def _open_for_reading(url: str, path: Path | None, error: StoreError) -> tuple[_Opened, str]:
    """Open a database that cannot be written; return what cannot be read, too, as a clause.

    Args:
        url: address of the database.
        path: its file; None if it is no file.
        error: why it cannot be written.
    """
    exists = path is None or _may_exist(path)
    if path is None or error.code == "locked" or not exists:
        return _stand_in(url, path), MODEL_ALONE if exists else ""
    place, state = str(path), _state_of(path)
    for options in _READ_ONLY_OPTIONS:
        engine = _create_reading_engine(path, options)
        try:
            with _driver_errors(place), engine.begin() as connection:
                revision = _current_revision(connection)
        except StoreError as read_error:
            engine.dispose()
            if read_error.code == "other":
                raise
            continue
        if revision == HEAD:
            opened = _Opened(engine=engine, place=place, kind="read-only", path=path, state=state)
            is_incomplete = "immutable" in options and _has_unfinished_writes(path)
            return opened, f"{NEWEST_UNREAD} {path.name}-wal" if is_incomplete else ""
        engine.dispose()
        if revision is None:
            return _stand_in(url, path, state), ""
        from digitlab.store import migrations

        if not migrations.is_known(revision):
            raise _newer_database(place, revision)
        return _stand_in(url, path, state), f"{OUTDATED}, so {MODEL_ALONE}"
    return _stand_in(url, path), MODEL_ALONE


def _stand_in(url: str, path: Path | None, state: tuple[object, ...] = ()) -> _Opened:
    """Return an empty database in memory, new and unchangeable for each connection."""
    engine = sa.create_engine(
        "sqlite://", poolclass=sa.pool.NullPool, connect_args={"isolation_level": None}
    )
    statements = [
        str(sa.schema.CreateTable(table).compile(dialect=engine.dialect))
        for table in metadata.sorted_tables
    ]

    def create_tables(connection: sqlite3.Connection, _record: object) -> None:
        for statement in statements:
            connection.execute(statement)
        connection.execute("PRAGMA query_only = ON")

    sa.event.listen(engine, "connect", create_tables)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return _Opened(engine=engine, place=_place_of(url), kind="stand-in", path=path, state=state)


def _create_reading_engine(path: Path, options: str) -> sa.Engine:
    engine = sa.create_engine(
        f"sqlite:///file:{quote(path.absolute().as_posix())}?{options}&uri=true",
        connect_args={"isolation_level": None, "timeout": OPEN_PATIENCE_S},
    )
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _has_unfinished_writes(path: Path) -> bool:
    """Tell whether a process that died left writes beside the database."""
    for suffix in ("-wal", "-journal"):
        with suppress(OSError):
            if Path(f"{path}{suffix}").stat().st_size:
                return True
    return False


def _migrate(engine: sa.Engine, place: str) -> None:
    with _driver_errors(place), engine.begin() as connection:
        if _current_revision(connection) == HEAD:
            return
    from digitlab.store import migrations  # loads Alembic, which nothing else needs

    writer = engine.execution_options(**{_WRITE_OPTION: True, _PATIENCE_OPTION: MIGRATE_PATIENCE_S})
    with _driver_errors(place), writer.begin() as connection:
        revision = _current_revision(connection)  # another process may have been first
        if revision == HEAD:
            return
        if revision is not None and not migrations.is_known(revision):
            raise _newer_database(place, revision)
        migrations.upgrade(connection)
        log.info("%s: migrated from %s to %s", place, revision or "nothing", HEAD)


def _newer_database(place: str, revision: str) -> StoreError:
    return StoreError(
        f"The database {place} was written by a newer digitlab (its revision is "
        f"{revision}, this program knows up to {HEAD}); update digitlab to open it.",
        place=place,
    )


@contextmanager
def _driver_errors(place: str) -> Iterator[None]:
    """Turn the driver's errors into StoreError."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        code, reason = _code_and_reason(error)
        raise StoreError(
            f"The database {place} cannot be used: {reason}.", place=place, code=code, reason=reason
        ) from error


def _place_of(url: str) -> str:
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite":
        return address.database or ":memory:"
    return address.render_as_string(hide_password=True)


def _create_engine(url: str, patience_s: float) -> tuple[sa.Engine, str]:
    """Return an engine and the place that it names in messages.

    Args:
        url: address of the database.
        patience_s: how long the opening waits for a lock, in seconds.
    """
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise StoreError(
            f"Expected a database address such as sqlite:///folder/digitlab.db, got {url!r}.",
            place=url,
        ) from error
    place = _place_of(url)
    arguments: dict[str, Any] = {}
    if address.get_backend_name() == "sqlite":
        # Without this the driver begins transactions by itself; `_begin_sqlite` chooses the kind.
        arguments = {"isolation_level": None, "timeout": patience_s}
        if place != ":memory:" and not place.startswith("file:"):
            _create_private(Path(place).absolute())
    try:
        engine = sa.create_engine(address, connect_args=arguments)
    except (sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError(
            f"The database {place} needs a driver that is not installed: {error}.", place=place
        ) from error
    if engine.dialect.name == "sqlite":
        sa.event.listen(
            engine, "connect", lambda connection, _: _prepare_sqlite(connection, patience_s)
        )
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


def _create_private(path: Path) -> None:
    """Create folder and file of a database if they do not exist, for their owner alone.

    SQLite gives its other files the permissions of the database.
    """
    folder = path.parent
    try:
        make_folder(folder)
    except OSError as error:
        refusal = StoreError.from_os_error(
            f"The folder {folder} for the database cannot be made", error, place=str(folder)
        )
        if refusal.code == "other":  # for example, a file is in the way
            refusal.code = "read-only"
        raise refusal from error
    # An existing database is never opened here: closing it would drop SQLite's locks.
    with suppress(OSError):  # SQLite explains why the file cannot be created
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    for suffix in ("", "-wal", "-shm"):
        restrict(path.with_name(path.name + suffix))


def _prepare_sqlite(connection: sqlite3.Connection, patience_s: float) -> None:
    _use_wal(connection, patience_s)
    # In WAL mode NORMAL keeps the file intact after a crash.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _use_wal(connection: sqlite3.Connection, patience_s: float) -> None:
    """Switch to WAL mode; retry while others switch, because SQLite does not wait here."""
    deadline = monotonic() + patience_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(0.01)


def _begin_sqlite(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    patience_ms = int(1000 * options.get(_PATIENCE_OPTION, BUSY_SECONDS))
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience_ms}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITE_OPTION) else "BEGIN")


def _begin_postgresql(connection: sa.Connection) -> None:
    if connection.get_execution_options().get(_WRITE_OPTION, False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRESQL_LOCK})")


def _current_revision(connection: sa.Connection) -> str | None:
    """Return the revision of the database; None for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _code_and_reason(error: sa.exc.DBAPIError) -> tuple[StoreErrorCode, str]:
    """Return the code of a driver's error, and its cause in plain words."""
    cause = error.orig
    number = getattr(cause, "sqlite_errorcode", None)
    # The low byte of an extended code is the primary code.
    known = _SQLITE_ERRORS.get(number & 0xFF) if isinstance(number, int) else None
    if number == sqlite3.SQLITE_IOERR_SHMSIZE:  # it cannot prepare a file for its readers
        known = "disk-full", "the disk is full"
    if known is not None:
        return known
    is_elsewhere = number is None and isinstance(error, sa.exc.OperationalError)
    lines = str(cause).strip().splitlines() or [type(cause).__name__]
    return "unreachable" if is_elsewhere else "other", lines[0].rstrip(".")


_SQLITE_ERRORS: Final[dict[int, tuple[StoreErrorCode, str]]] = {
    sqlite3.SQLITE_NOTADB: ("other", "the file is not a database"),
    sqlite3.SQLITE_CANTOPEN: ("read-only", "it cannot be opened; is its folder writable"),
    sqlite3.SQLITE_READONLY: ("read-only", "it is read-only"),
    sqlite3.SQLITE_PERM: ("read-only", "it is read-only"),
    sqlite3.SQLITE_FULL: ("disk-full", "the disk is full"),
    sqlite3.SQLITE_BUSY: ("locked", "another program keeps it locked"),
    sqlite3.SQLITE_LOCKED: ("locked", "another program keeps it locked"),
    sqlite3.SQLITE_PROTOCOL: ("locked", "another program keeps it locked"),
    sqlite3.SQLITE_IOERR: ("unreachable", "the disk reports an error"),
    sqlite3.SQLITE_CORRUPT: ("other", "it is damaged"),
}
