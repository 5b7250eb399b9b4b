"""ModelRegistry: versions are listed, loaded, described and pruned."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from support.html_tables import parse_table
from support.model_versions import add_version, damage, fine_tuned

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


def test_in_a_new_home_the_base_serves(registry):
    assert (registry.versions(), registry.champion) == (["base"], "base")
    assert registry.load().version == "base"


def test_a_version_is_loaded_once(registry):
    assert registry.load() is registry.load("base")


def test_a_version_that_was_added_later_is_loaded(registry, add):
    registry.load()
    assert registry.load(add()).version == "v0001"


def test_only_the_last_few_versions_stay_loaded(registry, add):
    first = registry.load("base")
    for _ in range(3):
        registry.load(add())
    assert registry.load("base") is not first
    assert registry.load("v0003") is registry.load("v0003")


def test_an_unknown_version_is_refused_with_the_known_versions(registry):
    with pytest.raises(ModelError, match="'v0007'.*there are: base"):
        registry.load("v0007")


def test_a_version_is_described_with_its_aliases_card_and_notebook(registry, add):
    version = add(**fine_tuned(notebook="runs/x.ipynb"))
    registry.promote(version, by="ann")
    description = registry.describe(version)
    assert (description["name"], description["aliases"]) == (version, ["champion"])
    assert description["folder"] == str(registry.folder(version))
    assert description["card"]["notebook"] == "runs/x.ipynb"
    assert Path(description["notebook"]).is_absolute()
    assert description["notebook"].endswith("runs/x.ipynb")
    assert registry.describe("base")["aliases"] == ["previous"]


def test_list_gives_every_version_with_its_aliases_and_card(registry, add):
    registry.promote(add(), by="ann")
    add(**fine_tuned(metrics={}))
    base, champion, other = registry.list()
    assert [base.name, champion.name, other.name] == ["base", "v0001", "v0002"]
    assert [base.aliases, champion.aliases, other.aliases] == [("previous",), ("champion",), ()]
    assert (base.kind, other.kind) == ("base", "fine-tuned")
    assert base.card == registry.card("base")
    assert base.created_at == datetime.fromisoformat(base.card.created)
    assert base.created_at.utcoffset() == UTC.utcoffset(None)
    assert base.test_accuracy == base.card.metrics["mnist:test"]["accuracy"]
    assert other.test_accuracy is None


def test_list_includes_a_version_whose_card_cannot_be_read(registry, add):
    (registry.folder(add()) / "card.json").write_text("no card")
    version = registry.list()[1]
    assert (version.name, version.card, version.kind) == ("v0001", None, None)
    assert (version.created_at, version.test_accuracy) == (None, None)


def test_a_notebook_shows_the_versions_as_a_table(registry, add):
    add(**fine_tuned(created="2026-03-01T12:30:00+00:00", decision="<b>rejected</b>"))
    registry.promote(add(), by="ann")
    table = parse_table(registry._repr_html_())
    assert table.caption == "Model versions"
    assert table.columns[:2] == ["version", "aliases"]
    assert list(table.rows) == ["base", "v0001", "v0002"]
    accuracy = f"{registry.list()[1].test_accuracy:.2%}"
    assert table.rows["v0001"] == [
        "",
        "fine-tuned",
        "2026-03-01 12:30",
        accuracy,
        "<b>rejected</b>",
    ]
    assert table.rows["v0002"][0] == "champion"


def test_a_notebook_shows_a_version_without_a_card_as_damaged(registry, add):
    (registry.folder(add()) / "card.json").write_text("no card")
    assert parse_table(registry._repr_html_()).rows["v0001"] == ["", "damaged", "", "", ""]


def test_a_damaged_champion_is_named_with_the_commands_that_replace_it(registry, add):
    registry.promote(add(), by="ann")
    damage(registry, "v0001")
    with pytest.raises(ModelError) as caught:
        registry.load()
    assert caught.value.version == "v0001"
    for words in ("Version v0001 is damaged", "models rollback` (to base)", "promote base --force"):
        assert words in str(caught.value)


def test_a_damaged_champion_can_be_replaced(registry, add):
    registry.promote(add(), by="ann")
    damage(registry, "v0001")
    registry.promote("base", by="ann", force=True, why="v0001 is damaged")
    assert registry.load().version == "base"


def test_another_damaged_version_is_named_without_such_commands(registry, add):
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


def test_fine_tunes_start_from_the_base_of_the_champion(registry, add):
    assert registry.base == "base"
    registry.promote(add(**fine_tuned()), by="ann")
    assert (registry.champion, registry.base) == ("v0001", "base")


@pytest.mark.parametrize("kind", ["base", "imported"])
def test_later_fine_tunes_start_from_a_promoted_base(registry, add, kind):
    registry.promote(add(kind=kind), by="ann")
    assert registry.base == "v0001"
    registry.promote(add(**fine_tuned("v0001")), by="ann")
    assert (registry.champion, registry.base) == ("v0002", "v0001")


def test_prune_keeps_the_newest_versions_and_the_needed_ones(registry, add):
    for _ in range(2):
        add(kind="base")  # v0001, the parent of the champion, and v0002
    registry.promote(add(**fine_tuned("v0001")), by="ann")  # v0003, the previous one later
    registry.promote(add(**fine_tuned("v0001")), by="ann")  # v0004
    registry.set_challenger(add(**fine_tuned("v0001", "rejected")), by="ann", run="r")  # v0005
    for _ in range(3):
        add(**fine_tuned())
    assert registry.prune(1) == ["v0002", "v0006", "v0007"]
    assert registry.versions() == ["base", "v0001", "v0003", "v0004", "v0005", "v0008"]


def test_the_name_of_a_pruned_version_is_not_used_again(registry, add, tmp_path):
    add()
    assert registry.prune(0) == ["v0001"]
    assert list((tmp_path / "home" / "models").iterdir()) == [
        tmp_path / "home" / "models" / ".last"
    ]
    assert add() == "v0002"


def test_prune_in_a_new_home_changes_nothing(registry, tmp_path):
    assert registry.prune(0) == []
    assert not (tmp_path / "home").exists()
