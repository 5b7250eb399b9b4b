"""Labelled folders: the pictures in them, and where their labels come from."""

import os
from pathlib import Path

import pytest

from digitlab.datasets import find_labelled_pictures, list_pictures
from digitlab.errors import DataError


@pytest.fixture
def make(tmp_path):
    """Make files below a folder and return the folder; a content may follow after "|"."""

    def make(*names, root="data"):
        for name in names:
            place, _, content = name.partition("|")
            path = tmp_path / root / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content or place)
        return tmp_path / root

    return make


@pytest.fixture
def labels(make):
    """The labels of files below a folder, by name, and the counts of those left out."""

    def labels(*names, **options):
        folder = find_labelled_pictures(make(*names, **options))
        return {picture.name: picture.label for picture in folder.pictures}, folder.counts()

    return labels


@pytest.fixture
def refusal(make):
    """The one line that refuses a folder."""

    def refusal(*names, **options):
        folder = make(*names, **options)
        with pytest.raises(DataError) as caught:
            find_labelled_pictures(folder)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refusal


WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "[{}]",
            "({})",
            "{}",
            "0{}",
            "00{}",
            "digit_{}",
            "Digit {}",
            "class-{}",
            "{} - {word}",
            "{word}",
        ),
        *("Sample0{sample:02}", "train/{}", "{}/train", "a/b/{}/c/d", "mnist.png/{}"),
    ],
)
def test_folder_names_give_the_labels(labels, name):
    folders = [name.format(n, word=WORDS[n], sample=n + 1) for n in range(10)]
    expected = {f"{folder}/1.png": n for n, folder in enumerate(folders)}
    assert labels(*expected) == (expected, {})


def test_the_rule_names_the_folders(make):
    names = [f"{word}/1.png" for word in WORDS]
    folder = find_labelled_pictures(make(*names))
    assert folder.rule == "folder names (zero = 0, one = 1, two = 2, ...)"


@pytest.mark.parametrize("other", ["cat", "ten", "scans", "7 (1)", "train/x"])
def test_a_folder_without_a_known_name_beside_label_folders_is_refused(refusal, other):
    assert f"the folder {other.split('/')[0]}" in refusal("one/a.png", f"{other}/b.png")


def test_folders_without_known_names_are_refused(refusal):
    message = refusal("cat/a.png", "dog/b.png")
    assert "the folder cat names no digit" in message
    assert "Sample008" in message


@pytest.mark.parametrize("name", ["10", "digit_10"])
def test_the_folder_10_is_refused_because_it_may_stand_for_0(refusal, name):
    folders = [f"{name.replace('10', str(n))}/a.png" for n in range(1, 11)]
    assert f"the folder {name} names no digit; in some data sets" in refusal(*folders)


@pytest.mark.parametrize("names", [["001/a.png", "002/b.png"], ["007/a.png"]])
def test_three_digits_without_a_zero_may_be_numbers_of_writers(refusal, names):
    assert "may number writers" in refusal(*names)


@pytest.mark.parametrize(
    ("name", "root"), [("2024/5/a.png", "data"), ("1/a.png", "2024/05"), ("a.png", "2024/05")]
)
def test_a_folder_below_a_year_may_be_a_date(refusal, name, root):
    assert "may be part of a date" in refusal(name, root=root)


@pytest.mark.parametrize("name", ["7/3/x.png", "2024/05/1/x.png", "unknown/7/x.png"])
def test_two_folders_that_name_different_labels_are_refused(refusal, name):
    assert "look like labels" in refusal(name)


def test_pictures_without_a_digit_and_letters_are_left_out_and_counted(labels):
    names = ["Sample002/a.png", "Sample011/b.png", "Sample012/c.png", "not-a-digit/59ee.tif"]
    assert labels(*names) == ({"Sample002/a.png": 1}, {"a letter": 2, "not a digit": 1})


def test_a_folder_that_holds_only_pictures_without_a_digit_is_refused(refusal):
    assert "no picture in it has a label" in refusal("not-a-digit/59ee.tif")


def test_a_picture_beside_the_label_folders_is_left_out(labels):
    assert labels("7/a.png", "sheet.png") == ({"7/a.png": 7}, {"no label": 1})


def test_other_files_are_left_out_without_hidden_ones(labels):
    names = ["7/a.png", "7/.b.png", ".git/c.png", "__MACOSX/7/._a.png", "7/readme.txt", "x.csv|a,b"]
    assert labels(*names) == ({"7/a.png": 7}, {"not a picture": 2})


def test_the_name_of_the_given_folder_can_be_the_label(make, monkeypatch):
    monkeypatch.chdir(make("1.png", "2.png", root="seven"))
    folder = find_labelled_pictures(Path())
    assert [picture.label for picture in folder.pictures] == [7, 7]
    assert folder.rule == "the name of the folder (seven = 7)"


def test_a_given_folder_whose_name_and_file_names_differ_is_refused(refusal):
    assert "the file names say 0, 3" in refusal("0_a.png", "3_b.png", "3_c.png", root="1")


def test_a_label_folder_that_is_given_counts_less_than_label_folders_in_it(labels):
    assert labels("7/a.png", "8/b.png", root="1")[0] == {"7/a.png": 7, "8/b.png": 8}


def test_file_names_give_the_labels_if_all_have_a_known_form(labels):
    expected = {"a/7_001.png": 7, "a/7_002.png": 7, "b/three_02.png": 3, "b/x_label_4.png": 4}
    assert labels(*expected) == (expected, {})


