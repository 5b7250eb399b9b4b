"""Settings: which home is meant, and what stands in it."""

from pathlib import Path

from digitlab.settings import Settings, bundled, checkout

ROOT = Path(__file__).parent.parent


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
    environ = {"DIGITLAB_DATABASE_URL": "sqlite:///x.db", "DIGITLAB_STORAGE_URL": "memory://p"}
    settings = Settings.load(tmp_path, environ=environ)
    assert (settings.database_url, settings.storage_url) == ("sqlite:///x.db", "memory://p")


def test_loading_settings_creates_nothing(tmp_path):
    Settings.load(tmp_path / "home", environ={})
    assert list(tmp_path.iterdir()) == []


def test_what_ships_stands_in_the_checkout():
    assert checkout() == ROOT
    assert (bundled("models/base") / "card.json").is_file()
    assert (bundled("dashboards") / "digits.ipynb").is_file()
