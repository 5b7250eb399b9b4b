"""Measure the accuracy on MNIST's test images with fifteen corruptions.

    python benchmarks/corruptions.py [--n 1000] [--seed 0] [--model DIR] [--json] [--write]
                                     [--show FILE]

Each image goes straight into the network, and once more as a picture through the front end,
which finds the ink and normalises it again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from common.docs_tables import markdown_table, write_to_docs
from common.image_corruptions import CORRUPTIONS, corrupt
from PIL import Image

from digitlab.datasets import mnist
from digitlab.images import from_array, read_digit
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled


def accuracy(classifier: Classifier, images: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of digit images that are read right."""
    return float((classifier.logits_and_embeddings(images)[0].argmax(1) == labels).mean())


def measure(classifier: Classifier, images: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return the accuracy straight and through the front end, where blank results are wrong."""
    readings = [read_digit(from_array(image)) for image in images]
    has_ink = np.array([not reading.blank for reading in readings])
    straight = accuracy(classifier, images, labels)
    if not has_ink.any():
        return {"network": straight, "picture": 0.0}
    digit_images = np.stack([reading.digit_image for reading in readings])[has_ink]
    share = float(has_ink.mean())
    return {
        "network": straight,
        "picture": accuracy(classifier, digit_images, labels[has_ink]) * share,
    }


def save_contact_sheet(images: dict[str, np.ndarray], path: Path) -> None:
    """Save a contact sheet with one row of twenty images for each corruption."""
    rows = [np.concatenate(list(corrupted[:20]), axis=1) for corrupted in images.values()]
    Image.fromarray(np.concatenate(rows)).resize((20 * 56, len(rows) * 56)).save(path)


def main(arguments: list[str] | None = None) -> None:
    """Measure all corruptions and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000, help="number of images, the first ones")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    parser.add_argument("--show", type=Path, metavar="FILE", help="save a contact sheet")
    options = parser.parse_args(arguments)
    classifier = Classifier.load(options.model)
    x, y = (part[: options.n] for part in mnist.load("test"))
    images = {name: corrupt(x, name, seed=options.seed) for name in CORRUPTIONS}
    rows = {name: measure(classifier, corrupted, y) for name, corrupted in images.items()}
    rows["mean"] = {
        way: float(np.mean([row[way] for row in rows.values()])) for way in ("network", "picture")
    }
    rows["none"] = measure(classifier, x, y)
    text = (
        f"`python benchmarks/corruptions.py --n {options.n} --seed {options.seed}`, model "
        f"{options.model.name}; n = {len(x):,} a row.\n\n"
    ) + markdown_table(
        ["corruption", "into the network", "as a picture"],
        [[name, f"{row['network']:.1%}", f"{row['picture']:.1%}"] for name, row in rows.items()],
    )
    print(json.dumps({"n": len(x), **rows}) if options.json else text)
    if options.show:
        save_contact_sheet(images, options.show)
    if options.write:
        write_to_docs("corruptions", text)


if __name__ == "__main__":
    main()
