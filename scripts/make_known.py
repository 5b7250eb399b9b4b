"""Make the small files that ship beside the base: what every fine-tune would ask it first.

    python scripts/make_known.py [--folder models/base]

Which of `train`'s images it reads with least ease, which moved ones of the usual replay are the
most doubtful, its lead on `tune`, its guesses on the gate's images. A home makes what is missing;
with these its first fine-tune comes to its verdict seconds sooner. Run it again after a new base,
or when `lessons.RECIPE` has gone up; files of others are removed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.cache import gate_guesses
from digitlab.learning.data.replay import replay
from digitlab.learning.training.retention import Tune
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled

KINDS = ("fragile", "doubtful", "tune", "gate")


def main(arguments: list[str] | None = None) -> None:
    """Make the files, and say which."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=bundled("models/base"))
    folder = parser.parse_args(arguments).folder
    base = Classifier.load(folder, threads=2)
    for old in (file for kind in KINDS for file in folder.glob(f"{kind}-*.npz")):
        old.unlink()
    config = FineTuneConfig()
    replay(base, config, steps=config.steps, places=[folder])
    Tune(base, [folder])
    gate_guesses(base, [folder])
    for kind in KINDS:
        (file,) = folder.glob(f"{kind}-*.npz")
        print(f"{file.stat().st_size:8,} {file.name}")


if __name__ == "__main__":
    main()
