"""Decoding bytes to a Picture: formats, orientations, limits and refusals."""

import hashlib
import io
import random
import struct
import warnings
import zlib
from dataclasses import fields

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from support.paths import DOCS
from support.picture_files import encode

from digitlab.errors import IMAGE_ERROR_CODES, ImageError
from digitlab.images import Limits, decode
from digitlab.images.formats import PICTURE_FORMATS
from digitlab.settings import Settings

ORIENTATION = 0x0112
FORMAT_NAMES = [known.name for known in PICTURE_FORMATS]


@pytest.fixture
def corner() -> Image.Image:
    """A white page of 60 x 40 with a dark block in its upper left corner."""
    image = Image.new("RGB", (60, 40), "white")
    image.paste((20, 20, 20), (0, 0, 20, 10))
    return image


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    return tags.tobytes()


def refusal(data: bytes, limits: Limits | None = None) -> ImageError:
    with pytest.raises(ImageError) as caught:
        decode(data, limits=limits or Limits())
    return caught.value


def code_of(data: bytes) -> str:
    """Return the code of the refusal; "read" when there is none."""
    try:
        decode(data)
    except ImageError as error:
        return error.code
    return "read"


def block_is_upper_left(picture) -> bool:
    grey = picture.grey.astype(int)
    return grey[:8, :17].max() < 60 and grey[13:, :].min() > 200 and grey[:, 24:].min() > 200


@pytest.mark.parametrize("kind", FORMAT_NAMES)
def test_every_format_is_read(corner, kind):
    picture = decode(encode(corner, kind))
    assert picture.size == (60, 40)
    assert picture.grey.shape == (40, 60)
    assert picture.grey.dtype == np.uint8
    assert block_is_upper_left(picture)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_each_exif_orientation_is_applied_once(corner, kind, orientation):
    transposes = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = corner
    for transpose in transposes[orientation]:
        stored = stored.transpose(transpose)
    picture = decode(encode(stored, kind, exif=exif(orientation)))
    assert picture.size == (60, 40)
    assert block_is_upper_left(picture)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_a_heic_is_applied_by_libheif_alone(corner, orientation):
    data = encode(corner, "HEIC", exif=exif(orientation))
    turned = pillow_heif.open_heif(io.BytesIO(data)).to_pillow().convert("L")
    picture = decode(data)
    assert picture.size == turned.size
    assert np.array_equal(picture.grey, np.asarray(turned))


def test_an_unknown_orientation_is_ignored(corner):
    assert block_is_upper_left(decode(encode(corner, "JPEG", exif=exif(9))))


def test_only_the_first_frame_of_a_gif_is_read(corner):
    black = Image.new("RGB", corner.size, "black")
    data = encode(corner, "GIF", save_all=True, append_images=[black])
    assert block_is_upper_left(decode(data))


def test_a_jpeg_with_a_second_picture_in_it_is_read(corner):
    data = encode(corner, "MPO", save_all=True, append_images=[corner])
    assert block_is_upper_left(decode(data))


