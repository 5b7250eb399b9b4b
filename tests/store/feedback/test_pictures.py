"""The storage of original pictures."""

import hashlib

import pytest

from digitlab.errors import StoreError
from digitlab.store import PictureStorage

DATA = b"\x89PNG some picture"
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "Bücher & 100% pictures"


@pytest.fixture(params=["file", "memory"])
def storage(request, folder):
    yield PictureStorage(folder.as_uri() if request.param == "file" else "memory://pictures")
    if request.param == "memory":
        import fsspec

        fsspec.filesystem("memory").store.clear()


@pytest.fixture
def on_disk(folder):
    return PictureStorage(folder.as_uri())


@pytest.fixture
def file(folder):
    return folder / SHA256[:2] / f"{SHA256}.bin"


def test_bytes_come_back_as_they_were_given(storage):
    assert storage.put(DATA) == SHA256
    assert storage.get(SHA256) == DATA
    assert storage.exists(SHA256)


def test_the_same_bytes_are_kept_once(storage):
    assert storage.put(DATA) == storage.put(DATA)
    assert storage.get(SHA256) == DATA


def test_a_missing_picture_is_an_error_with_its_place(storage):
    assert not storage.exists(SHA256)
    with pytest.raises(StoreError, match=SHA256[:12]) as caught:
        storage.get(SHA256)
    assert SHA256 in caught.value.place


def test_a_deleted_picture_is_gone(storage):
    storage.put(DATA)
    storage.delete(SHA256)
    assert not storage.exists(SHA256)


def test_deleting_what_is_not_there_is_no_error(storage):
    storage.delete(SHA256)


@pytest.mark.parametrize("name", ["", "../../secret", SHA256[:63], SHA256.upper()])
def test_only_a_hash_names_a_picture(storage, name):
    with pytest.raises(StoreError, match="64 hex digits"):
        storage.get(name)


def test_a_file_lies_under_its_hash_in_the_folder_that_the_url_names(on_disk, file):
    on_disk.put(DATA)
    assert file.read_bytes() == DATA


def test_nothing_else_is_left_beside_a_kept_picture(on_disk, file, folder):
    on_disk.put(DATA)
    assert [path for path in folder.rglob("*") if path.is_file()] == [file]


def test_making_a_storage_touches_no_disk(on_disk, folder):
    assert not folder.exists()


def test_a_damaged_picture_is_refused(on_disk, file):
    on_disk.put(DATA)
    file.write_bytes(DATA[:-1] + b"!")
    with pytest.raises(StoreError, match="damaged"):
        on_disk.get(SHA256)


def test_a_truncated_picture_is_mended_by_giving_it_again(on_disk, file):
    on_disk.put(DATA)
    file.write_bytes(DATA[:5])
    on_disk.put(DATA)
    assert on_disk.get(SHA256) == DATA


def test_a_folder_that_cannot_be_written_is_a_plain_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    url = (tmp_path / "file").as_uri()
    with pytest.raises(StoreError, match="cannot be stored") as caught:
        PictureStorage(url).put(DATA)
    assert caught.value.place == url


def test_an_unknown_kind_of_storage_is_a_plain_error():
    with pytest.raises(StoreError, match="cannot be opened"):
        PictureStorage("nosuch://bucket").put(DATA)
