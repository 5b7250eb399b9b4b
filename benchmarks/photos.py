"""The photo bench: how many digits on synthetic photographs are read right, by difficulty.

    python benchmarks/photos.py [--n 60] [--seed 0] [--only NAME] [--json] [--write] [--show DIR]

Digits of MNIST's tune split are written, photographed and encoded; the bytes go the whole way
of a picture. Two simple normalisers stand beside digitlab's, before the same network.
"""

from __future__ import annotations

import argparse
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from common.baseline_normalisers import plain, resized
from common.contact_sheets import sheet
from common.docs_tables import write
from common.photo_difficulties import DIFFICULTIES, LABELS

from digitlab.datasets import mnist
from digitlab.images import decode
from digitlab.model.metrics import ece, wilson_interval
from digitlab.model.runtime import Classifier
from digitlab.picture_reader import Reader, limits_of
from digitlab.prediction import Prediction
from digitlab.settings import Settings, bundled

MOST_RESIZED, MOST_PLAIN = 0.35, 0.94
"""The bench is hard enough when the simple ways read no more than this share."""


@dataclass(kw_only=True)
class Tally:
    """What was counted of one difficulty, or of all."""

    right: list[bool] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    refused: list[bool] = field(default_factory=list)
    plain: list[bool] = field(default_factory=list)
    resized: list[bool] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        for name in vars(self):
            getattr(self, name).extend(getattr(other, name))

    def row(self) -> dict[str, float]:
        """The figures: counts and shares of 1."""
        n, correct = len(self.right), sum(self.right)
        return {
            "n": n,
            "correct": correct,
            "accuracy": correct / n,
            "plain": sum(self.plain) / n,
            "resized": sum(self.resized) / n,
            "ece": ece(np.array(self.confidence), np.array(self.right)),
            "refused": sum(self.refused) / n,
        }


def pictures(name: str, *, n: int, seed: int) -> tuple[list[bytes], np.ndarray]:
    """`n` pictures of a difficulty and their labels, the same for every equal seed."""
    x, y = mnist.load("validation")
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    rows = np.flatnonzero(np.isin(y, LABELS[name])) if name in LABELS else np.arange(len(y))
    chosen = rng.choice(rows, n, replace=False)
    make = DIFFICULTIES[name]
    return [make(x[row], int(y[row]), rng) for row in chosen], y[chosen]


def measure(
    reader: Reader, data: list[bytes], labels: np.ndarray
) -> tuple[Tally, list[Prediction]]:
    """Read pictures in all three ways."""
    predictions = [reader.read(one) for one in data]
    greys = [decode(one).grey for one in data]
    simple = [
        reader.classifier.predict_proba(np.stack([way(grey) for grey in greys])).argmax(axis=1)
        for way in (plain, resized)
    ]
    tally = Tally(
        right=[p.digit == label for p, label in zip(predictions, labels, strict=True)],
        confidence=[p.confidence for p in predictions],
        refused=[p.refused for p in predictions],
        plain=(simple[0] == labels).tolist(),
        resized=(simple[1] == labels).tolist(),
    )
    return tally, predictions


def table(rows: dict[str, dict[str, float]]) -> str:
    """The figures as a Markdown table."""
    lines = [
        "| difficulty | n | digitlab | plain normaliser | grey + resize | ECE | refused |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, r in rows.items():
        lines.append(
            f"| {name} | {r['n']:,} | {r['accuracy']:.1%} | {r['plain']:.1%} | "
            f"{r['resized']:.1%} | {r['ece']:.3f} | {r['refused']:.1%} |"
        )
    return "\n".join(lines)


def verdict(all_: dict[str, float]) -> str:
    """One line: is the bench hard enough?"""
    hard = all_["resized"] <= MOST_RESIZED and all_["plain"] <= MOST_PLAIN
    return (
        f"Hard enough: {'yes' if hard else 'NO'}. Grey + resize reads {all_['resized']:.1%} "
        f"(at most {MOST_RESIZED:.0%} allowed), the plain normaliser {all_['plain']:.1%} "
        f"(at most {MOST_PLAIN:.0%})."
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=60, help="pictures of each difficulty")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", choices=list(DIFFICULTIES), metavar="NAME")
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the table into docs/photos.md")
    parser.add_argument("--show", type=Path, metavar="DIR", help="write a contact sheet for each")
    options = parser.parse_args(arguments)
    if options.write and options.only:
        parser.error("--write writes the whole table: leave --only out.")
    reader = Reader(Classifier.load(options.model), limits=limits_of(Settings.load()))
    whole, rows = Tally(), {}
    for name in options.only or DIFFICULTIES:
        data, labels = pictures(name, n=options.n, seed=options.seed)
        tally, predictions = measure(reader, data, labels)
        whole.add(tally)
        rows[name] = tally.row()
        if not options.json:
            r = rows[name]
            print(
                f"{name:18} {r['accuracy']:6.1%} {r['plain']:6.1%} {r['resized']:6.1%}", flush=True
            )
        if options.show:
            options.show.mkdir(parents=True, exist_ok=True)
            sheet(data, predictions, labels).save(options.show / f"{name.replace(' ', '-')}.png")
    rows["all"] = whole.row()
    low, high = wilson_interval(int(rows["all"]["correct"]), int(rows["all"]["n"]))
    text = (
        f"`python benchmarks/photos.py --n {options.n} --seed {options.seed}`, model "
        f"{reader.classifier.version}; 95 % interval of digitlab over all: {low:.1%} - {high:.1%}."
        f"\n\n{table(rows)}\n\n{verdict(rows['all'])}"
    )
    print(json.dumps(rows) if options.json else f"\n{text}")
    if options.write:
        write("photos", text)


if __name__ == "__main__":
    main()
