"""The bench of corruptions: MNIST's test images made worse in fifteen ways.

    python benchmarks/corruptions.py [--n 1000] [--seed 0] [--model DIR] [--json] [--write]
                                     [--show FILE]

Each image goes straight into the network, and once more the way of a picture, where the front
end finds the ink and places it anew.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from common.docs_tables import table, write
from common.image_corruptions import CORRUPTIONS, corrupt
from PIL import Image

from digitlab.datasets import mnist
from digitlab.images import from_array, read_digit
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled


def right(classifier: Classifier, images: np.ndarray, labels: np.ndarray) -> float:
    """Share of digit images that are read right."""
    return float((classifier.logits_and_embeddings(images)[0].argmax(1) == labels).mean())


def measure(classifier: Classifier, images: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Shares read right straight and through the front end, which counts blank views as wrong."""
    views = [read_digit(from_array(image)) for image in images]
    found = np.array([not view.blank for view in views])
    if not found.any():
        return {"network": right(classifier, images, labels), "picture": 0.0}
    seen = np.stack([view.digit_image for view in views])[found]
    return {
        "network": right(classifier, images, labels),
        "picture": right(classifier, seen, labels[found]) * float(found.mean()),
    }


def show(images: dict[str, np.ndarray], path: Path) -> None:
    """A contact sheet: a corruption a row, twenty images each."""
    rows = [np.concatenate(list(some[:20]), axis=1) for some in images.values()]
    Image.fromarray(np.concatenate(rows)).resize((20 * 56, len(rows) * 56)).save(path)


def main(arguments: list[str] | None = None) -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000, help="images, from the test set's first")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write docs/corruptions.md's table")
    parser.add_argument("--show", type=Path, metavar="FILE", help="write a contact sheet")
    options = parser.parse_args(arguments)
    classifier = Classifier.load(options.model)
    x, y = (part[: options.n] for part in mnist.load("test"))
    images = {name: corrupt(x, name, seed=options.seed) for name in CORRUPTIONS}
    rows = {name: measure(classifier, some, y) for name, some in images.items()}
    rows["mean"] = {
        way: float(np.mean([row[way] for row in rows.values()])) for way in ("network", "picture")
    }
    rows["none"] = measure(classifier, x, y)
    text = (
        f"`python benchmarks/corruptions.py --n {options.n} --seed {options.seed}`, model "
        f"{options.model.name}; n = {len(x):,} a row.\n\n"
    ) + table(
        ["corruption", "into the network", "as a picture"],
        [[name, f"{row['network']:.1%}", f"{row['picture']:.1%}"] for name, row in rows.items()],
    )
    print(json.dumps({"n": len(x), **rows}) if options.json else text)
    if options.show:
        show(images, options.show)
    if options.write:
        write("corruptions", text)


if __name__ == "__main__":
    main()
