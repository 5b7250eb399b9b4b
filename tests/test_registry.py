"""Model versions of a home: what ships, what training adds, what is refused."""

import shutil

import pytest

from digitlab.errors import ModelError
from digitlab.settings import Settings, bundled
from digitlab.store import ModelRegistry


@pytest.fixture
def registry(tmp_path) -> ModelRegistry:
    return ModelRegistry(Settings.load(tmp_path / "home"))


@pytest.fixture
def made(tmp_path):
    """A finished version folder outside the registry."""
    return shutil.copytree(bundled("models/base"), tmp_path / "made")


def test_a_new_home_has_the_base_and_it_serves(registry):
    assert (registry.versions(), registry.champion) == (["base"], "base")
    assert registry.load().version == "base"


def test_a_version_is_loaded_once(registry):
    assert registry.load() is registry.load("base")


def test_versions_are_numbered_and_overwrite_nothing(registry, made, tmp_path):
    again = shutil.copytree(made, tmp_path / "again")
    assert [registry.adopt(made), registry.adopt(again)] == ["v0001", "v0002"]
    assert registry.versions() == ["base", "v0001", "v0002"]
    assert not made.exists()
    assert registry.champion == "base"


def test_a_version_that_is_not_what_its_card_says_is_not_adopted(registry, made):
    (made / "model.keras").write_bytes(b"something else")
    with pytest.raises(ModelError, match="made is damaged"):
        registry.adopt(made)
    assert registry.versions() == ["base"]


def test_an_unknown_version_is_refused_with_those_there_are(registry):
    with pytest.raises(ModelError, match="'v0007'.*there are: base"):
        registry.load("v0007")


@pytest.mark.parametrize("name", ["../base", "v1", ""])
def test_a_name_that_is_none_reaches_no_folder(registry, name):
    with pytest.raises(ModelError):
        registry.folder(name)


def test_a_training_has_its_folder_alone(registry):
    with (
        registry.work_folder("abc"),
        pytest.raises(ModelError, match="runs already"),
        registry.work_folder("abc"),
    ):
        pass


def test_checkpoints_stay_after_a_failure_and_go_after_success(registry):
    def interrupted():
        with registry.work_folder("abc") as folder:
            (folder / "history.json").write_text("[]")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with registry.work_folder("abc") as folder:
        assert (folder / "history.json").is_file()
    assert not folder.exists()
