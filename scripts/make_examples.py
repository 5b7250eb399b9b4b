"""Make the example pictures that ship with digitlab: ten digits on synthetic paper.

    python scripts/make_examples.py [--no-model] [--seed 1]

One picture of each digit from MNIST's tune split, written and photographed by
`synthetic.photographs`. With the base model at hand, three of them are such that it
reads them wrong through the real front end, and all others such that it reads them right.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import digitlab.images
from digitlab.datasets import mnist
from digitlab.images import decode, read_digit
from digitlab.synthetic.photographs.photograph import Scene, photograph

FOLDER = Path(digitlab.images.__file__).parent / "examples"
MOST_BYTES = 200_000
TRIES = 500

Read = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

PEN = Scene(size=(360, 270), height=0.6)
SCENES = [
    ("jpg", PEN),
    ("jpg", replace(PEN, paper=(196, 186, 168), ink=(60, 52, 50), gradient=0.3, rotation=4)),
    ("png", Scene(size=(280, 280), height=0.7, paper=(255, 255, 255), ink=(0, 0, 0), grain=0,
                  gradient=0, blur=0.6, noise=0, quality=None)),
    ("jpg", replace(PEN, strength=0.35, widen=-0.4, ink=(70, 70, 74), grain=3)),
    ("webp", replace(PEN, paper=(176, 178, 182), shadow=0.25, ink=(28, 40, 92))),
    ("jpg", replace(PEN, widen=0.7, ink=(30, 30, 34), height=0.75)),
    ("jpg", replace(PEN, size=(400, 300), height=0.28, centre=(0.36, 0.6), noise=3)),
    ("png", Scene(size=(280, 280), height=0.7, paper=(0, 0, 0), ink=(255, 255, 255), grain=0,
                  gradient=0, blur=0.6, noise=0, quality=None)),
    ("jpg", replace(PEN, paper=(226, 214, 190), ink=(140, 40, 44), rotation=-6, blur=1.6)),
    ("jpg", replace(PEN, size=(270, 360), gradient=0.35, ink=(40, 90, 70))),
]  # fmt: skip
"""One a picture: file format, and how it is written and photographed."""

LABELS = (3, 7, 8, 9, 5, 4, 1, 0, 2, 6)
"""The digit of each picture."""

TILTED = {7, 4, 2}
"""Digits that the base model is to read wrong, because they are written at a slant."""


def encode(digit_image: NDArray[np.uint8], kind: str, scene: Scene, seed: list[int]) -> bytes:
    """The bytes of one photographed digit."""
    lossless = replace(scene, quality=None)
    image = photograph(digit_image, rng=np.random.default_rng(seed), scene=lossless)
    buffer = io.BytesIO()
    if kind == "png":
        image.convert("L").save(buffer, "PNG", optimize=True)
    else:
        image.save(buffer, {"jpg": "JPEG", "webp": "WEBP"}[kind], quality=scene.quality or 88)
    return buffer.getvalue()


def wanted(data: bytes, label: int, read: Read | None, *, wrong: bool) -> bool:
    """Whether the model reads a picture as it is meant to, surely right or wrong."""
    view = read_digit(decode(data))
    if view.blank:
        return False
    if read is None:
        return True
    chances = read(view.digit_image[None])[0]
    best = int(chances.argmax())
    return (best != label and chances[best] > 0.6) if wrong else chances[label] > 0.95


def find(number: int, label: int, read: Read | None, seed: int) -> bytes:
    """A picture of `label` in the scene `number`, the first that is as wanted."""
    kind, scene = SCENES[number]
    wrong = read is not None and label in TILTED
    x, y = mnist.load("tune")
    rng = np.random.default_rng([seed, number])
    for index in rng.permutation(np.flatnonzero(y == label))[:TRIES]:
        digit_image = x[index]
        if wrong:
            # Plain when upright, so that a person reads it; and then written at a slant.
            upright = read is not None and read(digit_image[None])[0][label] > 0.99
            scene = replace(scene, rotation=float(rng.choice([-1, 1]) * rng.uniform(20, 34)))
            if not upright:
                continue
        data = encode(digit_image, kind, scene, [seed, int(index)])
        if wanted(data, label, read, wrong=wrong):
            return data
    raise SystemExit(f"No picture of a {label} for scene {number} in {TRIES} tries; change --seed.")


def main() -> None:
    """Write the pictures and their list."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-model", action="store_true", help="clean pictures only")
    options = parser.parse_args()
    read = None
    if not options.no_model:
        from digitlab.model.runtime import Classifier
        from digitlab.settings import bundled

        read = Classifier.load(bundled("models/base")).predict_proba
    made = [find(number, label, read, options.seed) for number, label in enumerate(LABELS)]
    names = [f"{n + 1:02}.{kind}" for n, (kind, _) in enumerate(SCENES)]
    total = sum(map(len, made))
    if total > MOST_BYTES:
        raise SystemExit(f"The pictures have {total:,} bytes; at most {MOST_BYTES:,} may ship.")
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, data in zip(names, made, strict=True):
        (FOLDER / name).write_bytes(data)
    rows = [{"file": n, "label": label} for n, label in zip(names, LABELS, strict=True)]
    (FOLDER / "examples.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(f"{len(made)} pictures, {total:,} bytes, in {FOLDER}")


if __name__ == "__main__":
    main()
