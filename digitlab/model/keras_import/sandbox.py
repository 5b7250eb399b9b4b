"""A foreign file read in a process of its own.

The HDF5 library can crash on damaged bytes, or never come back. Then only that process ends, and
what it hands over are a text and plain numbers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from digitlab.model.keras_import.file import Weights, read_file
from digitlab.model.keras_import.layers import UnsupportedModelError

TIMEOUT_SECONDS: Final = 60.0
"""How long a file may take to be read."""


def read_in_sandbox(path: Path, *, seconds: float = TIMEOUT_SECONDS) -> tuple[Any, Weights]:
    """As `file.read_file`, in a process of its own.

    Args:
        path: the file.
        seconds: how long it may take.

    Raises:
        UnsupportedModelError: it holds no whole model, or is so damaged that the HDF5 library fails on it.
    """
    with tempfile.TemporaryDirectory(prefix="digitlab-") as folder:
        numbers = Path(folder) / "weights.npz"
        command = [sys.executable, "-m", __name__, str(path.absolute()), str(numbers)]
        try:
            done = subprocess.run(  # noqa: S603  # this Python, and two paths
                command, capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise UnsupportedModelError(f"it could not be read in {seconds:.0f} seconds") from error
        if done.returncode != 0:
            raise UnsupportedModelError("it is damaged: the HDF5 library failed on it")
        found = json.loads(done.stdout)
        if "unfit" in found:
            raise UnsupportedModelError(found["unfit"])
        with np.load(numbers, allow_pickle=False) as arrays:
            weights = {name: [arrays[key] for key in keys] for name, keys in found["keys"].items()}
    return found["config"], weights


def _answer(path: Path, numbers: Path) -> str:
    """What the process says; the weights go into the file `numbers`."""
    try:
        config, weights = read_file(path)
    except UnsupportedModelError as error:
        return json.dumps({"unfit": str(error)})
    keys = {
        name: [f"{layer}-{n}" for n in range(len(arrays))]
        for layer, (name, arrays) in enumerate(weights.items())
    }
    flat = {key: a for name in keys for key, a in zip(keys[name], weights[name], strict=True)}
    with numbers.open("wb") as file:
        np.savez(file, **flat)  # type: ignore[arg-type]  # its own arguments have other names
    return json.dumps({"config": config, "keys": keys})


if __name__ == "__main__":
    sys.stdout.write(_answer(Path(sys.argv[1]), Path(sys.argv[2])))
