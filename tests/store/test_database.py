"""Database: how it is created, migrated, opened and refused."""

import contextlib
import os
import pickle
import sqlite3
import stat
import subprocess
import sys

import pytest
import sqlalchemy as sa

import digitlab.store
from digitlab.errors import StoreError
from digitlab.settings import PACKAGE
from digitlab.store import Database, migrations
from digitlab.store.tables import HEAD, metadata


@pytest.fixture
def file(tmp_path):
    return tmp_path / "a folder" / "digitlab.db"


@pytest.fixture
def url(file):
    return f"sqlite:///{file.as_posix()}"


@pytest.fixture
def database(url):
    database = Database.open(url)
    yield database
    database.close()


def pragma(database, name):
    with database.read() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 30_000), ("synchronous", 1)],
)
def test_sqlite_is_configured_for_several_processes(database, name, value):
    assert pragma(database, name) == value


def test_a_missing_folder_is_created(database, file):
    assert file.is_file()


def test_the_tables_match_the_newest_revision():
    assert migrations.scripts().get_current_head() == HEAD


def test_the_migrations_create_the_declared_tables(database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_row_numbers_are_never_reused(database):
    with database.read() as connection:
        used = connection.exec_driver_sql("SELECT name FROM sqlite_sequence").scalars().all()
        tables = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'table'")
        declared = [sql for sql in tables.scalars() if "AUTOINCREMENT" in sql]
    assert used == []
    numbered = [
        table
        for table in metadata.tables.values()
        if all(isinstance(column.type, sa.Integer) for column in table.primary_key)
        and not any(column.foreign_keys for column in table.primary_key)
    ]
    assert len(declared) == len(numbered) > 0


def test_a_second_writer_waits_for_the_first_one(database, file):
    with database.write():
        other = sqlite3.connect(file, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_a_reader_does_not_wait_for_a_writer(database):
    with database.write() as writer:
        writer.exec_driver_sql("CREATE TABLE unseen (x)")
        with database.read() as reader:
            assert not sa.inspect(reader).has_table("unseen")


def test_a_failed_write_is_rolled_back(database):
    def fail():
        with database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE half (x)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as connection:
        assert not sa.inspect(connection).has_table("half")


def test_a_database_of_a_newer_digitlab_is_refused(database, url, file):
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer digitlab") as caught:
        Database.open(url)
    assert caught.value.place == str(file)


def test_a_file_that_is_not_a_database_is_refused_and_stays_unchanged(url, file):
    file.parent.mkdir()
    file.write_bytes(b"my holiday notes, longer than a header of SQLite would be" * 20)
    with pytest.raises(StoreError, match="not a database") as caught:
        Database.open(url)
    assert caught.value.place == str(file)
    assert file.read_bytes().startswith(b"my holiday")


def test_a_folder_in_place_of_the_database_is_refused(url, file):
    file.mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be opened"):
        Database.open(url)


def test_a_folder_that_cannot_be_created_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be made") as caught:
        Database.open(f"sqlite:///{(tmp_path / 'file' / 'digitlab.db').as_posix()}")
    assert caught.value.place == str(tmp_path / "file")


def test_writing_to_a_read_only_database_is_a_plain_error(database, file):
    locked = Database.open(f"sqlite:///file:{file.as_posix()}?mode=ro&uri=true")
    with pytest.raises(StoreError, match="read-only"), locked.write() as connection:
        connection.exec_driver_sql("DELETE FROM reviews")
    locked.close()


def test_an_invalid_address_is_refused():
    with pytest.raises(StoreError, match="Expected a database address"):
        Database.open("my database")


def test_a_database_without_a_driver_is_refused():
    with pytest.raises(StoreError, match="driver"):
        Database.open("nosuch://host/name")


def test_no_message_contains_the_password():
    with pytest.raises(StoreError) as caught:
        Database.open("nosuch://ann:secret@host/name")
    assert "secret" not in str(caught.value) + caught.value.place


def test_errors_survive_pickling(tmp_path):
    (tmp_path / "digitlab.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreError) as caught:
        Database.open(f"sqlite:///{(tmp_path / 'digitlab.db').as_posix()}")
    unpickled = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (str(unpickled), unpickled.place) == (str(caught.value), caught.value.place)


def test_open_existing_creates_no_database(url, file):
    assert Database.open_existing(url) is None
    assert not file.parent.exists()


def test_open_existing_opens_a_database_that_exists(database, url):
    existing = Database.open_existing(url)
    with existing.read() as connection:
        assert sa.inspect(connection).has_table("verdicts")
    existing.close()


def test_open_existing_opens_a_read_only_file_for_reading(database, url, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    existing = Database.open_existing(url)
    with existing.read() as connection:
        assert sa.inspect(connection).has_table("verdicts")
    assert not existing.is_unread
    with pytest.raises(StoreError, match="you may not write there"), existing.write():
        pass
    existing.close()


def test_an_outdated_file_that_cannot_be_written_is_unread(database, url, monkeypatch):
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0003'")
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    existing = Database.open_existing(url)
    assert existing.is_unread
    with pytest.raises(StoreError, match="must be migrated first"), existing.read():
        pass
    with existing.read(or_empty=True) as connection:
        assert connection.execute(sa.select(metadata.tables["verdicts"])).all() == []
    existing.close()


@pytest.mark.parametrize("content", [b"my holiday notes " * 100, None])
def test_what_is_no_database_of_digitlab_is_refused_also_for_reading(url, file, content):
    file.parent.mkdir()
    if content is None:
        Database.open(url).close()
        with contextlib.closing(sqlite3.connect(file)) as database:
            database.execute("UPDATE alembic_version SET version_num = '9999'")
            database.commit()
    else:
        file.write_bytes(content)
    with pytest.raises(StoreError, match=r"not a database|newer digitlab"):
        Database.open_or_read(url)


@pytest.fixture
def reading(database, url):
    reading = Database.open_or_read(url)
    yield reading
    reading.close()


def insert(connection):
    connection.exec_driver_sql(
        "INSERT INTO home_settings (time, name, value, by) VALUES ('2026-01-01', 'x', '1', 'ann')"
    )


def test_a_full_database_can_be_read_and_recovers(reading):
    with reading.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    def fill():
        with reading.write() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            for _ in range(2000):
                insert(connection)

    with pytest.raises(StoreError, match="the disk is full") as caught:
        fill()
    assert (caught.value.code, reading.problem.code) == ("disk-full", "disk-full")
    with reading.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM home_settings").scalar() == 0
    reading.check_writable()
    assert reading.problem is not None  # a transaction without a row shows nothing
    with reading.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        insert(connection)
    assert reading.problem is None


def test_a_locked_database_can_be_read_and_is_written_when_the_lock_is_gone(reading, file):
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError) as caught, reading.write(patience_s=0.1):
            pass
        assert (caught.value.code, reading.problem.code) == ("locked", "locked")
        with reading.read():
            pass
        other.execute("ROLLBACK")
    with reading.write(patience_s=0.1) as connection:
        insert(connection)
    assert reading.problem is None


def test_a_database_that_becomes_unreadable_is_read_again_later(database, reading, file):
    for each in (database, reading):
        each.close()
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("UPDATE alembic_version SET version_num = version_num")
        with reading.read(or_empty=True) as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM verdicts").scalar() == 0
        assert reading.is_unread
        with pytest.raises(StoreError, match="cannot be read"), reading.read():
            pass
    with reading.write() as connection:
        insert(connection)
    assert not reading.is_unread
    assert reading.check() is None


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_a_database_is_private_from_the_start_and_when_it_is_opened(url, file):
    before = os.umask(0)
    try:
        database = Database.open(url)
        with database.write() as connection:
            insert(connection)
        files = [file, *file.parent.glob("*-wal"), *file.parent.glob("*-shm")]
        assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
        assert len(files) == 3
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        for each in files:
            each.chmod(0o666)
        Database.open(url).close()
        assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
        database.close()
    finally:
        os.umask(before)


def heavy_modules_after(code):
    """The heavy modules that a new process has loaded after running `code`."""
    heavy = ("alembic", "pandas", "tensorflow", "keras", "sqlalchemy.orm", "PIL", "fsspec")
    report = f"import sys; print(*[name for name in {heavy} if name in sys.modules])"
    process = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parent,
    )
    return process.stdout.split()


def test_importing_the_store_loads_nothing_heavy():
    assert heavy_modules_after("import digitlab.store") == []


def test_opening_a_current_database_loads_no_alembic(database, url):
    code = f"from digitlab.store import Database; Database.open({url!r})"
    assert heavy_modules_after(code) == []


def test_every_public_name_exists():
    assert all(hasattr(digitlab.store, name) for name in digitlab.store.__all__)
