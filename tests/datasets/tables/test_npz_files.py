"""NPZ files: arrays under the usual names and in the usual shapes; broken ones are refused."""

import io
import struct
import zipfile

import numpy as np
import pytest
from support.digit_tables import digits

from digitlab.datasets.tables import read_table
from digitlab.datasets.tables.npz_files import read_npz_arrays
from digitlab.errors import DataError

X, Y = digits(12)
ONE_HOT = np.eye(10)[Y]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "digits.npz"


NAMES = {
    "keras": ({"x_train": X[:3], "y_train": Y[:3], "x_test": X, "y_test": Y}, "the test part"),
    "train alone": ({"x_train": X, "y_train": Y}, "the training part, x_train"),
    "medmnist": (
        {
            "train_images": X[:2],
            "train_labels": Y[:2],
            "val_images": X[:3],
            "val_labels": Y[:3],
            "test_images": X,
            "test_labels": Y,
        },
        "test_images with labels test_labels",
    ),
    "X and Y": ({"X": X, "Y": Y}, "X with labels Y"),
    "images": ({"images": X, "labels": Y}, "images with labels labels"),
    "data": ({"data": X, "target": Y}, "data with labels target"),
    "one word": ({"xtest": X, "ytest": Y}, "the test part, xtest"),
    "camel case": ({"testImages": X, "testLabels": Y}, "the test part, testImages"),
    "more arrays": ({"x": X, "y": Y, "names": np.arange(3)}, "not read: names"),
    "predictions beside labels": ({"x": X, "y": Y, "y_pred": Y[::-1]}, "not read: y_pred"),
    "no names": ({"arr_0": X, "arr_1": Y}, "told apart by their shapes"),
    "no names, labels first": ({"arr_0": Y, "arr_1": X}, "arr_1 with labels arr_0"),
}


@pytest.mark.parametrize(("arrays", "rule"), NAMES.values(), ids=NAMES)
def test_arrays_are_found_by_their_names(path, arrays, rule):
    np.savez(path, **arrays)
    table = read_table(path)
    assert np.array_equal(table.pictures, X)
    assert np.array_equal(table.labels, Y)
    assert rule in "; ".join(table.rules)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_compressed_file_is_read_and_its_name_does_not_matter(tmp_path, save):
    with (tmp_path / "digits.bin").open("wb") as file:
        save(file, x=np.asfortranarray(X), y=Y)
    assert np.array_equal(read_table(tmp_path / "digits.bin").pictures, X)


