"""Model versions of a home: what ships, what training adds, what is refused."""

import os
import shutil
import time
import zipfile
from functools import partial
from pathlib import Path

import pytest
from support.model_versions import add_version, damage, fine_tuned

from digitlab.errors import ModelError
from digitlab.settings import Settings, bundled
from digitlab.store import ModelRegistry


@pytest.fixture
def registry(tmp_path):
    with ModelRegistry(Settings.load(tmp_path / "home", environ={})) as registry:
        yield registry


@pytest.fixture
def made(tmp_path):
    """A finished version folder outside the registry."""
    return shutil.copytree(bundled("models/base"), tmp_path / "made")


@pytest.fixture
def add(registry):
    return partial(add_version, registry)


def test_a_new_home_has_the_base_and_it_serves(registry):
    assert (registry.versions(), registry.champion) == (["base"], "base")
    assert registry.load().version == "base"


def test_a_version_is_loaded_once(registry):
    assert registry.load() is registry.load("base")


def test_versions_are_numbered_and_overwrite_nothing(registry, made, tmp_path):
    again = shutil.copytree(made, tmp_path / "again")
    assert [registry.folders.register(made), registry.folders.register(again)] == ["v0001", "v0002"]
    assert registry.versions() == ["base", "v0001", "v0002"]
    assert not made.exists()
    assert registry.champion == "base"


def test_a_version_that_is_not_what_its_card_says_is_not_adopted(registry, made):
    (made / "model.keras").write_bytes(b"something else")
    with pytest.raises(ModelError, match="made is damaged"):
        registry.folders.register(made)
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
        registry.folders.work_folder("abc"),
        pytest.raises(ModelError, match="runs already"),
        registry.folders.work_folder("abc"),
    ):
        pass


def test_checkpoints_stay_after_a_failure_and_go_after_success(registry):
    def interrupted():
        with registry.folders.work_folder("abc") as folder:
            (folder / "history.json").write_text("[]")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with registry.folders.work_folder("abc") as folder:
        assert (folder / "history.json").is_file()
    assert not folder.exists()


def test_versions_beyond_the_ten_thousandth_come_in_the_order_of_their_making(registry, add):
    first = registry.folder(add())
    os.rename(first, first.with_name("v9999"))
    assert add() == "v10000"
    assert registry.versions() == ["base", "v9999", "v10000"]


def test_a_folder_that_is_being_written_is_never_listed(registry):
    with registry.folders.staging_folder() as folder:
        shutil.copytree(bundled("models/base"), folder, dirs_exist_ok=True)
        assert registry.versions() == ["base"]
    assert not folder.exists()


def test_a_version_that_appears_later_is_loaded(registry, add):
    registry.load()
    assert registry.load(add()).version == "v0001"


def test_only_the_last_few_versions_stay_loaded(registry, add):
    first = registry.load("base")
    for _ in range(3):
        registry.load(add())
    assert registry.load("base") is not first
    assert registry.load("v0003") is registry.load("v0003")


def test_a_version_is_shown_with_what_points_to_it_and_what_made_it(registry, add):
    version = add(**fine_tuned(notebook="runs/x.ipynb"))
    registry.promote(version, by="ann")
    found = registry.describe(version)
    assert (found["name"], found["aliases"]) == (version, ["champion"])
    assert found["folder"] == str(registry.folder(version))
    assert found["card"]["notebook"] == "runs/x.ipynb"
    assert Path(found["notebook"]).is_absolute()
    assert found["notebook"].endswith("runs/x.ipynb")
    assert registry.describe("base")["aliases"] == ["previous"]


# damage ----------------------------------------------------------------------------------


def test_a_damaged_champion_is_named_with_the_ways_out(registry, add):
    registry.promote(add(), by="ann")
    damage(registry, "v0001")
    with pytest.raises(ModelError) as caught:
        registry.load()
    assert caught.value.version == "v0001"
    for words in ("Version v0001 is damaged", "models rollback` (to base)", "promote base --force"):
        assert words in str(caught.value)


def test_both_ways_out_of_a_damaged_champion_work(registry, add):
    registry.promote(add(), by="ann")
    damage(registry, "v0001")
    registry.promote("base", by="ann", force=True, why="v0001 is damaged")
    assert registry.load().version == "base"


def test_another_damaged_version_is_named_without_a_way_out_of_it(registry, add):
    damage(registry, add())
    with pytest.raises(ModelError, match="v0001 is damaged") as caught:
        registry.load("v0001")
    assert "rollback" not in str(caught.value)
    assert registry.load().version == "base"


