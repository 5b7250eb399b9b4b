"""The database of a home: its making, its migration and its refusals."""

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
def test_sqlite_is_set_for_many_processes(database, name, value):
    assert pragma(database, name) == value


def test_the_folder_is_made_when_it_is_missing(database, file):
    assert file.is_file()


def test_the_tables_are_at_the_newest_migration():
    assert migrations.scripts().get_current_head() == HEAD


def test_the_migrations_make_the_tables_of_the_program(database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_numbers_are_never_given_twice(database):
    with database.read() as connection:
        made = connection.exec_driver_sql("SELECT name FROM sqlite_sequence").scalars().all()
        tables = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'table'")
        declared = [sql for sql in tables.scalars() if "AUTOINCREMENT" in sql]
    assert made == []
    numbered = [
        table
        for table in metadata.tables.values()
        if all(isinstance(column.type, sa.Integer) for column in table.primary_key)
        and not any(column.foreign_keys for column in table.primary_key)
    ]
    assert len(declared) == len(numbered) > 0


def test_a_write_begins_as_the_only_one(database, file):
    with database.write():
        other = sqlite3.connect(file, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_a_read_does_not_wait_for_a_writer(database):
    with database.write() as writer:
        writer.exec_driver_sql("CREATE TABLE unseen (x)")
        with database.read() as reader:
            assert not sa.inspect(reader).has_table("unseen")


def test_a_write_that_fails_leaves_nothing(database):
    def fail():
        with database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE half (x)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as connection:
        assert not sa.inspect(connection).has_table("half")


def test_a_newer_database_is_refused_by_name(database, url, file):
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer digitlab") as caught:
        Database.open(url)
    assert caught.value.place == str(file)


def test_a_file_that_is_no_database_is_refused_and_left_alone(url, file):
    file.parent.mkdir()
    file.write_bytes(b"my holiday notes, longer than a header of SQLite would be" * 20)
    with pytest.raises(StoreError, match="not a database") as caught:
        Database.open(url)
    assert caught.value.place == str(file)
    assert file.read_bytes().startswith(b"my holiday")


def test_a_folder_in_the_databases_place_is_refused(url, file):
    file.mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be opened"):
        Database.open(url)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be made") as caught:
        Database.open(f"sqlite:///{(tmp_path / 'file' / 'digitlab.db').as_posix()}")
    assert caught.value.place == str(tmp_path / "file")


def test_a_read_only_database_is_refused_in_plain_words(database, file):
    locked = Database.open(f"sqlite:///file:{file.as_posix()}?mode=ro&uri=true")
    with pytest.raises(StoreError, match="read-only"), locked.write() as connection:
        connection.exec_driver_sql("DELETE FROM reviews")
    locked.close()


def test_an_address_that_is_none_is_refused():
    with pytest.raises(StoreError, match="Expected a database address"):
        Database.open("my database")


def test_an_unknown_kind_of_database_is_refused():
    with pytest.raises(StoreError, match="driver"):
        Database.open("nosuch://host/name")


def test_a_password_never_stands_in_a_message():
    with pytest.raises(StoreError) as caught:
        Database.open("nosuch://ann:secret@host/name")
    assert "secret" not in str(caught.value) + caught.value.place


def test_errors_survive_pickling(tmp_path):
    (tmp_path / "digitlab.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreError) as caught:
        Database.open(f"sqlite:///{(tmp_path / 'digitlab.db').as_posix()}")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (str(again), again.place) == (str(caught.value), caught.value.place)


def loaded_by(code):
    """Which heavy modules a fresh process has loaded after `code`."""
    heavy = ("alembic", "pandas", "tensorflow", "keras", "sqlalchemy.orm", "PIL", "fsspec")
    report = f"import sys; print(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parent,
    )
    return done.stdout.split()


def test_importing_the_store_loads_nothing_heavy():
    assert loaded_by("import digitlab.store") == []


def test_opening_a_home_that_is_up_to_date_loads_no_alembic(database, url):
    code = f"from digitlab.store import Database; Database.open({url!r})"
    assert loaded_by(code) == []


def test_the_public_names_are_there():
    assert all(hasattr(digitlab.store, name) for name in digitlab.store.__all__)
