"""The bench of a fine-tune's time: seconds from `digitlab fine-tune` to its outcome.

    python benchmarks/fine_tune_time.py [--n 20] [--runs 3] [--style hands] [--write]

Each run has a new home with `n` corrections of digits that the base misreads, and is the whole
command as a person calls it, from its start to its end. Run it on a machine that does nothing
else. `--write` puts the table into docs/learning.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import adapt
from common.docs_tables import table, write

from digitlab.prediction import Prediction
from digitlab.settings import Settings
from digitlab.store import FeedbackStore


def fill(home: Path, style: str, n: int) -> None:
    """Make a home with the first n corrections of a style, by one person."""
    job = adapt.clean_job("clean", style, n, 0)
    answers = adapt.base().classify(job.x)
    with FeedbackStore.open(Settings.load(home, environ={})) as store:
        for row, image in enumerate(job.x):
            shares = answers.probabilities[row]
            prediction = Prediction(
                digit=int(shares.argmax()),
                confidence=float(shares.max()),
                probabilities=tuple(map(float, shares)),
                refused=bool(answers.refused[row]),
                remembered=False,
                model="base",
                box=(0, 0, 28, 28),
                digit_image=image,
                picture_sha256=hashlib.sha256(image.tobytes()).hexdigest(),
                name="",
            )
            store.add(prediction, "wrong", label=int(job.true[row]), contributor="Ada")


def timed(home: Path) -> tuple[float, str, float]:
    """Seconds of the whole command, its outcome, and the seconds that it says itself."""
    command = [sys.executable, "-m", "digitlab", "fine-tune", "--json"]
    environment = os.environ | {"DIGITLAB_HOME": str(home)}
    started = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    took = time.monotonic() - started
    said = json.loads(done.stdout.splitlines()[-1])
    return took, said["outcome"], said["seconds"]


def main(arguments: list[str] | None = None) -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--style", default="hands")
    parser.add_argument("--write", action="store_true", help="write docs/learning.md's table")
    options = parser.parse_args(arguments)
    adapt.WORK.mkdir(parents=True, exist_ok=True)
    rows, times = [], []
    for number in range(options.runs):
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder) / "home", options.style, options.n)
            took, outcome, said = timed(Path(folder) / "home")
        times.append(took)
        rows.append([str(number + 1), f"{options.n}", outcome, f"{said:.1f}", f"{took:.1f}"])
        print(" ".join(rows[-1]), flush=True)
    rows.append(["median", "", "", "", f"{statistics.median(times):.1f}"])
    heads = ["run", "corrections", "outcome", "seconds by its own account", "whole command, s"]
    text = table(heads, rows)
    print(text)
    if options.write:
        write("outcome", text, page="learning")


if __name__ == "__main__":
    main()
