"""Corruptions of digit images, and their benchmark on a few images."""

import json

import numpy as np

from digitlab.datasets import mnist


def test_each_corruption_changes_every_image_and_is_repeatable():
    from common import image_corruptions

    x = mnist.load("validation")[0][:12]
    assert len(image_corruptions.CORRUPTIONS) == 15
    for name in image_corruptions.CORRUPTIONS:
        corrupted = image_corruptions.corrupt(x, name, seed=0)
        assert (corrupted.dtype, corrupted.shape) == (np.uint8, x.shape)
        assert (corrupted != x).any((1, 2)).all(), name
        assert (image_corruptions.corrupt(x, name, seed=0) == corrupted).all(), name


def test_the_benchmark_prints_its_figures_as_json(capsys):
    import corruptions

    corruptions.main(["--n", "2", "--json"])
    figures = json.loads(capsys.readouterr().out)
    assert figures["n"] == 2
    assert len(figures) == 18  # fifteen corruptions, their mean, no corruption, and n
    assert all(0 <= share <= 1 for share in figures["mean"].values())
