"""Measure how many digits of photographed rows and pages of digits are read right and in order.

    python benchmarks/rows.py [--n 12] [--seed 0] [--only NAME] [--json] [--write] [--show DIR]

Rows of 1-12 digits of MNIST's validation split, some in several lines, on ordinary photographs
and on hard ones (with the pens, papers, lights and lenses of benchmarks/photos.py), as JPEG files;
and pages of digits with one difficulty each, such as squared paper, tables, holes or stamps.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from common.docs_tables import markdown_table, write_to_docs
from common.page_difficulties import PAGES, make_pages
from common.page_parts import PhotographedPage
from common.picture_files import encode
from common.reading_tally import Tally
from PIL import Image, ImageDraw

from digitlab.datasets import mnist
from digitlab.model.runtime import Classifier
from digitlab.picture_reader import Reader, limits_of
from digitlab.reading import Reading
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
SHORT = 6
"""Largest number of digits of a picture that counts as a short row."""
KINDS = {False: "", True: ", hard"}
"""What the name of a row says about its photographs."""


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


def make_rows(count: int, lines: int, *, hard: bool, n: int, seed: int) -> list[PhotographedPage]:
    """Return `n` photographed rows of `count` digits; the same for equal seeds."""
    x, y = mnist.load("validation")
    rng = np.random.default_rng([seed, count, lines, hard])
    rows: list[PhotographedPage] = []
    while len(rows) < n:
        chosen = rng.choice(len(y), count, replace=False)
        scene = row_scene(rng, hard=hard, lines=lines)
        lossless = replace(scene, quality=None)
        image, boxes = photograph_row(x[chosen], rng=rng, scene=lossless, lines=lines)
        if not all(_is_inside(box, image.size) for box in boxes):
            continue  # the camera's tilt moved a digit out of the picture
        data = encode(image, "JPEG", quality=scene.quality or 90)
        text = ["".join(map(str, line)) for line in np.array_split(y[chosen], lines)]
        rows.append(PhotographedPage(data=data, text=text, boxes=boxes))
    return rows


def _is_inside(box: Box, size: tuple[int, int]) -> bool:
    x, y, width, height = box
    return x > 0 and y > 0 and x + width < size[0] and y + height < size[1]


def measure(
    reader: Reader, pages: Sequence[PhotographedPage]
) -> tuple[dict[int, Tally], list[Reading]]:
    """Read pictures; return a tally for each number of written digits, and the readings."""
    tallies: dict[int, Tally] = {}
    readings = [reader.read_all(page.data) for page in pages]
    for page, reading in zip(pages, readings, strict=True):
        tallies.setdefault(len(page.digits), Tally()).add(page, reading)
    return tallies, readings


def join(tallies: Sequence[Tally]) -> Tally:
    """Return the sum of tallies."""
    total = Tally()
    for tally in tallies:
        total.join(tally)
    return total


def contact_sheet(pages: Sequence[PhotographedPage], readings: Sequence[Reading]) -> Image.Image:
    """Draw pictures with the boxes of the written digits in green and of the readings in red."""
    sheet = Image.new("RGB", (820, 530 * len(pages)), (90, 120, 150))
    for index, (page, reading) in enumerate(zip(pages, readings, strict=True)):
        image = Image.open(io.BytesIO(page.data)).convert("RGB")
        pencil = ImageDraw.Draw(image)
        for colour, boxes in (("green", page.boxes), ("red", [p.box for p in reading])):
            for x, y, width, height in boxes:
                pencil.rectangle((x, y, x + width, y + height), outline=colour)
        image.thumbnail((800, 490))
        sheet.paste(image, (10, 530 * index))
        text = f"is {page.text}\nread {[row.text for row in reading.rows]}"
        ImageDraw.Draw(sheet).text((10, 530 * index + 492), text, fill=(255, 255, 255))
    return sheet


def format_rows(figures: dict[str, dict[str, float]]) -> str:
    """Return the figures of rows, ordinary and hard, as a Markdown table."""
    head = [
        "digits",
        "rows",
        "digits right",
        "rows right",
        "digits right, hard",
        "rows right, hard",
    ]
    lines = []
    for count, number in CASES:
        easy, hard = (figures[row_name(count, number, kind)] for kind in KINDS)
        shares = (easy["digits"], easy["pictures"], hard["digits"], hard["pictures"])
        name = row_name(count, number, False)
        lines.append([name, f"{easy['n']}", *(f"{share:.1%}" for share in shares)])
    return markdown_table(head, lines)


def format_pages(figures: dict[str, dict[str, float]]) -> str:
    """Return the figures of pages as a Markdown table."""
    head = ["pictures of", "pictures", "digits", "digits right", "pictures right",
            "rows of text right", "wrong or invented", "mistakes above 0.9", "ECE"]  # fmt: skip
    lines = []
    for name, f in figures.items():
        shares = (f["digits"], f["pictures"], f["text"])
        counts = [f"{f['n']}", f"{f['written']:,}"]
        lines.append(
            [name, *counts, *(f"{share:.1%}" for share in shares), f"{f['invented']}",
             f"{f['sure_mistakes']:.2%}", f"{f['ece']:.3f}"]
        )  # fmt: skip
    return markdown_table(head, lines)


def row_name(count: int, lines: int, hard: bool) -> str:
    """Return the name of rows in figures."""
    return (f"{count}" if lines == 1 else f"{count} in {lines} lines") + KINDS[hard]


def summary(tallies: dict[str, dict[int, Tally]]) -> str:
    """Return lines on all pictures and on those of up to 6 digits."""
    everything = [tally for by_count in tallies.values() for tally in by_count.values()]
    all_ = join(everything).figures()
    short = join(
        [tally for by_count in tallies.values() for n, tally in by_count.items() if n <= SHORT]
    )
    return (
        f"Overall, rows and pages: {all_['digits']:.1%} of {all_['written']:,} digits and "
        f"{all_['pictures']:.1%} of {all_['n']} pictures; of the {short.pictures} pictures of up "
        f"to {SHORT} digits {short.whole / max(1, short.pictures):.1%} are read completely right. "
        f"Of all digits read, {all_['sure_mistakes']:.2%} are mistakes above 0.9 and "
        f"{all_['refused']:.1%} are refused; ECE {all_['ece']:.3f}."
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure all cases and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=12, help="pictures of each length and kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=PAGES, metavar="NAME", help="pages of one difficulty")
    parser.add_argument("--model", type=Path, default=bundled("models/base"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/")
    parser.add_argument("--show", type=Path, metavar="DIR", help="save a contact sheet for each")
    options = parser.parse_args(arguments)
    if options.write and options.only:
        parser.error("--write needs all difficulties")
    reader = Reader(Classifier.load(options.model), limits=limits_of(Settings.load()))
    tallies: dict[str, dict[int, Tally]] = {}

    def add(name: str, pages: list[PhotographedPage]) -> None:
        tallies[name], readings = measure(reader, pages)
        if options.show:
            options.show.mkdir(parents=True, exist_ok=True)
            contact_sheet(pages[:4], readings[:4]).save(options.show / f"{name}.png")

    for count, lines in [] if options.only else CASES:
        for hard in KINDS:
            rows = make_rows(count, lines, hard=hard, n=options.n, seed=options.seed)
            add(row_name(count, lines, hard), rows)
    for name in [options.only] if options.only else PAGES:
        add(name, make_pages(name, n=options.n, seed=options.seed))
    figures = {name: join(list(by_count.values())).figures() for name, by_count in tallies.items()}
    pages = {name: figures[name] for name in PAGES if name in figures}
    tables = [format_pages(pages), summary(tallies)]
    if not options.only:
        tables.insert(0, format_rows(figures))
    text = (
        f"`python benchmarks/rows.py --n {options.n} --seed {options.seed}`, model "
        f"{reader.classifier.version}; digits right counts the digits read in their order.\n\n"
    ) + "\n\n".join(tables)
    print(json.dumps(figures) if options.json else text)
    if options.write:
        write_to_docs("rows", text)


if __name__ == "__main__":
    main()
