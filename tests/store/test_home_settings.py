"""HomeSettings: the last value counts, and every change is stored."""

import pytest
import sqlalchemy as sa

from digitlab.settings import Settings
from digitlab.store import Database, HomeSettings
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
