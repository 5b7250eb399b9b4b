"""Measure which pictures the correction memory recognises again, and what it must not change.

    python benchmarks/memory.py [--misread 60] [--others 500] [--seed 0] [--json] [--write]

Misread photographs (see benchmarks/photos.py) are corrected once and shown again: the same file,
compressed again, made smaller, rotated. Then a thousand corrections of misread digits of many
styles (see benchmarks/styles.py) are added, and MNIST and other photographs are read. The last
part repeats this with flipped labels (common/poisoned_feedback.py). Nothing is trained.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from adapt import misread_digits
from common import poisoned_feedback
from common.docs_tables import write_to_docs
from common.memory_tables import format_figures
from common.photo_difficulties import DIFFICULTIES
from common.picture_files import encode
from photos import make_pictures
from PIL import Image, ImageOps
from styles import STYLES

import digitlab
from digitlab.correction_memory import CorrectionMemory
from digitlab.datasets import mnist
from digitlab.images.transparency import flatten
from digitlab.lab import Lab
from digitlab.prediction import Prediction
from digitlab.store.feedback.corrections import START, Correction, Position

ROTATION = 5
"""Degrees by which photographs are rotated."""
STYLE_CORRECTIONS = 1_000
"""Corrections of misread digits of all styles."""
FLIPPED_STYLES = ("hands", "mirrored", "Devanagari")
"""Styles whose corrections get flipped labels."""
TIMED_CORRECTIONS = 10_000
"""Corrections in memory when `recall` is timed."""

Photograph = tuple[bytes, int]
"""A picture file and the digit on it."""


def shown_again(data: bytes) -> dict[str, bytes]:
    """Return a picture file as it is and changed in every way that is measured."""
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    image = flatten(upright, 1).convert("RGB")  # transparent pictures get their paper
    size = tuple(max(1, round(0.7 * side)) for side in image.size)
    pixels = np.asarray(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    paper = tuple(int(tone) for tone in np.median(edge, axis=0))
    files = {
        "the same file": data,
        "JPEG of quality 60": encode(image, "JPEG", quality=60),
        "scaled to 70 %": encode(image.resize(size, Image.Resampling.LANCZOS), "JPEG", quality=92),
    }
    for degrees in (ROTATION, -ROTATION):
        for expand in (True, False):
            rotated = image.rotate(degrees, Image.Resampling.BICUBIC, expand, fillcolor=paper)
            name = f"turned by {degrees} degrees, {'larger' if expand else 'the same size'}"
            files[name] = encode(rotated, "JPEG", quality=92)
    return files


def photographs(seed: int) -> Iterator[Photograph]:
    """Yield photographs with all difficulties in turn, without end."""
    for turn in range(1_000):
        for name in DIFFICULTIES:
            data, labels = make_pictures(name, n=4, seed=1_000 * (seed + 1) + turn)
            yield from zip(data, labels.tolist(), strict=True)


def is_wrong(prediction: Prediction, label: int) -> bool:
    """Return whether a prediction is refused or names another digit."""
    return prediction.refused or prediction.digit != label


def misread_styles(seed: int) -> Iterator[tuple[np.ndarray, int]]:
    """Yield the digits of all styles that the base misreads with their labels, in random order."""
    digits = []
    for style in STYLES:
        x, y, _, misread = misread_digits(style, seed)
        digits += [(x[row], int(y[row])) for row in misread]
    for index in np.random.default_rng([seed, 13]).permutation(len(digits)):
        yield digits[index]


def add_correction(lab: Lab, image: np.ndarray, label: int) -> None:
    """Store a correction of a digit image, unless the model reads it right."""
    outputs = lab.models.load().classify(image[None])
    probabilities = outputs.probabilities[0]
    prediction = Prediction(
        digit=int(probabilities.argmax()),
        confidence=float(probabilities.max()),
        probabilities=tuple(probabilities.tolist()),
        refused=bool(outputs.refused[0]),
        remembered=False,
        model="base",
        box=(0, 0, 28, 28),
        digit_image=image,
        picture_sha256=hashlib.sha256(image.tobytes()).hexdigest(),
    )
    if is_wrong(prediction, label):
        lab.correct(prediction, label)


def correct_photographs(lab: Lab, candidates: Iterator[Photograph], n: int) -> list[Photograph]:
    """Correct the next `n` misread photographs and return them."""
    corrected = []
    for data, label in candidates:
        prediction = lab.predict(data)
        if is_wrong(prediction, label) and not prediction.remembered:
            lab.correct(prediction, label)
            corrected.append((data, label))
            if len(corrected) == n:
                break
    return corrected


def count_shown_again(lab: Lab, corrected: list[Photograph]) -> dict[str, dict[str, int]]:
    """Count for each change how many corrected photographs are read right and are remembered."""
    counts: dict[str, dict[str, int]] = {}
    for data, label in corrected:
        for name, changed in shown_again(data).items():
            prediction = lab.predict(changed)
            count = counts.setdefault(name, {"right": 0, "remembered": 0, "wrongly": 0})
            count["right"] += not is_wrong(prediction, label)
            count["remembered"] += prediction.remembered
            count["wrongly"] += prediction.remembered and is_wrong(prediction, label)
    return counts


def count_photographs(lab: Lab, data: list[Photograph]) -> dict[str, int]:
    """Count the right predictions of other photographs without and with the memory."""
    without, with_memory = lab.reader(), lab.reader(memory=True)
    results = [(without.read(file), with_memory.read(file), label) for file, label in data]
    return {
        "n": len(results),
        "right before": sum(not is_wrong(before, label) for before, _, label in results),
        "right": sum(not is_wrong(after, label) for _, after, label in results),
        "changed": sum(after.remembered for _, after, _ in results),
    }


def count_images(lab: Lab, x: np.ndarray, y: np.ndarray) -> dict[str, int]:
    """Count the digit images that the memory changes, and the right ones without and with it."""
    before, after = (lab.reader(threads=2, memory=on).read_images(x) for on in (False, True))
    changed = (before[0] != after[0]) | (before[2] != after[2])
    return {
        "n": len(y),
        "changed": int(changed.sum()),
        "right before": int((before[0] == y).sum()),
        "right": int((after[0] == y).sum()),
        "changed and right": int((after[0] == y)[changed].sum()),
    }


def worst_change_by_case(seed: int) -> dict[str, int]:
    """Return the worst change of right predictions on MNIST's test images, by flipped case."""
    worst: dict[str, int] = {}
    for style in FLIPPED_STYLES:
        x, y, contributors, misread = misread_digits(style, seed)
        if not len(x):  # the fonts of this style are not installed
            continue
        digits = x[misread], y[misread]
        cases = [
            *poisoned_feedback.one_person_cases(style, *digits, np.random.default_rng([seed, 1])),
            *poisoned_feedback.five_people_cases(style, *digits, contributors[misread], seed),
        ]
        for case in (case for case in cases if case.flipped.any()):
            with temporary_lab() as lab:
                for image, label in zip(case.x, case.given_labels, strict=True):
                    add_correction(lab, image, int(label))
                lab.screen()
                counts = count_images(lab, *mnist.load("test"))
            change = counts["right"] - counts["right before"]
            worst[case.case] = min(worst.get(case.case, 0), change)
    return worst


