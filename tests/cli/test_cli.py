"""The command line: its JSON, its exit codes and its one-line errors."""

import io
import json
import os

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from support.command_line import command_line, command_process
from support.number_sheets import write_sheet

import digitlab
from digitlab.cli import main
from digitlab.datasets import mnist

HEADER = ",".join(["label", *(f"pixel{i}" for i in range(784))])


@pytest.fixture
def run(tmp_path):
    return command_line(tmp_path)


@pytest.fixture
def run_process(tmp_path):
    return command_process(tmp_path)


def lines(done) -> list[dict]:
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def picture(digit: int, n: int = 0) -> Image.Image:
    """A clean MNIST digit of `validation`, black on white, 280 px a side."""
    x, y = mnist.load("validation")
    return Image.fromarray(255 - x[np.flatnonzero(y == digit)[n]]).resize((280, 280))


@pytest.fixture
def seven(tmp_path):
    path = tmp_path / "seven.png"
    picture(7).save(path)
    return path


# predict ---------------------------------------------------------------------------------


def test_predict_prints_one_documented_json_object_for_each_picture(run, seven):
    done = run("predict", seven, "--json")
    assert done.returncode == 0
    (line,) = lines(done)
    assert set(line) == {
        "picture",
        "part",
        "model",
        "several",
        "several_count",
        "digits",
        "error",
        "kept",
    }
    assert (line["several"], line["several_count"]) == (False, 0)
    assert (line["picture"], line["model"], line["error"]) == (str(seven), "base", None)
    (digit,) = line["digits"]
    assert set(digit) == {
        "digit",
        "confidence",
        "probabilities",
        "refused",
        "remembered",
        "box",
    }
    assert (digit["digit"], digit["refused"], digit["remembered"]) == (7, False, False)
    assert len(digit["probabilities"]) == 10
    assert sum(digit["probabilities"]) == pytest.approx(1)
    assert digit["confidence"] == max(digit["probabilities"])
    x, y, w, h = digit["box"]
    assert 0 <= x < x + w <= 280
    assert 0 <= y < y + h <= 280


def test_predict_says_when_a_picture_clearly_holds_several_digits(run, tmp_path):
    row = tmp_path / "row.png"
    Image.fromarray(write_sheet("2748")).save(row)
    done = run("predict", row)
    assert len(done.stdout.splitlines()) == 1
    hint = "This looks like 4 digits. Read them all with --split."
    assert done.stderr.decode().splitlines()[1:] == [f"{row}: {hint}"]
    (line,) = lines(run("predict", row, "--json"))
    assert (line["several"], line["several_count"], len(line["digits"])) == (True, 4, 1)
    split = run("predict", row, "--split")
    assert split.stdout.decode().startswith(f"{row}: 2748 (")
    assert b"--split" not in split.stderr
    (line,) = lines(run("predict", row, "--split", "--json"))
    assert "several" not in line
    assert [one["text"] for one in line["rows"]] == ["2748"]


def test_a_folder_of_digit_images_gives_the_rows_of_its_pictures_in_order(run, tmp_path):
    x, _ = mnist.load("validation")
    folder = tmp_path / "digits"
    folder.mkdir()
    for row in range(70):
        Image.fromarray(np.roll(x[row], 4 * (row == 9), axis=1)).save(folder / f"{row:02}.png")
    (folder / "40.png").write_bytes(b"no picture")
    done = run("predict", "digits", "--json")
    assert done.returncode == 1
    rows = lines(done)
    assert [row["picture"] for row in rows] == [f"digits/{row:02}.png" for row in range(70)]
    assert [row["error"] is not None for row in rows] == [row == 40 for row in range(70)]
    assert rows[9] == lines(run("predict", "digits/09.png", "--json"))[0]
    declared = lines(run("predict", "--digit-images", "digits", "--json"))
    assert [row["digits"] for row in declared[:9]] == [row["digits"] for row in rows[:9]]
    assert declared[9]["digits"] != rows[9]["digits"]


