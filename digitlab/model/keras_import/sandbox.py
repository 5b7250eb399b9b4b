"""Reading a Keras file in a separate process.

The HDF5 library may crash or hang on damaged bytes. Then only the separate process ends. It
returns only text and plain numbers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.model.keras_import.file import Weights, read_file
from digitlab.model.keras_import.layers import UnsupportedModelError
from digitlab.model.keras_import.limits import LIMITS


def read_in_sandbox(path: Path, *, seconds: float = LIMITS.seconds) -> tuple[Any, Weights]:
    """Return what `file.read_file` returns, read in a separate process.

    Args:
        path: a legacy Keras HDF5 file or a `.keras` file.
        seconds: time limit.

    Raises:
        UnsupportedModelError: the file holds no whole model, the HDF5 library fails on it, or
            reading takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="digitlab-") as folder:
        weights_file = Path(folder) / "weights.npz"
        command = [sys.executable, "-m", __name__, str(path.absolute()), str(weights_file)]
        try:
            process = subprocess.run(  # noqa: S603  # this Python, and two paths
                command, capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise UnsupportedModelError(f"it could not be read in {seconds:.0f} seconds") from error
        if process.returncode != 0:
            raise UnsupportedModelError("it is damaged: the HDF5 library failed on it")
        reply = json.loads(process.stdout)
        if "unsupported" in reply:
            raise UnsupportedModelError(reply["unsupported"])
        with np.load(weights_file, allow_pickle=False) as arrays:
            weights = {name: [arrays[key] for key in keys] for name, keys in reply["keys"].items()}
    return reply["config"], weights


def _read_to_json(path: Path, weights_file: Path) -> str:
    """Read a model; write its weights to `weights_file` and return everything else as JSON.

    Returns:
        An object with `config` and, by layer, `keys` of the weights' arrays; or with
        `unsupported`, the reason why the file cannot be imported.
    """
    try:
        config, weights = read_file(path)
    except UnsupportedModelError as error:
        return json.dumps({"unsupported": str(error)})
    keys = {
        name: [f"{layer}-{n}" for n in range(len(arrays))]
        for layer, (name, arrays) in enumerate(weights.items())
    }
    flat = {key: a for name in keys for key, a in zip(keys[name], weights[name], strict=True)}
    with weights_file.open("wb") as file:
        np.savez(file, **flat)  # type: ignore[arg-type]  # numpy's stubs mistake a key for an option
    return json.dumps({"config": config, "keys": keys})


if __name__ == "__main__":
    sys.stdout.write(_read_to_json(Path(sys.argv[1]), Path(sys.argv[2])))
