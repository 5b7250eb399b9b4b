"""Difficulties: each gives the same photograph for the same seed."""

import numpy as np
import pytest

from digitlab.synthetic.photographs.difficulties import FRAMES, LENSES, LIGHTS, PAPERS, PENS
from digitlab.synthetic.photographs.ordinary_scene import ordinary_scene
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.random_scene import make_readable

DIFFICULTIES = {**PENS, **PAPERS, **LIGHTS, **LENSES, **FRAMES}


@pytest.mark.parametrize("name", DIFFICULTIES)
def test_every_difficulty_gives_equal_photographs_for_equal_seeds(digits, name):
    def take() -> np.ndarray:
        rng = np.random.default_rng(4)
        scene = make_readable(DIFFICULTIES[name](ordinary_scene(rng, sides=(120, 160)), rng))
        image = photograph(digits[4], rng=rng, scene=scene)
        assert image.size == scene.size
        return np.asarray(image)

    assert np.array_equal(take(), take())
