"""Reading of Keras files: damaged, incomplete and unsafe files are refused."""

import os
import socket
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.keras_models import small_model

from digitlab.model.keras_import.build import read_model

pytestmark = pytest.mark.tf


def test_a_file_of_weights_alone_is_refused_with_the_call_that_saves_a_model(one_layer, refusal):
    path = one_layer()
    with h5py.File(path, "r+") as file:
        del file.attrs["model_config"]
    assert "model.save(" in refusal(path)


def test_values_that_are_not_finite_are_refused(keras, save, refusal):
    model = small_model(keras, keras.layers.Flatten(), keras.layers.Dense(10))
    model.layers[1].set_weights([np.full((784, 10), np.nan), np.zeros(10)])
    assert "not finite" in refusal(save(model))


def with_another_kernel(path, change):
    """Replace the first weights of a file by what `change(group, name)` writes."""
    with h5py.File(path, "r+") as file:
        layer = next(g for g in file["model_weights"].values() if len(g.attrs["weight_names"]))
        name = str(layer.attrs["weight_names"][0])
        del layer[name]
        change(layer, name)
    return path


def link_to_another_file(group, name):
    group[name] = h5py.ExternalLink("other.h5", "/secret")


def link_elsewhere(group, name):
    group[name] = h5py.SoftLink("/model_weights")


def values_in_another_file(group, name):
    group.create_dataset(name, (784, 10), "f4", external=[("other.bin", 0, 31_360)])


def virtual_values(group, name):
    layout = h5py.VirtualLayout((784, 10), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "secret", (784, 10))
    group.create_virtual_dataset(name, layout)


def texts(group, name):
    group[name] = np.full((784, 10), b"no")


def references(group, name):
    group.create_dataset(name, (784, 10), h5py.ref_dtype)


def records(group, name):
    group[name] = np.zeros((784, 10), [("a", "f4"), ("b", "f4")])


def long_items(group, name):
    group.create_dataset(name, (784, 10), np.dtype(("f4", (10_000,))))


def values_that_are_not_stored(group, name):
    group.create_dataset(name, (784, 10), "f4", chunks=(784, 10), fillvalue=1.0)


def a_huge_array(group, name):
    group.create_dataset(name, (10**6, 10**4), "f4", chunks=(1000, 1000), compression="gzip")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (link_to_another_file, "is a link to a place in another file"),
        (link_elsewhere, "is a link to a place elsewhere"),
        (values_in_another_file, "lies in another file"),
        (virtual_values, "lies in another file"),
        (texts, "holds no numbers"),
        (references, "holds no numbers"),
        (records, "holds no numbers"),
        (long_items, "holds no numbers"),
        (values_that_are_not_stored, "none is stored"),
        (a_huge_array, "more than 25,000,000 weights"),
        (lambda *_: None, "is missing or no array"),
    ],
)
def test_unusual_weights_are_refused(one_layer, refusal, tmp_path, change, message):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.zeros((784, 10), np.float32)
    (tmp_path / "other.bin").write_bytes(bytes(31_360))
    assert message in refusal(with_another_kernel(one_layer(), change))


def test_one_array_under_a_thousand_names_is_counted_a_thousand_times(one_layer, refusal):
    path = one_layer()
    with h5py.File(path, "r+") as file:
        layer = next(g for g in file["model_weights"].values() if len(g.attrs["weight_names"]))
        data = layer.create_dataset("big", (1000, 1000), "f4", compression="gzip")
        data[:] = 0
        for n in range(1000):
            layer[f"alias{n}"] = data
        layer.attrs["weight_names"] = [f"alias{n}" for n in range(1000)]
    assert "more than 25,000,000 weights" in refusal(path)


def test_long_texts_are_refused_before_they_are_read(one_layer, refusal):
    path = one_layer()
    with h5py.File(path, "r+", libver="latest") as file:
        groups = file["model_weights"]
        name = next(name for name, g in groups.items() if len(g.attrs["weight_names"]))
        del groups[name]
        layer = groups.create_group(name)
        text = h5py.h5t.TypeID.copy(h5py.h5t.C_S1)
        text.set_size(1_000_000)
        space = h5py.h5s.create_simple((100,))
        h5py.h5a.create(layer.id, b"weight_names", text, space)
    assert "values of 1,000,000 bytes" in refusal(path)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("[" * 5000 + "]" * 5000, "not JSON"),
        ("[" * 200 + "]" * 200, "nested over 60 deep"),
        (" " * 9_000_000, "has 9,000,000 bytes"),
        ("{}", "configuration cannot be read"),
        ("[1, 2]", "configuration cannot be read"),
        ("9" * 5000, "not JSON"),
        ('{"class_name": "Mine", "config": {}}', "it is a Mine"),
        ('{"class_name": "Sequential", "config": {"layers": [3]}}', "cannot be read"),
        ('{"class_name": "Sequential", "config": {"layers": []}}', "cannot be read"),
        ('{"class_name": "Functional", "config": {"layers": []}}', "cannot be read"),
    ],
    ids=["deep", "nested", "long", "empty", "list", "number", "class", "layer", "none", "no-input"],
)
def test_an_unusual_configuration_is_refused(one_layer, refusal, tmp_path, config, message):
    with zipfile.ZipFile(tmp_path / "odd.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", one_layer().read_bytes())
    assert message in refusal(tmp_path / "odd.keras")


