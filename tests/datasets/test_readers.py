"""Readers of labelled digits: valid files are read, invalid ones refused with file and row."""

import gzip
import struct

import numpy as np
import pytest

from digitlab.datasets import read_idx, read_kaggle_csv, read_npz
from digitlab.errors import DataError

HEADER = ",".join(["label", *(f"pixel{i}" for i in range(784))])


def idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def images() -> np.ndarray:
    return np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)


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
def test_an_invalid_idx_file_is_refused_with_the_expected_content(tmp_path, data, message):
    path = tmp_path / "bad-idx"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path)
    assert caught.value.path == str(path)
    assert caught.value.expected


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(DataError, match=r"none\.idx: cannot be opened"):
        read_idx(tmp_path / "none.idx")


# NPZ -------------------------------------------------------------------------------------


def test_an_npz_file_gives_its_pictures_and_labels(tmp_path, images):
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
def test_an_invalid_npz_file_is_refused_by_name(tmp_path, arrays, message):
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


def test_a_text_file_named_npz_is_refused(tmp_path):
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
        ([HEADER, row(1, np.full(784, 256))], 2, "a pixel is 256; expected 0 to 255"),
        ([HEADER, row(1, np.full(784, -1))], 2, "a pixel is -1; expected 0 to 255"),
        ([HEADER, row("٣x", np.zeros(784, int))], 2, "whole numbers"),
    ],
    ids=["empty", "header", "fields", "text", "label", "bright", "negative", "letters"],
)
def test_an_invalid_line_of_kaggles_csv_is_refused_by_its_number(tmp_path, lines, number, message):
    path = tmp_path / "train.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=message) as caught:
        read_kaggle_csv(path)
    assert (caught.value.path, caught.value.row) == (str(path), number)


def test_a_csv_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="expected Kaggle's header"):
        read_kaggle_csv(path)


def test_a_byte_order_mark_and_quotes_are_accepted(tmp_path, images):
    path = tmp_path / "train.csv"
    quoted = ",".join(f'"{field}"' for field in row(4, images[0]).split(","))
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\n{quoted}\n".encode())
    x, y = read_kaggle_csv(path)
    assert np.array_equal(x[0], images[0])
    assert y.tolist() == [4]
