"""What `feedback import` finds in folders, zip files and tables."""

import zipfile

import numpy as np
import pytest
from support.digit_tables import digits, idx_bytes

from digitlab.errors import DataError
from digitlab.store import open_import


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
        (folder / name).write_text(name)
    return folder


def test_the_items_have_the_labels_of_the_folder(folder):
    with open_import(folder) as scan:
        items = [(item.name, item.label, item.predicted, item.picture_name) for item in scan.items]
    assert items == [
        ("5/scan.JPG", 5, None, "scan.JPG"),
        ("7_a_b_1_photo.png", 7, 1, "photo.png"),
        ("deep/9/x.webp", 9, None, "x.webp"),
    ]


def test_other_files_are_skipped_with_a_reason(folder):
    with open_import(folder) as scan:
        causes = {item.name: item.cause for item in scan.skipped}
    assert causes == {
        "5/7_a_b_1_named.png": "two labels",
        "holiday.png": "no label",
        "not-a-digit/cat.png": "not a digit",
        "notes.txt": "not a picture",
    }


def test_one_file_under_two_labels_is_imported_and_reported(tmp_path):
    for label in (3, 5):
        (tmp_path / str(label)).mkdir()
        (tmp_path / str(label) / "x.png").write_text("same")
    with open_import(tmp_path) as scan:
        assert [item.label for item in scan.items] == [3, 5]
        assert scan.contradictions == ("3/x.png (3) and 5/x.png (5)",)


def test_a_zip_file_is_read_like_its_folder(folder, tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("5/scan.JPG", "deep/9/x.webp", "7_a_b_1_photo.png"):
            archive.write(folder / name, f"wrapper/{name}")
    with open_import(path) as scan:
        assert [item.label for item in scan.items] == [5, 7, 9]
        assert scan.items[0].source.read_text() == "5/scan.JPG"


def test_a_table_gives_its_digits(tmp_path):
    path = tmp_path / "digits.csv"
    pixels = ",".join(["0", "255"] * 392)
    path.write_text(f"7,{pixels}\n3,{pixels}\n")
    with open_import(path) as scan:
        assert [(item.name, item.label) for item in scan.items] == [("row 1", 7), ("row 2", 3)]
        assert scan.items[0].source.shape == (28, 28)


def test_transposed_digits_of_a_table_are_turned_upright(tmp_path):
    x, y = digits(20)
    np.savez(tmp_path / "emnist.npz", x=x.transpose(0, 2, 1), y=y)
    with open_import(tmp_path / "emnist.npz") as scan:
        assert np.array_equal(np.stack([item.source for item in scan.items]), x)
        assert "rows and columns exchanged" in scan.rule


def test_the_only_table_in_a_zip_file_gives_its_digits(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("train.csv", f"7,{','.join(['0', '255'] * 392)}\n")
    with open_import(tmp_path / "x.zip") as scan:
        assert [item.label for item in scan.items] == [7]


@pytest.mark.parametrize("form", ["folder", "torchvision", "zip", "npz", "npz as zip"])
def test_a_folder_or_zip_file_of_arrays_gives_its_digits(tmp_path, form):
    x, y = digits(12)
    place = "MNIST/raw/" if form == "torchvision" else ""
    files = {
        f"{place}t10k-images-idx3-ubyte": idx_bytes(x),
        f"{place}t10k-labels-idx1-ubyte": idx_bytes(y),
    }
    path = tmp_path / ("digits.zip" if "zip" in form else "digits")
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    elif form == "npz as zip":
        with path.open("wb") as file:
            np.savez(file, x=x, y=y)
    elif form == "npz":
        path.mkdir()
        np.savez(path / "digits.npz", x=x, y=y)
    else:
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
    with open_import(path) as scan:
        assert [item.label for item in scan.items] == y.tolist()


def test_a_refused_table_in_a_zip_file_is_named_by_the_zip_file(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("train.csv", "1,2,3\n")
    with (
        pytest.raises(DataError, match=r"x\.zip/train\.csv: has 3 columns"),
        open_import(tmp_path / "x.zip"),
    ):
        pass


@pytest.mark.parametrize("name", ["nowhere", "nowhere.zip", "nowhere.csv"])
def test_what_does_not_exist_is_refused(tmp_path, name):
    with pytest.raises(DataError, match="no such file or folder"), open_import(tmp_path / name):
        pass
