"""The change counter sees every commit, also of another process, and no read."""

import subprocess
import sys
from contextlib import closing

import pytest

from digitlab.settings import Settings
from digitlab.store import Database, HomeSettings
from digitlab.store.change_counter import ChangeCounter


@pytest.fixture
def settings(tmp_path):
    return Settings.load(tmp_path / "home", environ={})


@pytest.fixture
def database(settings):
    with closing(Database.open(settings.database_url)) as database:
        yield database


@pytest.fixture
def counter(database):
    with closing(ChangeCounter(database)) as counter:
        counter.has_changed()
        yield counter


def test_nothing_has_changed_after_a_read(database, counter):
    HomeSettings(database).get("review")
    assert [counter.has_changed() for _ in range(3)] == [False] * 3


def test_the_first_answer_is_yes(database):
    with closing(ChangeCounter(database)) as counter:
        assert counter.has_changed()


def test_a_commit_of_the_same_database_object_is_seen_once(database, counter):
    HomeSettings(database).set("review", True, by="ann")
    assert [counter.has_changed(), counter.has_changed()] == [True, False]


def test_a_commit_of_another_process_is_seen(settings, counter):
    code = (
        "import sys; from digitlab.store import Database, HomeSettings; "
        "HomeSettings(Database.open(sys.argv[1])).set('review', True, by='ann')"
    )
    subprocess.run([sys.executable, "-c", code, settings.database_url], check=True)
    assert counter.has_changed()


def test_after_close_the_next_answer_is_yes(counter):
    counter.close()
    assert counter.has_changed()


def test_a_database_that_is_gone_counts_as_changed(database, counter, settings):
    counter.close()
    database.close()
    (settings.home / "feedback" / "digitlab.db").unlink()
    (settings.home / "feedback").rename(settings.home / "elsewhere")
    assert counter.has_changed()
