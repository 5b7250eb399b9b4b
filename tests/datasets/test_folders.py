"""Labelled folders: the pictures in them, and their labels."""

from pathlib import Path

import pytest

from digitlab.datasets import list_labelled_folder
from digitlab.errors import DataError


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def test_the_label_is_the_parent_folders_name_if_that_is_one_digit(tmp_path):
    touch(tmp_path / "7" / "3_someone.png")
    assert list_labelled_folder(tmp_path) == [(tmp_path / "7" / "3_someone.png", 7)]


def test_otherwise_the_label_is_the_first_character_of_the_files_name(tmp_path):
    touch(tmp_path / "3_someone.JPG")
    touch(tmp_path / "more" / "4.webp")
    assert [y for _, y in list_labelled_folder(tmp_path)] == [3, 4]


def test_the_name_of_the_given_folder_can_be_the_label(tmp_path, monkeypatch):
    touch(tmp_path / "7" / "3_someone.png")
    monkeypatch.chdir(tmp_path / "7")
    assert [y for _, y in list_labelled_folder(Path())] == [7]


def test_hidden_files_and_other_suffixes_are_left_out(tmp_path):
    for name in ("1.png", ".2.png", ".git/3.png", "4.txt"):
        touch(tmp_path / name)
    assert [p.name for p, _ in list_labelled_folder(tmp_path)] == ["1.png"]


def test_a_picture_without_a_label_is_refused_by_name(tmp_path):
    touch(tmp_path / "cat.png")
    with pytest.raises(DataError, match=r"cat\.png: has no label"):
        list_labelled_folder(tmp_path)


@pytest.mark.parametrize("make", [True, False], ids=["empty", "missing"])
def test_a_folder_without_pictures_is_refused(tmp_path, make):
    folder = tmp_path / "pictures"
    if make:
        folder.mkdir()
    with pytest.raises(DataError, match="holds no picture|no such folder"):
        list_labelled_folder(folder)
