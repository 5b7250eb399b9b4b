"""`digitlab models`: its JSON, its text and its refusals."""

import json

import pytest
from support.command_line import command_line
from support.model_versions import add_version, damage, fine_tuned

from digitlab.settings import PACKAGE, Settings
from digitlab.store import ModelRegistry


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def registry(home):
    with ModelRegistry(Settings.load(home, environ={})) as registry:
        yield registry


@pytest.fixture
def run(tmp_path):
    """Call `digitlab --home TMP models ...`."""
    call = command_line(tmp_path, text=True)
    return lambda *arguments: call("models", *arguments)


@pytest.fixture
def answer(run):
    """Return the parsed output of a call with --json."""

    def call(*arguments):
        done = run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return call


def test_list_has_a_row_for_each_version(answer, registry):
    add_version(registry, **fine_tuned(decision="rejected"))
    base, made = answer("list")
    assert list(base) == [
        *("version", "kind", "aliases", "created", "accuracy", "parent", "decision"),
    ]
    assert (base["version"], base["kind"], base["aliases"]) == ("base", "base", ["champion"])
    assert base["accuracy"] == registry.card("base").metrics["mnist:test"]["accuracy"]
    assert (made["version"], made["parent"], made["decision"]) == ("v0001", "base", "rejected")


def test_list_as_text_marks_the_champion(run, registry):
    registry.promote(add_version(registry), by="ann")
    lines = run("list").stdout.splitlines()
    assert lines[0].endswith("previous")
    assert lines[1].startswith("v0001 ")
    assert lines[1].endswith("champion")


def test_list_marks_a_version_without_a_readable_card(answer, run, registry):
    (registry.folder(add_version(registry)) / "card.json").write_text("{}")
    assert answer("list")[1]["kind"] is None
    assert "damaged" in run("list").stdout


def test_list_creates_nothing_in_a_new_home(answer, home):
    assert len(answer("list")) == 1
    assert not home.exists()


def test_show_prints_the_card(answer, run, registry):
    version = add_version(
        registry, **fine_tuned(notebook="x.ipynb", feedback=[1, 2], champion="v0009")
    )
    found = answer("show", version)
    assert found == json.loads(json.dumps(registry.describe(version)))
    words = run("show", version).stdout
    said = ("started from base, learned from 2 verdicts", "promoted against v0009.")
    for part in (*said, "mnist:test: 9,", "x.ipynb"):
        assert part in words


def test_promote_and_rollback_name_the_champion(answer, registry):
    version = add_version(registry)
    done = answer("promote", version, "--why", "mine")
    assert (done["champion"], done["previous"], done["why"]) == (version, "base", "mine")
    assert done["by"]
    back = answer("rollback")
    assert (back["champion"], back["previous"], set(back)) == ("base", version, set(done))


def test_promote_prints_the_metrics_and_how_to_undo_it(run, registry):
    said = run("promote", add_version(registry)).stdout
    for words in ("v0001 serves now", "% of MNIST's test images", "next fine-tunes", "rollback"):
        assert words in said


def test_a_rejected_version_needs_force_and_a_reason(run, answer, registry):
    version = add_version(registry, **fine_tuned(decision="rejected", reasons=["It forgot 7s."]))
    refused = run("promote", version)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "It forgot 7s." in refused.stderr
    assert run("promote", version, "--force").returncode == 1
    assert answer("promote", version, "--force", "--why", "mine")["champion"] == version


def test_predict_with_a_damaged_champion_suggests_a_rollback_that_works(run, registry, home):
    registry.promote(add_version(registry), by="ann")
    damage(registry, "v0001")
    picture = PACKAGE / "images" / "examples" / "01.jpg"
    done = command_line(home.parent, text=True)("predict", picture)
    assert done.returncode == 1
    assert "v0001 is damaged" in done.stderr
    assert "digitlab models rollback" in done.stderr
    assert run("rollback").returncode == 0
    assert registry.load().version == "base"


def test_export_writes_a_folder_or_a_zip(answer, tmp_path):
    assert answer("export", "base", "base.zip") == {
        "version": "base",
        "path": str(tmp_path / "base.zip"),
    }
    answer("export", "base", "copy")
    assert (tmp_path / "copy" / "card.json").is_file()


def test_prune_names_the_deleted_versions(answer, run, registry):
    for _ in range(3):
        add_version(registry)
    assert answer("prune", "--keep", 1) == {"removed": ["v0001", "v0002"]}
    assert run("prune", "--keep", 1).stdout == "0 deleted: none\n"


@pytest.mark.parametrize(
    "arguments",
    [("prune",), ("prune", "--keep", "-1"), ("show",), ("export", "base"), ("promote",)],
    ids=" ".join,
)
def test_a_wrong_call_is_a_usage_error(run, arguments):
    assert run(*arguments).returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [("show", "v9"), ("promote", "v9"), ("rollback",), ("export", "v9", "x"), ("import", "x.h5")],
    ids=" ".join,
)
def test_a_failing_command_prints_one_line(run, arguments):
    done = run(*arguments)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("digitlab: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command", [*("list", "show", "promote", "rollback", "import", "export", "prune")]
)
def test_help_has_an_example(run, command):
    assert f"Example: digitlab models {command}" in run(command, "--help").stdout


@pytest.mark.tf
def test_a_model_that_reads_badly_is_imported_with_a_warning_and_needs_force(
    run, answer, registry, tmp_path
):
    from digitlab.model import network

    keras = network.import_keras()
    layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)]
    keras.Sequential(layers).save(tmp_path / "model_1.h5")
    done = answer("import", "model_1.h5")
    assert done["version"] == "v0001"
    assert done["metrics"]["mnist:test"]["n"] == 10_000
    assert done["preprocessing"].startswith("values ")
    warning = f"reads only {done['metrics']['mnist:test']['accuracy']:.1%} of MNIST's test images"
    assert warning in done["warning"]
    shown = run("show", "v0001").stdout
    assert f"its network takes {done['preprocessing']}" in shown
    assert warning in shown
    refused = run("promote", "v0001")
    assert refused.returncode == 1
    assert "--force --why" in refused.stderr
    assert (registry.champion, registry.base) == ("base", "base")
    answer("promote", "v0001", "--force", "--why", "for a test")
    assert (registry.champion, registry.base) == ("v0001", "v0001")


def test_a_refused_file_leaves_no_version(run, registry, tmp_path, home):
    (tmp_path / "notes.h5").write_text("hello")
    done = run("import", "notes.h5")
    assert done.stderr.splitlines()[-1].startswith("digitlab: notes.h5 cannot be imported")
    assert registry.versions() == ["base"]
    assert list((home / "models").iterdir()) == []
