"""Build the 2,000 photographed digit images that ship with digitlab.

    python scripts/build_photographs.py [--processes 2]

The script takes 1,000 digits each of MNIST's `validation` and `holdout` splits, 100 of each label,
photographs them in synthetic scenes and reads the photographs with the front end. It prints the
SHA-256 that `digitlab/datasets/photographs.py` expects.
"""

from __future__ import annotations

import argparse
import hashlib

import numpy as np

from digitlab.datasets import mnist, photographs
from digitlab.synthetic.photographs.through_front_end import photograph_through_front_end

DIGITS_PER_LABEL = 100
SPARE_DIGITS_PER_LABEL = 40  # replace digits that the front end does not find
SEEDS = {"validation": 50_000, "holdout": 55_000}


def main() -> None:
    """Write the file and print its hash."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    arrays = {}
    for split, seed in SEEDS.items():
        x, y = mnist.load(split)
        order = np.random.default_rng(seed).permutation(len(y))
        count = DIGITS_PER_LABEL + SPARE_DIGITS_PER_LABEL
        rows = np.concatenate([order[y[order] == digit][:count] for digit in range(10)])
        labels = y[rows]
        images, detected = photograph_through_front_end(
            x[rows], seed=seed, processes=options.processes
        )
        kept = np.concatenate(
            [np.flatnonzero(detected & (labels == digit))[:DIGITS_PER_LABEL] for digit in range(10)]
        )
        name = photographs.STORED_NAMES[split]
        arrays[f"x_{name}"], arrays[f"y_{name}"] = images[kept], labels[kept]
        print(f"{split}: the front end found {detected.mean():.1%} of {len(detected):,} digits")
    np.savez_compressed(photographs.FILE, **arrays)
    print(hashlib.sha256(photographs.FILE.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
