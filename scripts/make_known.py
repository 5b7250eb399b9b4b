"""Make the small files that ship beside the base: what every fine-tune would ask it first.

    python scripts/make_known.py [--folder models/base]

Which of `train`'s images it reads with least ease, which moved ones of the usual replay are the
most doubtful, its lead on `validation`, its guesses on the gate's images. A home makes what is missing;
with these its first fine-tune comes to its verdict seconds sooner. Run it again after a new base,
or when `examples.RECIPE_VERSION` has gone up; files of others are removed.
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


def main(arguments: list[str] | None = None) -> None:
    """Make the files, and say which."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=bundled("models/base"))
    folder = parser.parse_args(arguments).folder
    base = Classifier.load(folder, threads=2)
    for old in (file for kind in KINDS for file in folder.glob(f"{kind}-*.npz")):
        old.unlink()
    config = FineTuneConfig()
    build_replay(base, config, steps=config.steps, cache_folders=[folder])
    RetentionCheck(base, [folder])
    holdout_predictions(base, [folder])
    for kind in KINDS:
        (file,) = folder.glob(f"{kind}-*.npz")
        print(f"{file.stat().st_size:8,} {file.name}")


if __name__ == "__main__":
    main()
