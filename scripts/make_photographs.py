"""Make the 2,000 photographed digit images that ship with the base.

    python scripts/make_photographs.py [--processes 2]

A thousand digits of MNIST's `tune` split and a thousand of `gate`, a hundred of each label,
written on synthetic paper, photographed, and brought back by the front end. Prints the SHA-256
that `digitlab/datasets/photographs.py` expects.
"""

from __future__ import annotations

import argparse
import hashlib

import numpy as np

from digitlab.datasets import mnist, photographs
from digitlab.synthetic.photographs.through_front_end import photographed

EACH = 100
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
        rows = np.concatenate([order[y[order] == d][: EACH + 40] for d in range(10)])
        images, found = photographed(x[rows], seed=seed, processes=options.processes)
        kept = np.concatenate([np.flatnonzero(found & (y[rows] == d))[:EACH] for d in range(10)])
        stored = photographs.STORED_NAMES[split]
        arrays[f"x_{stored}"], arrays[f"y_{stored}"] = images[kept], y[rows][kept]
        print(f"{split}: {found.mean():.1%} of {len(found):,} were found")
    np.savez_compressed(photographs.FILE, **arrays)
    print(hashlib.sha256(photographs.FILE.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
