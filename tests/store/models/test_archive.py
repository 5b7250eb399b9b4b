"""The export of model versions."""

import zipfile
from functools import partial

import pytest
from support.model_versions import add_version

from digitlab.errors import ModelError
from digitlab.settings import Settings
from digitlab.store import ModelRegistry


@pytest.fixture
def registry(tmp_path):
    with ModelRegistry(Settings.load(tmp_path / "home", environ={})) as registry:
        yield registry


@pytest.fixture
def add(registry):
    """Register another version; see `add_version`."""
    return partial(add_version, registry)


def test_an_exported_folder_is_a_complete_version(registry, add, tmp_path):
    folder = registry.export(add(), tmp_path / "new" / "copy")
    assert {path.name for path in folder.iterdir()} == {"card.json", "model.keras", "model.tflite"}
    assert registry.folders.register(folder) == "v0002"


def test_an_exported_zip_contains_the_three_files(registry, tmp_path):
    with zipfile.ZipFile(registry.export("base", tmp_path / "base.zip")) as archive:
        assert set(archive.namelist()) == {"card.json", "model.keras", "model.tflite"}
        assert archive.testzip() is None


def test_a_failed_export_overwrites_nothing_and_leaves_nothing(registry, tmp_path):
    (tmp_path / "base.zip").write_text("mine")
    with pytest.raises(ModelError, match="exists already"):
        registry.export("base", tmp_path / "base.zip")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="cannot be written"):
        registry.export("base", tmp_path / "file" / "base.zip")
    assert {path.name for path in tmp_path.iterdir()} == {"base.zip", "file"}
