"""Reading one digit of a Picture: frame, polarity, light, place and empty pages."""

import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from digitlab.datasets import mnist
from digitlab.images import decode, from_array, read_digit
from digitlab.images.examples import examples
from digitlab.synthetic.photographs.ordinary_scene import ordinary_scene
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.random_scene import random_scene
from digitlab.synthetic.photographs.scene import Scene

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return mnist.load("validation")[0]


def read_image(image: Image.Image):
    return read_digit(from_array(np.asarray(image)))


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of two digit images at the best of the shifts by one pixel."""
    shifts = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    moved = [np.roll(one, shift, (0, 1)).ravel().astype(float) for shift in shifts]
    return max(float(np.corrcoef(m, other.ravel())[0, 1]) for m in moved)


def test_two_hundred_mnist_images_keep_their_pixels(digits):
    for digit_image in digits[:200]:
        candidate = read_digit(from_array(digit_image))
        assert np.array_equal(candidate.digit_image, digit_image)
        assert not candidate.blank


def test_mnist_images_in_a_file_keep_their_pixels(digits):
    for digit_image in digits[:20]:
        buffer = io.BytesIO()
        Image.fromarray(digit_image).save(buffer, "PNG")
        assert np.array_equal(read_digit(decode(buffer.getvalue())).digit_image, digit_image)


def test_black_on_white_mnist_images_are_only_inverted(digits):
    for digit_image in digits[:50]:
        candidate = read_digit(from_array(255 - digit_image))
        assert np.array_equal(candidate.digit_image, digit_image)


@pytest.mark.parametrize("inverted", [False, True])
def test_an_off_centre_thumbnail_is_centred(digits, inverted):
    for digit_image in digits[:30]:
        moved = np.roll(digit_image, 3, axis=1)
        candidate = read_digit(from_array(255 - moved if inverted else moved))
        assert similarity(candidate.digit_image, digit_image) > 0.85


@pytest.mark.parametrize("inverted", [False, True])
def test_a_clean_thumbnail_of_80_pixels_is_read(digits, inverted):
    for digit_image in digits[:30]:
        large = Image.fromarray(digit_image).resize((80, 80), Image.Resampling.BICUBIC)
        candidate = read_image(Image.eval(large, lambda tone: 255 - tone) if inverted else large)
        assert similarity(candidate.digit_image, digit_image) > 0.85


@pytest.mark.parametrize("dark_paper", [False, True])
def test_a_clean_photograph_gives_the_digit_that_was_written(digits, dark_paper):
    for number, digit_image in enumerate(digits[:10]):
        image = photograph(digit_image, rng=np.random.default_rng(number))
        candidate = read_image(Image.eval(image, lambda tone: 255 - tone) if dark_paper else image)
        assert similarity(candidate.digit_image, digit_image) > 0.8


@pytest.mark.parametrize(
    "scene",
    [
        Scene(gradient=0.5),
        Scene(strength=0.25, ink=(150, 150, 150)),
        Scene(widen=-0.6, height=0.7),
        Scene(blur=5),
        Scene(paper=(120, 110, 100), ink=(30, 30, 30), noise=5),
        Scene(size=(900, 500), height=0.1),
    ],
    ids=["uneven light", "pencil", "thin pen", "out of focus", "dim", "small"],
)
def test_a_harder_photograph_gives_the_digit_that_was_written(digits, scene):
    similarities = []
    for number, digit_image in enumerate(digits[:8]):
        image = photograph(digit_image, rng=np.random.default_rng(number), scene=scene)
        similarities.append(similarity(read_image(image).digit_image, digit_image))
    assert np.median(similarities) > 0.75


def test_a_shadow_beside_the_digit_is_not_ink(digits):
    digit_image = digits[0]
    plain = np.asarray(photograph(digit_image, rng=np.random.default_rng(0))).copy()
    plain[:, 380:] = plain[:, 380:] * 0.6
    assert similarity(read_digit(from_array(plain)).digit_image, digit_image) > 0.8


def test_lines_of_a_grid_at_the_border_are_not_ink(digits):
    page = np.asarray(photograph(digits[0], rng=np.random.default_rng(0))).copy()
    page[20:24], page[-24:-20], page[:, 20:24], page[:, -24:-20] = 90, 90, 90, 90
    assert similarity(read_digit(from_array(page)).digit_image, digits[0]) > 0.8


def test_specks_do_not_move_the_digit(digits):
    page = np.asarray(photograph(digits[0], rng=np.random.default_rng(0))).copy()
    clean = read_digit(from_array(page))
    page[30:34, 40:44] = 40
    page[300:303, 420:424] = 40
    assert read_digit(from_array(page)).box == clean.box


def test_a_digit_in_two_pieces_stays_whole():
    page = np.full((300, 300), 230, np.uint8)
    page[60:75, 110:210] = 30  # the bar of a 5, lifted off
    page[90:150, 100:115] = 30
    page[135:150, 100:200] = 30
    page[135:240, 185:200] = 30
    page[225:240, 100:200] = 30
    left, top, width, height = read_digit(from_array(page)).box
    assert top <= 62
    assert top + height >= 238
    assert left <= 102
    assert left + width >= 208


def test_a_hairline_is_widened_to_a_stroke_as_in_mnist():
    page = np.full((600, 600), 235, np.uint8)
    page[100:500, 300:302] = 60
    page[100:102, 200:301] = 60
    digit_image = read_digit(from_array(page)).digit_image
    assert digit_image.max() == 255
    assert (digit_image[14] > 100).sum() >= 2


def test_a_digit_is_fitted_and_centred_as_in_mnist(digits):
    for number, digit_image in enumerate(digits[:10]):
        rng = np.random.default_rng(number)
        result = read_image(photograph(digit_image, rng=rng)).digit_image.astype(float)
        rows, columns = np.nonzero(result)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 <= 20
        assert abs((result.sum(1) @ np.arange(28)) / result.sum() - 14) <= 0.6
        assert abs((result.sum(0) @ np.arange(28)) / result.sum() - 14) <= 0.6
        assert result.max() == 255


def test_the_box_is_tight_around_the_ink_in_full_pixels():
    page = Image.new("L", (3000, 2000), 240)
    page.paste(20, (1400, 700, 1480, 1300))
    page.paste(20, (1400, 700, 1700, 780))
    buffer = io.BytesIO()
    page.save(buffer, "JPEG")
    picture = decode(buffer.getvalue())
    left, top, width, height = read_digit(picture).box
    slack = 4 * picture.scale
    assert abs(left - 1400) <= slack
    assert abs(top - 700) <= slack
    assert abs(left + width - 1700) <= slack
    assert abs(top + height - 1300) <= slack


@pytest.mark.parametrize("seed", range(30))
def test_the_box_lies_in_the_picture(digits, seed):
    rng = np.random.default_rng(seed)
    scene = random_scene(rng)
    scene = replace(scene, centre=(rng.uniform(0, 1), rng.uniform(0, 1)))
    picture = from_array(np.asarray(photograph(digits[seed], rng=rng, scene=scene)))
    assert inside(read_digit(picture).box, picture.size)


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 300), (2, 2), (7, 3), (3, 2500), (1300, 2), (27, 29)]
)
def test_pictures_of_odd_shapes_are_read(shape):
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    picture = from_array(noise)
    candidate = read_digit(picture)
    assert candidate.digit_image.shape == (28, 28)
    assert candidate.digit_image.dtype == np.uint8
    assert inside(candidate.box, picture.size)


def inside(box: tuple[int, int, int, int], size: tuple[int, int]) -> bool:
    left, top, width, height = box
    return (
        min(left, top) >= 0
        and min(width, height) >= 1
        and left + width <= size[0]
        and top + height <= size[1]
    )


@pytest.mark.parametrize("tone", [0, 90, 255])
def test_an_even_page_is_blank(tone):
    candidate = read_digit(from_array(np.full((50, 70), tone, np.uint8)))
    assert candidate.blank
    assert not candidate.digit_image.any()
    assert candidate.box == (0, 0, 70, 50)


def test_an_empty_sheet_with_grain_and_uneven_light_is_blank():
    nothing = np.zeros((28, 28), np.uint8)
    for seed in range(10):
        scene = Scene(gradient=0.3, noise=3, grain=2)
        assert read_image(photograph(nothing, rng=np.random.default_rng(seed), scene=scene)).blank


def test_nine_in_ten_ordinary_photographs_give_the_digit_that_was_written(digits):
    rng = np.random.default_rng(1)
    correct = 0
    for digit_image in digits[:40]:
        scene = replace(ordinary_scene(rng), rotation=0.0, slant=0.0)
        candidate = read_image(photograph(digit_image, rng=rng, scene=scene))
        correct += similarity(candidate.digit_image, digit_image) > 0.7
    assert correct >= 36


def test_equal_generators_give_equal_photographs(digits):
    scenes = [random_scene(np.random.default_rng(5)) for _ in range(2)]
    assert scenes[0] == scenes[1]
    one, two = (
        np.asarray(photograph(digits[0], rng=np.random.default_rng(5), scene=s)) for s in scenes
    )
    assert np.array_equal(one, two)


def test_the_shipped_examples_are_read_and_small():
    shipped = examples()
    assert {example.label for example in shipped} == set(range(10))
    assert sum(len(example.data) for example in shipped) <= 300_000
    assert not any(read_digit(decode(example.data)).blank for example in shipped)


def test_only_heic_pictures_load_the_heif_library():
    code = (
        "import io, sys\n"
        "from PIL import Image\n"
        "from digitlab.images import decode, read_digit\n"
        "assert 'scipy' not in sys.modules, 'importing alone loads no scipy'\n"
        "buffer = io.BytesIO(); Image.new('L', (40, 40)).save(buffer, 'PNG')\n"
        "read_digit(decode(buffer.getvalue()))\n"
        "assert 'pillow_heif' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("side", [16, 28, 150])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_digit_cropped_at_its_ink_is_read_whole(side, inverted):
    x, _ = mnist.load("validation")
    for image in x[:20]:
        rows, columns = np.flatnonzero((image > 30).any(1)), np.flatnonzero((image > 30).any(0))
        cut = Image.fromarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
        scale = side / max(cut.size)
        size = tuple(max(4, round(length * scale)) for length in cut.size)
        grey = np.asarray(cut.resize(size, Image.Resampling.BICUBIC))
        candidate = read_digit(from_array(255 - grey if inverted else grey))
        left, top, width, height = candidate.box
        assert left <= 2 + 0.04 * size[0]
        assert top <= 2 + 0.04 * size[1]
        assert width >= 0.85 * size[0] - 2
        assert height >= 0.85 * size[1] - 2
