"""Photographs of one digit: what the scene describes is on the picture."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.scene import Scene


def take(digit_image: np.ndarray, scene: Scene, *, seed: int = 0) -> Image.Image:
    return photograph(digit_image, rng=np.random.default_rng(seed), scene=scene)


def ink_mask(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L")) < 128


def test_a_hairline_is_one_pixel_of_a_thousand(digits, clean_scene):
    scene = replace(clean_scene, size=(1000, 1000), height=0.8, pen=1.0)
    for digit_image in digits[:5]:
        ink = 1 - np.asarray(take(digit_image, scene).convert("L")) / 255.0
        rows, columns = np.nonzero(ink > 0.1)
        across = ink.sum(axis=1)[rows.min() + 20 : rows.max() - 20]
        down = ink.sum(axis=0)[columns.min() + 20 : columns.max() - 20]
        assert 0.7 < min(across[across > 0].min(), down[down > 0].min()) < 1.5


@pytest.mark.parametrize("pen", [3.0, 12.0, 60.0])
def test_the_pen_has_the_scenes_width(clean_scene, pen):
    upright = np.zeros((28, 28), np.uint8)
    upright[4:24, 13:15] = 255
    scene = replace(clean_scene, size=(600, 600), height=0.8, pen=pen)
    assert abs(ink_mask(take(upright, scene))[300].sum() - pen) <= 1.5


def test_a_digit_at_the_edge_touches_only_that_side(digits, clean_scene):
    sides = {
        "left": np.s_[:, :2],
        "right": np.s_[:, -2:],
        "top": np.s_[:2],
        "bottom": np.s_[-2:],
    }
    for side, border in sides.items():
        for pen in (None, 5.0):
            scene = replace(clean_scene, edge=side, pen=pen, height=0.5, rotation=10)
            ink = ink_mask(take(digits[2], scene))
            touched = ink[:, :2].any() + ink[:, -2:].any() + ink[:2].any() + ink[-2:].any()
            assert ink[border].any()
            assert touched == 1


def test_a_cut_removes_a_small_part_of_the_digit(digits, clean_scene):
    whole, cut = (
        ink_mask(take(digits[0], scene)).sum()
        for scene in (clean_scene, replace(clean_scene, edge="bottom", cut=0.1))
    )
    assert 0.7 * whole < cut < 0.99 * whole


def test_a_counter_clockwise_rotation_lifts_the_right_side(clean_scene):
    lying = np.zeros((28, 28), np.uint8)
    lying[13:15, 4:24] = 255
    rows, columns = np.nonzero(ink_mask(take(lying, replace(clean_scene, rotation=15))))
    assert rows[columns > columns.mean()].mean() < rows[columns < columns.mean()].mean() - 10


def test_a_pencil_of_ten_levels_is_ten_levels_darker_than_its_paper(digits, clean_scene):
    scene = replace(clean_scene, paper=(200, 200, 200), strength=10 / 200, pen=8.0)
    tones = np.asarray(take(digits[0], scene).convert("L"))
    assert tones.max() - tones.min() == 10


def test_gaps_remove_ink(digits, clean_scene):
    scene = replace(clean_scene, pen=6.0)
    whole, broken = (ink_mask(take(digits[0], s)).sum() for s in (scene, replace(scene, gaps=2)))
    assert 0.5 * whole < broken < 0.97 * whole


def test_neighbours_keep_clear_of_the_digit_and_reach_the_border(digits, clean_scene):
    for seed in range(8):
        scene = replace(clean_scene, neighbours=3, pen=8.0, height=0.6)
        alone = ink_mask(take(digits[seed], replace(scene, neighbours=0)))
        ink = ink_mask(take(digits[seed], scene, seed=seed))
        others = ink & ~alone
        border = np.concatenate([others[0], others[-1], others[:, 0], others[:, -1]])
        assert (ink | ~alone).all()
        assert border.any()


def test_a_patch_is_pasted_on_a_white_page(digits):
    scene = Scene(paper=(150, 150, 150), patch=0.2, height=0.3, quality=None)
    image = np.asarray(take(digits[0], scene))
    assert (image[0] == 255).all()
    assert (image[-1] == 255).all()
    assert image[180, 240].max() < 200


def test_a_shadow_across_the_digit_darkens_one_side_of_it(digits, clean_scene):
    no_ink = replace(clean_scene, shadow=0.4, shadow_at=0.0, strength=0.0)
    middle = np.asarray(take(digits[0], no_ink))[130:230, 190:290]
    assert middle.min() < 0.65 * 255
    assert middle.max() > 0.95 * 255


def test_an_underline_runs_at_its_distance_below_the_foot(digits, clean_scene):
    red = (255, 0, 0)
    for distance in (-0.05, 0.0, 0.1):
        scene = replace(
            clean_scene, ruling="underline", pitch=1.5, line=red, line_width=2.0,
            line_below=distance, line_length=1.0, pen=8.0, rotation=0.0,
        )  # fmt: skip
        pixels = np.asarray(take(digits[0], scene)).astype(int)
        ink = pixels.max(axis=2) < 60
        line = (pixels[:, :, 0] > 200) & (pixels[:, :, 1] < 100)
        gap = np.nonzero(line)[0].mean() - np.nonzero(ink)[0].max()
        assert abs(gap - distance * scene.digit_height) < 4
        assert abs(np.ptp(np.nonzero(line)[1]) - scene.digit_height) < 4


def test_lines_of_the_border_run_between_their_ends(digits, clean_scene):
    scene = replace(
        clean_scene, border=((0.05, 0.0, 0.05, 1.0),), line=(0, 0, 0), strength=0.0, line_width=3.0
    )
    rows, columns = np.nonzero(ink_mask(take(digits[0], scene)))
    assert np.ptp(rows) == 359
    assert (np.abs(columns - 0.05 * 480) <= 3).all()


def test_fingers_reach_from_one_side_and_leave_the_digit(digits, clean_scene):
    scene = replace(clean_scene, height=0.3, pen=6.0)
    for seed in range(4):
        ink = ink_mask(take(digits[seed], scene, seed=seed))
        pixels = np.asarray(take(digits[seed], replace(scene, fingers=1), seed=seed)).astype(int)
        skin = (pixels[:, :, 0] - pixels[:, :, 2] > 30) & ~ink
        border = np.concatenate([skin[-1], skin[:, 0], skin[:, -1]])
        assert skin.sum() > 300
        assert border.any()
        assert (pixels[ink].max(axis=1) < 128).mean() > 0.9


@pytest.mark.parametrize("outline", ["hand", "phone"])
def test_the_shadow_of_a_hand_or_phone_covers_a_part_of_the_picture(digits, clean_scene, outline):
    for seed in range(4):
        scene = replace(clean_scene, shadow=0.5, shadow_outline=outline, strength=0.0)
        grey = np.asarray(take(digits[0], scene, seed=seed).convert("L"))
        shaded = (grey < 150).mean()
        assert 0.02 < shaded < 0.9
        assert (grey > 240).mean() > 0.05
