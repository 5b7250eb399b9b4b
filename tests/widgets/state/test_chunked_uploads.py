"""Uploads: chunks put together, limits kept, nothing mixed."""

from __future__ import annotations

import pickle

import pytest

from digitlab.errors import ImageError
from digitlab.widgets.state.chunked_uploads import MAX_AT_ONCE, UploadError, Uploads


@pytest.fixture
def uploads() -> Uploads:
    return Uploads(max_bytes=100)


def is_forgotten(uploads: Uploads, upload: str = "a", *, size: int, offset: int) -> bool:
    """Whether the upload's next chunk is refused."""
    try:
        uploads.receive(upload, b"1", size=size, offset=offset)
    except UploadError:
        return True
    return False


def test_a_small_picture_arrives_in_one_chunk(uploads: Uploads) -> None:
    assert uploads.receive("a", b"12345", size=5, offset=0) == b"12345"


def test_chunks_are_put_together(uploads: Uploads) -> None:
    assert uploads.receive("a", b"123", size=7, offset=0) is None
    assert uploads.receive("a", b"456", size=7, offset=3) is None
    assert uploads.receive("a", b"7", size=7, offset=6) == b"1234567"


def test_an_empty_file_arrives_as_such(uploads: Uploads) -> None:
    assert uploads.receive("a", b"", size=0, offset=0) == b""


def test_two_uploads_at_once_do_not_mix(uploads: Uploads) -> None:
    uploads.receive("a", b"aa", size=4, offset=0)
    uploads.receive("b", b"bb", size=4, offset=0)
    assert uploads.receive("a", b"AA", size=4, offset=2) == b"aaAA"
    assert uploads.receive("b", b"BB", size=4, offset=2) == b"bbBB"


@pytest.mark.parametrize("offset", [1, 3, 4])
def test_a_missing_or_repeated_chunk_ends_the_upload(uploads: Uploads, offset: int) -> None:
    uploads.receive("a", b"12", size=6, offset=0)
    with pytest.raises(UploadError, match="send it again"):
        uploads.receive("a", b"34", size=6, offset=offset)
    assert is_forgotten(uploads, size=6, offset=2)


def test_a_chunk_of_an_unknown_upload_is_refused(uploads: Uploads) -> None:
    with pytest.raises(UploadError):
        uploads.receive("a", b"34", size=6, offset=2)


def test_more_bytes_than_announced_are_refused(uploads: Uploads) -> None:
    with pytest.raises(UploadError):
        uploads.receive("a", b"1234", size=3, offset=0)


def test_starting_again_forgets_what_came_before(uploads: Uploads) -> None:
    uploads.receive("a", b"xx", size=4, offset=0)
    uploads.receive("a", b"12", size=4, offset=0)
    assert uploads.receive("a", b"34", size=4, offset=2) == b"1234"


def test_a_picture_over_the_limit_is_refused_by_size_and_limit(uploads: Uploads) -> None:
    large = Uploads(max_bytes=20_000_000)
    with pytest.raises(ImageError, match=r"20\.1 MB; pictures of up to 20 MB") as caught:
        large.receive("a", b"12", size=20_000_001, offset=0)
    assert caught.value.code == "too-large"
    assert pickle.loads(pickle.dumps(caught.value)).code == "too-large"  # noqa: S301  our own


def test_a_picture_that_lies_about_its_size_is_refused(uploads: Uploads) -> None:
    with pytest.raises(ImageError):
        uploads.receive("a", b"1" * 101, size=5, offset=0)


def test_uploads_that_never_end_hold_bounded_memory(uploads: Uploads) -> None:
    for number in range(20):
        uploads.receive(str(number), b"1", size=2, offset=0)
    kept = [n for n in range(20) if not is_forgotten(uploads, str(n), size=2, offset=1)]
    assert kept == list(range(20))[-MAX_AT_ONCE:]


def test_a_stopped_upload_is_forgotten(uploads: Uploads) -> None:
    uploads.receive("a", b"12", size=4, offset=0)
    uploads.drop("a")
    uploads.drop("a")
    assert is_forgotten(uploads, size=4, offset=2)
