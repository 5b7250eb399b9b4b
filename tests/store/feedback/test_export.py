"""The export of feedback for other programs."""

import csv
import io
import os
import socket
import subprocess
import zipfile

import numpy as np
import pytest
from PIL import Image
from support.predictions import make_prediction

from digitlab.datasets import read_table
from digitlab.datasets.label_names import parse_legacy_name
from digitlab.errors import FeedbackError, StoreError
from digitlab.settings import Settings
from digitlab.store import EXPORT_FORMATS, FeedbackStore


def picture(format="PNG", shade=200):
    """The bytes of a picture file."""
    file = io.BytesIO()
    Image.new("L", (40, 30), shade).save(file, format)
    return file.getvalue()


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.fixture
def filled(store):
    """Four accepted verdicts, and others that no export may contain."""
    store.add(
        make_prediction(0, digit=1, picture=picture(), name="my_seven.jpeg"),
        "wrong",
        label=7,
        contributor="ann",
        comment="with a, comma",
    )
    store.add(make_prediction(1, digit=3, picture=picture("JPEG")), "right", contributor="ann")
    store.add(make_prediction(2, digit=3, picture=b""), "right", contributor="ann")
    store.add(make_prediction(3, picture=picture("GIF")), "not-a-digit", contributor="ann")
    store.add(make_prediction(4), "unsure", contributor="ann")
    held = store.add(make_prediction(5), "wrong", label=7, contributor="ann")
    store.review([held.id], "held", by="curator")
    store.add(make_prediction(6), "right", contributor="ann")
    store.undo("ann")
    return store


def file_names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_an_image_folder_contains_each_picture_under_its_label(filled, tmp_path):
    entries = filled.accepted()
    assert filled.export(tmp_path / "out") == 4
    assert set(file_names(tmp_path / "out")) == {
        f"7/{entries[0].picture_sha256}.png",
        f"3/{entries[1].picture_sha256}.jpg",
        f"3/{entries[2].digit_sha256}.png",
        f"not-a-digit/{entries[3].picture_sha256}.gif",
        "metadata.csv",
    }


def test_an_image_folder_contains_the_original_bytes(filled, tmp_path):
    filled.export(tmp_path / "out")
    entry = filled.accepted()[0]
    assert (tmp_path / "out" / "7" / f"{entry.picture_sha256}.png").read_bytes() == picture()


def test_without_an_original_the_digit_image_is_exported(filled, tmp_path):
    filled.export(tmp_path / "out")
    entry = filled.accepted()[2]
    with Image.open(tmp_path / "out" / "3" / f"{entry.digit_sha256}.png") as image:
        np.testing.assert_array_equal(np.asarray(image), entry.digit_image)


