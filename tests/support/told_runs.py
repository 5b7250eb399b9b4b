"""Runs that are only told of, for the fine-tune panel in a browser."""

from __future__ import annotations

from digitlab.store import RunLog


def train(runs: RunLog, name: str) -> None:
    """A run in the middle of its training."""
    runs.acquire_lease(name, by="ada", parameters={}, trigger="cli")
    for step in (10, 20, 30, 40):
        tune = 0.95 if step == 40 else None
        runs.heartbeat(
            name, phase="training", step=step, steps=80, loss=20 / step, validation_accuracy=tune
        )
