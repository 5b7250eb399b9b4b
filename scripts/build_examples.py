"""Build the example pictures that ship with digitlab: ten digits on synthetic paper.

    python scripts/build_examples.py [--no-model] [--seed 1]

The script photographs one digit of each label from MNIST's `validation` split with
`digitlab.synthetic.photographs` and writes the pictures and their list to
`digitlab/images/examples/`. It chooses digits so that the base model misreads three of the
pictures, which are written at a slant, and reads the others correctly. Without the model it takes
any digit that the front end finds.
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
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.scene import Scene

FOLDER = Path(digitlab.images.__file__).parent / "examples"
MAX_TOTAL_BYTES = 200_000
MAX_TRIES = 500

Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""A function from digit images (N, 28, 28) to probabilities (N, 10)."""

PEN = Scene(size=(360, 270), height=0.6)
DRAWING = Scene(size=(280, 280), height=0.7, grain=0, gradient=0, blur=0.6, noise=0, quality=None)
SCENES = [
    ("jpg", PEN),
    ("jpg", replace(PEN, paper=(196, 186, 168), ink=(60, 52, 50), gradient=0.3, rotation=4)),
    ("png", replace(DRAWING, paper=(255, 255, 255), ink=(0, 0, 0))),
    ("jpg", replace(PEN, strength=0.35, widen=-0.4, ink=(70, 70, 74), grain=3)),
    ("webp", replace(PEN, paper=(176, 178, 182), shadow=0.25, ink=(28, 40, 92))),
    ("jpg", replace(PEN, widen=0.7, ink=(30, 30, 34), height=0.75)),
    ("jpg", replace(PEN, size=(400, 300), height=0.28, centre=(0.36, 0.6), noise=3)),
    ("png", replace(DRAWING, paper=(0, 0, 0), ink=(255, 255, 255))),
    ("jpg", replace(PEN, paper=(226, 214, 190), ink=(140, 40, 44), rotation=-6, blur=1.6)),
    ("jpg", replace(PEN, size=(270, 360), gradient=0.35, ink=(40, 90, 70))),
]
"""File format and scene of each picture."""

LABELS = (3, 7, 8, 9, 5, 4, 1, 0, 2, 6)
"""The digit on each picture."""

TILTED = {7, 4, 2}
"""Digits that are written at a slant, so that the base model misreads them."""


def encode(
    digit_image: NDArray[np.uint8], file_format: str, scene: Scene, seed: list[int]
) -> bytes:
    """Photograph a digit image and return the bytes of the picture file."""
    lossless = replace(scene, quality=None)
    image = photograph(digit_image, rng=np.random.default_rng(seed), scene=lossless)
    buffer = io.BytesIO()
    if file_format == "png":
        image.convert("L").save(buffer, "PNG", optimize=True)
    else:
        pillow_format = {"jpg": "JPEG", "webp": "WEBP"}[file_format]
        image.save(buffer, pillow_format, quality=scene.quality or 88)
    return buffer.getvalue()


def is_suitable(data: bytes, label: int, classify: Classify | None, *, misread: bool) -> bool:
    """Return whether the model reads a picture with confidence, rightly or wrongly as required."""
    view = read_digit(decode(data))
    if view.blank:
        return False
    if classify is None:
        return True
    probabilities = classify(view.digit_image[None])[0]
    best = int(probabilities.argmax())
    if misread:
        return best != label and probabilities[best] > 0.6
    return probabilities[label] > 0.95


def find_picture(number: int, label: int, classify: Classify | None, seed: int) -> bytes:
    """Return the first suitable picture of `label` in the scene `number`."""
    file_format, scene = SCENES[number]
    misread = classify is not None and label in TILTED
    x, y = mnist.load("validation")
    rng = np.random.default_rng([seed, number])
    for index in rng.permutation(np.flatnonzero(y == label))[:MAX_TRIES]:
        digit_image = x[index]
        if misread:
            # The digit is clear when upright, so that a person can read it at a slant.
            clear = classify is not None and classify(digit_image[None])[0][label] > 0.99
            scene = replace(scene, rotation=float(rng.choice([-1, 1]) * rng.uniform(20, 34)))
            if not clear:
                continue
        data = encode(digit_image, file_format, scene, [seed, int(index)])
        if is_suitable(data, label, classify, misread=misread):
            return data
    raise SystemExit(
        f"No suitable picture of a {label} for scene {number} in {MAX_TRIES} tries; change --seed."
    )


def main() -> None:
    """Write the pictures and their list."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--no-model", action="store_true", help="do not choose digits by the base's predictions"
    )
    options = parser.parse_args()
    classify = None
    if not options.no_model:
        from digitlab.model.runtime import Classifier
        from digitlab.settings import bundled

        classify = Classifier.load(bundled("models/base")).predict_proba
    pictures = [
        find_picture(number, label, classify, options.seed) for number, label in enumerate(LABELS)
    ]
    names = [f"{n + 1:02}.{file_format}" for n, (file_format, _) in enumerate(SCENES)]
    total = sum(map(len, pictures))
    if total > MAX_TOTAL_BYTES:
        raise SystemExit(
            f"The pictures have {total:,} bytes; at most {MAX_TOTAL_BYTES:,} may ship."
        )
    FOLDER.mkdir(exist_ok=True)
    for old_file in FOLDER.iterdir():
        old_file.unlink()
    for name, data in zip(names, pictures, strict=True):
        (FOLDER / name).write_bytes(data)
    rows = [{"file": name, "label": label} for name, label in zip(names, LABELS, strict=True)]
    (FOLDER / "examples.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(f"{len(pictures)} pictures, {total:,} bytes, in {FOLDER}")


if __name__ == "__main__":
    main()
