"""Model versions for tests: copies of the base that ships, with another card."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from digitlab.model.card import Card
from digitlab.settings import bundled
from digitlab.store import ModelRegistry, RunLog
from digitlab.store.tables import aliases


def add_version(registry: ModelRegistry, **changes: Any) -> str:
    """Register a copy of the base with changes to its card; return its name."""
    with registry.folders.staging_folder() as folder:
        shutil.copytree(bundled("models/base"), folder, dirs_exist_ok=True)
        dataclasses.replace(Card.read(folder), **changes).write(folder)
        return registry.folders.register(folder)


def fine_tuned(parent: str = "base", decision: str | None = "promoted", **changes: Any) -> Any:
    """Return the changes to the card of a version from a run."""
    return {"kind": "fine-tuned", "parent": parent, "decision": decision, **changes}


def damage(registry: ModelRegistry, version: str) -> None:
    """Replace the file that a version predicts with."""
    (registry.folder(version) / "model.tflite").write_bytes(b"something else")


def serve(log: RunLog, version: str, *, run: str) -> None:
    """Make a version the champion, as a run of `log` does that promotes it."""
    row = {"time": datetime.now(UTC), "alias": "champion", "version": version, "run": run}
    with log.database.write() as connection:
        values = row | {"action": "promote", "by": "digitlab", "why": ""}
        connection.execute(sa.insert(aliases).values(values))
