"""Transparency and pixel modes: any Pillow image to opaque grey or colour."""

import io

import numpy as np
import pytest
from PIL import Image

from digitlab.errors import ImageError
from digitlab.images import decode, from_array, read_digit
from digitlab.images.transparency import backdrop, flatten


def bar(ground: int, ink: int) -> np.ndarray:
    """uint8 (40, 40): an upright bar of `ink` on `ground`."""
    page = np.full((40, 40), ground, np.uint8)
    page[8:32, 18:22] = ink
    return page


def grey_of(image: Image.Image) -> np.ndarray:
    return np.asarray(flatten(image).convert("L")).astype(int)


def is_bar(grey: np.ndarray) -> bool:
    return bool((np.abs(grey - bar(255, 0).astype(int)) < 30).all())


@pytest.mark.parametrize(
    "mode",
    [
        "1",
        "L",
        "LA",
        "La",
        "P",
        "PA",
        "RGB",
        "RGBA",
        "RGBa",
        "RGBX",
        "CMYK",
        "YCbCr",
        "HSV",
        "I",
        "F",
    ],
)
def test_every_mode_becomes_opaque_grey_or_colour(mode):
    source = Image.fromarray(bar(255, 0))
    if mode in {"La", "RGBa"}:
        source = source.convert("LA" if mode == "La" else "RGBA")
    elif mode in {"PA", "HSV", "YCbCr"}:
        source = source.convert("P" if mode == "PA" else "RGB")
    image = source.convert(mode)
    assert image.mode == mode
    flat = flatten(image)
    assert flat.mode in {"L", "RGB"}
    assert is_bar(grey_of(image))


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B", "I;16N"])
def test_sixteen_bits_of_either_endianness_are_scaled_to_eight(mode):
    deep = bar(255, 0).astype(np.uint32) * 257
    kind = {"I;16B": ">u2", "I;16N": "=u2"}.get(mode, "<u2")
    image = Image.frombytes(mode, (40, 40), deep.astype(kind).tobytes(), "raw", mode)
    assert is_bar(grey_of(image))


def test_lab_is_read_by_its_lightness():
    bands = [Image.fromarray(bar(255, 0)), *(Image.new("L", (40, 40), 0) for _ in range(2))]
    assert is_bar(grey_of(Image.merge("LAB", bands)))


def test_twelve_bits_in_a_sixteen_bit_file_fill_the_range():
    image = Image.fromarray(bar(255, 0).astype(np.uint16) * 16)
    assert is_bar(grey_of(image))


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0, 1e6])
def test_floats_of_any_usual_range_fill_the_range(top):
    assert is_bar(grey_of(Image.fromarray((bar(1, 0) * top).astype(np.float32))))


def test_floats_that_are_not_numbers_are_ignored():
    values = bar(255, 0).astype(np.float32)
    values[0, 0], values[0, 1] = np.nan, np.inf
    grey = grey_of(Image.fromarray(values))
    grey[0, :2] = 255
    assert is_bar(grey)


@pytest.mark.parametrize("ink", [0, 60, 200, 255])
def test_ink_of_one_tone_on_a_transparent_ground_can_be_read(ink):
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[..., :3] = ink
    pixels[..., 3] = bar(0, 255)
    grey = grey_of(Image.fromarray(pixels))
    assert abs(grey[20, 20] - grey[2, 2]) > 120
    assert read_digit(from_array(pixels)).digit_image.max() == 255


def test_the_hidden_colour_of_a_transparent_ground_does_not_matter():
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[..., :3] = (255 - bar(255, 0))[:, :, None] // 255 * 10
    pixels[..., 3] = bar(0, 255)
    hidden = pixels.copy()
    hidden[pixels[..., 3] == 0, :3] = 137
    assert np.array_equal(
        read_digit(from_array(pixels)).digit_image, read_digit(from_array(hidden)).digit_image
    )


def test_a_cut_out_sheet_is_laid_on_the_tone_of_its_paper():
    pixels = np.zeros((60, 60, 4), np.uint8)
    pixels[10:50, 10:50, :3] = bar(230, 20)[:, :, None]
    pixels[10:50, 10:50, 3] = 255
    grey = grey_of(Image.fromarray(pixels))
    assert abs(int(grey[2, 2]) - 230) < 10
    assert grey[30, 30] < 40


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_ink_at_one_edge_does_not_change_the_paper_at_the_opposite_edge(side):
    """A strip beside the sheet is transparent; ink touches the edge across from it."""
    grey = np.full((60, 60), 230, np.uint8)
    grey[:, -4:] = 20
    alpha = np.full((60, 60), 255, np.uint8)
    alpha[:, :10] = 0
    quarter_turns = {"left": 0, "bottom": 1, "right": 2, "top": 3}[side]
    grey, alpha = (np.rot90(values, quarter_turns) for values in (grey, alpha))
    assert backdrop(grey, alpha) == 230


def test_an_alpha_that_is_opaque_everywhere_is_ignored():
    pixels = np.dstack([bar(255, 0)] * 3 + [np.full((40, 40), 255, np.uint8)])
    assert is_bar(grey_of(Image.fromarray(pixels)))


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palette_with_transparency_is_read(kind):
    palette = Image.frombytes("P", (40, 40), bar(0, 1).tobytes())
    palette.putpalette([255, 0, 0, 0, 0, 0])
    buffer = io.BytesIO()
    palette.save(buffer, kind, transparency=0)
    assert is_bar(decode(buffer.getvalue()).grey.astype(int))


def test_a_fully_transparent_picture_is_blank():
    assert read_digit(from_array(np.zeros((30, 30, 4), np.uint8))).blank


@pytest.mark.parametrize("shape", [(30, 20), (30, 20, 1), (30, 20, 3), (30, 20, 4)])
def test_an_array_of_pixels_becomes_a_picture(shape):
    picture = from_array(np.full(shape, 200, np.uint8))
    assert picture.size == (20, 30)
    assert picture.grey.shape == (30, 20)
    assert Image.open(io.BytesIO(picture.preview)).format == "PNG"


def test_arrays_that_differ_in_shape_or_pixels_have_different_hashes():
    page = np.zeros((4, 6), np.uint8)
    assert from_array(page).sha256 == from_array(page.copy()).sha256
    assert from_array(page).sha256 != from_array(page.reshape(6, 4)).sha256
    assert from_array(page).sha256 != from_array(page + np.uint8(1)).sha256


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((5, 5, 2), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((1, 4, 4, 3)),
        np.zeros((4, 4), object),
        np.zeros((4, 4), complex),
        np.full((4, 4), 16.0),
        np.full((4, 4), 256),
        np.full((4, 4), -2),
        np.full((4, 4), np.nan),
    ],
)
def test_an_array_of_another_type_or_shape_is_refused(array):
    with pytest.raises(ImageError, match="uint8") as caught:
        from_array(array)
    assert caught.value.code == "not-a-picture"


def test_an_array_without_pixels_is_refused_as_empty():
    with pytest.raises(ImageError) as caught:
        from_array(np.zeros((0, 5), np.uint8))
    assert caught.value.code == "empty"
