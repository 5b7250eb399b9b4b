"""Synthetic photographs: repeatable, of the size asked for, and with what the scene says."""

import io
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from support.paths import BENCHMARKS

from digitlab.datasets import mnist
from digitlab.images import decode
from digitlab.synthetic.photographs.difficulties import FRAMES, LENSES, LIGHTS, PAGES, PENS
from digitlab.synthetic.photographs.flourish import flourish
from digitlab.synthetic.photographs.ordinary import ordinary
from digitlab.synthetic.photographs.photograph import Scene, photograph, random_scene
from digitlab.synthetic.photographs.photograph_row import photograph_row
from digitlab.synthetic.photographs.random_scene import readable

CLEAN = Scene(paper=(255, 255, 255), ink=(0, 0, 0), grain=0, gradient=0, blur=0, noise=0,
              quality=None)  # fmt: skip
CHANGES = {**PENS, **PAGES, **LIGHTS, **LENSES, **FRAMES}


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return mnist.load("tune")[0]


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import photos

    yield photos
    for name in ("photos", "rows", "difficulties", "cutouts", "files", "plain", "sheets"):
        sys.modules.pop(name, None)


def ink_of(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L")) < 128


@pytest.mark.parametrize("name", CHANGES)
def test_every_difficulty_gives_equal_photographs_for_equal_seeds(digits, name):
    def once() -> np.ndarray:
        rng = np.random.default_rng(4)
        scene = readable(CHANGES[name](ordinary(rng, sides=(120, 160)), rng))
        image = photograph(digits[4], rng=rng, scene=scene)
        assert image.size == scene.size
        return np.asarray(image)

    assert np.array_equal(once(), once())


def test_a_hairline_is_one_pixel_of_a_thousand(digits):
    scene = replace(CLEAN, size=(1000, 1000), height=0.8, pen=1.0)
    for digit_image in digits[:5]:
        ink = (
            1
            - np.asarray(
                photograph(digit_image, rng=np.random.default_rng(0), scene=scene).convert("L")
            )
            / 255.0
        )
        rows, columns = np.nonzero(ink > 0.1)
        across = ink.sum(axis=1)[rows.min() + 20 : rows.max() - 20]
        down = ink.sum(axis=0)[columns.min() + 20 : columns.max() - 20]
        assert 0.7 < min(across[across > 0].min(), down[down > 0].min()) < 1.5


@pytest.mark.parametrize("pen", [3.0, 12.0, 60.0])
def test_a_pen_is_as_wide_as_the_scene_says(pen):
    upright = np.zeros((28, 28), np.uint8)
    upright[4:24, 13:15] = 255
    scene = replace(CLEAN, size=(600, 600), height=0.8, pen=pen)
    ink = ink_of(photograph(upright, rng=np.random.default_rng(0), scene=scene))
    assert abs(ink[300].sum() - pen) <= 1.5


def test_a_digit_at_the_edge_touches_that_side_alone(digits):
    for side, line in {"left": np.s_[:, :2], "right": np.s_[:, -2:], "top": np.s_[:2],
                       "bottom": np.s_[-2:]}.items():  # fmt: skip
        for pen in (None, 5.0):
            scene = replace(CLEAN, edge=side, pen=pen, height=0.5, rotation=10)
            ink = ink_of(photograph(digits[2], rng=np.random.default_rng(0), scene=scene))
            border = ink[:, :2].any() + ink[:, -2:].any() + ink[:2].any() + ink[-2:].any()
            assert ink[line].any()
            assert border == 1


def test_a_cut_takes_a_little_of_the_digit(digits):
    whole, cut = (
        ink_of(photograph(digits[0], rng=np.random.default_rng(0), scene=scene)).sum()
        for scene in (CLEAN, replace(CLEAN, edge="bottom", cut=0.1))
    )
    assert 0.7 * whole < cut < 0.99 * whole


def test_a_sheet_turned_counter_clockwise_lifts_its_right_side():
    lying = np.zeros((28, 28), np.uint8)
    lying[13:15, 4:24] = 255
    ink = ink_of(photograph(lying, rng=np.random.default_rng(0), scene=replace(CLEAN, rotation=15)))
    rows, columns = np.nonzero(ink)
    assert rows[columns > columns.mean()].mean() < rows[columns < columns.mean()].mean() - 10


def test_a_pencil_of_ten_levels_is_ten_levels_darker_than_its_paper(digits):
    scene = replace(CLEAN, paper=(200, 200, 200), strength=10 / 200, pen=8.0)
    tones = np.asarray(
        photograph(digits[0], rng=np.random.default_rng(0), scene=scene).convert("L")
    )
    assert tones.max() - tones.min() == 10


def test_gaps_take_ink_away(digits):
    scene = replace(CLEAN, pen=6.0)
    whole, broken = (
        ink_of(photograph(digits[0], rng=np.random.default_rng(0), scene=s)).sum()
        for s in (scene, replace(scene, gaps=2))
    )
    assert 0.5 * whole < broken < 0.97 * whole


def test_neighbours_keep_clear_of_the_digit_and_reach_the_border(digits):
    for seed in range(8):
        scene = replace(CLEAN, neighbours=3, pen=8.0, height=0.6)
        alone = ink_of(photograph(digits[seed], rng=np.random.default_rng(0),
                                  scene=replace(scene, neighbours=0)))  # fmt: skip
        ink = ink_of(photograph(digits[seed], rng=np.random.default_rng(seed), scene=scene))
        others = ink & ~alone
        border = np.concatenate([others[0], others[-1], others[:, 0], others[:, -1]])
        assert (ink | ~alone).all()
        assert border.any()


def test_a_patch_stands_on_a_page_that_is_white(digits):
    scene = Scene(paper=(150, 150, 150), patch=0.2, height=0.3, quality=None)
    image = np.asarray(photograph(digits[0], rng=np.random.default_rng(0), scene=scene))
    assert (image[0] == 255).all()
    assert (image[-1] == 255).all()
    assert image[180, 240].max() < 200


def test_a_shadow_across_the_digit_darkens_one_side_of_it(digits):
    nothing = replace(CLEAN, shadow=0.4, shadow_at=0.0, strength=0.0)
    tones = np.asarray(photograph(digits[0], rng=np.random.default_rng(0), scene=nothing))
    middle = tones[130:230, 190:290]
    assert middle.min() < 0.65 * 255
    assert middle.max() > 0.95 * 255


def test_what_is_too_faint_for_its_noise_is_made_readable():
    scene = readable(Scene(strength=0.01, noise=15, blur=20, pen=4.0, quality=20))
    assert scene.noise < 8
    assert scene.blur <= 2.5
    assert scene.quality == 60


@pytest.mark.parametrize("seed", range(12))
def test_any_random_scene_can_be_photographed(digits, seed):
    rng = np.random.default_rng(seed)
    scene = random_scene(rng, sides=(100, 200))
    assert 100 <= max(scene.size) <= 200
    assert photograph(digits[seed], rng=rng, scene=scene).size == scene.size


def test_a_flourish_changes_only_the_digits_that_have_one(digits):
    labels = mnist.load("tune")[1]
    for digit_image, label in zip(digits[:40], labels[:40], strict=True):
        result = flourish(digit_image, int(label), rng=np.random.default_rng(0))
        assert (result >= digit_image).all()
        assert np.array_equal(result, digit_image) == (label not in (0, 1, 7))


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_the_boxes_of_a_row_hold_its_ink_in_order(digits, count):
    scene = replace(CLEAN, size=(900, 300), pen=4.0)
    image, boxes = photograph_row(digits[:count], rng=np.random.default_rng(1), scene=scene)
    left = ink_of(image)
    assert len(boxes) == count
    assert boxes == sorted(boxes)
    for x, y, width, height in boxes:
        assert left[y : y + height, x : x + width].any()
        left[y : y + height, x : x + width] = False
    assert not left.any()


def test_several_lines_are_read_from_the_top(digits):
    scene = replace(CLEAN, size=(600, 400))
    _, boxes = photograph_row(digits[:6], rng=np.random.default_rng(0), scene=scene, lines=2)
    first, second = boxes[:3], boxes[3:]
    assert max(y + h for _, y, _, h in first) < min(y for _, y, _, _ in second) + 20
    assert [b[0] for b in first] == sorted(b[0] for b in first)
    assert [b[0] for b in second] == sorted(b[0] for b in second)


def test_equal_seeds_give_equal_rows(digits):
    one, two = (photograph_row(digits[:3], rng=np.random.default_rng(9)) for _ in range(2))
    assert one[1] == two[1]
    assert np.array_equal(np.asarray(one[0]), np.asarray(two[0]))


def test_every_difficulty_of_the_bench_gives_a_picture(bench):
    for name in bench.DIFFICULTIES:
        data, labels = bench.pictures(name, n=1, seed=0)
        assert decode(data[0]).grey.size
        assert data == bench.pictures(name, n=1, seed=0)[0]
        assert labels[0] in range(10)


def test_mnist_form_comes_out_of_the_bench_unharmed(bench):
    data, _ = bench.pictures("MNIST's form", n=3, seed=1)
    x = mnist.load("tune")[0]
    for one in data:
        grey = np.asarray(Image.open(io.BytesIO(one)))
        assert (x == grey).all(axis=(1, 2)).any()


def test_the_bench_counts_refused_pictures_by_their_best_guess(bench):
    tally, other = bench.Tally(), bench.Tally()
    other.right, other.confidence, other.refused = [True, False], [0.9, 0.2], [True, False]
    other.plain, other.resized = [False, False], [True, False]
    tally.add(other)
    row = tally.row()
    assert (row["n"], row["accuracy"], row["refused"]) == (2, 0.5, 0.5)
    assert row["resized"] == 0.5
    assert "| all | 2 | 50.0% | 0.0% | 50.0% |" in bench.table({"all": row})
    assert bench.verdict(row).startswith("Hard enough: NO.")


def test_the_plain_normaliser_brings_a_clean_photograph_into_the_frame(bench, digits):
    image = photograph(digits[0], rng=np.random.default_rng(0), scene=CLEAN).convert("L")
    for grey in (np.asarray(image), 255 - np.asarray(image)):
        likeness = np.corrcoef(bench.plain(grey).ravel(), digits[0].ravel())[0, 1]
        assert likeness > 0.8


@pytest.mark.parametrize(
    ("read", "written", "right"),
    [([1, 2, 3], [1, 2, 3], 3), ([1, 3], [1, 2, 3], 2), ([3, 1], [1, 3], 1), ([], [4], 0)],
)
def test_digits_count_as_right_in_their_order(bench, read, written, right):
    import rows

    assert rows.in_order(read, written) == right


def test_a_reader_that_knows_the_rows_reads_all_of_them_right(bench):
    import rows

    class Knowing:
        def read_all(self, data):
            return tuple(SimpleNamespace(label=label) for label in answers[data])

    made = rows.rows(4, 1, hard=True, n=2, seed=0)
    answers = {data: written for data, written, _ in made}
    assert rows.measure(Knowing(), made) == {"n": 2, "digits": 1.0, "rows": 1.0, "counted": 1.0}
    answers[made[0][0]] = made[0][1][:3]
    assert rows.measure(Knowing(), made) == {"n": 2, "digits": 7 / 8, "rows": 0.5, "counted": 0.5}
