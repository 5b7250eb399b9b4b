"""Measure the accuracy on synthetic photographs of digits, by difficulty.

    python benchmarks/photos.py [--n 60] [--seed 0] [--only NAME] [--json] [--write] [--show DIR]

Digits of MNIST's validation split are written, photographed and encoded, and the files are read
as any picture is. For comparison, two simple normalisers prepare the same files for the same
network.
"""

from __future__ import annotations

import argparse
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from common.baseline_normalisers import plain_normalise, resize_only
from common.contact_sheets import contact_sheet
from common.docs_tables import write_to_docs
from common.photo_difficulties import DIFFICULTIES, LABELS, NEW_DIFFICULTIES
from common.small_pictures import ENLARGED_SIDE, SMALL_PICTURES, enlarge_picture

from digitlab.datasets import mnist
from digitlab.images import decode
from digitlab.model.metrics import ece, wilson_interval
from digitlab.model.runtime import Classifier
from digitlab.picture_reader import Reader, limits_of
from digitlab.prediction import Prediction
from digitlab.settings import Settings, bundled

MAX_RESIZE_ACCURACY, MAX_PLAIN_ACCURACY = 0.35, 0.94
"""The photographs are hard enough if the simple normalisers reach no more than this."""

CONFIDENT = 0.9
"""A mistake with a higher confidence is a confident one."""