def test_digit_images_cannot_be_split(run, seven):
    done = run("predict", "--split", "--digit-images", seven)
    assert done.returncode == 2
    assert b"--split" in done.stderr


def test_split_returns_all_digits_in_reading_order(run, tmp_path):
    Image.fromarray(write_sheet("207", "51")).save(tmp_path / "rows.png")
    (line,) = lines(run("predict", "--split", "--json", "rows.png"))
    assert [digit["digit"] for digit in line["digits"]] == [2, 0, 7, 5, 1]
    assert line["error"] is None
    boxes = [digit["box"] for digit in line["digits"]]
    assert boxes[0][0] < boxes[1][0] < boxes[2][0]
    assert boxes[3][1] > boxes[0][1] + boxes[0][3]
    assert [row["text"] for row in line["rows"]] == ["207", "51"]
    assert [digit for row in line["rows"] for digit in row["digits"]] == line["digits"]
    assert line["rotation"] == 0
    first, second = run("predict", "--split", "rows.png").stdout.decode().splitlines()
    assert first.startswith("rows.png: 207 (")
    assert second.startswith("rows.png: 51 (")
    assert first.count("%") == 3
    (line,) = lines(run("predict", "--json", "rows.png"))
    assert len(line["digits"]) == 1


def test_split_of_one_digit_prints_the_same_as_predict(run, seven):
    assert run("predict", "--split", seven).stdout == run("predict", seven).stdout


def test_split_of_a_blank_picture_finds_no_digits_and_exits_0(run, tmp_path):
    Image.new("L", (200, 100), 230).save(tmp_path / "blank.png")
    done = run("predict", "--split", "--json", "blank.png")
    assert done.returncode == 0
    (line,) = lines(done)
    assert (line["digits"], line["error"]) == ([], None)
    assert run("predict", "--split", "blank.png").stdout == b"blank.png: I see no digit here\n"