@pytest.mark.parametrize(
    "names",
    [
        *(["7_001.png", "7_002.png", "holiday.png"], ["3a.png"], ["59ee3b.tif"]),
        *([f"{n}.png" for n in range(1, 21)], ["IMG_1234.jpg"], ["2024-05-01.jpg"]),
    ],
)
def test_a_file_name_without_a_known_form_is_refused(refusal, names):
    assert "has no label" in refusal(*names)


def test_numbers_that_may_count_the_pictures_are_refused(refusal):
    assert "may only number the pictures" in refusal("1.png", "2.png", "3.png")


@pytest.mark.parametrize("name", ["3_00{}", "3 ({})", "class 3 page {}", "number_3_{}"])
def test_one_number_in_all_names_is_no_label(refusal, name):
    names = [f"{name.format(n)}.png" for n in range(1, 4)]
    assert "may only number the pictures" in refusal(*names)


@pytest.mark.parametrize("name", ["digit_3_{}", "label_3_img_{}", "three_{}"])
def test_one_digit_in_all_names_is_a_label_if_a_word_says_so(labels, name):
    expected = {f"{name.format(n)}.png": 3 for n in range(1, 4)}
    assert labels(*expected) == (expected, {})


def test_a_day_in_a_name_with_five_parts_is_no_label(refusal):
    names = [f"{day}_12_2024_{day}_scan.png" for day in range(1, 9)]
    assert "has no label" in refusal(*names)


def test_a_table_of_other_numbers_does_not_replace_the_folders(refusal):
    names = [f"{n}/{n}.png" for n in range(4)]
    writers = "writers.csv|" + "".join(f"{n}.png,{n // 4}\n" for n in range(4))
    assert "for 3 of 4 pictures, the labels from writers.csv" in refusal(*names, writers)


@pytest.mark.parametrize("table", ["labels.csv|file,age\nx.png,5\n", "labels.txt|x.png 5"])
def test_a_refusal_names_the_files_that_may_hold_labels(refusal, table):
    assert "No labels come from labels." in refusal("x.png", table)


@pytest.mark.parametrize("column", ["digit", "y", "ground_truth"])
def test_a_table_of_labels_has_a_column_of_a_usual_name(labels, column):
    assert labels("x.png", f"t.csv|file,{column}\nx.png,5\n") == ({"x.png": 5}, {})


def test_the_tables_in_a_folder_without_pictures_are_named(refusal):
    names = ("mnist_train.csv", "mnist_test.csv")
    assert "found the tables mnist_test.csv, mnist_train.csv; name one" in refusal(*names)


def test_a_label_never_comes_from_the_file_name_in_a_label_folder(labels):
    assert labels("seven/1.png", "one/7_001.png")[0] == {"seven/1.png": 7, "one/7_001.png": 1}


def test_the_old_apps_names_give_labels_one_by_one(labels):
    names = ["7_a_b_1_photo.png", "holiday.png", "5/scan.png"]
    expected = {"7_a_b_1_photo.png": 7, "5/scan.png": 5}
    assert labels(*names) == (expected, {"no label": 1})


def test_an_old_apps_name_that_contradicts_its_folder_is_left_out(labels):
    names = ["5/7_a_b_1_photo.png", "5/b.png"]
    assert labels(*names) == ({"5/b.png": 5}, {"two labels": 1})


def test_one_file_under_two_labels_is_left_out_and_reported(make):
    folder = find_labelled_pictures(make("3/a.png|same", "5/b.png|same", "5/c.png", "5/d.png|same"))
    assert [picture.name for picture in folder.pictures] == ["5/c.png"]
    (group,) = folder.contradictions
    assert [(picture.name, picture.label) for picture in group] == [
        ("3/a.png", 3),
        ("5/b.png", 5),
        ("5/d.png", 5),
    ]
    assert folder.counts() == {"two labels": 3}


def test_one_file_twice_under_one_label_is_no_contradiction(labels):
    assert labels("5/a.png|same", "5/b.png|same")[0] == {"5/a.png": 5, "5/b.png": 5}


def test_only_regular_files_are_pictures(make):
    folder = make("7/a.png", "else/8/x.png", root="data")
    os.mkfifo(folder / "7" / "b.png")
    (folder / "7" / "broken.png").symlink_to("nowhere")
    (folder / "7" / "device.png").symlink_to("/dev/zero")
    (folder / "7" / "self.png").symlink_to("self.png")
    (folder / "7" / "link.png").symlink_to(folder / "7" / "a.png")
    (folder / "7" / "dir.png").mkdir()
    (folder / "7" / "loop").symlink_to(folder)
    labelled = find_labelled_pictures(folder)
    names = [picture.name for picture in labelled.pictures]
    assert names == ["7/a.png", "7/link.png", "else/8/x.png"]
    assert labelled.counts() == {"not a regular file": 5}


def test_a_folder_that_cannot_be_opened_is_counted(make):
    folder = make("7/a.png", "8/b.png")
    place = os.open(folder / "8", os.O_RDONLY)
    for _ in range(25):  # until the path is longer than the system accepts
        os.mkdir("x" * 200, dir_fd=place)
        below = os.open("x" * 200, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    os.close(place)
    labelled = find_labelled_pictures(folder)
    assert labelled.counts() == {"cannot be opened": 1}
    assert [picture.label for picture in labelled.pictures] == [7, 8]


def test_pictures_are_listed_without_labels(make):
    folder = make("b.PNG", "a/c.webp", "notes.txt", ".hidden/d.png")
    assert [path.name for path in list_pictures(folder)] == ["c.webp", "b.PNG"]


@pytest.mark.parametrize("names", [[], ["notes.txt"]], ids=["missing", "no picture"])
def test_a_folder_without_pictures_is_refused(refusal, names):
    assert "no such folder" in refusal() if not names else "found notes.txt" in refusal(*names)
