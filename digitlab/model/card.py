"""Card: what stands in a version's `card.json`: where it comes from and what it can do."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import asdict, dataclass, fields
from importlib import metadata
from pathlib import Path
from typing import Any

from digitlab.errors import ModelError

FILES = ("model.keras", "model.tflite")
"""The files of a version folder beside its card; their hashes stand in the card."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One model version, described.

    Attributes:
        kind: "base" for a network trained from scratch.
        created: UTC time, ISO 8601.
        data: hash of the data file and how many images were used for what.
        config: the training's parameters.
        seed: the training's seed.
        parameters: number of weights, batch-norm statistics included.
        embedding: length of the embedding.
        epoch: the epoch chosen on `tune`, counted from 1.
        history: a row an epoch: loss, `tune` figures, seconds.
        temperature: the logits are divided by it before the softmax; fitted on `tune`.
        refusal: evidence for a digit (`metrics.evidence`) below which an image is refused;
            None for a version that refuses nothing.
        metrics: figures with their counts, by data set.
        hashes: SHA-256 of the weights (over the arrays) and of each file.
        libraries: versions of the libraries that made it, and of Python.
    """

    kind: str
    created: str
    data: dict[str, Any]
    config: dict[str, Any]
    seed: int
    parameters: int
    embedding: int
    epoch: int
    history: list[dict[str, Any]]
    temperature: float
    refusal: float | None
    metrics: dict[str, Any]
    hashes: dict[str, str]
    libraries: dict[str, str]

    def write(self, folder: Path) -> None:
        """Write `card.json` into a version folder."""
        aside = folder / ".card.json"
        aside.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        os.replace(aside, folder / "card.json")

    @classmethod
    def read(cls, folder: Path) -> Card:
        """The card of a version folder.

        Raises:
            ModelError: it is missing or lacks a field.
        """
        path = folder / "card.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{field.name: found[field.name] for field in fields(cls)})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path}: cannot be read as a model's card ({error!r}). Restore the folder, or "
                "use another version.",
                version=folder.name,
            ) from error

    def check(self, folder: Path, name: str) -> Path:
        """The path of one file of the version, its hash compared with the card's.

        Raises:
            ModelError: the file is missing or is not the one that the card describes.
        """
        path = folder / name
        if not path.is_file() or file_sha256(path) != self.hashes.get(name):
            raise ModelError(
                f"Version {folder.name} is damaged: {path} is missing or not the file that its "
                "card describes. Restore it, or use another version.",
                version=folder.name,
            )
        return path


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def library_versions(*names: str) -> dict[str, str]:
    """Installed versions of the named distributions, and Python's."""
    return {"python": platform.python_version(), **{n: metadata.version(n) for n in names}}