REFUSED = {
    "no labels": ({"x": X}, "the arrays x; expected one array of pictures x and one of labels y"),
    "other names": ({"a": X, "b": X, "c": Y}, "the arrays a, b, c"),
    "two of a role": ({"x": X, "images": X, "y": Y}, "the arrays x, images, y"),
    "four without names": ({f"arr_{i}": a for i, a in enumerate((X, Y, X, Y))}, "arr_0, arr_1"),
    "pickled": ({"x": np.array([{}, {}], object), "y": [1, 2]}, "'x' is pickled"),
    "pickled labels": ({"x": X, "y": Y.astype(str).astype(object)}, "'y' is pickled"),
    "complex": ({"x": X.astype(complex), "y": Y}, "'x' is complex128"),
    "structured": ({"x": np.zeros(12, [("a", "u1", 784)]), "y": Y}, "'x' is"),
    "texts": ({"x": X.astype(str), "y": Y}, "expected an array of numbers"),
    "lengths": ({"x": X, "y": Y[:3]}, r"pictures are uint8 \(12, 28, 28\), the labels are 3"),
    "15 pixels": ({"x": np.zeros((12, 15)), "y": Y}, r"float64 \(12, 15\)"),
    "two channels": ({"x": np.zeros((12, 28, 28, 2)), "y": Y}, r"\(12, 28, 28, 2\)"),
    "empty": ({"x": X[:0], "y": Y[:0]}, "holds no digit"),
    "label": ({"x": X, "y": np.where(np.arange(12) == 4, 26, Y)}, "row 5: the label is 26.*letter"),
    "label 10": ({"x": X, "y": np.where(Y == 3, 10, Y)}, "If 10 stands for the digit 0"),
    "fraction": ({"x": X, "y": Y + 0.5}, "row 1: the label is"),
    "no label": ({"x": X, "y": np.where(Y == 3, np.nan, Y)}, "the label is nan"),
    "two classes": ({"x": X, "y": np.ones((12, 10))}, "row 1: the ten label values"),
    "label text": ({"x": X, "y": np.array(["seven"] * 12)}, "the label is seven"),
    "predictions alone": ({"x": X, "y_pred": Y}, "has the arrays x, y_pred"),
    "predicted labels": ({"x": X, "predicted_labels": Y}, "has the arrays x, predicted_labels"),
    "row numbers": ({"x": X, "writer": Y}, "has the arrays x, writer"),
    "0 to 16": ({"x": X // 16.0, "y": Y}, "run from 0 to 15; expected values from 0 to 255"),
    "standardised": ({"x": (X / 255 - 0.13) / 0.31, "y": Y}, "run from -0.41.* to 2.8"),
    "nan": ({"x": np.where(X > 250, np.nan, X), "y": Y}, "run from nan"),
    "two scales": ({"x": np.concatenate([X, X / 255]), "y": [*Y, *Y]}, "picture 13 run up to"),
}


@pytest.mark.parametrize(("arrays", "message"), REFUSED.values(), ids=REFUSED)
def test_arrays_that_are_no_digits_are_refused_by_name(path, arrays, message):
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=message) as caught:
        read_table(path)
    assert caught.value.path == str(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def npy(header: str, data: bytes = bytes(64), version: int = 1) -> bytes:
    """A .npy array with a header that may be wrong."""
    text = header.encode() + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + data


def described(descr: str = "'|u1'", shape: str = "(2, 28, 28)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"


HEADERS = {
    "huge shape": (npy(described(shape="(1000000000, 28, 28)")), "784,000 MB; expected at most"),
    "overflow": (npy(described(shape=f"({2**62}, {2**62})")), "expected at most"),
    "more than it has": (
        npy(described()),
        "by its header but has 64 bytes; expected 1,568|of data",
    ),
    "less than it has": (npy(described(shape="(1, 8, 4)")), "64 bytes of data; expected 32"),
    "huge item": (npy(described("'|S2000000000'", "(2,)")), "expected at most"),
    "empty item": (npy(described("'|S0'", "(2, 9)")), "64 bytes of data"),
    "negative": (npy(described(shape="(-1, 8, 8)")), "an array of numbers"),
    "cut": (npy("{'descr': '|u1', 'shape': (2,"), "damaged header"),
    "dashes": (npy("-" * 9000), "damaged header"),
    "brackets": (npy("(" * 5000), "damaged header"),
    "long": (npy(" " * 60_000 + described(), version=2), "damaged header"),
    "no dictionary": (npy("[1, 2]"), "damaged header"),
    "call": (npy("__import__('os').abort()"), "damaged header"),
    "not numpy": (b"hello, this is a text", "damaged header"),
    "no bytes": (b"", "damaged header"),
    "version 9": (npy(described(), version=9), "damaged header"),
    "object": (npy(described("'|O'", "(8,)")), "is pickled"),
    "date": (npy(described("'<M8[s]'", "(8,)")), "is datetime64"),
}


@pytest.mark.parametrize(("data", "message"), HEADERS.values(), ids=HEADERS)
def test_a_header_is_checked_before_data_is_read(path, data, message):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", data)
        archive.writestr("y.npy", data)
    with pytest.raises(DataError, match=message) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path}: its array 'x'")
    assert "\n" not in str(caught.value)


def archive_bytes(**members: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return data.getvalue()


def array_bytes(array: np.ndarray) -> bytes:
    data = io.BytesIO()
    np.save(data, array)
    return data.getvalue()


def test_an_encrypted_array_is_refused(path):
    data = bytearray(archive_bytes(x=array_bytes(X), y=array_bytes(Y)))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        data[place + flags] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="'x' is encrypted"):
        read_table(path)


def test_a_wrong_checksum_is_refused(path):
    data = archive_bytes(x=array_bytes(X), y=array_bytes(Y))
    place = data.find(X.tobytes()) + 400
    path.write_bytes(data[:place] + b"\xaa\xbb" + data[place + 2 :])
    with pytest.raises(DataError, match="cannot be unpacked.*CRC"):
        read_table(path)


def test_two_arrays_of_the_same_name_are_refused(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", array_bytes(X))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("x.npy", array_bytes(Y))
    with pytest.raises(DataError, match="two arrays of the same name"):
        read_table(path)


def test_an_array_that_unpacks_to_too_much_is_refused_unread(path):
    header = npy(described(shape="(1000000, 28, 28)"), b"")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("x.npy", "w") as member:
            member.write(header)
            for _ in range(784):
                member.write(bytes(1_000_000))
        archive.writestr("y.npy", array_bytes(Y))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(DataError, match="784 MB; expected at most 600 MB"):
        read_table(path)


def test_a_long_list_of_files_is_refused_before_it_is_read(path):
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1_100):
            archive.writestr(f"{number}.npy", b"")
    with pytest.raises(DataError, match="holds 1,100 files"):
        read_table(path)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2_100):
            archive.writestr(f"{number:0500}.npy", b"")
    with pytest.raises(DataError, match="long list of files"):
        read_table(path)


def test_a_single_array_is_refused_with_the_call_that_saves_both(tmp_path):
    path = tmp_path / "digits.npy"
    np.save(path, X)
    with pytest.raises(DataError, match=r"single \.npy array.*numpy\.savez"):
        read_table(path)


def test_a_text_named_npz_is_refused(path):
    path.write_text("hello")
    with pytest.raises(DataError, match="no zip archive.*expected an .npz file"):
        read_table(path)


def test_arrays_are_read_by_name_without_other_checks(path):
    np.savez(path, a=ONE_HOT, b=X)
    arrays = read_npz_arrays(path, ("b", "a"))
    assert np.array_equal(arrays["a"], ONE_HOT)
    assert np.array_equal(arrays["b"], X)
    with pytest.raises(DataError, match="no array 'c'; expected a and c"):
        read_npz_arrays(path, ("a", "c"))
