"""Zip files of pictures: what is unpacked, and what is refused."""

import struct
import zipfile

import pytest

from digitlab.datasets import find_labelled_pictures, picture_archive
from digitlab.datasets.picture_archive import open_folder
from digitlab.errors import DataError


@pytest.fixture
def pack(tmp_path):
    """Write a zip file of names with contents."""

    def pack(files, compression=zipfile.ZIP_STORED):
        path = tmp_path / "x.zip"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path

    return pack


def content(path):
    with open_folder(path) as folder:
        return {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in folder.rglob("*")
            if file.is_file()
        }


def refusal(path):
    with pytest.raises(DataError) as caught, open_folder(path):
        pass
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_is_opened_as_it_is(tmp_path):
    with open_folder(tmp_path) as folder:
        assert folder == tmp_path


def test_pictures_and_tables_are_unpacked(pack):
    files = {"mnist/7/a.PNG": b"1", "labels.csv": b"2", "notes.txt": b"3", "7/": b""}
    assert content(pack(files)) == {"mnist/7/a.PNG": b"1", "labels.csv": b"2"}


def test_the_labels_in_a_zip_file_are_those_of_its_folders(pack):
    path = pack({"d/seven/1.png": b"1", "d/one/1.png": b"2", "__MACOSX/d/one/._1.png": b"3"})
    with open_folder(path) as folder:
        pictures = find_labelled_pictures(folder).pictures
    assert [(picture.name, picture.label) for picture in pictures] == [
        ("d/one/1.png", 1),
        ("d/seven/1.png", 7),
    ]


def test_the_temporary_folder_is_deleted(pack):
    with open_folder(pack({"7/a.png": b"1"})) as folder:
        pass
    assert not folder.exists()


@pytest.mark.parametrize(
    "name", ["../a.png", "7/../../a.png", "/etc/a.png", "..\\a.png", "C:\\a.png", "\\\\host\\a.png"]
)
def test_a_path_that_leads_out_is_refused(pack, name):
    assert "leads out" in refusal(pack({name: b"1"}))


def test_names_that_differ_in_capitals_are_two_files(pack):
    assert len(content(pack({"7/a.png": b"1", "7/A.png": b"2"}))) == 2


def test_a_link_is_left_out(pack, tmp_path):
    link = zipfile.ZipInfo("7/link.png")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    path = pack({"7/a.png": b"1"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert list(content(path)) == ["7/a.png"]


def test_the_same_path_twice_is_refused(pack):
    path = pack({"7/a.png": b"1", "7\\a.png": b"2"})
    assert "twice" in refusal(path)


@pytest.mark.parametrize("name", ["7/\x07b?ll.png", "7/" + "x" * 400 + ".png", "7/caf\u00e9.png"])
def test_a_name_that_a_disk_may_refuse_is_rewritten(pack, name):
    (written,) = content(pack({name: b"1"}))
    assert written.startswith("7/")
    assert written.endswith(".png")


def test_a_name_in_another_encoding_is_unpacked(pack):
    path = pack({"7/caf_.png": b"1"})
    path.write_bytes(path.read_bytes().replace(b"caf_", b"caf\xe9"))
    (written,) = content(path)
    assert written.startswith("7/caf")


def test_an_encrypted_file_is_refused(pack):
    path = pack({"7/a.png": b"1"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in refusal(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"no zip file" * 99,
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"picture", b"PICTURE"),
        lambda data: data.replace(b"PK\x01\x02", b"PK\x09\x09"),
        lambda data: data[:-10] + struct.pack("<L", 0xFFFFFFFF) + data[-6:],
    ],
    ids=["empty", "text", "cut", "wrong checksum", "no directory", "ZIP64 without its record"],
)
def test_a_damaged_file_is_refused(pack, damage):
    path = pack({f"7/{n}.png": b"picture" * 9 for n in range(9)})
    path.write_bytes(damage(path.read_bytes()))
    refusal(path)


def test_a_method_that_python_does_not_know_is_refused(pack):
    path = pack({"7/a.png": b"1"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 10] = 97
    path.write_bytes(data)
    assert "unknown form" in refusal(path)


def test_a_file_that_unpacks_to_many_times_its_size_is_refused(pack, monkeypatch):
    monkeypatch.setattr(picture_archive, "FREE_BYTES", 1_000_000)
    path = pack({"7/a.png": bytes(3_000_000)}, zipfile.ZIP_DEFLATED)
    assert "unpacks to more than 1 MB" in refusal(path)


def test_a_file_with_too_many_entries_is_refused(pack, monkeypatch):
    monkeypatch.setattr(picture_archive, "MAX_ENTRIES", 3)
    assert "has 4 entries" in refusal(pack({f"7/{n}.png": b"1" for n in range(4)}))


def test_a_large_list_of_entries_is_refused_before_it_is_read(pack, monkeypatch):
    monkeypatch.setattr(picture_archive, "MAX_DIRECTORY_BYTES", 100)
    assert "list of entries" in refusal(pack({f"7/{n}.png": b"1" for n in range(4)}))


def test_what_is_no_regular_file_is_refused(tmp_path):
    (tmp_path / "x.zip").symlink_to("/dev/zero")
    assert "no regular file" in refusal(tmp_path / "x.zip")


def test_a_missing_file_is_refused(tmp_path):
    assert "No such file" in refusal(tmp_path / "x.zip")