FOUND = {
    "model.tflite": (b"\x1c\0\0\0TFL3" + bytes(50), "TFLite"),
    "model.onnx": (b"\x08\x07\x12\x07pytorch", "ONNX"),
    "model.pt": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "PyTorch"),
    "model.pkl": (b"\x80\x04\x95\x10\0\0", "pickle or joblib"),
    "model.joblib": (b"\x78\x9c\x03", "pickle or joblib"),
    "model.safetensors": (b"\x20\0\0\0\0\0\0\0{}", "safetensors"),
    "model.json": (b'{"class_name": "Sequential"}', "JSON"),
    "weights.npy": (b"\x93NUMPY\x01\0", "NumPy array"),
    "saved_model.pb": (b"\x08\x01\x12", "import its folder"),
    "graph.pb": (b"\x0a\x12\x12", "frozen TensorFlow graph"),
    "model.ckpt.index": (b"\0\0\x01", "TensorFlow checkpoint"),
    "model.h5": (b"version https://git-lfs.github.com/spec/v1", "Git LFS"),
    "page.keras": (b"<!DOCTYPE html><html>", "web page"),
    "model.keras.gz": (b"\x1f\x8b\x08", "gzip"),
    "empty.h5": (b"", "empty file"),
}


@pytest.mark.parametrize("name", FOUND)
def test_another_format_is_named_with_what_is_expected(tmp_path, refusal, name):
    content, found = FOUND[name]
    (tmp_path / name).write_bytes(content)
    message = refusal(tmp_path / name)
    assert found in message
    assert any(
        words in message for words in ("model.save(", ".keras", "folder", "download", "git lfs")
    )
    assert message.count("\n") == 0


@pytest.mark.parametrize(
    ("members", "found"),
    [
        (("archive/data.pkl", "archive/version"), "PyTorch"),
        (("arr_0.npy",), "NPZ"),
        (("model/saved_model.pb",), "zip archive of a SavedModel"),
        (("best/model.h5",), "'best/model.h5'; unpack it"),
        (("m/config.json", "m/model.weights.h5"), "unpacked .keras file"),
        (("model.weights.h5",), "weights alone"),
        (("readme.txt",), "not a whole .keras file"),
        ((), "not a whole .keras file"),
    ],
)
def test_another_archive_is_named_with_what_is_expected(tmp_path, refusal, members, found):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for member in members:
            archive.writestr(member, "x")
    assert found in refusal(tmp_path / "model.keras")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (("config.json", "model.weights.h5"), "parts of a .keras file"),
        (("checkpoint", "a.index"), "TensorFlow checkpoint"),
        (("model.json",), "TensorFlow.js"),
        (("1/saved_model.pb",), "for example '1'"),
        ((), "without a saved_model.pb"),
    ],
)
def test_another_folder_is_named_with_what_is_expected(tmp_path, refusal, files, found):
    folder = tmp_path / "model"
    folder.mkdir()
    for name in files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    assert found in refusal(folder)


def test_the_content_decides_about_the_format(one_layer, tmp_path):
    for source in (one_layer(), one_layer(name="other.keras")):
        for suffix in (".h5", ".keras", ".zip", ""):
            copy = tmp_path / f"copy{suffix}"
            copy.write_bytes(source.read_bytes())
            assert read_model(copy)[0].head


@pytest.mark.parametrize("kind", ["pipe", "device", "socket"])
def test_only_regular_files_are_opened(tmp_path, refusal, kind):
    path = tmp_path / "model.h5"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    else:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
    assert "expected a regular file" in refusal(path)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89HDF\r\n\x1a\nno", b"PK\x03\x04no"], ids=repr
)
def test_a_file_that_holds_no_model_is_refused(tmp_path, refusal, content):
    (tmp_path / "model.h5").write_bytes(content)
    assert "cannot be imported" in refusal(tmp_path / "model.h5")


def test_a_missing_file_is_refused(tmp_path, refusal):
    assert "No such file" in refusal(tmp_path / "nothing.h5")