@dataclass(kw_only=True)
class Tally:
    """Results of the pictures of one difficulty or of all; one value for each picture.

    Attributes:
        correct: whether the prediction is right.
        confidence: the prediction's confidence, 0-1.
        refused: whether the prediction is refused.
        plain: whether the network is right after `plain_normalise`.
        resized: whether the network is right after `resize_only`.
        enlarged: whether the prediction is right when the picture is enlarged first; only for
            small pictures.
    """

    correct: list[bool] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    refused: list[bool] = field(default_factory=list)
    plain: list[bool] = field(default_factory=list)
    resized: list[bool] = field(default_factory=list)
    enlarged: list[bool] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add the results of another tally."""
        for name in vars(self):
            getattr(self, name).extend(getattr(other, name))

    def figures(self) -> dict[str, float]:
        """Return counts, and shares of 1."""
        n, correct = len(self.correct), sum(self.correct)
        confident = np.array(self.confidence) > CONFIDENT
        figures = {
            "n": n,
            "correct": correct,
            "accuracy": correct / n,
            "plain": sum(self.plain) / n,
            "resized": sum(self.resized) / n,
            "ece": ece(np.array(self.confidence), np.array(self.correct)),
            "refused": sum(self.refused) / n,
            "confident_mistakes": float((confident & ~np.array(self.correct)).mean()),
        }
        if len(self.enlarged) == n:
            figures["enlarged"] = sum(self.enlarged) / n
        return figures


def make_pictures(name: str, *, n: int, seed: int) -> tuple[list[bytes], np.ndarray]:
    """Return `n` picture files of a difficulty and their labels; the same for equal seeds."""
    x, y = mnist.load("validation")
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    rows = np.flatnonzero(np.isin(y, LABELS[name])) if name in LABELS else np.arange(len(y))
    chosen = rng.choice(rows, n, replace=False)
    make = DIFFICULTIES[name]
    return [make(x[row], int(y[row]), rng) for row in chosen], y[chosen]


def measure(
    reader: Reader, data: list[bytes], labels: np.ndarray, *, small: bool = False
) -> tuple[Tally, list[Prediction]]:
    """Read picture files with digitlab and with both simple normalisers.

    Args:
        reader: digitlab.
        data: picture files.
        labels: the true digits, (N,).
        small: whether to read the pictures also enlarged.
    """
    predictions = [reader.read(file) for file in data]
    greys = [decode(file).grey for file in data]
    plain, resized = (
        reader.classifier.predict_proba(np.stack([normalise(grey) for grey in greys])).argmax(1)
        for normalise in (plain_normalise, resize_only)
    )
    tally = Tally(
        correct=[p.digit == label for p, label in zip(predictions, labels, strict=True)],
        confidence=[p.confidence for p in predictions],
        refused=[p.refused for p in predictions],
        plain=(plain == labels).tolist(),
        resized=(resized == labels).tolist(),
    )
    if small:
        tally.enlarged = [
            reader.read(enlarge_picture(file)).digit == label
            for file, label in zip(data, labels, strict=True)
        ]
    return tally, predictions


def format_table(rows: dict[str, dict[str, float]]) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| difficulty | n | digitlab | plain normaliser | grey + resize | ECE | refused "
        "| wrong above 0.9 |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, r in rows.items():
        lines.append(
            f"| {name} | {r['n']:,} | {r['accuracy']:.1%} | {r['plain']:.1%} | "
            f"{r['resized']:.1%} | {r['ece']:.3f} | {r['refused']:.1%} | "
            f"{r['confident_mistakes']:.1%} |"
        )
    return "\n".join(lines)


def format_small_pictures(rows: dict[str, dict[str, float]]) -> str:
    """Return the accuracy on small pictures, as they are and enlarged, as a Markdown table."""
    lines = [
        f"| small pictures | as they are | enlarged to {ENLARGED_SIDE} px |",
        "|---|--:|--:|",
    ]
    for name, r in rows.items():
        if "enlarged" in r:
            lines.append(f"| {name} | {r['accuracy']:.1%} | {r['enlarged']:.1%} |")
    return "\n".join(lines)


def difficulty_summary(overall: dict[str, float]) -> str:
    """Return a line that says whether the photographs are hard enough."""
    hard = overall["resized"] <= MAX_RESIZE_ACCURACY and overall["plain"] <= MAX_PLAIN_ACCURACY
    return (
        f"Hard enough: {'yes' if hard else 'NO'}. Grey + resize reads {overall['resized']:.1%} "
        f"(at most {MAX_RESIZE_ACCURACY:.0%} allowed), the plain normaliser "
        f"{overall['plain']:.1%} (at most {MAX_PLAIN_ACCURACY:.0%})."
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure all difficulties and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=60, help="pictures of each difficulty")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", choices=list(DIFFICULTIES), metavar="NAME")
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    parser.add_argument("--show", type=Path, metavar="DIR", help="save a contact sheet for each")
    options = parser.parse_args(arguments)
    if options.write and options.only:
        parser.error("--write needs all difficulties: leave --only out.")
    reader = Reader(Classifier.load(options.model), limits=limits_of(Settings.load()))
    overall, new, rows = Tally(), Tally(), {}
    for name in options.only or DIFFICULTIES:
        data, labels = make_pictures(name, n=options.n, seed=options.seed)
        tally, predictions = measure(reader, data, labels, small=name in SMALL_PICTURES)
        overall.add(tally)
        if name in NEW_DIFFICULTIES:
            new.add(tally)
        rows[name] = tally.figures()
        if not options.json:
            r = rows[name]
            print(
                f"{name:18} {r['accuracy']:6.1%} {r['plain']:6.1%} {r['resized']:6.1%} "
                f"{r['refused']:6.1%} {r['confident_mistakes']:6.1%}",
                flush=True,
            )
        if options.show:
            options.show.mkdir(parents=True, exist_ok=True)
            sheet = contact_sheet(data, predictions, labels)
            sheet.save(options.show / f"{name.replace(' ', '-')}.png")
    small_pictures = format_small_pictures(rows)
    if new.correct:
        rows["all new ones"] = new.figures()
    rows["all"] = overall.figures()
    low, high = wilson_interval(int(rows["all"]["correct"]), int(rows["all"]["n"]))
    text = (
        f"`python benchmarks/photos.py --n {options.n} --seed {options.seed}`, model "
        f"{reader.classifier.version}; 95 % interval of digitlab over all: {low:.1%} - {high:.1%}."
        f"\n\n{format_table(rows)}\n\n{difficulty_summary(rows['all'])}\n\n{small_pictures}"
    )
    print(json.dumps(rows) if options.json else f"\n{text}")
    if options.write:
        write_to_docs("photos", text)


if __name__ == "__main__":
    main()
