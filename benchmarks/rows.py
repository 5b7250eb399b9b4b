"""Measure how many digits of photographed rows of digits are read right and in order.

    python benchmarks/rows.py [--n 12] [--seed 0] [--json] [--write] [--show DIR]

Rows of 1-12 digits of MNIST's validation split, some in several lines, on ordinary photographs
and on hard ones (with the pens, papers, lights and lenses of benchmarks/photos.py), as JPEG files.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from common.docs_tables import write_to_docs
from PIL import Image, ImageDraw

from digitlab.datasets import mnist
from digitlab.model.runtime import Classifier
from digitlab.picture_reader import Reader, limits_of
from digitlab.prediction import Prediction
from digitlab.settings import Settings, bundled
from digitlab.synthetic.photographs.difficulties import LENSES, LIGHTS, PAPERS, PENS
from digitlab.synthetic.photographs.geometry import Box
from digitlab.synthetic.photographs.ordinary_scene import ordinary_scene
from digitlab.synthetic.photographs.photograph_row import photograph_row
from digitlab.synthetic.photographs.random_scene import make_readable
from digitlab.synthetic.photographs.scene import Scene

LINES = {6: 2, 9: 3, 12: 2}
"""Numbers of digits that are also written in several lines."""
CASES = [(count, 1) for count in range(1, 13)] + list(LINES.items())
"""Pairs of a number of digits and a number of lines."""
LEFT_OUT = {"rotated", "squared cell", "table cell", "hairline"}
"""Difficulties made for one digit that fills its frame, or that rotate a row out of the frame."""

Results = dict[tuple[int, int], dict[bool, dict[str, float]]]
"""Figures by number of digits and of lines, then by whether the photographs are hard."""


@dataclass(frozen=True, kw_only=True)
class PhotographedRow:
    """A picture file with the digits on it, in reading order, and their boxes."""

    data: bytes
    digits: list[int]
    boxes: list[Box]


def row_scene(rng: np.random.Generator, *, hard: bool, lines: int) -> Scene:
    """Return a wide scene; a hard one has up to one difficulty of each group."""
    scene = ordinary_scene(rng)
    width = int(rng.integers(600, 1101))
    scene = replace(
        scene,
        size=(width, round(width * min(0.75, rng.uniform(0.28, 0.5) * (1 + lines) / 2))),
        height=rng.uniform(0.35, 0.6),
        centre=(0.5, 0.5),
        rotation=rng.normal(0, 1.5),
    )
    if scene.pen is not None:
        scene = replace(scene, pen=max(1.6, scene.digit_height * rng.uniform(0.03, 0.1)))
    if not hard:
        return scene
    for group in (PENS, PAPERS, LIGHTS, LENSES):
        if rng.random() < 0.5:
            name = str(rng.choice(sorted(set(group) - LEFT_OUT)))
            scene = group[name](scene, rng)
    return make_readable(scene)


def make_rows(count: int, lines: int, *, hard: bool, n: int, seed: int) -> list[PhotographedRow]:
    """Return `n` photographed rows of `count` digits; the same for equal seeds."""
    x, y = mnist.load("validation")
    rng = np.random.default_rng([seed, count, lines, hard])
    rows: list[PhotographedRow] = []
    while len(rows) < n:
        chosen = rng.choice(len(y), count, replace=False)
        scene = row_scene(rng, hard=hard, lines=lines)
        lossless = replace(scene, quality=None)
        image, boxes = photograph_row(x[chosen], rng=rng, scene=lossless, lines=lines)
        if not all(_is_inside(box, image.size) for box in boxes):
            continue  # the camera's tilt moved a digit out of the picture
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=scene.quality or 90)
        digits = y[chosen].tolist()
        rows.append(PhotographedRow(data=buffer.getvalue(), digits=digits, boxes=boxes))
    return rows


def _is_inside(box: Box, size: tuple[int, int]) -> bool:
    x, y, width, height = box
    return x > 0 and y > 0 and x + width < size[0] and y + height < size[1]


def count_in_order(predicted: Sequence[int], written: Sequence[int]) -> int:
    """Return the length of the longest common subsequence of predicted and written digits."""
    lengths = [0] * (len(written) + 1)
    for digit in predicted:
        previous = lengths.copy()
        for index, other in enumerate(written, start=1):
            lengths[index] = (
                previous[index - 1] + 1
                if digit == other
                else max(previous[index], lengths[index - 1])
            )
    return lengths[-1]


def measure(reader: Reader, rows: list[PhotographedRow]) -> dict[str, float]:
    """Return the shares of digits, of whole rows and of digit counts that are right."""
    digits = right_digits = right_rows = right_counts = 0
    for row in rows:
        predicted = [prediction.digit for prediction in reader.read_all(row.data)]
        digits += len(row.digits)
        right_digits += count_in_order(predicted, row.digits)
        right_rows += predicted == row.digits
        right_counts += len(predicted) == len(row.digits)
    n = len(rows)
    return {
        "n": n,
        "digits": right_digits / digits,
        "rows": right_rows / n,
        "counted": right_counts / n,
    }


def contact_sheet(
    rows: list[PhotographedRow], predictions: list[tuple[Prediction, ...]]
) -> Image.Image:
    """Draw rows with the boxes of the written digits in green and of the predictions in red."""
    page = Image.new("RGB", (820, 330 * len(rows)), (90, 120, 150))
    for index, (row, predicted) in enumerate(zip(rows, predictions, strict=True)):
        image = Image.open(io.BytesIO(row.data)).convert("RGB")
        pencil = ImageDraw.Draw(image)
        for colour, boxes in (("green", row.boxes), ("red", [p.box for p in predicted])):
            for x, y, width, height in boxes:
                pencil.rectangle((x, y, x + width, y + height), outline=colour)
        image.thumbnail((800, 290))
        page.paste(image, (10, 330 * index))
        text = f"is {row.digits}\nread {[p.digit for p in predicted]}"
        ImageDraw.Draw(page).text((10, 330 * index + 292), text, fill=(255, 255, 255))
    return page


def format_table(results: Results) -> str:
    """Return the figures as a Markdown table."""
    text = [
        "| digits | rows | digits right | rows right | digits right, hard | rows right, hard |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for (count, lines), figures in results.items():
        name = str(count) if lines == 1 else f"{count} in {lines} lines"
        easy, hard = figures[False], figures[True]
        text.append(
            f"| {name} | {easy['n']} | {easy['digits']:.1%} | {easy['rows']:.1%} | "
            f"{hard['digits']:.1%} | {hard['rows']:.1%} |"
        )
    return "\n".join(text)


def summary(results: Results) -> str:
    """Return a line on all digits and on all rows of up to 6 digits."""
    rows = [(count, f) for (count, _), figures in results.items() for f in figures.values()]
    digits = sum(count * f["n"] for count, f in rows)
    right = sum(count * f["n"] * f["digits"] for count, f in rows)
    short = [f["rows"] for count, f in rows if count <= 6]
    return (
        f"Overall, ordinary and hard: {right / digits:.1%} of {digits:,} digits; of the rows of "
        f"up to 6 digits {sum(short) / len(short):.1%} are read completely right."
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=12, help="rows of each length and kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    parser.add_argument("--show", type=Path, metavar="DIR", help="save a contact sheet for each")
    options = parser.parse_args(arguments)
    reader = Reader(Classifier.load(options.model), limits=limits_of(Settings.load()))
    results: Results = {}
    for count, lines in CASES:
        results[count, lines] = {}
        for hard in (False, True):
            rows = make_rows(count, lines, hard=hard, n=options.n, seed=options.seed)
            results[count, lines][hard] = measure(reader, rows)
            if options.show:
                options.show.mkdir(parents=True, exist_ok=True)
                predictions = [reader.read_all(row.data) for row in rows[:4]]
                name = f"{count:02}-{lines}-{'hard' if hard else 'ordinary'}.png"
                contact_sheet(rows[:4], predictions).save(options.show / name)
    text = (
        f"`python benchmarks/rows.py --n {options.n} --seed {options.seed}`, model "
        f"{reader.classifier.version}; digits right counts the digits read in their order.\n\n"
        f"{format_table(results)}\n\n{summary(results)}"
    )
    flat = [
        {"digits": count, "lines": lines, "hard": hard, **figures}
        for (count, lines), by_kind in results.items()
        for hard, figures in by_kind.items()
    ]
    print(json.dumps(flat) if options.json else text)
    if options.write:
        write_to_docs("rows", text)


if __name__ == "__main__":
    main()
