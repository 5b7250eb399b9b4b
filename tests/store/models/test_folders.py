"""VersionFolders: versions are added completely, and their names are used once."""

import os
import shutil
import time
from functools import partial

import pytest
from support.model_versions import add_version

from digitlab.errors import ModelError
from digitlab.settings import Settings, bundled
from digitlab.store import ModelRegistry


@pytest.fixture
def registry(tmp_path):
    with ModelRegistry(Settings.load(tmp_path / "home", environ={})) as registry:
        yield registry


@pytest.fixture
def add(registry):
    """Register another version; see `add_version`."""
    return partial(add_version, registry)


@pytest.fixture
def new_folder(tmp_path):
    """A complete version folder outside the registry."""
    return shutil.copytree(bundled("models/base"), tmp_path / "new")


def test_versions_are_numbered_and_overwrite_nothing(registry, new_folder, tmp_path):
    other_folder = shutil.copytree(new_folder, tmp_path / "other")
    assert registry.folders.register(new_folder) == "v0001"
    assert registry.folders.register(other_folder) == "v0002"
    assert registry.versions() == ["base", "v0001", "v0002"]
    assert not new_folder.exists()
    assert registry.champion == "base"


def test_a_folder_whose_files_do_not_match_its_card_is_not_registered(registry, new_folder):
    (new_folder / "model.keras").write_bytes(b"something else")
    with pytest.raises(ModelError, match="new is damaged"):
        registry.folders.register(new_folder)
    assert registry.versions() == ["base"]


@pytest.mark.parametrize("name", ["../base", "v1", ""])
def test_an_invalid_name_has_no_folder(registry, name):
    with pytest.raises(ModelError):
        registry.folder(name)


def test_one_process_at_a_time_uses_a_work_folder(registry):
    with (
        registry.folders.work_folder("abc"),
        pytest.raises(ModelError, match="runs already"),
        registry.folders.work_folder("abc"),
    ):
        pass


def test_a_work_folder_stays_after_a_failure_and_goes_after_success(registry):
    def interrupt():
        with registry.folders.work_folder("abc") as folder:
            (folder / "history.json").write_text("[]")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    with registry.folders.work_folder("abc") as folder:
        assert (folder / "history.json").is_file()
    assert not folder.exists()


def test_versions_after_v9999_are_listed_by_their_number(registry, add):
    first = registry.folder(add())
    os.rename(first, first.with_name("v9999"))
    assert add() == "v10000"
    assert registry.versions() == ["base", "v9999", "v10000"]


def test_a_staging_folder_is_never_listed(registry):
    with registry.folders.staging_folder() as folder:
        shutil.copytree(bundled("models/base"), folder, dirs_exist_ok=True)
        assert registry.versions() == ["base"]
    assert not folder.exists()


def test_leftovers_are_removed_after_an_hour(registry, tmp_path):
    models = tmp_path / "home" / "models"
    for name in (".new-old", ".gone-v0001-old", ".new-young"):
        (models / name).mkdir(parents=True)
        (models / name / "model.keras").write_text("half")
    an_hour_ago = time.time() - 3700
    for name in (".new-old", ".gone-v0001-old"):
        os.utime(models / name / "model.keras", (an_hour_ago, an_hour_ago))
        os.utime(models / name, (an_hour_ago, an_hour_ago))
    registry.folders.remove_leftovers()
    assert [path.name for path in models.iterdir()] == [".new-young"]
