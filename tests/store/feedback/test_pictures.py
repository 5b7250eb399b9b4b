"""PictureStorage: original pictures on disk and in memory."""

import hashlib
import os
import socket
import stat

import pytest

from digitlab.errors import StoreError
from digitlab.store import PictureStorage

DATA = b"\x89PNG some picture"
HOST = socket.gethostname()
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


def test_get_returns_the_bytes_that_were_put(storage):
    assert storage.put(DATA) == SHA256
    assert storage.get(SHA256) == DATA
    assert storage.exists(SHA256)


def test_the_same_bytes_are_stored_once(storage):
    assert storage.put(DATA) == storage.put(DATA)
    assert storage.get(SHA256) == DATA


def test_a_missing_picture_is_an_error_with_its_path(storage):
    assert not storage.exists(SHA256)
    with pytest.raises(StoreError, match=SHA256[:12]) as caught:
        storage.get(SHA256)
    assert SHA256 in caught.value.place


def test_delete_removes_a_picture(storage):
    storage.put(DATA)
    storage.delete(SHA256)
    assert not storage.exists(SHA256)


def test_deleting_a_missing_picture_is_no_error(storage):
    storage.delete(SHA256)


@pytest.mark.parametrize("name", ["", "../../secret", SHA256[:63], SHA256.upper()])
def test_only_a_hash_can_name_a_picture(storage, name):
    with pytest.raises(StoreError, match="64 hex digits"):
        storage.get(name)


def test_a_file_is_stored_under_its_hash_in_the_folder_of_the_url(on_disk, file):
    on_disk.put(DATA)
    assert file.read_bytes() == DATA


def test_put_leaves_no_other_file(on_disk, file, folder):
    on_disk.put(DATA)
    assert [path for path in folder.rglob("*") if path.is_file()] == [file]


def test_a_new_storage_creates_no_folder(on_disk, folder):
    assert not folder.exists()


def test_a_damaged_picture_is_refused(on_disk, file):
    on_disk.put(DATA)
    file.write_bytes(DATA[:-1] + b"!")
    with pytest.raises(StoreError, match="damaged"):
        on_disk.get(SHA256)


def test_putting_a_truncated_picture_again_repairs_it(on_disk, file):
    on_disk.put(DATA)
    file.write_bytes(DATA[:5])
    on_disk.put(DATA)
    assert on_disk.get(SHA256) == DATA


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    url = (tmp_path / "file").as_uri()
    with pytest.raises(StoreError, match="cannot be stored") as caught:
        PictureStorage(url).put(DATA)
    assert caught.value.place == url


def test_an_unknown_kind_of_storage_is_refused():
    with pytest.raises(StoreError, match="cannot be opened"):
        PictureStorage("nosuch://bucket").put(DATA)


@pytest.fixture
def part(on_disk, file):
    """Return a function that leaves an unfinished file, as a process that died does."""

    def leave(host=HOST, pid=2**22 + 1, age_s=0.0):
        file.parent.mkdir(parents=True, exist_ok=True)
        key = hashlib.sha256(host.encode()).hexdigest()[:8]
        part = file.with_name(f"{file.name}.{key}-{pid}-0123abcd.part")
        part.write_bytes(DATA[:4])
        os.utime(part, (part.stat().st_mtime - age_s,) * 2)
        return part

    return leave


@pytest.mark.parametrize(
    ("leftover", "swept"),
    [
        ({}, True),
        ({"pid": os.getpid()}, False),
        ({"host": "another machine"}, False),
        ({"host": "another machine", "age_s": 4000}, True),
        ({"pid": os.getpid(), "age_s": 4000}, True),
    ],
)
def test_the_first_put_sweeps_what_no_process_will_finish(on_disk, part, leftover, swept):
    path = part(**leftover)
    on_disk.put(b"another picture")
    assert path.exists() is not swept


def test_an_unfinished_file_of_an_older_digitlab_is_swept_when_it_is_old(on_disk, file):
    file.parent.mkdir(parents=True)
    parts = [file.with_name(f"{file.name}.77-{name}.part") for name in ("new", "old")]
    for part, age_s in zip(parts, (0, 4000), strict=True):
        part.write_bytes(b"")
        os.utime(part, (part.stat().st_mtime - age_s,) * 2)
    assert on_disk.sweep() == 1
    assert [part.exists() for part in parts] == [True, False]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_pictures_are_private_with_every_umask(on_disk, folder):
    before = os.umask(0)
    try:
        on_disk.put(DATA)
    finally:
        os.umask(before)
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert modes == {True: 0o700, False: 0o600}
