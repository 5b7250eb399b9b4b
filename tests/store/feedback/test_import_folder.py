"""The labelled pictures that `feedback import` finds in a folder."""

import pytest

from digitlab.errors import DataError
from digitlab.store import parse_legacy_name, scan_import


@pytest.mark.parametrize(
    ("filename", "parts"),
    [
        ("7_a_b_1_photo.png", (7, 1, "photo.png")),
        ("7_correct_predicted_1_my_long_name.jpg", (7, 1, "my_long_name.jpg")),
        ("0___9_x.png", (0, 9, "x.png")),
        ("3_a_b_3_same.png", (3, 3, "same.png")),
    ],
)
def test_a_name_of_the_old_app_contains_both_digits(filename, parts):
    assert parse_legacy_name(filename) == parts


@pytest.mark.parametrize(
    "filename",
    [
        "photo.png",
        "7_a_b_1.png",
        "17_a_b_1_x.png",
        "x_a_b_1_x.png",
        "7_a_b_one_x.png",
        "²_a_b_1_x.png",
    ],
)
def test_other_names_are_not_names_of_the_old_app(filename):
    assert parse_legacy_name(filename) is None


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "incorrect_predictions"
    for name in (
        "7_a_b_1_photo.png",
        "5/scan.JPG",
        "5/7_a_b_1_named.png",
        "deep/9/x.webp",
        "holiday.png",
        "notes.txt",
        "not-a-digit/cat.png",
        ".hidden/5/x.png",
        "5/.DS_Store",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"picture")
    return folder


def test_the_label_is_the_folder_name_or_part_of_the_file_name(folder):
    items, _ = scan_import(folder)
    assert [
        (item.path.relative_to(folder).as_posix(), item.label, item.predicted, item.name)
        for item in items
    ] == [
        ("5/7_a_b_1_named.png", 5, None, "7_a_b_1_named.png"),
        ("5/scan.JPG", 5, None, "scan.JPG"),
        ("7_a_b_1_photo.png", 7, 1, "photo.png"),
        ("deep/9/x.webp", 9, None, "x.webp"),
    ]


def test_other_files_are_skipped_with_a_reason(folder):
    _, skipped = scan_import(folder)
    assert [name for name, _ in skipped] == ["holiday.png", "not-a-digit/cat.png", "notes.txt"]
    assert "no label" in dict(skipped)["holiday.png"]
    assert "not a picture" in dict(skipped)["notes.txt"]


def test_the_name_of_the_folder_itself_can_be_the_label(folder, monkeypatch):
    monkeypatch.chdir(folder / "5")
    items, _ = scan_import(".")
    assert [item.label for item in items] == [5, 5]


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        scan_import(tmp_path / "nowhere")
