"""The card of a model version: `card.json`, its origin, its parameters and its metrics."""

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
from digitlab.phrases import count_text

MODEL_FILES: Final = ("model.keras", "model.tflite")
"""The files of a version folder, without its card. The card holds their hashes."""


LOW_ACCURACY: Final = 0.9
"""Accuracy on MNIST's test images below which a version gets a warning, 0-1."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """The description of one model version.

    Attributes:
        kind: "base" for a network trained from scratch, "imported" for another program's network,
            "fine-tuned" for a network trained on feedback.
        created: UTC time, ISO 8601.
        data: hash of the data file, and number of images by use.
        config: parameters of the training.
        seed: seed of the training.
        parameters: number of weights, including the statistics of batch normalisation.
        embedding: length of the embedding.
        epoch: chosen epoch, counted from 1; see `training.train_base`.
        history: one row for each epoch: loss, metrics of the validation split, seconds.
        temperature: divisor of the logits before the softmax; see `calibration.calibrate`.
        refusal: digit evidence (`metrics.evidence`) below which an image is refused; None if the
            version refuses no image.
        metrics: metrics with their counts, by data set.
        hashes: SHA-256 of the weight arrays (`network.weights_hash`) and of each model file, hex.
        libraries: versions of Python and of the libraries that made the version.
        parent: version that a fine-tune started from; None for a base or an import.
        feedback: ids of the verdicts that the version was trained on.
        training_examples: SHA-256, in hex, of the digit images that it was trained on.
        alpha: share of the fine-tuned weights in the interpolation with the parent, 0-1.
        champion: version that the gate compared it with; None if the gate did not judge it.
        decision: decision of the gate, "promoted" or "rejected"; None if it did not judge it.
        reasons: reasons of the gate, as sentences.
        inputs_fingerprint: fingerprint of everything that determines the version: parent,
            feedback, parameters and seed.
        feedback_fingerprint: fingerprint of the feedback; a run compares it to detect new feedback.
        notebook: path of the executed notebook that made the version.
        run: name of the run that made the version.
        threads: number of threads that the training used; None if it was not fixed.
        source: name of the file that the version was imported from.
        preprocessing: how an imported network prepares a digit image, for example "values 0 to 1,
            inverted (dark on bright)". The first layers of the version's network do it, so every
            use of the version includes it. None for other kinds and older cards.
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
    preprocessing: str | None = None

    @property
    def is_base(self) -> bool:
        """Whether fine-tunes may start from this version: it has no parent."""
        return self.kind in {"base", "imported"}

    @property
    def test_accuracy(self) -> float | None:
        """Accuracy on MNIST's test images, 0-1; None if it was not measured."""
        metrics = self.metrics.get("mnist:test")
        accuracy = metrics.get("accuracy") if isinstance(metrics, dict) else None
        return None if accuracy is None else float(accuracy)

    @property
    def warning(self) -> str:
        """A sentence about a version that classifies few digits correctly; empty for others."""
        accuracy = self.test_accuracy
        if accuracy is None or accuracy >= LOW_ACCURACY:
            return ""
        reason = "it is no model of handwritten digits, or its training prepared the images in "
        reason += "another way than the usual ones"
        if self.kind != "imported":
            reason = "its training was too short or failed"
        return f"It reads only {accuracy:.1%} of MNIST's test images; perhaps {reason}."

    def _repr_html_(self) -> str:
        from digitlab.html.render import render  # loads Jinja2

        rows = [
            ("kind", self.kind),
            ("created", self.created),
            ("parent", self.parent),
            ("learned from", count_text(len(self.feedback), "verdict") if self.feedback else None),
            ("alpha", None if self.alpha is None else f"{self.alpha:g}"),
            ("decision", self.decision),
            ("compared with", self.champion),
            ("reasons", " ".join(self.reasons)),
            *(
                (name, f"{values['correct']:,} of {values['n']:,} right ({values['accuracy']:.2%})")
                for name, values in self.metrics.items()
                if isinstance(values, dict) and {"correct", "n", "accuracy"} <= values.keys()
            ),
            ("run", self.run),
            ("notebook", self.notebook),
            ("source", self.source),
            ("preprocessing", self.preprocessing),
            ("warning", self.warning),
        ]
        known = [(name, value) for name, value in rows if value]
        return render("table.html.j2", caption="Model card", columns=(), rows=known)

    def write(self, folder: Path) -> None:
        """Write `card.json` into a version folder, in one step."""
        temporary = folder / ".card.json"
        temporary.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, folder / "card.json")

    @classmethod
    def read(cls, folder: Path) -> Card:
        """Read the card of a version folder.

        Cards of older releases are read too: their names are translated, and missing new fields
        get their defaults. Unknown fields of newer releases are ignored.

        Raises:
            ModelError: the card is missing, is not valid, or lacks a required field.
        """
        path = folder / "card.json"
        try:
            content = _with_current_names(json.loads(path.read_text(encoding="utf-8")))
            values = {
                f.name: content[f.name] for f in fields(cls) if f.name in content or _is_required(f)
            }
            return cls(**values)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{path}: cannot be read as a model's card ({error!r}). Restore the folder, or "
                "use another version.",
                version=folder.name,
            ) from error

    def verified_path(self, folder: Path, name: str) -> Path:
        """Return the path of a model file after comparing its hash with the card's.

        Args:
            folder: version folder.
            name: one of `MODEL_FILES`.

        Raises:
            ModelError: the file is missing, or its hash differs from the card's.
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
"""Fields of a card of digitlab 0.1, and their present names."""

_RENAMED_KEYS: Final = {
    "gate": "holdout",
    "tune": "validation",
    "mnist:tune": "mnist:validation",
    "photographs:tune": "photographs:validation",
    "tune_correct": "validation_correct",
    "tune_accuracy": "validation_accuracy",
    "tune_log_loss": "validation_log_loss",
    "lessons": "examples",
    "written": "synthetic_digits",
    "asked": "export_checked",
    "readings": "variants",
}
"""Keys inside the fields of a card of digitlab 0.1, and their present names."""


def _with_current_names(card: dict[str, Any]) -> dict[str, Any]:
    """Translate the names of a card that digitlab 0.1 wrote; leave other cards unchanged."""
    card = {_RENAMED_FIELDS.get(name, name): value for name, value in card.items()}
    for name in ("data", "config", "metrics"):
        if isinstance(card.get(name), dict):
            card[name] = _rename_keys(card[name])
    if isinstance(card.get("metrics"), dict) and isinstance(card["metrics"].get("base"), dict):
        card["metrics"]["base"] = _rename_keys(card["metrics"]["base"])
    if isinstance(card.get("metrics"), dict) and isinstance(card["metrics"].get("alphas"), list):
        card["metrics"]["alphas"] = [_rename_keys(row) for row in card["metrics"]["alphas"]]
    # In the history of a fine-tune "tune" was an accuracy.
    names = {"tune": "validation_accuracy"} if card.get("kind") == "fine-tuned" else {}
    card["history"] = [_rename_keys(row, **names) for row in card.get("history") or []]
    return card


def _rename_keys(values: dict[str, Any], **names: str) -> dict[str, Any]:
    """Rename keys by `_RENAMED_KEYS` and `names`, which takes precedence."""
    current = _RENAMED_KEYS | names
    return {current.get(name, name): value for name, value in values.items()}


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def library_versions(*names: str) -> dict[str, str]:
    """Return the installed versions of the named distributions and of Python."""
    return {"python": platform.python_version(), **{n: metadata.version(n) for n in names}}
