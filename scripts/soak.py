"""Soak test: kill fine-tunes at random moments and check that the home is intact afterwards.

    make soak, or: python scripts/soak.py [--times 20] [--seed S]

Each round starts a run and kills its worker, its kernel or both with SIGKILL at a random moment.
It then checks that the champion predicts, that every listed version loads, and that a run with
the same parameters ends with a decision about the model. A round takes about half a minute on two
cores.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
import time

import numpy as np
import psutil

from digitlab.datasets import mnist
from digitlab.jobs import follow, start
from digitlab.prediction import Prediction
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, ModelRegistry, Run, RunLog

VICTIMS = ("worker", "kernel", "both")
CORRECTIONS = 20


def main() -> None:
    """Run the rounds in a temporary home; exit with code 1 at the first failed check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    rng = random.Random(options.seed)
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="digitlab-soak-") as folder:
        settings = Settings.load(folder, environ={})
        add_corrections(settings)
        seconds = run_to_decision(settings, seed=0).seconds
        for n in range(1, options.times + 1):
            victim, delay_s = rng.choice(VICTIMS), rng.uniform(0, seconds)
            killed = start_and_kill(settings, victim, delay_s=delay_s, seed=n)
            check_home(settings)
            after = killed if has_decision(killed) else run_to_decision(settings, seed=n)
            check_home(settings)
            print(
                f"{n:3d}  {victim:6s} after {delay_s:4.1f} s: {killed.outcome}; "
                f"then {after.outcome} in {after.seconds:.1f} s",
                flush=True,
            )


def add_corrections(settings: Settings, n: int = CORRECTIONS) -> None:
    """Add `n` accepted corrections to a home: mirrored digits that the base misreads."""
    x, y = mnist.load("validation")
    x, y = np.ascontiguousarray(x[:1000, :, ::-1]), y[:1000]
    model = ModelRegistry(settings).load("base")
    probabilities = model.classify(x).probabilities
    predicted = probabilities.argmax(axis=1)
    with FeedbackStore.open(settings) as store:
        for row in np.flatnonzero(predicted != y)[:n]:
            prediction = Prediction(
                digit=int(predicted[row]),
                confidence=float(probabilities[row].max()),
                probabilities=tuple(map(float, probabilities[row])),
                refused=False,
                remembered=False,
                model="base",
                box=(0, 0, 28, 28),
                digit_image=x[row],
                picture_sha256=hashlib.sha256(x[row].tobytes()).hexdigest(),
            )
            receipt = store.add(prediction, "wrong", label=int(y[row]), contributor="soak")
            store.review([receipt.id], "accepted", by="soak")  # it may be held for review


def run_to_decision(settings: Settings, **parameters: object) -> Run:
    """Run a fine-tune; exit if it ends without a decision about the model."""
    run = start(settings, parameters=parameters, trigger="cli", by="soak", wait=True)
    if not has_decision(run):
        sys.exit(f"expected a decision about the model, got {run.outcome}: {run.reasons}")
    return run


def has_decision(run: Run) -> bool:
    """Return whether the run ended with a decision about the model."""
    return run.outcome in {"promoted", "rejected"}


def start_and_kill(
    settings: Settings,
    victim: str,
    *,
    delay_s: float = 0.0,
    phase: str = "starting",
    **parameters: object,
) -> Run:
    """Start a run, kill its processes some seconds after a phase has begun, and return it."""
    run = start(settings, parameters=parameters, trigger="cli", by="soak")
    for state in follow(settings, run.name, every_s=0.02):
        if state.phase == phase or state.over:
            break
    time.sleep(delay_s)
    for process in processes_of(run, victim):
        try:
            process.kill()
        except psutil.NoSuchProcess:  # it has ended by itself
            continue
    *_, last = follow(settings, run.name)
    return last


def processes_of(run: Run, victim: str) -> list[psutil.Process]:
    """Return the processes of a run: its worker, the worker's children, or both."""
    try:
        worker = psutil.Process(run.pid)
        kernels = worker.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return {"worker": [worker], "kernel": kernels, "both": [worker, *kernels]}[victim]


def check_home(settings: Settings) -> None:
    """Exit unless the champion predicts, every listed version loads and no run is under way."""
    x, _ = mnist.load("validation")
    models = ModelRegistry(settings)
    probabilities = models.load().predict_proba(x[:10])
    if not np.allclose(probabilities.sum(axis=1), 1, atol=1e-3):
        sys.exit("the champion does not predict")
    for version in models.versions():
        models.load(version).predict_proba(x[:1])  # raises ModelError for a damaged version
    with RunLog.open(settings) as log:
        log.fail_dead_runs()
        if log.current() is not None:
            sys.exit("a killed run still counts as being under way")


if __name__ == "__main__":
    main()
