"""Cache files of arrays: they are read whole and as expected, or not at all."""

import numpy as np
import pytest

from digitlab.datasets.cached import cache_file_name, find_arrays, read_arrays, write_arrays
from digitlab.learning.config import FineTuneConfig


@pytest.fixture
def file(tmp_path):
    write_arrays(tmp_path / "some.npz", rows=np.arange(300), right=np.ones(7, bool))
    return tmp_path / "some.npz"


def test_arrays_are_returned_in_the_order_of_the_arguments(file):
    right, rows = read_arrays(file, right=(7,), rows=(-1,))
    assert right.all()
    assert rows.tolist() == [*range(300)]


@pytest.mark.parametrize("shapes", [{"rows": (299,)}, {"rows": (300, 1)}, {"other": (300,)}])
def test_arrays_of_another_shape_or_name_give_none(file, shapes):
    assert read_arrays(file, **shapes) is None


def test_a_flipped_bit_gives_none_or_leaves_the_arrays_intact(file):
    whole = file.read_bytes()
    refused = 0
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        file.write_bytes(damaged)
        arrays = read_arrays(file, rows=(300,), right=(7,))
        refused += arrays is None
        assert arrays is None or (arrays[0].tolist() == [*range(300)] and arrays[1].all())
    assert refused > 300


def test_a_file_that_is_not_a_zip_archive_gives_none(tmp_path):
    np.save(tmp_path / "plain.npy", np.arange(3))
    assert read_arrays(tmp_path / "plain.npy", rows=(3,)) is None
    assert read_arrays(tmp_path / "none.npz", rows=(3,)) is None


def test_the_first_folder_with_a_whole_file_is_used(file, tmp_path):
    first = tmp_path / "first"
    write_arrays(first / file.name, rows=np.arange(300)[::-1], right=np.ones(7, bool))
    folders = [tmp_path / "none", first, tmp_path]
    assert find_arrays(folders, file.name, rows=(300,))[0][0] == 299
    (first / file.name).write_bytes(b"PK")
    assert find_arrays(folders, file.name, rows=(300,))[0][0] == 0


def test_every_value_changes_the_name_of_a_cache_file():
    names = {cache_file_name("kind", *values) for values in [(1, 2), (1, 3), (12,), ("1", 2)]}
    assert len(names) == 4
    assert cache_file_name("kind", 1, FineTuneConfig()) == cache_file_name(
        "kind", 1, FineTuneConfig()
    )
