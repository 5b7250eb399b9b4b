"""Chunks become pictures, limits hold, and uploads do not mix."""

from __future__ import annotations

import pickle

import pytest

from digitlab.errors import ImageError
from digitlab.widgets.state.chunked_uploads import MAX_UNFINISHED, ChunkedUploads, UploadError


@pytest.fixture
def uploads() -> ChunkedUploads:
    return ChunkedUploads(max_bytes=100)


def is_forgotten(uploads: ChunkedUploads, upload_id: str = "a", *, size: int, offset: int) -> bool:
    """Return whether the next chunk of an upload is refused."""
    try:
        uploads.receive(upload_id, b"1", size=size, offset=offset)
    except UploadError:
        return True
    return False


def test_a_small_picture_arrives_in_one_chunk(uploads: ChunkedUploads) -> None:
    assert uploads.receive("a", b"12345", size=5, offset=0) == b"12345"


def test_chunks_are_put_together(uploads: ChunkedUploads) -> None:
    assert uploads.receive("a", b"123", size=7, offset=0) is None
    assert uploads.receive("a", b"456", size=7, offset=3) is None
    assert uploads.receive("a", b"7", size=7, offset=6) == b"1234567"


def test_an_empty_file_arrives_empty(uploads: ChunkedUploads) -> None:
    assert uploads.receive("a", b"", size=0, offset=0) == b""


def test_two_uploads_at_once_do_not_mix(uploads: ChunkedUploads) -> None:
    uploads.receive("a", b"aa", size=4, offset=0)
    uploads.receive("b", b"bb", size=4, offset=0)
    assert uploads.receive("a", b"AA", size=4, offset=2) == b"aaAA"
    assert uploads.receive("b", b"BB", size=4, offset=2) == b"bbBB"


@pytest.mark.parametrize("offset", [1, 3, 4])
def test_a_missing_or_repeated_chunk_ends_the_upload(uploads: ChunkedUploads, offset: int) -> None:
    uploads.receive("a", b"12", size=6, offset=0)
    with pytest.raises(UploadError, match="send it again"):
        uploads.receive("a", b"34", size=6, offset=offset)
    assert is_forgotten(uploads, size=6, offset=2)


def test_a_chunk_of_an_unknown_upload_is_refused(uploads: ChunkedUploads) -> None:
    with pytest.raises(UploadError):
        uploads.receive("a", b"34", size=6, offset=2)


def test_more_bytes_than_announced_are_refused(uploads: ChunkedUploads) -> None:
    with pytest.raises(UploadError):
        uploads.receive("a", b"1234", size=3, offset=0)


def test_a_restarted_upload_forgets_its_earlier_chunks(uploads: ChunkedUploads) -> None:
    uploads.receive("a", b"xx", size=4, offset=0)
    uploads.receive("a", b"12", size=4, offset=0)
    assert uploads.receive("a", b"34", size=4, offset=2) == b"1234"


def test_the_error_of_a_large_picture_names_its_size_and_the_limit() -> None:
    uploads = ChunkedUploads(max_bytes=20_000_000)
    with pytest.raises(ImageError, match=r"20\.1 MB; pictures of up to 20 MB") as caught:
        uploads.receive("a", b"12", size=20_000_001, offset=0)
    assert caught.value.code == "too-large"
    assert pickle.loads(pickle.dumps(caught.value)).code == "too-large"  # noqa: S301  our own


def test_a_picture_larger_than_its_announced_size_is_refused(uploads: ChunkedUploads) -> None:
    with pytest.raises(ImageError):
        uploads.receive("a", b"1" * 101, size=5, offset=0)


def test_only_the_newest_unfinished_uploads_are_kept(uploads: ChunkedUploads) -> None:
    for number in range(20):
        uploads.receive(str(number), b"1", size=2, offset=0)
    kept = [n for n in range(20) if not is_forgotten(uploads, str(n), size=2, offset=1)]
    assert kept == list(range(20))[-MAX_UNFINISHED:]


def test_a_stopped_upload_is_forgotten(uploads: ChunkedUploads) -> None:
    uploads.receive("a", b"12", size=4, offset=0)
    uploads.drop("a")
    uploads.drop("a")
    assert is_forgotten(uploads, size=4, offset=2)
