"""Settings: which home is meant, and what stands in it."""

import pytest
from support.paths import ROOT

import digitlab
from digitlab.errors import StoreError
from digitlab.settings import Settings, bundled, checkout


def test_the_argument_names_the_home_first(tmp_path):
    settings = Settings.load(tmp_path / "a", environ={"DIGITLAB_HOME": str(tmp_path / "b")})
    assert (settings.home, settings.home_source) == (tmp_path / "a", "--home")


def test_the_environment_names_the_home_next(tmp_path):
    settings = Settings.load(environ={"DIGITLAB_HOME": str(tmp_path)})
    assert (settings.home, settings.home_source) == (tmp_path, "DIGITLAB_HOME")


def test_in_a_checkout_the_checkout_is_the_home():
    settings = Settings.load(environ={})
    assert (settings.home, settings.home_source) == (ROOT, "checkout")


def test_an_installed_package_uses_the_users_data_directory(monkeypatch):
    monkeypatch.setattr("digitlab.settings.checkout", lambda: None)
    settings = Settings.load(environ={})
    assert settings.home_source == "user data directory"
    assert settings.home.name == "digitlab"


def test_database_and_pictures_stand_in_the_home(tmp_path):
    settings = Settings.load(tmp_path, environ={})
    assert settings.database_url == f"sqlite:///{(tmp_path / 'feedback/digitlab.db').as_posix()}"
    assert settings.storage_url == (tmp_path / "feedback" / "pictures").as_uri()
    assert settings.models == tmp_path / "models"


def test_the_environment_names_other_places_for_database_and_pictures(tmp_path):
    environ = {"DIGITLAB_DATABASE_URL": "sqlite:////x.db", "DIGITLAB_STORAGE_URL": "memory://p"}
    settings = Settings.load(tmp_path, environ=environ)
    assert (settings.database_url, settings.storage_url) == ("sqlite:////x.db", "memory://p")


def test_loading_settings_creates_nothing(tmp_path):
    Settings.load(tmp_path / "home", environ={})
    assert list(tmp_path.iterdir()) == []


def test_what_ships_stands_in_the_checkout():
    assert checkout() == ROOT
    assert (bundled("models/base") / "card.json").is_file()
    assert (bundled("dashboards") / "digits.ipynb").is_file()


def test_a_relative_database_is_the_same_file_for_every_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environ = {"DIGITLAB_DATABASE_URL": "sqlite:///rel.db", "DIGITLAB_STORAGE_URL": "pictures"}
    settings = Settings.load(tmp_path, environ=environ)
    assert settings.database_url == f"sqlite:///{tmp_path.as_posix()}/rel.db"
    assert settings.storage_url == (tmp_path / "pictures").as_uri()


@pytest.mark.parametrize("url", ["postgresql://u:p@h/d", "sqlite:////abs/x.db", "memory://p"])
def test_an_absolute_address_stays_as_it_is(tmp_path, url):
    assert Settings.load(tmp_path, environ={"DIGITLAB_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize("name", ["wh?at", "50%20x#y", "with space", "ümlaut"])
def test_a_home_of_any_name_holds_its_own_ledger(tmp_path, name):
    with digitlab.open(tmp_path / name) as lab:
        lab.confirm(lab.predict(lab.examples()[0].data))
    assert (tmp_path / name / "feedback" / "digitlab.db").is_file()
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert list((tmp_path / name / "feedback" / "pictures").rglob("*.bin"))


def test_a_home_of_a_user_who_is_nobody_is_refused():
    with pytest.raises(StoreError, match="no folder that can be a home"):
        Settings.load("~nobody-of-this-name/home")
