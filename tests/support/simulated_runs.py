"""Runs that exist only in the store, for the fine-tune panel in a browser."""

from __future__ import annotations

from digitlab.store import RunLog

STEPS = 80


def simulate_training(runs: RunLog, name: str) -> None:
    """Add a run of `STEPS` steps that has trained for 40 steps; this process holds its lease."""
    runs.acquire_lease(name, by="ada", parameters={}, trigger="cli")
    for step in (10, 20, 30, 40):
        accuracy = 0.95 if step == 40 else None
        runs.heartbeat(
            name,
            phase="training",
            step=step,
            steps=STEPS,
            loss=20 / step,
            validation_accuracy=accuracy,
        )