def test_three_broken_pictures_and_a_good_one_print_four_lines_and_exit_1(run, seven, tmp_path):
    (tmp_path / "text.png").write_text("this is no picture")
    jpeg = io.BytesIO()
    picture(3).convert("RGB").save(jpeg, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(jpeg.getvalue()[: len(jpeg.getvalue()) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    done = run("predict", "--json", "text.png", "cut.jpg", "empty.png", seven)
    assert done.returncode == 1
    found = lines(done)
    codes = [line["error"] and line["error"]["code"] for line in found]
    assert codes == ["not-a-picture", "damaged", "empty", None]
    assert all(line["error"]["message"] and line["digits"] == [] for line in found[:3])
    assert b"Traceback" not in done.stdout + done.stderr


def test_a_missing_picture_prints_one_line_with_its_code(run):
    done = run("predict", "--json", "none.png")
    assert done.returncode == 1
    assert lines(done)[0]["error"]["code"] == "not-found"


def test_a_folder_stands_for_its_sorted_pictures(run, tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for name, digit in (("b.png", 1), ("a.jpg", 2)):
        picture(digit).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    done = run("predict", "scans", "--json")
    assert done.returncode == 0
    assert [os.path.basename(line["picture"]) for line in lines(done)] == ["a.jpg", "b.png"]


def test_a_folder_without_pictures_is_an_error(run, tmp_path):
    (tmp_path / "empty").mkdir()
    done = run("predict", "empty", "--json")
    assert done.returncode == 1
    assert lines(done)[0]["error"]["code"] == "not-found"


def test_a_file_over_the_limit_is_refused_with_its_size(run, tmp_path):
    with (tmp_path / "huge.jpg").open("wb") as file:
        file.truncate(151_000_000)
    (line,) = lines(run("predict", "huge.jpg", "--json"))
    assert line["error"]["code"] == "too-large"
    assert "151.0 MB" in line["error"]["message"]


def test_a_named_file_is_read_with_any_extension(run, seven):
    other = seven.with_suffix(".scan")
    seven.rename(other)
    assert lines(run("predict", "--json", other))[0]["digits"][0]["digit"] == 7


def test_a_dash_reads_standard_input_of_the_process(run_process, seven):
    done = run_process("predict", "-", "--json", stdin=seven.read_bytes())
    assert lines(done)[0]["digits"][0]["digit"] == 7


def test_without_json_predict_prints_a_sentence(run, seven):
    done = run("predict", seven)
    assert done.stdout.decode().startswith(f"{seven}: 7 (")


def test_blank_paper_is_refused_with_a_best_guess(run, tmp_path):
    Image.new("L", (300, 300), 230).save(tmp_path / "blank.png")
    done = run("predict", "blank.png", "--json")
    assert done.returncode == 0
    (digit,) = lines(done)[0]["digits"]
    assert digit["refused"] is True
    assert digit["digit"] in range(10)


def test_explain_writes_the_steps_of_a_reading(run, seven, tmp_path):
    done = run("predict", "--explain", "steps", "--json", seven)
    assert done.returncode == 0
    assert len(lines(done)) == 1
    written = sorted(path.name for path in (tmp_path / "steps").iterdir())
    steps = ["grey", "contrast", "mask", "candidates", "digit"]
    assert written == [f"{seven.name}-{n}-{step}.png" for n, step in enumerate(steps, 1)]
    with Image.open(tmp_path / "steps" / written[4]) as image:
        assert image.size == (280, 280)


def test_explain_of_blank_paper_draws_no_ink_steps(run, tmp_path):
    Image.new("L", (60, 60), 200).save(tmp_path / "blank.png")
    assert run("predict", "--explain", "steps", "blank.png").returncode == 0
    written = sorted(path.name for path in (tmp_path / "steps").iterdir())
    assert written == [
        f"blank.png-{n}-{s}.png" for n, s in enumerate(("grey", "candidates", "digit"), 1)
    ]


def test_explain_into_a_file_prints_one_line(run, seven, tmp_path):
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "x").write_text("")
    done = run("predict", "--explain", "steps/x/y", seven)
    assert done.returncode == 1
    assert b"cannot be written" in done.stderr
    assert b"Traceback" not in done.stderr


# evaluate --------------------------------------------------------------------------------


def test_evaluate_reads_a_labelled_folder(run, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for digit in range(4):
        picture(digit).save(folder / f"{digit}_me.png")
    (folder / "5_broken.png").write_bytes(b"no")
    done = run("evaluate", "data", "--json")
    assert done.returncode == 0
    (found,) = lines(done)
    assert set(found) == {
        *("n", "correct", "accuracy", "ci95", "ece", "refused", "unreadable", "confusion"),
        *("model", "read_as", "left_out", "contradictions", "seen", "unseen"),
    }
    assert (found["n"], found["unreadable"], found["correct"]) == (5, 1, 4)
    assert found["accuracy"] == pytest.approx(0.8)
    assert found["ci95"][0] < 0.8 < found["ci95"][1]
    assert np.array(found["confusion"]).shape == (10, 10)
    assert np.trace(found["confusion"]) == 4
    assert (found["seen"], found["unseen"]) == (None, None)


@pytest.mark.parametrize("dark_ink", [True, False])
def test_evaluate_reads_an_npz_of_either_polarity(run, tmp_path, dark_ink):
    x, y = (a[:20] for a in mnist.load("validation"))
    np.savez(tmp_path / "d.npz", x=255 - x if dark_ink else x, y=y)
    (found,) = lines(run("evaluate", "d.npz", "--json"))
    assert found["n"] == 20
    assert found["correct"] >= 19


def test_evaluate_counts_training_images_in_kaggles_file_apart(run, tmp_path):
    rows = [HEADER]
    for split, n in (("train", 3), ("test", 2)):
        x, y = mnist.load(split)
        rows += [",".join(map(str, [y[i], *x[i].ravel()])) for i in range(n)]
    (tmp_path / "train.csv").write_text("\n".join(rows))
    (found,) = lines(run("evaluate", "train.csv", "--json"))
    assert (found["seen"]["n"], found["unseen"]["n"], found["n"]) == (3, 2, 5)


def test_evaluate_without_json_prints_a_sentence(run, tmp_path):
    x, y = (a[:5] for a in mnist.load("validation"))
    np.savez(tmp_path / "d.npz", x=x, y=y)
    done = run("evaluate", "d.npz")
    assert done.stdout.startswith(b"read as: x with labels y; values 0 to 255\n5 of 5 right")


def test_evaluate_says_what_to_compare_when_few_are_right(run, tmp_path):
    x, y = (a[:20] for a in mnist.load("validation"))
    np.savez(tmp_path / "d.npz", x=x, y=(y + 1) % 10)
    assert b"fewer than half are right: compare labels" in run("evaluate", "d.npz").stdout


@pytest.mark.timeout(60)
def test_evaluate_refuses_a_pipe_in_one_line(run, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    done = run("evaluate", "pipe.csv")
    assert done.returncode == 1
    assert b"digitlab: pipe.csv: is a named pipe; expected a regular file." in done.stderr


@pytest.mark.parametrize("data", ["nowhere", "mnist:train", "mnist:tune", "notes.txt"])
def test_evaluate_refuses_an_unknown_data_set_in_one_line(run, tmp_path, data):
    (tmp_path / "notes.txt").write_text("x")
    done = run("evaluate", data)
    assert done.returncode == 1
    assert done.stdout == b""
    *_, last = done.stderr.decode().splitlines()
    assert last.startswith(f"digitlab: {data}: ")
    assert "expected" in last


def test_evaluate_of_the_old_split_name_gives_the_new_one(run):
    done = run("evaluate", "mnist:tune")
    assert done.returncode == 1
    assert b"mnist:tune is now mnist:validation" in done.stderr


def test_evaluate_refuses_an_unknown_version_by_name(run):
    done = run("evaluate", "mnist:validation", "--model", "v0042")
    assert done.returncode == 1
    assert b"no model version 'v0042'" in done.stderr


# feedback --------------------------------------------------------------------------------


def test_feedback_list_shows_a_correction_that_add_stored(run, seven):
    done = run("feedback", "add", seven, "--label", 4, "--comment", "mine", "--json")
    assert done.returncode == 0
    (receipt,) = lines(done)
    assert receipt["added"] is True
    (entry,) = lines(run("feedback", "list", "--json"))
    assert (entry["id"], entry["verdict"], entry["label"]) == (receipt["id"], "wrong", 4)
    assert (entry["predicted"], entry["comment"]) == (7, "mine")


def test_repeating_a_correction_adds_nothing(run, seven):
    run("feedback", "add", seven, "--label", 4)
    assert lines(run("feedback", "add", seven, "--label", 4, "--json"))[0]["added"] is False
    assert len(lines(run("feedback", "list", "--json"))) == 1


def test_adding_the_predicted_digit_confirms_it(run, seven):
    run("feedback", "add", seven, "--label", 7)
    assert lines(run("feedback", "list", "--json"))[0]["verdict"] == "right"


def test_feedback_import_reads_the_older_apps_folder(run, tmp_path):
    folder = tmp_path / "incorrect_predictions"
    folder.mkdir()
    picture(7).save(folder / "7_a_b_1_scan_of_seven.png")
    (folder / "readme.txt").write_text("x")
    (found,) = lines(run("feedback", "import", folder, "--json"))
    assert found["added"] == 1
    assert [row["name"] for row in found["skipped"]] == ["readme.txt"]
    assert lines(run("feedback", "import", folder, "--json"))[0]["known"] == 1


def test_feedback_import_reads_an_exported_folder(run, seven, tmp_path):
    run("feedback", "add", seven, "--label", 4)
    run("feedback", "accept", 1)  # it waits for review: an ordinary seven has another label
    done = run("feedback", "export", "out", "--format", "imagefolder", "--json")
    assert lines(done)[0]["exported"] == 1
    again = run("feedback", "import", tmp_path / "out", "--json", home=tmp_path / "other")
    assert lines(again)[0]["added"] == 1


def test_feedback_retract_removes_a_verdict_from_the_list(run, seven):
    (receipt,) = lines(run("feedback", "add", seven, "--label", 4, "--json"))
    done = run("feedback", "retract", receipt["id"], "--json")
    assert lines(done)[0] == {"retracted": [receipt["id"]]}
    assert lines(run("feedback", "list", "--json")) == []
    assert lines(run("feedback", "list", "--all", "--json"))[0]["state"] == "retracted"


def test_feedback_retract_removes_all_verdicts_of_a_contributor(run, seven):
    run("feedback", "add", seven, "--label", 4, "--contributor", "ann")
    run("feedback", "add", seven, "--label", 5, "--contributor", "bob")
    run("feedback", "retract", "--contributor", "ann")
    assert [e["contributor"] for e in lines(run("feedback", "list", "--json"))] == ["bob"]


def test_a_comment_cannot_write_lines_or_escapes_to_the_terminal(run, seven):
    run("feedback", "add", seven, "--label", 4, "--comment", "a\n999 fake\x1b]0;title\x07")
    listed = run("feedback", "list").stdout.decode()
    assert len(listed.splitlines()) == 1
    assert "\x1b" not in listed


def test_export_to_an_existing_file_is_refused(run, seven, tmp_path):
    run("feedback", "add", seven, "--label", 4)
    (tmp_path / "mine.csv").write_text("precious")
    assert run("feedback", "export", "mine.csv", "--format", "csv").returncode == 1
    assert (tmp_path / "mine.csv").read_text() == "precious"


# usage -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict",),
        ("predict", "--nonsense", "x"),
        ("nonsense",),
        ("feedback", "add", "x.png", "--label", "12"),
        ("feedback", "retract"),
        ("feedback", "retract", "99999999999999999999"),
        ("train", "--epochs", "0"),
        ("serve", "--port", "99999"),
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_a_usage_error_with_exit_code_2(run, arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert b"Usage: " in done.stderr
    assert b"Traceback" not in done.stderr


COMMANDS = [
    (),
    ("predict",),
    ("evaluate",),
    ("train",),
    ("serve",),
    ("feedback",),
    *(("feedback", name) for name in ("add", "import", "export", "list", "retract")),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_an_example(run, command):
    done = run(*command, "--help")
    assert done.returncode == 0
    assert b"Example" in done.stdout
    assert b"digitlab " + " ".join(command).encode() in done.stdout


def test_a_command_names_its_home(run, seven, tmp_path):
    assert f"home: {tmp_path / 'home'} (--home)" in run("predict", seven).stderr.decode()


def test_a_verdict_for_a_home_that_cannot_be_written_prints_one_line(run, seven, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = run("feedback", "add", seven, "--label", 7, home=tmp_path / "file" / "home")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1].startswith("digitlab: ")
    assert b"Traceback" not in done.stderr


@pytest.mark.tf
def test_train_registers_a_candidate_beside_the_base(run, run_process, tmp_path):
    done = run_process("train", "--epochs", 1, "--images", 256, "--json")
    assert done.returncode == 0, done.stderr.decode()
    assert lines(done)[0]["version"] == "v0001"
    folder = tmp_path / "home" / "models" / "v0001"
    assert {p.name for p in folder.iterdir()} == {"model.keras", "model.tflite", "card.json"}
    assert not [p for p in (tmp_path / "home/models/training").iterdir() if p.is_dir()]
    (found,) = lines(run("evaluate", "mnist:validation", "--model", "v0001", "--json"))
    assert (found["model"], found["n"]) == ("v0001", 5000)


@pytest.mark.parametrize("choice", ["own", "all"])
def test_the_choice_of_corrections_to_show_is_stored_in_the_home(tmp_path, choice):
    call = ["--home", str(tmp_path), "serve", "--port", "0", "--show-corrections", choice]
    done = CliRunner().invoke(main, [*call, "--retrain", "never"])  # so that no server starts
    assert done.exit_code == 1
    with digitlab.open(tmp_path) as lab:
        assert lab.home_settings.shows_all_corrections == (choice == "all")
