"""Reading of Keras files: damaged, incomplete and unsafe files are refused."""

import zipfile

import h5py
import numpy as np
import pytest
from support.keras_models import small_model

pytestmark = pytest.mark.tf


def test_a_file_of_weights_alone_is_refused_with_the_call_that_saves_a_model(one_layer, refusal):
    path = one_layer()
    with h5py.File(path, "r+") as file:
        del file.attrs["model_config"]
    assert "model.save(...)" in refusal(path)


def test_values_that_are_not_finite_are_refused(keras, save, refusal):
    model = small_model(keras, keras.layers.Flatten(), keras.layers.Dense(10))
    model.layers[1].set_weights([np.full((784, 10), np.nan), np.zeros(10)])
    assert "not finite" in refusal(save(model))


def test_weights_in_another_file_are_refused(one_layer, refusal, tmp_path):
    path = one_layer()
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.zeros(3)
    with h5py.File(path, "r+") as file:
        file["model_weights/away"] = h5py.ExternalLink("other.h5", "/secret")
    assert "another file" in refusal(path)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89HDF\r\n\x1a\nno", b"PK\x03\x04no"], ids=repr
)
def test_a_file_that_holds_no_model_is_refused(tmp_path, refusal, content):
    (tmp_path / "model.h5").write_bytes(content)
    assert "cannot be imported" in refusal(tmp_path / "model.h5")


def test_a_zip_archive_without_a_model_is_refused(tmp_path, refusal):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "not a whole .keras file" in refusal(tmp_path / "model.keras")


def test_a_missing_file_is_refused(tmp_path, refusal):
    assert "No such file" in refusal(tmp_path / "nothing.h5")