def test_the_metadata_of_an_image_folder_names_each_file(filled, tmp_path):
    filled.export(tmp_path / "out")
    with (tmp_path / "out" / "metadata.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["7", "3", "3", "not-a-digit"]
    assert all((tmp_path / "out" / row["file_name"]).is_file() for row in rows)
    assert rows[0]["predicted"] == "1"
    assert rows[0]["comment"] == "with a, comma"
    assert rows[0]["picture"] == "my_seven.jpeg"


def test_a_picture_of_two_digits_is_exported_as_its_two_digit_images(store, tmp_path):
    both = picture()
    left = make_prediction(1, digit=2, picture=both, box=(0, 0, 9, 9))
    right = make_prediction(2, digit=5, picture=both, box=(20, 0, 9, 9))
    store.add(left, "right", contributor="ann")
    store.add(right, "right", contributor="ann")
    store.export(tmp_path / "out")
    digits = {entry.label: entry.digit_sha256 for entry in store.accepted()}
    assert file_names(tmp_path / "out") == [
        f"2/{digits[2]}.png",
        f"5/{digits[5]}.png",
        "metadata.csv",
        "originals.zip",
    ]
    with zipfile.ZipFile(tmp_path / "out" / "originals.zip") as archive:
        (name,) = archive.namelist()
        assert archive.read(name) == both


def test_a_picture_with_the_same_verdict_of_two_people_is_written_once(store, tmp_path):
    for person in ("ann", "bob"):
        store.add(make_prediction(digit=2, picture=picture()), "right", contributor=person)
    assert store.export(tmp_path / "out") == 1


def test_the_reader_of_kaggles_file_reads_the_csv(filled, tmp_path):
    assert filled.export(tmp_path / "out.csv", "csv") == 3
    table = read_table(tmp_path / "out.csv")
    images, labels = table.pictures, table.labels
    assert labels.tolist() == [7, 3, 3]
    np.testing.assert_array_equal(images[0], filled.accepted()[0].digit_image)


def test_the_old_apps_folder_contains_the_misread_pictures(filled, tmp_path):
    assert filled.export(tmp_path / "out", "incorrect_predictions") == 1
    entry = filled.accepted()[0]
    assert file_names(tmp_path / "out") == [
        f"7_{entry.id}_not_1_my_seven.png",
        "metadata.csv",
        "originals.zip",
    ]


@pytest.mark.parametrize("name", ["../../up.png", "C:\\dir\\a?b*.png", "a/b\nc.png", "..", ""])
def test_the_name_of_a_picture_cannot_lead_out_of_the_folder(store, tmp_path, name):
    store.add(make_prediction(picture=picture(), name=name), "wrong", label=7, contributor="ann")
    store.export(tmp_path / "out", "incorrect_predictions")
    (written,) = (tmp_path / "out").glob("7_*")
    assert parse_legacy_name(written.name)[:2] == (7, 1)
    assert not set(written.name) & set('/\\:*?"<>|\n')


def test_text_that_looks_like_a_formula_is_neutralised_in_the_metadata(store, tmp_path):
    prediction = make_prediction(picture=picture(), name="@SUM(1).png")
    store.add(prediction, "right", contributor="=cmd|x", comment="+1\n=2")
    store.export(tmp_path / "out")
    with (tmp_path / "out" / "metadata.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["contributor"] == "'=cmd|x"
    assert row["comment"] == "'+1\n=2"
    assert row["picture"] == "'@SUM(1).png"


def test_the_file_beside_a_table_holds_the_verdicts_without_a_digit(filled, tmp_path):
    filled.export(tmp_path / "out.csv", "csv")
    with zipfile.ZipFile(tmp_path / "out.feedback.zip") as archive:
        rows = list(csv.DictReader(archive.read("metadata.csv").decode().splitlines()))
    assert [row["verdict"] for row in rows] == ["wrong", "right", "right", "not-a-digit"]


@pytest.mark.parametrize("form", EXPORT_FORMATS)
def test_a_zip_file_holds_what_the_folder_holds(filled, tmp_path, form):
    assert filled.export(tmp_path / "out.zip", form) == filled.export(tmp_path / "out", form)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        names = sorted(archive.namelist())
    expected = ["out.csv", "out.feedback.zip"] if form == "csv" else file_names(tmp_path / "out")
    assert names == expected


def test_what_a_killed_export_left_is_deleted(filled, tmp_path):
    filled.export(tmp_path / "other")
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = tmp_path / f".out.{socket.gethostname()}-{dead.pid}.part"
    running = tmp_path / f".out.{socket.gethostname()}-{os.getppid()}.part"
    left.mkdir()
    running.mkdir()
    filled.export(tmp_path / "out")
    assert not left.exists()
    assert running.exists()


def test_without_accepted_verdicts_the_export_is_empty(store, tmp_path):
    assert store.export(tmp_path / "out") == 0
    assert file_names(tmp_path / "out") == ["metadata.csv"]


def test_an_empty_folder_is_a_valid_target(filled, tmp_path):
    (tmp_path / "out").mkdir()
    assert filled.export(tmp_path / "out") == 4


def test_a_folder_with_content_is_refused_and_stays_unchanged(filled, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(FeedbackError, match="not empty"):
        filled.export(tmp_path / "out")
    assert file_names(tmp_path / "out") == ["mine.txt"]


def test_a_failed_export_leaves_nothing(filled, tmp_path):
    sha256 = filled.accepted()[3].picture_sha256
    next((tmp_path / "home").rglob(f"{sha256}.bin")).write_bytes(b"damaged")
    with pytest.raises(StoreError, match="damaged"):
        filled.export(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_target_that_cannot_be_written_is_refused(filled, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        filled.export(tmp_path / "file" / "out")
    assert caught.value.place == str(tmp_path / "file" / "out")


@pytest.mark.parametrize("name", ["out.csv", "out.feedback.zip"])
def test_neither_a_table_nor_the_file_beside_it_is_overwritten(filled, tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(FeedbackError, match="exists already"):
        filled.export(tmp_path / "out.csv", "csv")
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == [name]


def test_an_unknown_format_is_refused_with_the_known_formats(store, tmp_path):
    with pytest.raises(FeedbackError, match="imagefolder, csv, incorrect_predictions"):
        store.export(tmp_path / "out", "zip")