def test_a_large_picture_is_reduced_and_keeps_its_scale():
    image = Image.new("L", (2600, 1500), 255)
    image.paste(0, (0, 0, 1300, 750))
    for kind in ("JPEG", "PNG"):
        picture = decode(encode(image, kind))
        assert picture.size == (2600, 1500)
        assert max(picture.grey.shape) <= 1200
        assert picture.grey.shape == (-(-1500 // picture.scale), -(-2600 // picture.scale))
        half = 650 // picture.scale
        assert picture.grey[half // 2, half] < 10
        assert picture.grey[-half // 2, half] > 245


def test_a_preview_is_in_colour_and_at_most_640_pixels_a_side():
    image = Image.new("RGB", (1500, 700), (200, 30, 30))
    for kind in ("JPEG", "PNG"):
        preview = Image.open(io.BytesIO(decode(encode(image, kind)).preview))
        assert preview.format in {"PNG", "JPEG"}
        assert max(preview.size) <= 640
        red, green, _ = preview.convert("RGB").getpixel((10, 10))
        assert red > 180
        assert green < 60


def test_a_preview_is_upright(corner):
    picture = decode(encode(corner, "PNG", exif=exif(6)))
    assert Image.open(io.BytesIO(picture.preview)).size == (40, 60)


def test_sha256_is_the_hash_of_the_bytes(corner):
    data = encode(corner, "PNG")
    assert decode(data).sha256 == hashlib.sha256(data).hexdigest()


def test_an_empty_file_is_refused_as_empty():
    assert refusal(b"").code == "empty"


@pytest.mark.parametrize(
    "text", [b"hello, I am text\n" * 20, b"BMW is a car" * 9, b"\0" * 64, b"x"]
)
def test_other_files_are_refused_as_not_a_picture(text):
    assert refusal(text).code == "not-a-picture"


def test_a_picture_of_an_unlisted_format_is_refused_as_not_a_picture(corner):
    assert refusal(encode(corner, "PPM")).code == "not-a-picture"


def test_a_file_over_the_byte_limit_is_refused_before_its_format_is_checked():
    error = refusal(b"not even a picture", Limits(max_bytes=10))
    assert error.code == "too-large"


@pytest.mark.parametrize("kind", FORMAT_NAMES)
def test_a_picture_over_the_pixel_limit_is_refused(corner, kind):
    limits = Limits(max_pixels=60 * 40 - 1)
    error = refusal(encode(corner, kind), limits)
    assert error.code == "too-many-pixels"
    assert "60 x 40" in str(error)


@pytest.mark.parametrize("kind", FORMAT_NAMES)
def test_a_picture_at_the_pixel_limit_is_read(corner, kind):
    limits = Limits(max_pixels=60 * 40)
    assert decode(encode(corner, kind), limits=limits).size == (60, 40)


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_decompression_bomb_is_refused_without_a_warning_of_pillow(side):
    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert refusal(bomb).code == "too-many-pixels"


@pytest.mark.parametrize("kind", FORMAT_NAMES)
def test_a_picture_cut_in_half_is_refused_as_damaged(kind):
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    data = encode(Image.fromarray(noise), kind)
    assert refusal(data[: len(data) // 2]).code == "damaged"


@pytest.mark.parametrize("kind", FORMAT_NAMES)
def test_a_picture_cut_off_after_its_first_bytes_is_refused(kind, corner):
    data = encode(corner, kind)
    for length in (4, 12, 20, 40):
        assert refusal(data[:length]).code in {"damaged", "not-a-picture"}


@pytest.mark.parametrize("kind", FORMAT_NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_broken_bytes_give_a_picture_or_a_plain_refusal(kind, seed, corner, capfd):
    whole = encode(corner, kind)
    rng = random.Random(f"{kind} {seed}")
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 4, 20])):
            data[rng.randrange(min(len(data), rng.choice([64, len(data)])))] = rng.randrange(256)
        del data[rng.choice([len(data), rng.randrange(8, len(data))]) :]
        assert code_of(bytes(data)) in {"read", *IMAGE_ERROR_CODES}
    capfd.readouterr()  # libtiff writes to standard error about such files


@pytest.mark.parametrize(
    ("data", "limits"),
    [
        (b"", Limits()),
        (b"text", Limits()),
        (b"text", Limits(max_bytes=1)),
        (b"\xff\xd8\xff\xe0", Limits()),
        (encode(Image.new("L", (9, 9)), "PNG"), Limits(max_pixels=1)),
    ],
)
def test_a_refusal_is_one_plain_sentence(data, limits):
    message = str(refusal(data, limits))
    assert "\n" not in message
    assert message.startswith("This ")
    assert message.endswith(".")
    assert "Error" not in message


def test_the_documentation_names_every_format_code_and_limit():
    text = (DOCS / "pictures.md").read_text(encoding="utf-8")
    assert [name for name in FORMAT_NAMES if name not in text] == []
    assert [code for code in IMAGE_ERROR_CODES if f"`{code}`" not in text] == []
    assert [field.name for field in fields(Limits) if f"`{field.name}`" not in text] == []


def test_the_default_limits_equal_those_of_the_settings(tmp_path):
    settings = Settings.load(tmp_path)
    for field in fields(Limits):
        assert getattr(Limits(), field.name) == getattr(settings, field.name)
