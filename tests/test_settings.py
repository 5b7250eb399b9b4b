"""Settings: the choice of the home, and the places in it."""

import pytest
from support.paths import ROOT

import digitlab
from digitlab.errors import StoreError
from digitlab.settings import Settings, bundled, checkout


def test_the_argument_comes_first(tmp_path):
    settings = Settings.load(tmp_path / "a", environ={"DIGITLAB_HOME": str(tmp_path / "b")})
    assert (settings.home, settings.home_source) == (tmp_path / "a", "--home")


def test_the_environment_comes_second(tmp_path):
    settings = Settings.load(environ={"DIGITLAB_HOME": str(tmp_path)})
    assert (settings.home, settings.home_source) == (tmp_path, "DIGITLAB_HOME")


def test_a_checkout_is_its_own_home():
    settings = Settings.load(environ={})
    assert (settings.home, settings.home_source) == (ROOT, "checkout")


def test_an_installed_package_uses_the_user_data_directory(monkeypatch):
    monkeypatch.setattr("digitlab.settings.checkout", lambda: None)
    settings = Settings.load(environ={})
    assert settings.home_source == "user data directory"
    assert settings.home.name == "digitlab"


def test_database_and_pictures_are_in_the_home(tmp_path):
    settings = Settings.load(tmp_path, environ={})
    assert settings.database_url == f"sqlite:///{(tmp_path / 'feedback/digitlab.db').as_posix()}"
    assert settings.storage_url == (tmp_path / "feedback" / "pictures").as_uri()
    assert settings.models == tmp_path / "models"


def test_the_environment_can_move_database_and_pictures(tmp_path):
    environ = {"DIGITLAB_DATABASE_URL": "sqlite:////x.db", "DIGITLAB_STORAGE_URL": "memory://p"}
    settings = Settings.load(tmp_path, environ=environ)
    assert (settings.database_url, settings.storage_url) == ("sqlite:////x.db", "memory://p")


def test_loading_settings_creates_nothing(tmp_path):
    Settings.load(tmp_path / "home", environ={})
    assert list(tmp_path.iterdir()) == []


def test_bundled_folders_are_in_the_checkout():
    assert checkout() == ROOT
    assert (bundled("models/base") / "card.json").is_file()
    assert (bundled("dashboards") / "digits.ipynb").is_file()


def test_a_relative_database_is_the_same_file_in_every_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environ = {"DIGITLAB_DATABASE_URL": "sqlite:///rel.db", "DIGITLAB_STORAGE_URL": "pictures"}
    settings = Settings.load(tmp_path, environ=environ)
    assert settings.database_url == f"sqlite:///{tmp_path.as_posix()}/rel.db"
    assert settings.storage_url == (tmp_path / "pictures").as_uri()


@pytest.mark.parametrize("url", ["postgresql://u:p@h/d", "sqlite:////abs/x.db", "memory://p"])
def test_an_absolute_url_is_not_changed(tmp_path, url):
    assert Settings.load(tmp_path, environ={"DIGITLAB_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize("name", ["wh?at", "50%20x#y", "with space", "ümlaut"])
def test_a_home_with_any_name_holds_its_own_database(tmp_path, name):
    with digitlab.open(tmp_path / name) as lab:
        lab.confirm(lab.predict(lab.examples()[0].data))
    assert (tmp_path / name / "feedback" / "digitlab.db").is_file()
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert list((tmp_path / name / "feedback" / "pictures").rglob("*.bin"))


def test_a_home_of_an_unknown_user_is_refused():
    with pytest.raises(StoreError, match="cannot be a home folder"):
        Settings.load("~unknown-user-name/home")
