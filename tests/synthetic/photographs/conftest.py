"""Fixtures: digits to photograph, and a scene without paper, light or lens."""

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.synthetic.photographs.scene import Scene


@pytest.fixture(scope="session")
def digits() -> np.ndarray:
    return mnist.load("validation")[0]


@pytest.fixture(scope="session")
def clean_scene() -> Scene:
    """Black ink on white paper, without noise, blur or gradient."""
    return Scene(
        paper=(255, 255, 255), ink=(0, 0, 0), grain=0, gradient=0, blur=0, noise=0, quality=None
    )
