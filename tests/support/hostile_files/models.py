"""Hostile model files: damaged Keras files, huge promises, links, code and bombs."""

from __future__ import annotations

import copy
import io
import json
import pickle
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import h5py
import numpy as np

from support.hostile_files.damage import damaged

Layer = dict[str, Any]

NAMES = ("input", "flatten", "dense")
KERNEL = "model_weights/dense/kernel"


def models() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each model file."""
    for name, data in (("whole.h5", _hdf5()), ("whole.keras", _keras())):
        yield name, data
        yield from damaged(name, data, flips=6)
    yield from _configurations()
    yield from _hdf5_files()
    yield from _keras_files()
    yield from _other_content()


def _configurations() -> Iterator[tuple[str, bytes]]:
    """Yield whole files whose configuration asks for too much, or for code."""

    def with_layer(**values: Any) -> bytes:
        return _hdf5(_config({"class_name": "Dense", "config": {"name": "dense", **values}}))

    dense = {"units": 10, "activation": "softmax", "use_bias": True}
    yield "huge-units.h5", with_layer(**dense | {"units": 10**12})
    yield "negative-units.h5", with_layer(**dense | {"units": -1})
    yield "words-as-units.h5", with_layer(**dense | {"units": "ten"})
    yield "nan-units.h5", with_layer(**dense | {"units": float("nan")})
    yield "unknown-activation.h5", with_layer(**dense | {"activation": "system"})
    yield (
        "code-as-activation.h5",
        with_layer(
            **dense | {"activation": {"module": "os", "class_name": "system", "config": "id"}}
        ),
    )
    many = [
        {"class_name": "Dense", "config": {"name": f"d{n}", **dense, "units": 784}}
        for n in range(5_000)
    ]
    yield "many-layers.h5", _hdf5(_config(*many))
    for kind, values in {
        "Lambda": {"function": "4wAAAAAAAAAA", "function_type": "lambda"},
        "TFOpLambda": {"function": "io.write_file"},
        "Conv2D": {"filters": 10**9, "kernel_size": [3, 3]},
        "UpSampling2D": {"size": [10_000, 10_000]},
        "ZeroPadding2D": {"padding": [[10**6, 10**6], [10**6, 10**6]]},
        "RepeatVector": {"n": 10**9},
        "Reshape": {"target_shape": [-1, -1]},
        "LSTM": {"units": 10**6},
        "os.system": {"command": "id"},
    }.items():
        layer = {"class_name": kind, "config": {"name": "odd", **values}}
        yield f"layer-{kind}.h5", _hdf5(_config(layer, _dense_layer()))
    wide = _dense_layer()
    wide["config"]["name"] = "x" * 200_000
    yield "long-name.h5", _hdf5(_config(wide))
    escape = _dense_layer()
    escape["config"]["name"] = "\x1b[31m../../dense"
    yield "escape-name.h5", _hdf5(_config(escape))
    yield "same-names.h5", _hdf5(_config(_dense_layer(), _dense_layer()))
    yield "input-5000.h5", _hdf5(_config(_dense_layer(), shape=[None, 5_000, 5_000, 3]))
    yield "no-layers.h5", _hdf5({"class_name": "Sequential", "config": {"layers": []}})
    for name, text in {
        "no-json": "hello",
        "null": "null",
        "list": "[]",
        "deep-json": "[" * 100_000,
        "long-json": json.dumps({"class_name": "Sequential", "config": ["x" * 30_000_000]}),
        "sequential-of-text": '{"class_name": "Sequential", "config": "layers"}',
        "other-class": '{"class_name": "Popen", "module": "subprocess", "config": {"args": "id"}}',
    }.items():
        yield f"configuration-{name}.h5", _hdf5(text)


def _hdf5_files() -> Iterator[tuple[str, bytes]]:
    """Yield HDF5 files whose groups and arrays are not what they promise."""

    def changed(change: Callable[[h5py.File], None]) -> bytes:
        return _hdf5(change=change)

    def replaced(**options: Any) -> Callable[[h5py.File], None]:
        def change(file: h5py.File) -> None:
            del file[KERNEL]
            file.create_dataset(KERNEL, **options)

        return change

    def alias_everything(file: h5py.File) -> None:
        for number in range(3_000):
            file[f"model_weights/alias{number}"] = file["model_weights/dense"]

    def loop(file: h5py.File) -> None:
        file["model_weights/loop"] = file["model_weights"]

    def link(target: Any) -> Callable[[h5py.File], None]:
        def change(file: h5py.File) -> None:
            del file[KERNEL]
            file[KERNEL] = target

        return change

    def repeat_names(file: h5py.File) -> None:
        file["model_weights/dense"].attrs["weight_names"] = np.array([b"kernel"] * 5_000)

    def repeat_zeros(file: h5py.File) -> None:
        replaced(shape=(784, 60_000), dtype="f4", chunks=(784, 10))(file)
        file["model_weights/dense"].attrs["weight_names"] = np.array([b"kernel"] * 90)

    def many_groups(file: h5py.File) -> None:
        for number in range(20_000):
            file.create_group(f"model_weights/g{number}")

    zeros = {"dtype": "f4", "chunks": (1_000, 1_000), "compression": "gzip"}
    yield "promised.h5", changed(replaced(shape=(10**9, 10**3), dtype="f4", chunks=(10, 10)))
    yield "zero-bomb.h5", changed(replaced(data=np.zeros((9_000, 4_000), "f4"), **zeros))
    yield (
        "fill-value.h5",
        changed(replaced(shape=(784, 10**6), dtype="f4", chunks=(784, 10), fillvalue=1.0)),
    )
    yield "wide-items.h5", changed(replaced(shape=(784, 10), dtype="V1000000", chunks=(1, 1)))
    yield "long-texts.h5", changed(replaced(data=["x" * 100_000] * 50))
    yield "nan.h5", changed(replaced(data=np.full((784, 10), np.nan, "f4")))
    yield "infinite.h5", changed(replaced(data=np.full((784, 10), np.inf, "f4")))
    yield "double-overflow.h5", changed(replaced(data=np.full((784, 10), 1e300)))
    yield "complex.h5", changed(replaced(data=np.ones((784, 10), complex)))
    yield "references.h5", changed(replaced(shape=(784, 10), dtype=h5py.ref_dtype))
    yield "records.h5", changed(replaced(shape=(784, 10), dtype=[("a", "f4"), ("b", "f4")]))
    yield "scalar.h5", changed(replaced(data=1.0))
    yield "empty-array.h5", changed(replaced(data=h5py.Empty("f4")))
    yield "transposed.h5", changed(replaced(data=np.zeros((10, 784), "f4")))
    yield "aliases.h5", changed(alias_everything)
    yield "group-loop.h5", changed(loop)
    yield "soft-link-loop.h5", changed(link(h5py.SoftLink(f"/{KERNEL}")))
    yield "dangling-link.h5", changed(link(h5py.SoftLink("/nowhere")))
    yield "external-link.h5", changed(link(h5py.ExternalLink("/etc/passwd", "/x")))
    yield "device-link.h5", changed(link(h5py.ExternalLink("/dev/zero", "/x")))
    yield "repeated-names.h5", changed(repeat_names)
    yield "repeated-zeros.h5", changed(repeat_zeros)
    yield "many-groups.h5", changed(many_groups)
    yield "no-model.h5", _empty_hdf5()
    yield "weights-alone.h5", _weights()


def _keras_files() -> Iterator[tuple[str, bytes]]:
    """Yield .keras files whose archive is not what it promises."""
    config, weights = json.dumps(_config(_dense_layer())), _weights()
    yield "no-config.keras", _zip({"model.weights.h5": weights})
    yield "no-weights.keras", _zip({"config.json": config})
    yield "config-bomb.keras", _zip({"config.json": " " * 300_000_000, "model.weights.h5": weights})
    yield (
        "weights-bomb.keras",
        _zip({"config.json": config, "model.weights.h5": bytes(400_000_000)}),
    )
    yield "many-members.keras", _zip({f"{n}": "" for n in range(30_000)})
    yield "upward.keras", _zip({"../../config.json": config, "/model.weights.h5": weights})
    yield (
        "assets.keras",
        _zip(
            {
                "config.json": config,
                "model.weights.h5": weights,
                "assets/x.pkl": pickle.dumps(print),
            }
        ),
    )
    yield "latin.keras", _zip({"config.json": b"\xff\xfe\0", "model.weights.h5": weights})
    yield "empty-weights.keras", _zip({"config.json": config, "model.weights.h5": b""})


def _other_content() -> Iterator[tuple[str, bytes]]:
    for suffix in ("h5", "keras", "tflite", "onnx", "pt", "pkl", "pb", "hdf5"):
        yield f"empty.{suffix}", b""
        yield f"random.{suffix}", np.random.default_rng(5).bytes(30_000)
    yield "signature.h5", b"\x89HDF\r\n\x1a\n" + bytes(100_000)
    yield "signatures.h5", b"\x89HDF\r\n\x1a\n" * 100_000
    yield (
        "pickle.h5",
        pickle.dumps(print),
    )
    yield "page.h5", b"<!doctype html><title>404</title>"
    yield "pointer.h5", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"


def _dense_layer() -> Layer:
    values = {"name": "dense", "units": 10, "activation": "softmax", "use_bias": True}
    return {"class_name": "Dense", "config": values}


def _config(*layers: Layer, shape: list[int | None] | None = None) -> dict[str, Any]:
    first = {"name": "input", "batch_shape": shape or [None, 28, 28, 1], "dtype": "float32"}
    return {
        "class_name": "Sequential",
        "config": {
            "name": "sequential",
            "layers": [
                {"class_name": "InputLayer", "config": first},
                {"class_name": "Flatten", "config": {"name": "flatten"}},
                *copy.deepcopy(layers),
            ],
        },
    }


def _hdf5(config: Any = None, change: Callable[[h5py.File], None] | None = None) -> bytes:
    """Return a file as `model.save("x.h5")` writes it, of one dense layer."""
    config = _config(_dense_layer()) if config is None else config
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        text = config if isinstance(config, str) else json.dumps(config)
        # A long attribute needs the newer layout of its group.
        file.attrs.create("model_config", text, dtype=h5py.string_dtype())
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for name in NAMES]
        for name in NAMES:
            root.create_group(name).attrs["weight_names"] = np.zeros(0, "S1")
        group = root["dense"]
        group["kernel"] = np.random.default_rng(6).normal(size=(784, 10)).astype("f4")
        group["bias"] = np.zeros(10, "f4")
        group.attrs["weight_names"] = [b"kernel", b"bias"]
        if change is not None:
            change(file)
    return out.getvalue()


def _weights() -> bytes:
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file["layers/dense/vars/0"] = np.random.default_rng(6).normal(size=(784, 10)).astype("f4")
        file["layers/dense/vars/1"] = np.zeros(10, "f4")
    return out.getvalue()


def _empty_hdf5() -> bytes:
    out = io.BytesIO()
    h5py.File(out, "w").close()
    return out.getvalue()


def _keras() -> bytes:
    config = json.dumps(_config(_dense_layer()))
    return _zip({"metadata.json": "{}", "config.json": config, "model.weights.h5": _weights()})


def _zip(members: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
