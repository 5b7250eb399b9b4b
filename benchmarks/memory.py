"""The memory bench: what a correction answers at once, and what it must leave alone.

    python benchmarks/memory.py [--misread 60] [--others 500] [--seed 0] [--json] [--write]

Misread photographs of the photo bench are corrected once, and shown again: the same file, saved
anew, made smaller, turned. Then a thousand corrections of misread digits of many styles
(benchmarks/styles.py) are remembered too, and MNIST and other photographs are read with them; and
corrections with flipped labels (common/poisoned_feedback.py). The base reads; nothing is trained.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from adapt import misread
from common import poisoned_feedback
from common.docs_tables import write
from common.memory_tables import text
from common.photo_difficulties import DIFFICULTIES
from common.picture_files import encoded
from photos import pictures
from PIL import Image, ImageOps
from styles import STYLES

import digitlab
from digitlab.correction_memory import CorrectionMemory
from digitlab.datasets import mnist
from digitlab.images.transparency import flatten
from digitlab.lab import Lab
from digitlab.prediction import Prediction
from digitlab.store.feedback.corrections import Correction

TURN = 5  # degrees
STYLED = 1_000  # corrections of misread digits
POISONED = ("hands", "mirrored", "Devanagari")  # styles whose labels are flipped
MANY = 10_000  # corrections among which the time of a look is taken


def again(data: bytes) -> dict[str, bytes]:
    """A picture shown again, in every way that is measured."""
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    image = flatten(upright, 1).convert("RGB")  # transparent ones on their paper
    size = tuple(max(1, round(0.7 * side)) for side in image.size)
    pixels = np.asarray(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    paper = tuple(int(tone) for tone in np.median(edge, axis=0))
    ways = {
        "the same file": data,
        "JPEG of quality 60": encoded(image, "JPEG", quality=60),
        "scaled to 70 %": encoded(image.resize(size, Image.Resampling.LANCZOS), "JPEG", quality=92),
    }
    for degrees in (TURN, -TURN):
        for grown in (True, False):
            turned = image.rotate(degrees, Image.Resampling.BICUBIC, grown, fillcolor=paper)
            name = f"turned by {degrees} degrees, {'larger' if grown else 'the same size'}"
            ways[name] = encoded(turned, "JPEG", quality=92)
    return ways


def photographs(seed: int) -> Iterator[tuple[bytes, int]]:
    """Photographs of all difficulties in turn, without end."""
    for turn in range(1_000):
        for name in DIFFICULTIES:
            data, labels = pictures(name, n=4, seed=1_000 * (seed + 1) + turn)
            yield from zip(data, labels.tolist(), strict=True)


def wrong(prediction: Prediction, label: int) -> bool:
    """Whether the page's answer is wrong: another digit, or none."""
    return prediction.refused or prediction.digit != label


def styled(seed: int) -> Iterator[tuple[np.ndarray, int]]:
    """Digits of all styles that the base misreads, and what they are, in an order of chance."""
    found = []
    for name in STYLES:
        x, y, _, order = misread(name, seed)
        found += [(x[row], int(y[row])) for row in order]
    for place in np.random.default_rng([seed, 13]).permutation(len(found)):
        yield found[place]


def remember(lab: Lab, image: np.ndarray, digit: int) -> None:
    """Keep a correction of a digit image that went through no front end."""
    answers = lab.models.load().classify(image[None])
    shares = answers.probabilities[0]
    read = Prediction(
        digit=int(shares.argmax()),
        confidence=float(shares.max()),
        probabilities=tuple(shares.tolist()),
        refused=bool(answers.refused[0]),
        remembered=False,
        model="base",
        box=(0, 0, 28, 28),
        digit_image=image,
        picture_sha256=hashlib.sha256(image.tobytes()).hexdigest(),
    )
    if read.digit != digit or read.refused:
        lab.correct(read, digit)


def correct_photographs(
    lab: Lab, found: Iterator[tuple[bytes, int]], n: int
) -> list[tuple[bytes, int]]:
    """Correct the next `n` misread photographs; their bytes and labels."""
    corrected = []
    for data, label in found:
        prediction = lab.predict(data)
        if wrong(prediction, label) and not prediction.remembered:
            lab.correct(prediction, label)
            corrected.append((data, label))
            if len(corrected) == n:
                break
    return corrected


def shown_again(lab: Lab, corrected: list[tuple[bytes, int]]) -> dict[str, dict[str, int]]:
    """How many of the corrected photographs read right in each way, and how many by memory."""
    counts: dict[str, dict[str, int]] = {}
    for data, label in corrected:
        for name, other in again(data).items():
            prediction = lab.predict(other)
            count = counts.setdefault(name, {"right": 0, "remembered": 0, "wrongly": 0})
            count["right"] += not wrong(prediction, label)
            count["remembered"] += prediction.remembered
            count["wrongly"] += prediction.remembered and wrong(prediction, label)
    return counts


