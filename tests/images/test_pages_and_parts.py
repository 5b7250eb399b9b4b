"""Files with several pages or frames: which part is read, and what is said about it."""

import numpy as np
import pytest
from PIL import Image
from support.picture_files import encode

from digitlab.errors import ImageError
from digitlab.images import decode, extract_page

WHITE, BLACK, GREY = 255, 0, 128


def pages(kind: str, *tones: int, **options: object) -> bytes:
    """Return a file with one plain page for each tone."""
    first, *others = [Image.new("L", (60, 40), tone) for tone in tones]
    return encode(first, kind, save_all=True, append_images=others, **options)


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_the_first_page_is_read_by_default_and_the_file_says_how_many_it_has(kind):
    picture = decode(pages(kind, WHITE, BLACK, GREY))
    assert picture.part == "page 1 of 3"
    assert picture.grey.min() > 250


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
@pytest.mark.parametrize(("page", "tone"), [(2, BLACK), (3, GREY)])
def test_another_page_is_read_by_its_number(kind, page, tone):
    data = pages(kind, WHITE, BLACK, GREY)
    picture = decode(data, page=page)
    assert picture.part == f"page {page} of 3"
    assert np.abs(picture.grey.astype(int) - tone).max() <= 2
    extracted, count = extract_page(data, page)
    assert count == 3
    assert extracted.startswith(b"\x89PNG")
    assert np.array_equal(decode(extracted).grey, picture.grey)


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_a_file_of_one_page_says_nothing_about_pages(kind):
    assert decode(pages(kind, WHITE)).part == ""


@pytest.mark.parametrize(
    ("data", "page", "sentence"),
    [
        (pages("TIFF", WHITE, BLACK), 3, "This TIFF has 2 pages, so there is no page 3"),
        (pages("PDF", WHITE, BLACK), 3, "This PDF has 2 pages, so there is no page 3"),
        (pages("TIFF", WHITE), 2, "This TIFF has one page"),
        (encode(Image.new("L", (9, 9)), "JPEG"), 2, "This JPEG has one page"),
    ],
    ids=["TIFF", "PDF", "one page", "JPEG"],
)
def test_a_missing_page_is_refused(data, page, sentence):
    with pytest.raises(ImageError, match=sentence) as caught:
        decode(data, page=page)
    assert caught.value.code == "not-found"


@pytest.mark.parametrize("kind", ["GIF", "WebP", "PNG", "AVIF"])
def test_of_an_animation_the_first_frame_is_read_and_named(kind):
    picture = decode(pages(kind, WHITE, BLACK))
    assert picture.part == "first frame of an animation"
    assert picture.grey.min() > 250


@pytest.mark.parametrize("kind", ["GIF", "WebP", "PNG", "AVIF"])
def test_a_still_picture_is_no_animation(kind):
    assert decode(encode(Image.new("L", (60, 40), WHITE), kind)).part == ""


def test_the_thumbnail_of_a_tiff_is_no_page():
    small = Image.new("L", (30, 20), BLACK)
    small.encoderinfo = {"tiffinfo": {254: 1}}
    large = Image.new("L", (60, 40), WHITE)
    data = encode(small, "TIFF", save_all=True, append_images=[large], tiffinfo={254: 1})
    # Pillow writes the tag to both pages: take it from the second one.
    second = data.rindex(b"\xfe\x00\x04\x00\x01\x00\x00\x00\x01\x00\x00\x00")
    data = data[: second + 8] + bytes(4) + data[second + 12 :]
    picture = decode(data)
    assert picture.part == ""
    assert picture.size == (60, 40)


def test_the_first_page_of_an_encrypted_pdf_is_refused_in_a_sentence():
    data = pages("PDF", WHITE)
    locked = data.replace(
        b"trailer\n<<",
        b"trailer\n<< /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 "
        b"/O <28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A> "
        b"/U <28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A> >> "
        b"/ID [<00> <00>]",
    )
    assert locked != data
    with pytest.raises(ImageError, match="protected by a password"):
        decode(locked)


def test_bytes_before_the_header_of_a_pdf_are_accepted():
    assert decode(b"\n\n" + pages("PDF", WHITE)).grey.min() > 250


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + bytes(range(256)) * 40])
def test_a_broken_pdf_is_refused_as_damaged(data):
    with pytest.raises(ImageError, match="damaged") as caught:
        decode(data)
    assert caught.value.code == "damaged"
