"""Model versions for tests: copies of the shipped base with another card."""

import dataclasses
import shutil
from datetime import UTC, datetime

import sqlalchemy as sa

from digitlab.model.card import Card
from digitlab.settings import bundled
from digitlab.store.tables import aliases


def add_version(registry, **changes):
    """Register another copy of the base, its card changed; return its name."""
    with registry.folders.staging_folder() as folder:
        shutil.copytree(bundled("models/base"), folder, dirs_exist_ok=True)
        dataclasses.replace(Card.read(folder), **changes).write(folder)
        return registry.folders.register(folder)


def fine_tuned(parent="base", decision="promoted", **changes):
    """What to change for a version that a run made."""
    return {"kind": "fine-tuned", "parent": parent, "decision": decision, **changes}


def damage(registry, version):
    """Break what a version answers with."""
    (registry.folder(version) / "model.tflite").write_bytes(b"something else")


def serve(log, version, *, run):
    """Let a version serve, as a run of `log` that promotes it does."""
    row = {"time": datetime.now(UTC), "alias": "champion", "version": version, "run": run}
    with log.database.write() as connection:
        values = row | {"action": "promote", "by": "digitlab", "why": ""}
        connection.execute(sa.insert(aliases).values(values))
