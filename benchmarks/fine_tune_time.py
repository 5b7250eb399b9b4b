"""Measure the duration of the command `digitlab fine-tune`, in seconds.

    python benchmarks/fine_tune_time.py [--n 20] [--runs 3] [--style hands] [--write]

Each run has a new home with `n` corrections of digits that the base misreads, and includes the
start and the end of the command. Use a machine that runs no other program.
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
from common.docs_tables import markdown_table, write_to_docs

from digitlab.prediction import Prediction
from digitlab.settings import Settings
from digitlab.store import FeedbackStore


def make_home(home: Path, style: str, n: int) -> None:
    """Create a home with the first n corrections of a style, by one person."""
    corrections = adapt.clean_job("clean", style, n, 0).corrections
    outputs = adapt.base().classify(corrections.x)
    with FeedbackStore.open(Settings.load(home, environ={})) as store:
        for row, image in enumerate(corrections.x):
            probabilities = outputs.probabilities[row]
            prediction = Prediction(
                digit=int(probabilities.argmax()),
                confidence=float(probabilities.max()),
                probabilities=tuple(map(float, probabilities)),
                refused=bool(outputs.refused[row]),
                remembered=False,
                model="base",
                box=(0, 0, 28, 28),
                digit_image=image,
                picture_sha256=hashlib.sha256(image.tobytes()).hexdigest(),
                name="",
            )
            label = int(corrections.true_labels[row])
            store.add(prediction, "wrong", label=label, contributor="Ada")


def fine_tune(home: Path) -> tuple[float, str, float]:
    """Run the command; return its duration, its outcome and the duration that it reports."""
    command = [sys.executable, "-m", "digitlab", "fine-tune", "--json"]
    environment = os.environ | {"DIGITLAB_HOME": str(home)}
    started = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    seconds = time.monotonic() - started
    run = json.loads(done.stdout.splitlines()[-1])
    return seconds, run["outcome"], run["seconds"]


def main(arguments: list[str] | None = None) -> None:
    """Time all runs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20, help="corrections in each home")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--style", default="hands")
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    options = parser.parse_args(arguments)
    rows, durations = [], []
    for number in range(1, options.runs + 1):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            make_home(home, options.style, options.n)
            seconds, outcome, reported = fine_tune(home)
        durations.append(seconds)
        rows.append([str(number), f"{options.n}", outcome, f"{reported:.1f}", f"{seconds:.1f}"])
        print(" ".join(rows[-1]), flush=True)
    rows.append(["median", "", "", "", f"{statistics.median(durations):.1f}"])
    head = ["run", "corrections", "outcome", "seconds by its own account", "whole command, s"]
    text = markdown_table(head, rows)
    print(text)
    if options.write:
        write_to_docs("fine_tune_time", text)


if __name__ == "__main__":
    main()
