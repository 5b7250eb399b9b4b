"""Pictures from Pillow images, open files and arrays of other libraries."""

import io

import numpy as np
import pytest
from PIL import Image
from support.digit_tables import digits

from digitlab.errors import ImageError
from digitlab.images import Limits
from digitlab.images.picture import from_array
from digitlab.images.sources import from_object, from_pillow, read_stream

LIMITS = Limits()
PAGE = np.full((40, 30), 230, np.uint8)
PAGE[5:30, 10:14] = 20


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "I", "F", "CMYK"])
def test_a_pillow_image_of_any_mode_shows_the_same_strokes(mode):
    image = Image.fromarray(PAGE)
    image = (
        image.convert(mode, dither=Image.Dither.NONE)
        if mode != "I;16"
        else Image.fromarray(PAGE.astype("u2") * 257)
    )
    picture = from_pillow(image, limits=LIMITS)
    assert picture.size == (30, 40)
    assert picture.grey[10:25, 11:13].max() < 60
    assert picture.grey[:, 20:].min() > 200


def test_a_pillow_image_from_a_file_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = io.BytesIO()
    Image.fromarray(PAGE).save(data, "JPEG", exif=exif)
    assert from_pillow(Image.open(data), limits=LIMITS).size == (40, 30)


def test_equal_pixels_have_equal_hashes():
    image = Image.fromarray(PAGE)
    first = from_pillow(image, limits=LIMITS).sha256
    assert first == from_pillow(image.copy(), limits=LIMITS).sha256
    assert first != from_pillow(image.transpose(Image.Transpose.ROTATE_180), limits=LIMITS).sha256


def test_a_pillow_image_that_cannot_be_read_is_refused_with_a_code():
    data = io.BytesIO()
    Image.effect_noise((90, 90), 50).save(data, "PNG")
    cut = Image.open(io.BytesIO(data.getvalue()[:900]))
    for image, limits, code in (
        (Image.new("L", (0, 5)), LIMITS, "empty"),
        (Image.new("L", (50, 50)), Limits(max_pixels=2_000), "too-many-pixels"),
        (cut, LIMITS, "damaged"),
    ):
        with pytest.raises(ImageError) as caught:
            from_pillow(image, limits=limits)
        assert caught.value.code == code


def test_an_open_file_is_read_from_its_start():
    stream = io.BytesIO()
    stream.write(b"abc")  # now at its end
    assert read_stream(stream, max_bytes=3) == b"abc"


def test_a_stream_that_cannot_seek_is_read_from_where_it_stands():
    class Upload:
        def read(self, size=-1):
            return memoryview(b"abc")[:size]

    assert read_stream(Upload(), max_bytes=10) == b"abc"


def test_a_stream_that_is_no_picture_file_is_refused_with_a_code():
    closed = io.BytesIO(b"abc")
    closed.close()
    for stream, code, message in (
        (io.StringIO("abc"), "not-a-picture", "gives str; expected bytes: open it with mode 'rb'"),
        (closed, "not-found", "closed file"),
        (io.BytesIO(b"x" * 11), "too-large", "more than 1e-05 MB"),
    ):
        with pytest.raises(ImageError, match=message) as caught:
            read_stream(stream, max_bytes=10)
        assert caught.value.code == code


@pytest.mark.parametrize(
    "pixels",
    [
        PAGE.astype(np.int64),
        PAGE / 255,
        PAGE.astype("u2") * 257,
        PAGE / 127.5 - 1,
        PAGE[..., None],
        PAGE[None],
        PAGE.tolist(),
    ],
    ids=["int64", "0-1", "16-bit", "-1-1", "channel last", "channel first", "lists"],
)
def test_pixels_of_any_scale_and_order_give_the_same_picture(pixels):
    assert from_object(pixels).sha256 == from_array(PAGE).sha256


def test_colours_are_read_in_either_order():
    colours = np.stack([PAGE, PAGE // 2, PAGE // 3], axis=-1)
    assert from_object(np.moveaxis(colours, -1, 0)).sha256 == from_array(colours).sha256


def test_black_and_white_pixels_are_read():
    bits = digits(1)[0][0] > 127
    assert from_object(bits).sha256 == from_array(np.where(bits, 255, 0)).sha256
    assert from_object(bits.astype(int)).sha256 == from_array(np.where(bits, 255, 0)).sha256


@pytest.mark.parametrize("source", [None, 5, {}, object(), [], [[1, 2], [3]], "text", {1, 2}])
def test_anything_else_is_refused_with_its_type(source):
    with pytest.raises(ImageError, match="expected a path, the bytes|no pixels|expected numbers"):
        from_object(source)
