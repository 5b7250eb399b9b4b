"""Card: what stands in a version's `card.json`: where it comes from and what it can do."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from digitlab.errors import ModelError

MODEL_FILES = ("model.keras", "model.tflite")
"""The files of a version folder beside its card; their hashes stand in the card."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One model version, described.

    Attributes:
        kind: "base" for a network trained from scratch, "imported" for a foreign one,
            "fine-tuned" for one that learned from corrections.
        created: UTC time, ISO 8601.
        data: hash of the data file and how many images were used for what.
        config: the training's parameters.
        seed: the training's seed.
        parameters: number of weights, batch-norm statistics included.
        embedding: length of the embedding.
        epoch: the epoch chosen on `validation`, counted from 1.
        history: a row an epoch: loss, `validation` figures, seconds.
        temperature: the logits are divided by it before the softmax; fitted on `validation`.
        refusal: evidence for a digit (`metrics.evidence`) below which an image is refused;
            None for a version that refuses nothing.
        metrics: figures with their counts, by data set.
        hashes: SHA-256 of the weights (over the arrays) and of each file.
        libraries: versions of the libraries that made it, and of Python.
        parent: the version that a fine-tune started from; None for a base.
        feedback: numbers of the verdicts that it learned from.
        training_examples: SHA-256 of the digit images that it learned from, in hex.
        alpha: share of the fine-tuned weights in the interpolation with the parent, 0-1.
        champion: the version that the gate compared it with; None for one never judged.
        decision: "promoted" or "rejected" by the gate; None for a version never judged.
        reasons: the gate's reasons, as sentences.
        inputs_fingerprint: of all that the version follows from: parent, feedback, parameters, seed.
        feedback_fingerprint: the hash by which a run tells whether there is anything new.
        notebook: the executed notebook that made it.
        run: name of the run that made it.
        threads: threads that its training was pinned to; None when it was not.
        source: the file that it was imported from.
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
    parent: str | None = None
    feedback: list[int] = field(default_factory=list)
    training_examples: list[str] = field(default_factory=list)
    alpha: float | None = None
    champion: str | None = None
    decision: str | None = None
    reasons: list[str] = field(default_factory=list)
    inputs_fingerprint: str | None = None
    feedback_fingerprint: str | None = None
    notebook: str | None = None
    run: str | None = None
    threads: int | None = None
    source: str | None = None

    @property
    def is_base(self) -> bool:
        """True for a version that fine-tunes may start from: it came from no other."""
        return self.kind in {"base", "imported"}

    def write(self, folder: Path) -> None:
        """Write `card.json` into a version folder."""
        aside = folder / ".card.json"
        aside.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        os.replace(aside, folder / "card.json")

    @classmethod
    def read(cls, folder: Path) -> Card:
        """The card of a version folder.

        Fields that came later have defaults, so that an older card reads as it did; what a
        newer digitlab added is ignored.

        Raises:
            ModelError: it is missing or lacks a field.
        """
        path = folder / "card.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            found = _with_current_names(found)
            values = {f.name: found[f.name] for f in fields(cls) if f.name in found or _needed(f)}
            return cls(**values)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{path}: cannot be read as a model's card ({error!r}). Restore the folder, or "
                "use another version.",
                version=folder.name,
            ) from error

    def verified_path(self, folder: Path, name: str) -> Path:
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


_RENAMED_FIELDS: Final = {
    "verdict": "decision",
    "hash": "inputs_fingerprint",
    "news": "feedback_fingerprint",
    "lessons": "training_examples",
}
_RENAMED_KEYS: Final = {
    "gate": "holdout",
    "tune": "validation",
    "mnist:tune": "mnist:validation",
    "photographs:tune": "photographs:validation",
    "tune_correct": "validation_correct",
    "tune_accuracy": "validation_accuracy",
    "tune_log_loss": "validation_log_loss",
    "lessons": "examples",
}


def _with_current_names(card: dict[str, Any]) -> dict[str, Any]:
    """Rename the fields of a card that digitlab 0.1 wrote; leave others as they are."""
    card = {_RENAMED_FIELDS.get(name, name): value for name, value in card.items()}
    for name in ("data", "config", "metrics"):
        if isinstance(card.get(name), dict):
            card[name] = _renamed(card[name])
    if isinstance(card.get("metrics"), dict) and isinstance(card["metrics"].get("base"), dict):
        card["metrics"]["base"] = _renamed(card["metrics"]["base"])
    if card.get("kind") == "fine-tuned":
        history = card.get("history") or []
        card["history"] = [_renamed(row, tune="validation_accuracy") for row in history]
    else:
        card["history"] = [_renamed(row) for row in card.get("history") or []]
    return card


def _renamed(values: dict[str, Any], **names: str) -> dict[str, Any]:
    current = _RENAMED_KEYS | names
    return {current.get(name, name): value for name, value in values.items()}


def _needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def library_versions(*names: str) -> dict[str, str]:
    """Installed versions of the named distributions, and Python's."""
    return {"python": platform.python_version(), **{n: metadata.version(n) for n in names}}
