"""Files that would take too much time or memory, and JPEG files without their end."""

import io
import struct
import time

import numpy as np
import pytest
from PIL import Image
from support.picture_files import encode

from digitlab.errors import ImageError
from digitlab.images import Limits, decode
from digitlab.images.jpeg_structure import read_jpeg_structure


def photograph(width: int = 800, height: int = 600) -> Image.Image:
    """A picture with texture in every row, with none of the decoder's filler."""
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(150, 250, (height, width, 3), np.uint8))


def jpeg_with_scans(side: int, count: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    data = encode(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    return data[:-2] + data[start:-2] * count + b"\xff\xd9"


def refusal(data: bytes, limits: Limits | None = None) -> ImageError:
    with pytest.raises(ImageError) as caught:
        decode(data, limits=limits or Limits())
    return caught.value


def test_many_scans_of_a_large_jpeg_are_refused_before_they_are_decoded():
    started = time.thread_time()
    assert refusal(jpeg_with_scans(4000, 300)).code == "too-complex"
    assert time.thread_time() - started < 1


def test_many_scans_of_a_small_jpeg_are_read():
    assert decode(jpeg_with_scans(100, 300)).size == (100, 100)


def test_many_segments_of_a_jpeg_are_refused():
    data = encode(photograph(), "JPEG")
    comment = b"\xff\xfe\x00\x02"
    assert refusal(data[:2] + comment * 20_000 + data[2:]).code == "too-complex"


def test_scans_and_the_end_are_found():
    plain = read_jpeg_structure(encode(photograph(), "JPEG"))
    assert (plain.scans, plain.is_progressive, plain.is_covered) == (1, False, True)
    progressive = read_jpeg_structure(encode(photograph(), "JPEG", progressive=True))
    assert progressive.is_progressive
    assert progressive.scans > 5
    data = encode(photograph(), "JPEG")
    assert read_jpeg_structure(data + b"trailing \xff\xda bytes").end == len(data) - 2
    assert read_jpeg_structure(data[:-2]).end is None


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("size", [(28, 28), (801, 599), (3000, 2000)])
def test_a_jpeg_without_its_end_marker_is_read_as_with_it(options, missing, size):
    data = encode(photograph(*size), "JPEG", **options)
    whole, cut = decode(data), decode(data[:-missing])
    assert cut.size == size
    assert np.abs(whole.grey.astype(int) - cut.grey).max() <= 8


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"], ids=["no end", "an end"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.85])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_that_was_cut_in_its_middle_is_refused(end, share, mode):
    data = encode(photograph().convert(mode), "JPEG")
    error = refusal(data[: int(share * len(data))] + end)
    assert error.code == "damaged"


def test_a_jpeg_that_lacks_its_last_rows_gets_no_grey_band():
    data = encode(photograph(800, 800), "JPEG")
    picture = decode(data[: int(0.985 * len(data))])
    whole = decode(data)
    assert np.abs(picture.grey[:600].astype(int) - whole.grey[:600]).max() <= 2
    assert abs(float(picture.grey[-1].mean()) - float(whole.grey[-1].mean())) < 25


def test_a_progressive_jpeg_that_lacks_a_colour_is_refused():
    data = encode(photograph(), "JPEG", progressive=True)
    assert refusal(data[: len(data) // 10]).code == "damaged"


def test_an_evenly_grey_jpeg_is_read():
    assert decode(encode(Image.new("L", (300, 200), 128), "JPEG")).size == (300, 200)


def test_a_loop_of_tiff_directories_ends():
    data = bytearray(encode(Image.new("L", (60, 40), 255), "TIFF"))
    first = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, first)[0]
    struct.pack_into("<I", data, first + 2 + 12 * count, first)
    assert decode(bytes(data)).part == ""


@pytest.mark.parametrize(("tag", "values"), [(273, 30_000_000), (258, 400_000)])
def test_a_tiff_with_millions_of_values_in_a_tag_is_refused(tag, values):
    data = bytearray(encode(Image.new("L", (60, 40), 255), "TIFF"))
    first = struct.unpack_from("<I", data, 4)[0]
    for number in range(struct.unpack_from("<H", data, first)[0]):
        entry = first + 2 + 12 * number
        if struct.unpack_from("<H", data, entry)[0] == tag:
            struct.pack_into("<I", data, entry + 4, values)
    assert refusal(bytes(data)).code == "too-complex"


def test_a_picture_that_needs_too_much_memory_is_refused_before_it_is_decoded():
    data = encode(Image.new("RGB", (400, 300)), "WebP")
    error = refusal(data, Limits(max_memory=1_000_000))
    assert error.code == "too-complex"
    assert "400 x 300 pixels needs 2 MB" in str(error)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "PDF", "TIFF"])
def test_a_reading_stops_when_its_time_is_over(kind):
    assert refusal(encode(photograph(), kind), Limits(max_seconds=0.0)).code == "too-complex"


def test_a_heavy_page_of_a_pdf_is_stopped():
    page = Image.new("L", (60, 40), 255)
    data = encode(page, "PDF")
    lines = b"".join(b"%d 0 m %d 40 l S\n" % (n % 60, n * 7 % 60) for n in range(500_000))
    stream = io.BytesIO()
    stream.write(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(
        (
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(lines), lines),
        ),
        1,
    ):
        offsets.append(stream.tell())
        stream.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = stream.tell()
    stream.write(b"xref\n0 5\n0000000000 65535 f \n")
    stream.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    stream.write(b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start)
    assert decode(data).size == (60, 40)
    assert refusal(stream.getvalue(), Limits(max_seconds=1.0)).code == "too-complex"
