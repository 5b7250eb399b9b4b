"""The bench of rows: how many digits of a photographed line of writing are read, in order.

    python benchmarks/rows.py [--n 12] [--seed 0] [--json] [--write] [--show DIR]

Rows of 1-12 of MNIST's tune digits, and some of several lines, on ordinary photographs and
on hard ones (any pen, paper, light and lens of the photo bench), as JPEG files.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from common.docs_tables import write
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
LEFT_OUT = {"rotated", "squared cell", "table cell", "hairline"}
"""What is made for one digit that fills its frame, or turns a row out of it."""


def row_scene(rng: np.random.Generator, *, hard: bool, lines: int) -> Scene:
    """A wide photograph, ordinary or with up to one change of each kind."""
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


def rows(
    count: int, lines: int, *, hard: bool, n: int, seed: int
) -> list[tuple[bytes, list[int], list[Box]]]:
    """`n` photographed rows: the file, the digits written and their boxes."""
    x, y = mnist.load("validation")
    rng = np.random.default_rng([seed, count, lines, hard])
    made = []
    while len(made) < n:
        chosen = rng.choice(len(y), count, replace=False)
        scene = row_scene(rng, hard=hard, lines=lines)
        lossless = replace(scene, quality=None)
        image, boxes = photograph_row(x[chosen], rng=rng, scene=lossless, lines=lines)
        if not all(_inside(box, image.size) for box in boxes):
            continue  # the camera's tilt moved digits out of the picture: nobody can read them
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=scene.quality or 90)
        made.append((buffer.getvalue(), y[chosen].tolist(), boxes))
    return made


def _inside(box: Box, size: tuple[int, int]) -> bool:
    x, y, width, height = box
    return x > 0 and y > 0 and x + width < size[0] and y + height < size[1]


def in_order(read: Sequence[int], written: Sequence[int]) -> int:
    """How many written digits were read in their order: the longest common subsequence."""
    best = [0] * (len(written) + 1)
    for one in read:
        before = best.copy()
        for index, other in enumerate(written, start=1):
            best[index] = (
                before[index - 1] + 1 if one == other else max(before[index], best[index - 1])
            )
    return best[-1]


def measure(reader: Reader, made: list[tuple[bytes, list[int], list[Box]]]) -> dict[str, float]:
    """Shares of digits and of whole rows that are read right."""
    digits = right = whole = counted = 0
    for data, written, _ in made:
        read = [prediction.digit for prediction in reader.read_all(data)]
        digits += len(written)
        right += in_order(read, written)
        whole += read == written
        counted += len(read) == len(written)
    n = len(made)
    return {"n": n, "digits": right / digits, "rows": whole / n, "counted": counted / n}


def sheet(
    made: list[tuple[bytes, list[int], list[Box]]], found: list[tuple[Prediction, ...]]
) -> Image.Image:
    """Rows below each other: green boxes where the digits stand, red where they were found."""
    page = Image.new("RGB", (820, 330 * len(made)), (90, 120, 150))
    for index, ((data, written, boxes), read) in enumerate(zip(made, found, strict=True)):
        image = Image.open(io.BytesIO(data)).convert("RGB")
        pencil = ImageDraw.Draw(image)
        for colour, drawn in (("green", boxes), ("red", [p.box for p in read])):
            for x, y, width, height in drawn:
                pencil.rectangle((x, y, x + width, y + height), outline=colour)
        image.thumbnail((800, 290))
        page.paste(image, (10, 330 * index))
        text = f"is {written}\nread {[p.digit for p in read]}"
        ImageDraw.Draw(page).text((10, 330 * index + 292), text, fill=(255, 255, 255))
    return page


def table(results: dict[tuple[int, int], dict[bool, dict[str, float]]]) -> str:
    """The figures as a Markdown table."""
    lines = [
        "| digits | rows | digits right | rows right | digits right, hard | rows right, hard |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for (count, in_lines), both in results.items():
        name = str(count) if in_lines == 1 else f"{count} in {in_lines} lines"
        easy, hard = both[False], both[True]
        lines.append(
            f"| {name} | {easy['n']} | {easy['digits']:.1%} | {easy['rows']:.1%} | "
            f"{hard['digits']:.1%} | {hard['rows']:.1%} |"
        )
    return "\n".join(lines)


def verdict(results: dict[tuple[int, int], dict[bool, dict[str, float]]]) -> str:
    """One line: all digits, and all rows of up to 6."""
    rows = [(count, f) for (count, _), both in results.items() for f in both.values()]
    digits = sum(count * f["n"] for count, f in rows)
    right = sum(count * f["n"] * f["digits"] for count, f in rows)
    short = [f["rows"] for count, f in rows if count <= 6]
    return (
        f"Over all, ordinary and hard: {right / digits:.1%} of {digits:,} digits; of the rows of "
        f"up to 6 digits {sum(short) / len(short):.1%} are wholly right."
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=12, help="rows of each length and kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the table into docs/photos.md")
    parser.add_argument("--show", type=Path, metavar="DIR", help="write a contact sheet for each")
    options = parser.parse_args(arguments)
    reader = Reader(Classifier.load(options.model), limits=limits_of(Settings.load()))
    results: dict[tuple[int, int], dict[bool, dict[str, float]]] = {}
    for count, lines in CASES:
        results[count, lines] = {}
        for hard in (False, True):
            made = rows(count, lines, hard=hard, n=options.n, seed=options.seed)
            results[count, lines][hard] = measure(reader, made)
            if options.show:
                options.show.mkdir(parents=True, exist_ok=True)
                found = [reader.read_all(data) for data, _, _ in made[:4]]
                name = f"{count:02}-{lines}-{'hard' if hard else 'ordinary'}.png"
                sheet(made[:4], found).save(options.show / name)
    text = (
        f"`python benchmarks/rows.py --n {options.n} --seed {options.seed}`, model "
        f"{reader.classifier.version}; digits right counts those read in their order.\n\n"
        f"{table(results)}\n\n{verdict(results)}"
    )
    flat = [
        {"digits": count, "lines": lines, "hard": hard, **figures}
        for (count, lines), both in results.items()
        for hard, figures in both.items()
    ]
    print(json.dumps(flat) if options.json else text)
    if options.write:
        write("rows", text, page="photos")


if __name__ == "__main__":
    main()
