"""Readers of labelled digits: right files are read, wrong ones named with file and row."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from digitlab.datasets import (
    list_labelled_folder,
    mnist,
    read_idx,
    read_kaggle_csv,
    read_npz,
)
from digitlab.errors import DataError

HEADER = ",".join(["label", *(f"pixel{i}" for i in range(784))])


def idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def images() -> np.ndarray:
    return np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)


# MNIST -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("split", "n"), [("train", 50_000), ("validation", 5_000), ("holdout", 5_000), ("test", 10_000)]
)
def test_a_split_has_its_images_and_labels(split, n):
    x, y = mnist.load(split)
    assert (x.shape, x.dtype) == ((n, 28, 28), np.uint8)
    assert (y.shape, y.dtype) == ((n,), np.uint8)
    assert set(y) == set(range(10))


def test_mnist_begins_with_its_well_known_labels():
    assert mnist.load("train")[1][:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.load("test")[1][:5].tolist() == [7, 2, 1, 0, 4]


def test_the_splits_of_the_training_part_share_no_row():
    rows = [range(60_000)[s] for part, s in mnist.SPLITS.values() if part == "train"]
    assert sorted(i for r in rows for i in r) == list(range(60_000))


def test_loaded_arrays_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        mnist.load("test")[0][0, 0, 0] = 1


def test_a_damaged_bundle_is_refused_by_its_hash(tmp_path, monkeypatch):
    damaged = tmp_path / "mnist.npz"
    damaged.write_bytes(mnist.FILE.read_bytes()[:-1] + b"!")
    monkeypatch.setattr(mnist, "FILE", damaged)
    mnist._arrays.cache_clear()
    with pytest.raises(DataError, match="damaged.*reinstall"):
        mnist.load("test")
    mnist._arrays.cache_clear()


# IDX -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_an_idx_file_is_read_plain_and_gzipped(tmp_path, images, pack):
    path = tmp_path / "images-idx3-ubyte"
    path.write_bytes(pack(idx_bytes(images)))
    assert np.array_equal(read_idx(path), images)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "found nothing"),
        (b"PK\x03\x04", "00 00 08"),
        (b"\0\0\x0d\x01" + bytes(4), "unsigned bytes"),
        (idx_bytes(np.zeros((2, 3), np.uint8))[:-1], "promises 18 bytes.*has 17"),
        (idx_bytes(np.zeros((2, 3), np.uint8)) + b"x", "promises 18 bytes.*has 19"),
        (b"\0\0\x08\x03\0\0", "promises"),
        (gzip.compress(b"abc")[:-4], "broken gzip"),
    ],
    ids=["empty", "zip", "float", "short", "long", "header-cut", "gzip-cut"],
)
def test_a_wrong_idx_file_is_named_with_what_was_expected(tmp_path, data, message):
    path = tmp_path / "bad-idx"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path)
    assert caught.value.path == str(path)
    assert caught.value.expected


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.idx: cannot be opened"):
        read_idx(tmp_path / "none.idx")


# NPZ -------------------------------------------------------------------------------------


def test_an_npz_gives_its_pictures_and_labels(tmp_path, images):
    np.savez(tmp_path / "d.npz", x=images, y=[1, 2, 3])
    x, y = read_npz(tmp_path / "d.npz")
    assert np.array_equal(x, images)
    assert y.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((2, 4, 4), np.uint8)}, "no array.*y"),
        ({"x": np.zeros((2, 4, 4)), "y": [1, 2]}, r"float64.*expected uint8 \(N, H, W\)"),
        ({"x": np.zeros((2, 16), np.uint8), "y": [1, 2]}, "expected uint8"),
        ({"x": np.zeros((2, 4, 4), np.uint8), "y": [1]}, "expected 2 whole numbers"),
        ({"x": np.zeros((2, 4, 4), np.uint8), "y": [1, 12]}, "row 2: the label is 12"),
        ({"x": np.array([{}, {}], object), "y": [1, 2]}, "without pickling"),
    ],
    ids=["no-y", "float", "flat", "lengths", "label", "pickle"],
)
def test_a_wrong_npz_is_refused_by_name(tmp_path, arrays, message):
    path = tmp_path / "d.npz"
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=message) as caught:
        read_npz(path)
    assert caught.value.path == str(path)


def test_a_single_array_named_npz_is_refused(tmp_path):
    path = tmp_path / "d.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataError, match="single .npy array"):
        read_npz(path)


def test_something_else_named_npz_is_refused(tmp_path):
    path = tmp_path / "d.npz"
    path.write_text("hello")
    with pytest.raises(DataError, match="cannot be read as .npz"):
        read_npz(path)


# Kaggle's CSV ----------------------------------------------------------------------------


def row(label: object, pixels: np.ndarray) -> str:
    return ",".join([str(label), *map(str, pixels.ravel())])


def test_kaggles_csv_gives_digit_images_and_labels(tmp_path, images):
    path = tmp_path / "train.csv"
    lines = [HEADER, *(row(i, image) for i, image in enumerate(images)), ""]
    path.write_text("\r\n".join(lines))
    x, y = read_kaggle_csv(path)
    assert np.array_equal(x, images)
    assert y.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("lines", "number", "message"),
    [
        ([], 1, "found ''"),
        (["pixel0,pixel1"], 1, "expected Kaggle's header"),
        ([HEADER, "1,2,3"], 2, "line 2: 3 fields; expected 785"),
        ([HEADER, row(1, np.zeros(784, int)), row("x", np.zeros(784, int))], 3, "whole numbers"),
        ([HEADER, row(11, np.zeros(784, int))], 2, "label is 11"),
        ([HEADER, row(1, np.full(784, 256))], 2, "a pixel outside 0-255"),
        ([HEADER, row(1, np.full(784, -1))], 2, "a pixel outside 0-255"),
        ([HEADER, row("٣x", np.zeros(784, int))], 2, "whole numbers"),
    ],
    ids=["empty", "header", "fields", "text", "label", "bright", "negative", "letters"],
)
def test_a_wrong_line_of_kaggles_csv_is_named_by_its_number(tmp_path, lines, number, message):
    path = tmp_path / "train.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=message) as caught:
        read_kaggle_csv(path)
    assert (caught.value.path, caught.value.row) == (str(path), number)


def test_a_csv_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="expected Kaggle's header"):
        read_kaggle_csv(path)


def test_a_byte_order_mark_and_quotes_are_no_trouble(tmp_path, images):
    path = tmp_path / "train.csv"
    quoted = ",".join(f'"{field}"' for field in row(4, images[0]).split(","))
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\n{quoted}\n".encode())
    x, y = read_kaggle_csv(path)
    assert np.array_equal(x[0], images[0])
    assert y.tolist() == [4]


# Labelled folders ------------------------------------------------------------------------


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def test_the_label_is_the_parent_folder_if_it_is_one_digit(tmp_path):
    touch(tmp_path / "7" / "3_someone.png")
    assert list_labelled_folder(tmp_path) == [(tmp_path / "7" / "3_someone.png", 7)]


def test_else_the_label_is_the_first_character_of_the_name(tmp_path):
    touch(tmp_path / "3_someone.JPG")
    touch(tmp_path / "more" / "4.webp")
    assert [y for _, y in list_labelled_folder(tmp_path)] == [3, 4]


def test_the_folder_itself_may_be_named_by_its_digit(tmp_path, monkeypatch):
    touch(tmp_path / "7" / "3_someone.png")
    monkeypatch.chdir(tmp_path / "7")
    assert [y for _, y in list_labelled_folder(Path())] == [7]


def test_hidden_files_and_other_endings_are_left_out(tmp_path):
    for name in ("1.png", ".2.png", ".git/3.png", "4.txt"):
        touch(tmp_path / name)
    assert [p.name for p, _ in list_labelled_folder(tmp_path)] == ["1.png"]


def test_a_picture_without_a_label_is_named(tmp_path):
    touch(tmp_path / "cat.png")
    with pytest.raises(DataError, match=r"cat\.png: has no label"):
        list_labelled_folder(tmp_path)


@pytest.mark.parametrize("make", [True, False], ids=["empty", "missing"])
def test_a_folder_without_pictures_is_an_error(tmp_path, make):
    folder = tmp_path / "pictures"
    if make:
        folder.mkdir()
    with pytest.raises(DataError, match="holds no picture|no such folder"):
        list_labelled_folder(folder)