@pytest.mark.parametrize("name", ["model.keras", "model.tflite"])
def test_a_damaged_version_is_not_promoted(registry, add, name):
    version = add()
    (registry.folder(version) / name).write_bytes(b"something else")
    with pytest.raises(ModelError, match="v0001 is damaged"):
        registry.promote(version, by="ann", force=True, why="I like it")
    assert registry.champion == "base"


def test_a_rollback_to_a_damaged_version_leaves_the_champion(registry, add):
    for _ in range(2):
        registry.promote(add(), by="ann")
    damage(registry, "v0001")
    with pytest.raises(ModelError, match="v0001 is damaged.*Nothing was rolled back"):
        registry.rollback(by="ann")
    assert (registry.champion, registry.previous) == ("v0002", "v0001")


# the base of fine-tunes ------------------------------------------------------------------


def test_fine_tunes_start_from_the_champions_base(registry, add):
    assert registry.base == "base"
    registry.promote(add(**fine_tuned()), by="ann")
    assert (registry.champion, registry.base) == ("v0001", "base")


def test_a_version_that_was_compared_with_another_one_than_serves_needs_force(registry, add):
    first, second = (add(**fine_tuned(champion="base")) for _ in range(2))
    registry.promote(first)
    with pytest.raises(ModelError, match=f"better than base, and {first} serves now"):
        registry.promote(second)
    registry.promote(second, force=True, why="I looked at both")
    registry.promote(first)  # it has served before
    assert registry.champion == first


def test_a_version_does_not_replace_one_that_came_to_serve_a_moment_ago(registry, add, monkeypatch):
    first, second = (add(**fine_tuned(champion="base")) for _ in range(2))

    def raced(*_, **__):
        monkeypatch.undo()
        registry.promote(first)
        return ""

    monkeypatch.setattr("digitlab.store.models.registry.reason_against_promotion", raced)
    with pytest.raises(ModelError, match=f"{first} serves now and no more base"):
        registry.promote(second)
    assert registry.champion == first


@pytest.mark.parametrize("kind", ["base", "imported"])
def test_a_promoted_base_is_what_later_fine_tunes_start_from(registry, add, kind):
    registry.promote(add(kind=kind), by="ann")
    assert registry.base == "v0001"
    registry.promote(add(**fine_tuned("v0001")), by="ann")
    assert (registry.champion, registry.base) == ("v0002", "v0001")


# export, prune, sweep --------------------------------------------------------------------


def test_an_exported_folder_is_a_whole_version(registry, add, tmp_path):
    place = registry.export(add(), tmp_path / "new" / "copy")
    assert {path.name for path in place.iterdir()} == {"card.json", "model.keras", "model.tflite"}
    assert registry.folders.register(place) == "v0002"


def test_an_exported_zip_holds_the_three_files(registry, tmp_path):
    with zipfile.ZipFile(registry.export("base", tmp_path / "base.zip")) as archive:
        assert set(archive.namelist()) == {"card.json", "model.keras", "model.tflite"}
        assert archive.testzip() is None


def test_an_export_overwrites_nothing_and_leaves_nothing_behind(registry, tmp_path):
    (tmp_path / "base.zip").write_text("mine")
    with pytest.raises(ModelError, match="exists already"):
        registry.export("base", tmp_path / "base.zip")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="cannot be written"):
        registry.export("base", tmp_path / "file" / "base.zip")
    assert {path.name for path in tmp_path.iterdir()} == {"base.zip", "file"}


def test_prune_keeps_the_newest_and_what_is_needed(registry, add):
    for _ in range(2):
        add(kind="base")  # v0001, the parent of the champion, and v0002
    registry.promote(add(**fine_tuned("v0001")), by="ann")  # v0003, the previous one later
    registry.promote(add(**fine_tuned("v0001")), by="ann")  # v0004
    registry.set_challenger(add(**fine_tuned("v0001", "rejected")), by="ann", run="r")  # v0005
    for _ in range(3):
        add(**fine_tuned())
    assert registry.prune(1) == ["v0002", "v0006", "v0007"]
    assert registry.versions() == ["base", "v0001", "v0003", "v0004", "v0005", "v0008"]


def test_what_was_pruned_is_gone_and_its_name_is_not_given_again(registry, add, tmp_path):
    add()
    assert registry.prune(0) == ["v0001"]
    assert list((tmp_path / "home" / "models").iterdir()) == [
        tmp_path / "home" / "models" / ".last"
    ]
    assert add() == "v0002"


def test_a_home_without_versions_has_nothing_to_prune(registry, tmp_path):
    assert registry.prune(0) == []
    assert not (tmp_path / "home").exists()


def test_sweep_takes_what_died_an_hour_ago_and_spares_what_is_being_written(registry, tmp_path):
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
