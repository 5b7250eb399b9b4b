"""Random scenes: all of them can be photographed, and a person can read them."""

import numpy as np
import pytest

from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.random_scene import make_readable, random_scene
from digitlab.synthetic.photographs.scene import Scene


def test_a_line_too_faint_for_its_noise_is_made_readable():
    scene = make_readable(Scene(strength=0.01, noise=15, blur=20, pen=4.0, quality=20))
    assert scene.noise < 8
    assert scene.blur <= 2.5
    assert scene.quality == 60


@pytest.mark.parametrize("seed", range(12))
def test_any_random_scene_can_be_photographed(digits, seed):
    rng = np.random.default_rng(seed)
    scene = random_scene(rng, sides=(100, 200))
    assert 100 <= max(scene.size) <= 200
    assert photograph(digits[seed], rng=rng, scene=scene).size == scene.size
