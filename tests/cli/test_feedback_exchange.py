"""`evaluate`, `feedback import` and `feedback export` of labelled pictures."""

import json
import zipfile

import numpy as np
import pytest
from PIL import Image
from support.command_line import command_line

from digitlab.datasets import mnist

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@pytest.fixture
def run(tmp_path):
    return command_line(tmp_path, text=True)


@pytest.fixture
def draw(tmp_path):
    """Save the picture of a digit below the current folder."""
    x, y = mnist.load("validation")

    def draw(digit, *names, n=0):
        image = Image.fromarray(255 - x[np.flatnonzero(y == digit)[n]]).resize((56, 56))
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            image.save(tmp_path / name)

    return draw


def error_of(done):
    """The one line of a refusal."""
    assert done.returncode == 1
    assert done.stdout == ""
    home, line = done.stderr.splitlines()
    assert home.startswith("home: ")
    return line


@pytest.mark.parametrize("form", ["{word}", "0{n}", "digit_{n}", "Sample0{k:02}", "test/{n}"])
def test_evaluate_takes_the_labels_from_known_folder_names(run, draw, form):
    for n in range(10):
        draw(n, f"data/{form.format(word=WORDS[n], n=n, k=n + 1)}/1.png")
    first, *_ = run("evaluate", "data").stdout.splitlines()
    assert first.startswith("read as: labels from ")
    found = json.loads(run("evaluate", "data", "--json").stdout)
    assert (found["correct"], found["n"], found["left_out"]) == (10, 10, {})
    assert "folder names (" in found["read_as"]


def test_evaluate_leaves_out_and_counts_what_has_no_single_label(run, draw):
    draw(7, "data/7/a.png", "data/not-a-digit/59ee.tif")
    draw(1, "data/1/b.png", "data/4/c.png")
    found = json.loads(run("evaluate", "data", "--json").stdout)
    assert found["n"] == 1
    assert found["left_out"] == {"not a digit": 1, "two labels": 2}
    assert found["contradictions"] == ["1/b.png (1) and 4/c.png (4)"]
    lines = run("evaluate", "data").stdout.splitlines()
    assert "the same picture under two labels: 1/b.png (1) and 4/c.png (4)" in lines
    assert "left out: 1 (not a digit), 2 (two labels)" in lines


@pytest.mark.parametrize("command", ["evaluate", ("feedback", "import")])
@pytest.mark.parametrize("name", ["cat", "ten", "10"])
def test_an_unknown_folder_is_refused_by_its_name(run, draw, command, name):
    draw(1, "data/one/a.png")
    draw(2, f"data/{name}/b.png")
    arguments = [command] if isinstance(command, str) else command
    assert f"the folder {name} names no digit" in error_of(run(*arguments, "data"))


def test_evaluate_reads_a_zip_file(run, draw, tmp_path):
    draw(7, "data/seven/1.png")
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.write(tmp_path / "data/seven/1.png", "set/seven/1.png")
    found = json.loads(run("evaluate", "data.zip", "--json").stdout)
    assert (found["n"], found["correct"]) == (1, 1)


def test_evaluate_of_pictures_of_which_none_can_be_read_is_refused(run, tmp_path):
    (tmp_path / "data" / "7").mkdir(parents=True)
    (tmp_path / "data" / "7" / "x.png").write_text("no picture")
    assert "none of its 1 pictures can be read" in error_of(run("evaluate", "data"))


def test_evaluate_of_pictures_that_are_all_under_two_labels_is_refused(run, draw):
    draw(7, "data/7/a.png", "data/1/a.png")
    assert "under two labels" in error_of(run("evaluate", "data"))


def test_import_names_the_rule_and_what_it_skips(run, draw, tmp_path):
    draw(7, "data/seven/1.png", "data/sheet.png")
    (tmp_path / "data" / "notes.txt").write_text("x")
    assert run("feedback", "import", "data").stdout.splitlines() == [
        "labels from folder names (seven = 7)",
        "skipped notes.txt: not a picture by its file extension",
        "skipped sheet.png: has no label: it is beside the label folders, and its name is not "
        "the old app's, such as 7_x_y_1_photo.png",
        "1 added, 0 already stored, 2 skipped",
    ]


def test_import_holds_one_file_under_two_labels(run, draw):
    draw(7, "data/7/a.png", "data/1/b.png")
    found = json.loads(run("feedback", "import", "data", "--json").stdout)
    assert (found["added"], found["held"]) == (2, 2)
    assert found["contradictions"] == ["1/b.png (1) and 7/a.png (7)"]
    rows = [json.loads(line) for line in run("feedback", "list", "--json").stdout.splitlines()]
    assert [(row["label"], row["state"]) for row in rows] == [(1, "held"), (7, "held")]


@pytest.mark.parametrize("content", ["broken", "empty", "not-a-digit"])
def test_an_import_of_nothing_exits_with_1(run, draw, tmp_path, content):
    (tmp_path / "data" / "7").mkdir(parents=True)
    if content == "broken":
        (tmp_path / "data" / "7" / "x.png").write_text("no picture")
    elif content == "not-a-digit":
        draw(7, "data/not-a-digit/59ee.png")
    line = error_of(run("feedback", "import", "data"))
    assert "nothing is imported" in line or "no picture" in line


def test_an_exported_folder_is_no_training_data_for_a_digit_where_there_is_none(run, draw):
    """The export's `not-a-digit/59ee....png` was once read as a five."""
    draw(7, "a.png")
    run("feedback", "add", "a.png", "--label", 7)
    run("feedback", "export", "out.zip")
    found = json.loads(run("evaluate", "out.zip", "--json").stdout)
    assert (found["n"], found["correct"]) == (1, 1)
    assert found["read_as"] == "labels from metadata.csv (file_name, label)"


def test_an_exported_folder_of_the_old_apps_names_can_be_evaluated(run, draw):
    draw(7, "a.png")
    draw(3, "b.png")
    run("feedback", "add", "a.png", "--label", 7)
    run("feedback", "add", "b.png", "--label", 5)
    run("feedback", "accept", 2)  # it waits for review: an ordinary three has another label
    run("feedback", "export", "out", "--format", "incorrect_predictions")
    found = json.loads(run("evaluate", "out", "--json").stdout)
    assert (found["n"], found["confusion"][5][3], found["left_out"]) == (1, 1, {"not a picture": 1})


def test_an_export_is_restored_with_its_contributor_unless_one_is_given(run, draw, tmp_path):
    draw(7, "a.png")
    run("feedback", "add", "a.png", "--label", 7, "--contributor", "=ann", "--comment", "@home")
    run("feedback", "export", "out.zip")
    for options, name in (((), "=ann"), (("--contributor", "eve"), "eve")):
        home = tmp_path / f"home of {name}"
        assert run("feedback", "import", "out.zip", *options, home=home).returncode == 0
        row = json.loads(run("feedback", "list", "--json", home=home).stdout)
        assert (row["contributor"], row["comment"]) == (name, "@home")
