"""Build the bundled `mnist.npz` from MNIST's four original IDX files (gzipped or plain).

    python scripts/build_mnist.py FOLDER

The script checks the files against their published SHA-256, writes the result to
`digitlab/datasets/data/`, and prints its hash, which must equal SHA256 in
`digitlab/datasets/mnist.py`.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np

from digitlab.datasets import mnist
from digitlab.datasets.tables.idx_files import read_idx, read_unpacked

SOURCES = {
    "x_train": (
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "y_train": (
        "train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "x_test": (
        "t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "y_test": (
        "t10k-labels-idx1-ubyte",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}


def main(folder: Path) -> None:
    """Write the file and print its hash."""
    arrays = {}
    for name, (stem, digest) in SOURCES.items():
        path = next(p for p in (folder / stem, folder / f"{stem}.gz") if p.is_file())
        actual = hashlib.sha256(read_unpacked(path)).hexdigest()
        if actual != digest:
            raise SystemExit(f"{path}: SHA-256 {actual}, expected {digest}")
        arrays[name] = read_idx(path)
    mnist.FILE.parent.mkdir(exist_ok=True)
    np.savez_compressed(mnist.FILE, **arrays)
    print(mnist.FILE.name, hashlib.sha256(mnist.FILE.read_bytes()).hexdigest())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
