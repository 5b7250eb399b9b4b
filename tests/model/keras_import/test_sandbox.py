"""Reading of Keras files in a separate process: a crash or a hang ends only that process."""

import numpy as np
import pytest

from digitlab.model.keras_import.layers import UnsupportedModelError
from digitlab.model.keras_import.sandbox import read_in_sandbox

pytestmark = pytest.mark.tf


def test_damaged_bytes_are_refused_without_ending_this_process(one_layer, refusal, tmp_path):
    whole = bytearray(one_layer().read_bytes())
    for seed in range(3):
        rng = np.random.default_rng(seed)
        for place in rng.integers(8, len(whole) - 31_360, 400):  # not among the weights
            whole[place] = rng.integers(256)
        (tmp_path / "broken.h5").write_bytes(whole)
        assert "cannot be imported" in refusal(tmp_path / "broken.h5")


def test_a_file_that_takes_too_long_is_refused(one_layer):
    with pytest.raises(UnsupportedModelError, match="could not be read"):
        read_in_sandbox(one_layer(), seconds=0.001)
