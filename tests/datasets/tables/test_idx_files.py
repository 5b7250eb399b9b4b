"""IDX files: one array, and pairs that are found by their names."""

import gzip

import numpy as np
import pytest
from support.digit_tables import digits, idx_bytes

from digitlab.datasets.tables import find_idx_pair, read_idx, read_idx_pair, read_table
from digitlab.errors import DataError

X, Y = digits(12)


def write(path, array, *, pack=bytes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pack(idx_bytes(array)))
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_an_idx_file_is_read_plain_and_gzipped(tmp_path, pack):
    path = write(tmp_path / "images-idx3-ubyte", X, pack=pack)
    assert np.array_equal(read_idx(path), X)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "begins with nothing"),
        (b"PK\x03\x04", "00 00 08"),
        (b"\0\0\x0d\x01" + bytes(4), "unsigned bytes"),
        (idx_bytes(np.zeros((2, 3), np.uint8))[:-1], "promises 6 values.*has 5; expected 6"),
        (idx_bytes(np.zeros((2, 3), np.uint8)) + b"x", "promises 6 values.*has 7 or more"),
        (b"\0\0\x08\x03\0\0", "ends within its header; expected 3 sizes"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "promises 79,228.* bytes for the shape.*expected at most"),
        (gzip.compress(b"abc")[:-4], "cannot be unpacked"),
        (gzip.compress(idx_bytes(X))[:-400], "cannot be unpacked"),
    ],
    ids=["empty", "zip", "float", "short", "long", "header-cut", "huge", "gzip", "gzip-cut"],
)
def test_an_invalid_idx_file_is_refused_with_the_expected_content(tmp_path, data, message):
    path = tmp_path / "bad-idx"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path)
    assert caught.value.path == str(path)
    assert caught.value.expected
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(DataError, match=r"none\.idx: cannot be opened"):
        read_idx(tmp_path / "none.idx")


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
        ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
        ("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"),
        ("t10k-images-idx3-ubyte.gz", "t10k-labels.idx1-ubyte"),
        ("emnist-digits-test-images-idx3-ubyte", "emnist-digits-test-labels-idx1-ubyte"),
        ("Train-Images-IDX3-ubyte", "train-labels-idx1-ubyte"),
    ],
)
@pytest.mark.parametrize("named", ["images", "labels"])
def test_either_file_of_a_pair_gives_both(tmp_path, images, labels, named):
    for name, array in ((images, X), (labels, Y)):
        write(tmp_path / name, array, pack=gzip.compress if name.endswith(".gz") else bytes)
    table = read_table(tmp_path / {"images": images, "labels": labels}[named])
    assert np.array_equal(table.pictures, X)
    assert np.array_equal(table.labels, Y)
    assert f"IDX pictures {images} with labels {labels}" in table.rules


def write_pairs(folder, *parts, pack=bytes, end=""):
    for part in parts:
        n = 12 if part == "t10k" else 5
        write(folder / f"{part}-images-idx3-ubyte{end}", X[:n], pack=pack)
        write(folder / f"{part}-labels-idx1-ubyte{end}", Y[:n], pack=pack)


@pytest.mark.parametrize("subfolder", [".", "raw", "MNIST/raw"])
@pytest.mark.parametrize("parts", [("train", "t10k"), ("t10k",)])
def test_a_folder_gives_its_test_pair(tmp_path, subfolder, parts):
    write_pairs(tmp_path / subfolder, *parts)
    pictures = find_idx_pair(tmp_path)
    assert np.array_equal(read_idx_pair(pictures).pictures, X)


def test_a_folder_with_packed_and_unpacked_files_gives_the_unpacked_ones(tmp_path):
    write_pairs(tmp_path, "train", "t10k")
    write_pairs(tmp_path, "train", "t10k", pack=gzip.compress, end=".gz")
    assert find_idx_pair(tmp_path).name == "t10k-images-idx3-ubyte"


def test_a_folder_without_idx_files_gives_none(tmp_path):
    (tmp_path / "7").mkdir()
    assert find_idx_pair(tmp_path) is None


def test_a_folder_with_two_pairs_and_no_test_pair_is_refused(tmp_path):
    write_pairs(tmp_path, "train", "other")
    with pytest.raises(DataError, match="2 IDX files of pictures .*expected one pair"):
        find_idx_pair(tmp_path)


def test_a_missing_partner_is_named(tmp_path):
    path = write(tmp_path / "t10k-images-idx3-ubyte.gz", X)
    with pytest.raises(DataError, match="no partner t10k-labels-idx1-ubyte in its folder"):
        read_table(path)


def test_a_name_that_does_not_say_what_it_holds_is_refused(tmp_path):
    path = write(tmp_path / "digits.idx", X)
    with pytest.raises(DataError, match="name does not say.*t10k-images-idx3-ubyte"):
        read_table(path)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X, Y[:5], "images-idx3-ubyte: has 12 pictures, and labels-idx1-ubyte has 5 labels"),
        (X, Y + 20, "labels-idx1-ubyte: row 1: the label is 2.*digits only, no letters"),
        (X[0], Y, r"images-idx3-ubyte: has the shape \(28, 28\); expected \(N, H, W\)"),
        (X, X, r"labels-idx1-ubyte: has the shape \(12, 28, 28\); expected \(N,\)"),
        (X[:0], Y[:0], "holds no digit"),
    ],
    ids=["lengths", "letters", "one picture", "two pictures", "empty"],
)
def test_a_pair_that_does_not_match_is_refused(tmp_path, x, y, message):
    path = write(tmp_path / "images-idx3-ubyte", x)
    write(tmp_path / "labels-idx1-ubyte", y)
    with pytest.raises(DataError, match=message):
        read_table(path)
