"""The bundled MNIST: its splits, and the check of its hash."""

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.errors import DataError


@pytest.mark.parametrize(
    ("split", "n"), [("train", 50_000), ("validation", 5_000), ("holdout", 5_000), ("test", 10_000)]
)
def test_a_split_has_its_images_and_labels(split, n):
    x, y = mnist.load(split)
    assert (x.shape, x.dtype) == ((n, 28, 28), np.uint8)
    assert (y.shape, y.dtype) == ((n,), np.uint8)
    assert set(y) == set(range(10))


def test_mnist_begins_with_its_published_labels():
    assert mnist.load("train")[1][:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.load("test")[1][:5].tolist() == [7, 2, 1, 0, 4]


def test_the_splits_of_the_training_part_do_not_overlap():
    rows = [range(60_000)[s] for part, s in mnist.SPLITS.values() if part == "train"]
    assert sorted(i for r in rows for i in r) == list(range(60_000))


def test_loaded_arrays_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        mnist.load("test")[0][0, 0, 0] = 1


def test_a_damaged_file_is_refused_by_its_hash(tmp_path, monkeypatch):
    damaged = tmp_path / "mnist.npz"
    damaged.write_bytes(mnist.FILE.read_bytes()[:-1] + b"!")
    monkeypatch.setattr(mnist, "FILE", damaged)
    mnist._arrays.cache_clear()
    with pytest.raises(DataError, match="damaged.*reinstall"):
        mnist.load("test")
    mnist._arrays.cache_clear()
