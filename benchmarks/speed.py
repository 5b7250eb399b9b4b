"""Measure the milliseconds from a photograph's bytes to its prediction.

    python benchmarks/speed.py [--pictures 16] [--runs 9] [--seed 0] [--json] [--write]

JPEG photographs of 12 and of 1 megapixel with random difficulties, and the network alone on one
digit image, on one thread. The time of a picture is the median of its runs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common.docs_tables import markdown_table, write_to_docs
from common.picture_files import encode
from PIL import Image

from digitlab.datasets import mnist
from digitlab.model.runtime import Classifier
from digitlab.picture_reader import Reader, limits_of
from digitlab.settings import Settings, bundled
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.random_scene import random_scene

SIDES = {"12-megapixel JPEG": 4000, "1-megapixel JPEG": 1155}
"""Longer side of a photograph of 4 x 3, in pixels."""
MAX_MS = {"12-megapixel JPEG": 250.0, "1-megapixel JPEG": 60.0, "one digit image": 0.25}
"""Upper limit of each median, in milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Times:
    """The median time of each picture, in milliseconds."""

    medians: list[float]

    def table_row(self, name: str) -> list[str]:
        """Return the cells of the table."""
        digits = 3 if max(self.medians) < 1 else 0
        cells = [f"{t:.{digits}f}" for t in (statistics.median(self.medians), max(self.medians))]
        return [name, str(len(self.medians)), *cells, f"{MAX_MS[name]:g}"]


def make_photographs(side: int, *, n: int, seed: int) -> list[bytes]:
    """Return JPEG files of photographed digits, in portrait or landscape format."""
    x, _ = mnist.load("validation")
    rng = np.random.default_rng([seed, 7])
    files = []
    for row in rng.choice(len(x), n, replace=False):
        scene = random_scene(rng, sides=(1100, 1101))
        image = photograph(x[row], rng=rng, scene=scene)
        size = (side, side * 3 // 4) if image.width > image.height else (side * 3 // 4, side)
        image = image.resize(size, Image.Resampling.BICUBIC)
        noise = rng.normal(0, 3, (*reversed(size), 1)).astype(np.float32)
        pixels = np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)
        files.append(encode(Image.fromarray(pixels), "JPEG", quality=90))
    return files


def median_ms(call: Callable[[], object], *, runs: int, repeat: int = 1) -> float:
    """Return the median of `runs` timings, in milliseconds for one call."""
    call()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        for _ in range(repeat):
            call()
        times.append((time.perf_counter() - started) / repeat * 1000)
    return statistics.median(times)


def measure(reader: Reader, *, pictures: int, runs: int, seed: int) -> dict[str, Times]:
    """Return the times of both sizes and of the network."""
    times = {}
    for name, side in SIDES.items():
        files = make_photographs(side, n=pictures, seed=seed)
        medians = [median_ms(lambda data=data: reader.read(data), runs=runs) for data in files]
        times[name] = Times(medians=medians)
    x, _ = mnist.load("validation")
    medians = [
        median_ms(lambda image=image: reader.classifier.predict_proba(image), runs=runs, repeat=50)
        for image in x[:pictures, None]
    ]
    return times | {"one digit image": Times(medians=medians)}


def main(arguments: list[str] | None = None) -> None:
    """Measure all times and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=16, help="pictures of each size")
    parser.add_argument("--runs", type=int, default=9, help="timings of each picture")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    options = parser.parse_args(arguments)
    reader = Reader(Classifier.load(options.model), limits=limits_of(Settings.load()))
    all_times = measure(reader, pictures=options.pictures, runs=options.runs, seed=options.seed)
    text = (
        f"`python benchmarks/speed.py --pictures {options.pictures} --runs {options.runs}`, one "
        "thread; milliseconds, from bytes to Prediction.\n\n"
        + markdown_table(
            ["what", "n", "median", "slowest one's median", "at most"],
            [times.table_row(name) for name, times in all_times.items()],
        )
    )
    rows = {name: [round(t, 3) for t in times.medians] for name, times in all_times.items()}
    print(json.dumps(rows) if options.json else text)
    if options.write:
        write_to_docs("speed", text)


if __name__ == "__main__":
    main()
