"""Files of tables: other formats, special files and damaged files end in one sentence."""

import gzip
import io
import os
import pickle
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.digit_tables import PIXELS, csv_text, digits, idx_bytes, rows_of

from digitlab.datasets.tables import is_table_archive, read_table
from digitlab.errors import DataError

X, Y = digits(12)
CSV = csv_text(["label", *PIXELS], rows_of(X, Y)).encode()


def npz(save=np.savez, **arrays) -> bytes:
    data = io.BytesIO()
    save(data, **arrays)
    return data.getvalue()


def archive(name: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr(name, b"")
    return data.getvalue()


def picture() -> bytes:
    data = io.BytesIO()
    Image.fromarray(X[0]).save(data, "PNG")
    return data.getvalue()


OTHER_FORMATS = {
    "nothing": (b"", "is empty"),
    "picture": (picture(), "is a PNG picture; .*`digitlab predict` reads it"),
    "pickle": (pickle.dumps([1]), "pickle, which can run programs"),
    "packed pickle": (gzip.compress(pickle.dumps([1])), "pickle, which can run programs"),
    "parquet": (b"PAR1" + bytes(100), "Parquet"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
    "matlab": (b"MATLAB 5.0 MAT-file" + bytes(100), "MATLAB"),
    "bzip2": (b"BZh91AY&SY" + bytes(100), "compressed with bzip2.*Unpack it first"),
    "xz": (b"\xfd7zXZ\0" + bytes(100), "compressed with xz"),
    "rar": (b"Rar!\x1a\x07" + bytes(100), "RAR archive"),
    "pdf": (b"%PDF-1.7", "PDF document"),
    "program": (b"\x7fELF" + bytes(100), "is a program"),
    "notes": (b"hello", "1 column and no header|1 column"),
    "zeros": (bytes(10_000), "is not a text"),
    "json": (b'{"images": [[1, 2], [3, 4]]}', "is JSON"),
    "html": (b"<!DOCTYPE html><html><body>404</body></html>", "is a web page"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
    "ARFF": (b"@relation mnist\n", "is an ARFF file"),
    "ARFF with a comment": (b"% MNIST\n@relation mnist\n", "as ARFF files do"),
    "tar": (b"7/1.png".ljust(257, b"\0") + b"ustar" + bytes(300), "is a tar archive"),
    "workbook": (archive("xl/workbook.xml"), "Excel workbook; .*Save it as CSV"),
    "PyTorch": (archive("digits/data.pkl"), "is a PyTorch file"),
    "Keras": (archive("model.weights.h5"), "digitlab models import"),
    "zip of nothing": (zipfile.ZipFile, "holds no array"),
}


@pytest.mark.parametrize(("data", "message"), OTHER_FORMATS.values(), ids=OTHER_FORMATS)
@pytest.mark.parametrize("name", ["digits.csv", "digits.npz"])
def test_another_format_is_refused_by_its_name(tmp_path, data, message, name):
    path = tmp_path / name
    if data is zipfile.ZipFile:
        zipfile.ZipFile(path, "w").close()
    else:
        path.write_bytes(data)
    with pytest.raises(DataError, match=f"^{path}: .*expected") as caught:
        read_table(path)
    if name.endswith(".csv"):
        assert caught.match(message)
    assert "\n" not in str(caught.value)


@pytest.mark.timeout(20)
def test_a_special_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "zero.npz").symlink_to("/dev/zero")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.relpath(tmp_path / "socket.csv"))
    with listener:
        for name, message in {
            "pipe.csv": "is a named pipe; expected a regular file",
            "folder.csv": "is a folder",
            "loop.csv": "cannot be opened .*symbolic links",
            "zero.npz": "is a device",
            "socket.csv": "is a socket",
            "none.csv": r"cannot be opened \(No such file",
            "n\0ne.csv": r"cannot be opened \(embedded null",
        }.items():
            with pytest.raises(DataError, match=message):
                read_table(tmp_path / name)


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs Linux's /proc")
def test_a_file_that_cannot_be_read_is_refused_with_the_reason():
    with pytest.raises(DataError, match=r"/proc/self/mem: cannot be read \(Input/output error\)"):
        read_table(Path("/proc/self/mem"))


def test_a_zip_archive_of_pictures_is_no_table(tmp_path):
    path = tmp_path / "digits.zip"
    for names, is_table in (
        (["7/1.png", "metadata.csv"], False),
        (["train.csv"], True),
        (["x.npy", "y.npy"], True),
        (["readme.md"], False),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, b"x")
        assert is_table_archive(path) is is_table
    path.write_bytes(b"PK\x03\x04")
    assert not is_table_archive(path)
    assert not is_table_archive(tmp_path / "none.zip")


WHOLE = {
    "digits.csv": CSV,
    "utf-16.csv": CSV.decode().encode("utf-16"),
    "digits.csv.gz": gzip.compress(CSV, mtime=0),
    "digits.npz": npz(x=X, y=Y),
    "packed.npz": npz(np.savez_compressed, x=X, y=Y),
    "images-idx3-ubyte": idx_bytes(X),
    "images-idx3-ubyte.gz": gzip.compress(idx_bytes(X), mtime=0),
}


def zipped_csv() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", CSV)
    return data.getvalue()


WHOLE["train.csv.zip"] = zipped_csv()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", WHOLE)
def test_a_damaged_file_is_read_or_refused_in_one_line(tmp_path, name):
    """Cuts, changed bits and overwritten bytes at seeded places of each format."""
    rng = np.random.default_rng(7)
    path, data = tmp_path / name, WHOLE[name]
    (tmp_path / "labels-idx1-ubyte").write_bytes(idx_bytes(Y))
    path.write_bytes(data)
    assert np.array_equal(read_table(path).pictures, X)
    near_the_ends = [*range(0, 64, 7), *range(len(data) - 64, len(data), 7)]
    places = [*near_the_ends, *rng.integers(0, len(data), 12).tolist()]
    refused = 0
    for place in places:
        flipped = bytearray(data)
        flipped[place] ^= 1 << int(rng.integers(8))
        overwritten = bytearray(data)
        overwritten[place : place + 8] = rng.bytes(len(data[place : place + 8]))
        for damaged in (data[:place], bytes(flipped), bytes(overwritten)):
            path.write_bytes(damaged)
            try:
                table = read_table(path)
            except DataError as error:
                refused += 1
                assert str(error).startswith(str(tmp_path))  # noqa: PT017
                assert "\n" not in str(error)  # noqa: PT017
            else:
                assert table.pictures.dtype == np.uint8
                assert len(table.pictures) == len(table.labels) > 0
                assert table.labels.max() <= 9
    assert refused > len(places) // 2
