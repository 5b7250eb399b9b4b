"""The names of model formats that are not imported, and the commands that convert them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

EXPECTED: Final = "a Keras file (.keras or .h5) or a SavedModel folder"

_SAVE: Final = 'save the whole Keras model with model.save("model.keras")'

_TORCH: Final = (
    "a PyTorch file; digitlab imports only Keras models: build the same network in Keras, copy "
    f"the weights with layer.set_weights(...), and {_SAVE}"
)

_PICKLE: Final = (
    "a pickle or joblib file, which may run any code and is never opened; if it holds a Keras "
    f"model, {_SAVE}"
)

_WEIGHTS: Final = f"weights alone are no model: {_SAVE}"

_ORIGINAL: Final = f"import the Keras model that it was converted from: {_SAVE}"

_UNPACK: Final = f"unpack it, and import {EXPECTED}"


def _starts(*signatures: bytes) -> Callable[[Path, bytes], bool]:
    return lambda _, start: start.lstrip().lower().startswith(tuple(s.lower() for s in signatures))


def _ends(*suffixes: str) -> Callable[[Path, bytes], bool]:
    return lambda path, _: path.name.lower().endswith(suffixes)


_FILES: Final[tuple[tuple[Callable[[Path, bytes], bool], str], ...]] = (
    (lambda _, start: not start, f"an empty file; expected {EXPECTED}"),
    (
        lambda _, start: start[4:8] == b"TFL3",
        f"a TFLite file, from which the trained network cannot be restored; {_ORIGINAL}",
    ),
    (_starts(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9"), _TORCH),
    (_starts(b"\x1f\x8b"), f"a gzip file; {_UNPACK}"),
    (_starts(b"7z\xbc\xaf\x27\x1c"), f"a 7z archive; {_UNPACK}"),
    (_starts(b"Rar!"), f"a RAR archive; {_UNPACK}"),
    (_starts(b"BZh"), f"a bzip2 file; {_UNPACK}"),
    (_starts(b"\xfd7zXZ"), f"an xz file; {_UNPACK}"),
    (_starts(b"\x93NUMPY"), f"a NumPy array; {_WEIGHTS}"),
    (_starts(b"GGUF"), f"a GGUF file; expected {EXPECTED}"),
    (
        _starts(b"version https://git-lfs"),
        "a Git LFS pointer and not the file; run `git lfs pull`",
    ),
    (_starts(b"<!doctype html", b"<html"), "a web page and not a model; download the file itself"),
    (
        _ends("saved_model.pb", "keras_metadata.pb"),
        "one file of a SavedModel; import its folder",
    ),
    (
        lambda path, start: (
            path.suffix.lower() == ".onnx" or re.search(rb"onnx|pytorch", start[:64]) is not None
        ),
        f"an ONNX file; {_ORIGINAL}",
    ),
    (_ends(".pt", ".pth"), _TORCH),
    (_starts(b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"\x78"), _PICKLE),  # 78: zlib
    (_ends(".pkl", ".pickle", ".joblib"), _PICKLE),
    (
        lambda _, start: start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 10**8,
        f"a safetensors file; {_WEIGHTS}",
    ),
    (
        _starts(b"{", b"["),
        "a JSON file, which describes a network without its weights or is part of a "
        f"TensorFlow.js model; {_SAVE}",
    ),
    (_ends(".pb"), f"a frozen TensorFlow graph; {_ORIGINAL}"),
    (
        lambda path, _: (
            path.name == "checkpoint"
            or path.suffix in (".ckpt", ".index")
            or ".data-0" in path.name
        ),
        f"a TensorFlow checkpoint; {_WEIGHTS}",
    ),
    (lambda *_: True, f"neither a Keras HDF5 file (.h5) nor a .keras file; expected {EXPECTED}"),
)
"""Tests of a file's path and first bytes, in order, with what the file is and what to do."""


def describe_file(path: Path, start: bytes) -> str:
    """Return what a file is that is neither HDF5 nor an archive, and what to do with it.

    Args:
        path: the file.
        start: its first bytes, 512 if it has as many.
    """
    return next(text for is_format, text in _FILES if is_format(path, start))


def describe_archive(names: list[str]) -> str:
    """Return what a zip archive is that is no `.keras` file, and what to do with it."""
    last_parts = {name.rpartition("/")[2] for name in names}
    models = [name for name in names if name.lower().endswith((".h5", ".hdf5", ".keras"))]
    text = f"a zip archive of {len(names)} files and not a whole .keras file; expected {EXPECTED}"
    if "saved_model.pb" in last_parts:
        text = "a zip archive of a SavedModel; unpack it, and import the folder"
    elif {"config.json", "model.weights.h5"} <= last_parts:
        text = "a zip archive of an unpacked .keras file; zip its files without their folder"
    elif any("weights.h5" in name for name in models):
        text = f"a zip archive of weights alone; {_SAVE}"
    elif models:
        text = f"a zip archive of {models[0]!r}; unpack it, and import that file"
    elif any(name.endswith("data.pkl") for name in names):
        text = _TORCH
    elif names and all(name.endswith(".npy") for name in names):
        text = f"an NPZ file of arrays; {_WEIGHTS}"
    return text


def describe_folder(path: Path) -> str:
    """Return what a folder is that is no SavedModel, and what to do with it."""
    names = {entry.name for entry in path.iterdir()}
    if {"config.json", "model.weights.h5"} <= names:
        return "a folder with the parts of a .keras file; zip the parts into one file"
    if "checkpoint" in names or any(name.endswith(".index") for name in names):
        return f"a folder of a TensorFlow checkpoint; {_WEIGHTS}"
    if "model.json" in names:
        return f"a folder of a TensorFlow.js model; import the Keras model: {_SAVE}"
    below = sorted(entry.parent.name for entry in path.glob("*/saved_model.pb"))
    if below:
        return f"a folder of SavedModels; import one of them, for example {below[0]!r}"
    return f"a folder without a saved_model.pb; expected {EXPECTED}"
