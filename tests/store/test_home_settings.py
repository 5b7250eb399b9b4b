"""HomeSettings: the last value counts, and every change is stored."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import sqlalchemy as sa

from digitlab.settings import Settings
from digitlab.store import Database, HomeSettings
from digitlab.store.home_settings import SHOW_CORRECTIONS
from digitlab.store.tables import home_settings


@pytest.fixture
def database(tmp_path):
    database = Database.open(Settings.load(tmp_path, environ={}).database_url)
    yield database
    database.close()


def test_a_setting_has_its_last_value_and_every_change_is_stored(database):
    settings = HomeSettings(database)
    assert settings.get("review", False) is False
    assert not settings.review
    settings.set("review", True, by="ann")
    settings.set("review", True, by="bob")
    assert settings.review
    settings.set("review", False, by="bob")
    assert not settings.review
    with database.read() as connection:
        people = connection.execute(sa.select(home_settings.c.by)).scalars().all()
    assert people == ["ann", "bob"]


def test_a_secret_is_made_once_also_by_several_threads(tmp_path):
    url = Settings.load(tmp_path, environ={}).database_url

    def secret(name):
        with closing(Database.open(url)) as database:
            return HomeSettings(database).secret(name, by="ann")

    with ThreadPoolExecutor(4) as pool:
        first = set(pool.map(secret, ["one"] * 4))
    assert [len(value) for value in first] == [32]
    assert secret("one") in first
    assert secret("two") not in first


def test_a_page_shows_everybodys_corrections_only_after_that_choice(database):
    settings = HomeSettings(database)
    assert not settings.shows_all_corrections
    settings.set(SHOW_CORRECTIONS, "all", by="ann")
    assert settings.shows_all_corrections
    settings.set(SHOW_CORRECTIONS, "own", by="ann")
    assert not settings.shows_all_corrections
