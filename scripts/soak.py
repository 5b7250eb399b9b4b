"""Kill fine-tunes at random moments; after each the home must be whole and the next run complete.

    make soak, or: python scripts/soak.py [--times 20] [--seed S]

Each round starts a run, kills its worker, its kernel or both at a random moment with SIGKILL,
and then checks that the champion answers, that every version listed is whole, and that a run
with the same parameters comes to its outcome. About half a minute a round on two cores.
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
    """Soak a home of its own; exit code 1 at the first thing that is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    called = parser.parse_args()
    rng = random.Random(called.seed)
    print(f"seed {called.seed}")
    with tempfile.TemporaryDirectory(prefix="digitlab-soak-") as folder:
        settings = Settings.load(folder, environ={})
        correct(settings)
        seconds = complete(settings, seed=0).seconds
        for n in range(1, called.times + 1):
            victim, delay_s = rng.choice(VICTIMS), rng.uniform(0, seconds)
            killed = kill(settings, victim, delay_s=delay_s, seed=n)
            check(settings)
            after = killed if judged(killed) else complete(settings, seed=n)
            check(settings)
            print(
                f"{n:3d}  {victim:6s} after {delay_s:4.1f} s: {killed.outcome}; "
                f"then {after.outcome} in {after.seconds:.1f} s",
                flush=True,
            )


def correct(settings: Settings, n: int = CORRECTIONS) -> None:
    """Fill a home with `n` accepted corrections: mirrored digits that the base misreads."""
    x, y = mnist.load("validation")
    x, y = np.ascontiguousarray(x[:1000, :, ::-1]), y[:1000]
    model = ModelRegistry(settings).load("base")
    answers = model.classify(x)
    labels = answers.probabilities.argmax(axis=1)
    with FeedbackStore.open(settings) as store:
        for i in np.flatnonzero(labels != y)[:n]:
            prediction = Prediction(
                digit=int(labels[i]),
                confidence=float(answers.probabilities[i].max()),
                probabilities=tuple(map(float, answers.probabilities[i])),
                refused=False,
                remembered=False,
                model="base",
                box=(0, 0, 28, 28),
                digit_image=x[i],
                picture_sha256=hashlib.sha256(x[i].tobytes()).hexdigest(),
            )
            receipt = store.add(prediction, "wrong", label=int(y[i]), contributor="soak")
            store.review([receipt.id], "accepted", by="soak")  # never held


def complete(settings: Settings, **parameters: object) -> Run:
    """Run to the outcome, which must be one about the model."""
    run = start(settings, parameters=parameters, trigger="cli", by="soak", wait=True)
    if not judged(run):
        sys.exit(f"expected a outcome about the model, got {run.outcome}: {run.reasons}")
    return run


def judged(run: Run) -> bool:
    """Whether the run has a outcome about the model."""
    return run.outcome in {"promoted", "rejected"}


def kill(
    settings: Settings,
    victim: str,
    *,
    delay_s: float = 0.0,
    phase: str = "starting",
    **parameters: object,
) -> Run:
    """Start a run and kill its processes some seconds after a phase has begun; how it ended."""
    run = start(settings, parameters=parameters, trigger="cli", by="soak")
    for state in follow(settings, run.name, every_s=0.02):
        if state.phase == phase or state.over:
            break
    time.sleep(delay_s)
    for process in processes(run, victim):
        try:
            process.kill()
        except psutil.NoSuchProcess:  # it was over already
            continue
    *_, last = follow(settings, run.name)
    return last


def processes(run: Run, victim: str) -> list[psutil.Process]:
    """The processes of a run: its worker, what that has started, or both."""
    try:
        worker = psutil.Process(run.pid)
        kernels = worker.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return {"worker": [worker], "kernel": kernels, "both": [worker, *kernels]}[victim]


def check(settings: Settings) -> None:
    """The champion answers and every listed version is whole, else the program ends."""
    x, _ = mnist.load("validation")
    models = ModelRegistry(settings)
    shares = models.load().predict_proba(x[:10])
    if not np.allclose(shares.sum(axis=1), 1, atol=1e-3):
        sys.exit("the champion does not answer")
    for version in models.versions():
        models.load(version).predict_proba(x[:1])  # ModelError where it is not whole
    with RunLog.open(settings) as log:
        log.fail_dead_runs()
        if log.current() is not None:
            sys.exit("a killed run still counts as being under way")


if __name__ == "__main__":
    main()
