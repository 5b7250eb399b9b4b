"""Database: how it is created, migrated, opened and refused."""

import os
import pickle
import sqlite3
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
    with pytest.raises(StoreError, match="read-only"), existing.write() as connection:
        connection.exec_driver_sql("DELETE FROM reviews")
    existing.close()


def test_open_existing_finds_no_database_in_an_outdated_read_only_file(database, url, monkeypatch):
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0003'")
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert Database.open_existing(url) is None


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