def left_alone(lab: Lab, data: list[tuple[bytes, int]]) -> dict[str, int]:
    """How other photographs are read without the memory and with it."""
    alone, both = lab.reader(), lab.reader(memory=True)
    pairs = [(alone.read(one), both.read(one), label) for one, label in data]
    return {
        "n": len(pairs),
        "right before": sum(not wrong(before, label) for before, _, label in pairs),
        "right": sum(not wrong(after, label) for _, after, label in pairs),
        "changed": sum(after.remembered for _, after, _ in pairs),
    }


def on_mnist(lab: Lab, split: str) -> dict[str, int]:
    """How many of MNIST's images change, and how many are right without and with the memory."""
    x, y = mnist.load(split)
    before, after = (lab.reader(threads=2, memory=on).read_images(x) for on in (False, True))
    changed = (before[0] != after[0]) | (before[2] != after[2])
    return {
        "n": len(y),
        "changed": int(changed.sum()),
        "right before": int((before[0] == y).sum()),
        "right": int((after[0] == y).sum()),
    }


def poisoned(seed: int) -> dict[str, int]:
    """The worst change of right ones on MNIST's test images, by case, over some styles."""
    worst: dict[str, int] = {}
    for name in POISONED:
        x, y, people, order = misread(name, seed)
        cases = [
            *poisoned_feedback.by_one(name, x[order], y[order], np.random.default_rng([seed, 1]))
        ]
        cases += poisoned_feedback.by_five(name, x[order], y[order], people[order], seed)
        for given in (given for given in cases if (given.said != given.true).any()):
            with home() as lab:
                for image, said in zip(given.x, given.said, strict=True):
                    remember(lab, image, int(said))
                lab.screen()
                found = on_mnist(lab, "test")
            change = found["right"] - found["right before"]
            worst[given.case] = min(worst.get(given.case, 0), change)
    return worst


def look_ms(seed: int) -> float:
    """The median time of a look among `MANY` corrections, in milliseconds."""
    rng = np.random.default_rng([seed, 17])
    x, y = mnist.load("train")
    with home() as lab:
        store = lab.feedback
        kept = {
            number: Correction(
                id=number, time=datetime.now(UTC), contributor="Ada", digit=int(y[row] + 1) % 10,
                accepted=True, digit_image=x[row], digit_sha256=str(number), trace=b"",
            )
            for number, row in enumerate(rng.permutation(len(y))[:MANY], 1)
        }  # fmt: skip
        classifier = lab.models.load()
        memory = CorrectionMemory(store, cache=lab.settings.cache)
        memory._kept = kept  # as a ledger of so many would give them; writing it takes a minute
        asked, _ = mnist.load("validation")
        seen = classifier.embed(asked[:200])
        times = []
        for image, embedding in zip(asked, seen, strict=False):
            started = time.perf_counter()
            memory.recall(image, embedding, classifier=classifier, contributor="Ada")
            times.append(1000 * (time.perf_counter() - started))
    return float(np.median(times))


@contextmanager
def home() -> Iterator[Lab]:
    """A home of its own, where nothing is screened as it comes."""
    folder = Path(tempfile.mkdtemp(prefix="digitlab-memory-"))
    try:
        with digitlab.open(folder, contributor="Ada", screening=False) as lab:
            yield lab
    finally:
        shutil.rmtree(folder)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    seed = options.seed
    with home() as lab:
        found = photographs(seed)
        corrected = correct_photographs(lab, found, options.misread)
        shown = shown_again(lab, corrected)
        digits = styled(seed)
        while len(lab.memory) < STYLED:
            remember(lab, *next(digits))
        others = list(islice(photographs(seed + 100), options.others))
        figures = {
            "corrected": len(corrected),
            "shown": shown,
            "remembered": len(lab.memory),
            "holdout": on_mnist(lab, "holdout"),
            "test": on_mnist(lab, "test"),
            "others": left_alone(lab, others),
            "like": like(lab, digits),
        }
    return figures | {"look_ms": look_ms(seed), "poison": poisoned(seed)}


def like(lab: Lab, digits: Iterator[tuple[np.ndarray, int]], n: int = 1_000) -> dict[str, int]:
    """Other misread digits of the same styles: how many the memory answers, and how many right."""
    some = list(islice(digits, n))
    x, y = np.stack([image for image, _ in some]), np.array([label for _, label in some])
    before, after = (lab.reader(threads=2, memory=on).read_images(x) for on in (False, True))
    changed = (before[0] != after[0]) | (before[2] != after[2])
    return {
        "n": len(y),
        "answered": int(changed.sum()),
        "right": int((after[0] == y)[changed].sum()),
    }


def main(arguments: list[str] | None = None) -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--misread", type=int, default=60, help="photographs to correct")
    parser.add_argument("--others", type=int, default=500, help="photographs to leave alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write docs/memory.md's figures")
    options = parser.parse_args(arguments)
    figures = measure(options)
    call = f"python benchmarks/memory.py --misread {options.misread} --others {options.others}"
    found = text(figures, f"{call} --seed {options.seed}", many=MANY)
    print(json.dumps(figures) if options.json else found)
    if options.write:
        write("memory", found)


if __name__ == "__main__":
    main()
