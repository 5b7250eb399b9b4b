"""Build the cache files that ship beside the base: results that every fine-tune needs of it.

    python scripts/build_base_cache.py [--folder models/base]

The files hold the hardest examples of MNIST's `train` split, the replay digits nearest to the
decision boundary, and the base's results on the `validation` and `holdout` splits. A home
computes missing files; with these the first fine-tune reaches its outcome seconds sooner. Run
the script again for a new base, or after `RECIPE_VERSION` in `learning/data/examples.py` was
raised. It deletes the old files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.cache import holdout_predictions
from digitlab.learning.data.replay import build_replay
from digitlab.learning.training.retention import RetentionCheck
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled

KINDS = ("hard-examples", "boundary-digits", "validation", "holdout")
"""Beginnings of the file names."""


def main(arguments: list[str] | None = None) -> None:
    """Write the files and print their names and sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=bundled("models/base"))
    folder = parser.parse_args(arguments).folder
    base = Classifier.load(folder, threads=2)
    for old_file in [file for kind in KINDS for file in folder.glob(f"{kind}-*.npz")]:
        old_file.unlink()
    config = FineTuneConfig()
    build_replay(base, config, steps=config.steps, cache_folders=[folder])
    RetentionCheck(base, [folder])
    holdout_predictions(base, [folder])
    for kind in KINDS:
        (file,) = folder.glob(f"{kind}-*.npz")
        print(f"{file.stat().st_size:8,} {file.name}")


if __name__ == "__main__":
    main()