class FixedCorrections:
    """Corrections in place of a feedback store: to store this many would take a minute."""

    def __init__(self, corrections: Mapping[int, Correction]) -> None:
        self._corrections = corrections

    def corrections(self, since: Position) -> tuple[Position, Mapping[int, Correction]]:
        """Return all corrections to the first call, as `FeedbackStore.corrections` does."""
        position = Position(len(self._corrections), 0)
        return position, self._corrections if since == START else {}


def recall_ms(seed: int) -> float:
    """Return the median time of `CorrectionMemory.recall`, in milliseconds."""
    rng = np.random.default_rng([seed, 17])
    x, y = mnist.load("train")
    corrections = {
        number: Correction(
            id=number,
            time=datetime.now(UTC),
            contributor="Ada",
            label=int(y[row] + 1) % 10,
            accepted=True,
            digit_image=x[row],
            digit_sha256=str(number),
            fingerprint=b"",
        )
        for number, row in enumerate(rng.permutation(len(y))[:TIMED_CORRECTIONS], 1)
    }
    with temporary_lab() as lab:
        classifier = lab.models.load()
        memory = CorrectionMemory(FixedCorrections(corrections), cache=lab.settings.cache)
        images = mnist.load("validation")[0][:200]
        times = []
        for image, embedding in zip(images, classifier.embed(images), strict=True):
            started = time.perf_counter()
            memory.recall(image, embedding, classifier=classifier, contributor="Ada")
            times.append(1000 * (time.perf_counter() - started))
    return float(np.median(times))


@contextmanager
def temporary_lab() -> Iterator[Lab]:
    """Open a lab with an empty home that does not look for label issues by itself."""
    folder = Path(tempfile.mkdtemp(prefix="digitlab-memory-"))
    try:
        with digitlab.open(folder, contributor="Ada", screening=False) as lab:
            yield lab
    finally:
        shutil.rmtree(folder)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return all figures."""
    seed = options.seed
    with temporary_lab() as lab:
        corrected = correct_photographs(lab, photographs(seed), options.misread)
        counts = count_shown_again(lab, corrected)
        digits = misread_styles(seed)
        while len(lab.memory) < STYLE_CORRECTIONS:
            add_correction(lab, *next(digits))
        others = list(islice(photographs(seed + 100), options.others))
        figures = {
            "corrected": len(corrected),
            "shown_again": counts,
            "remembered": len(lab.memory),
            "holdout": count_images(lab, *mnist.load("holdout")),
            "test": count_images(lab, *mnist.load("test")),
            "others": count_photographs(lab, others),
            "same_styles": count_other_digits(lab, digits),
        }
    return figures | {"recall_ms": recall_ms(seed), "flipped": worst_change_by_case(seed)}


def count_other_digits(
    lab: Lab, digits: Iterator[tuple[np.ndarray, int]], n: int = 1_000
) -> dict[str, int]:
    """Count for other misread digits of the same styles how many the memory answers, and right."""
    examples = list(islice(digits, n))
    x = np.stack([image for image, _ in examples])
    y = np.array([label for _, label in examples])
    counts = count_images(lab, x, y)
    return {
        "n": counts["n"],
        "answered": counts["changed"],
        "right": counts["changed and right"],
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure all figures and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--misread", type=int, default=60, help="photographs to correct")
    parser.add_argument("--others", type=int, default=500, help="photographs to leave alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/")
    options = parser.parse_args(arguments)
    figures = measure(options)
    command = f"python benchmarks/memory.py --misread {options.misread} --others {options.others}"
    text = format_figures(
        figures, f"{command} --seed {options.seed}", timed_corrections=TIMED_CORRECTIONS
    )
    print(json.dumps(figures) if options.json else text)
    if options.write:
        write_to_docs("memory", text)


if __name__ == "__main__":
    main()
