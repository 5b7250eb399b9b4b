"""Make pictures of several digits with one difficulty each, for `benchmarks/rows.py`."""

from __future__ import annotations

import math
import zlib
from dataclasses import replace

import numpy as np

from common.lined_pages import form, notepad, page_of, squared_page, table
from common.page_parts import (
    DigitPool,
    MakePage,
    PhotographedPage,
    Rng,
    block,
    desk_colour,
    finish,
    frame,
    grey,
    lines_of_paper,
    page_scene,
    random_digits,
    shade_blobs,
    surroundings,
)
from digitlab.synthetic.photographs.camera import Painter
from digitlab.synthetic.photographs.geometry import sheet_to_photo
from digitlab.synthetic.photographs.ordinary_scene import to_colour
from digitlab.synthetic.photographs.page_objects import (
    DATE_ADVANCE,
    desk_around,
    fingers,
    holes,
    printed_date,
    soft_shade,
    staple,
)
from digitlab.synthetic.photographs.photograph_page import Spacing
from digitlab.synthetic.photographs.scene import Scene, Side


def make_pages(name: str, *, n: int, seed: int) -> list[PhotographedPage]:
    """Return `n` pictures with a difficulty; the same for equal seeds."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    pool = DigitPool(rng)
    pages: list[PhotographedPage] = []
    while len(pages) < n:
        page = PAGES[name](pool, rng)
        if page is not None:
            pages.append(page)
    return pages


def shade(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
    """Darken soft places of the paper by 8 to 18 %."""
    width, height = size = frame(rng)
    texts = [random_digits(int(rng.integers(3, 8)), rng) for _ in range(int(rng.integers(1, 3)))]
    area = (0.06 * width, 0.12 * height, 0.94 * width, 0.88 * height)
    max_height = max(size) * rng.uniform(0.05, 0.1)
    placed, digit_height = block(
        texts,
        pool,
        rng,
        area=area,
        max_height=max_height,
        spacing=Spacing(gap=rng.uniform(0.2, 0.9)),
    )
    scene = replace(
        page_scene(rng, size=size, digit_height=digit_height, thin=0.04),
        gradient=rng.uniform(0, 0.08),
        grain=rng.uniform(0.2, 1),
        noise=rng.uniform(0.3, 1.5),
    )
    blobs = shade_blobs(scene, rng)
    return finish(
        placed, texts, scene, rng, objects=[soft_shade(blobs, depth=rng.uniform(0.08, 0.18))]
    )


def holes_and_hands(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
    """Show holes, fingers, staples or the desk's edge beside the digits."""
    width, height = size = frame(rng, aspect=float(rng.choice([4 / 3, 3 / 2, 3 / 4])))
    texts = [random_digits(int(rng.integers(3, 8)), rng) for _ in range(int(rng.integers(1, 4)))]
    area = (0.17 * width, 0.2 * height, 0.87 * width, 0.8 * height)
    max_height = max(size) * rng.uniform(0.045, 0.09)
    placed, digit_height = block(texts, pool, rng, area=area, max_height=max_height)
    scene = page_scene(rng, size=size, digit_height=digit_height)
    view = sheet_to_photo(scene)
    kinds = ["spiral", "punched", "fingers", "desk", "staples"]
    first = str(rng.choice(kinds[:4]))
    chosen = {first} | {str(kind) for kind in rng.choice(kinds, int(rng.integers(0, 3)))}
    objects: list[Painter] = []
    ground = grey(rng, 15, 70)
    if chosen & {"spiral", "punched"}:
        on_top = rng.random() < 0.4
        along, across = (width, height) if on_top else (height, width)
        radius = along * rng.uniform(0.009, 0.022)
        if "spiral" in chosen:
            steps = np.arange(rng.uniform(0.02, 0.06), 0.99, rng.uniform(0.06, 0.11))
            wire = np.array([0, -0.06 * across] if on_top else [-0.06 * across, 0])
            wire = wire if rng.random() < 0.5 else None
        else:
            middle, step = rng.uniform(0.45, 0.55), rng.uniform(0.08, 0.16)
            steps = middle + step * np.array(
                [-0.5, 0.5] if rng.random() < 0.6 else [-1.5, -0.5, 0.5, 1.5]
            )
            wire, radius = None, along * rng.uniform(0.013, 0.026)
        depth = np.full(len(steps), across * rng.uniform(0.025, 0.06))
        centres = np.stack([steps * along, depth], axis=1)
        centres = centres if on_top else centres[:, ::-1]
        objects.append(holes(centres, radius=radius, view=view, colour=ground, wire=wire))
    if "desk" in chosen:
        left, right, bottom = np.where(rng.random(3) < 0.5, rng.uniform(0.02, 0.09, 3), -0.2)
        bottom = max(bottom, rng.uniform(0.02, 0.09)) if max(left, right) < 0 else bottom
        corners = np.array(
            [(left, -0.2), (1 - right, -0.2), (1 - right, 1 - bottom), (left, 1 - bottom)]
        )
        corners = (corners + rng.normal(0, 0.015, (4, 2))) * (width, height)
        objects.append(desk_around(corners, view=view, colour=desk_colour(rng), rng=rng))
    if "fingers" in chosen:
        side: Side = ("right", "bottom", "top")[rng.integers(3)]
        finger = max(size) * rng.uniform(0.06, 0.11)
        objects.append(
            fingers(
                side,
                at=rng.uniform(0.25, 0.8),
                reach=0.14 * (width if side == "right" else height),
                width=finger,
                count=int(rng.integers(1, 4)),
                rng=rng,
            )
        )
    if "staples" in chosen:
        for _ in range(int(rng.integers(1, 3))):
            centre = (rng.uniform(0.1, 0.9) * width, rng.choice([0.06, 0.1, 0.93]) * height)
            objects.append(
                staple(
                    centre,
                    length=max(size) * rng.uniform(0.03, 0.05),
                    angle=rng.uniform(0, math.pi),
                    width=max(size) * rng.uniform(0.003, 0.006),
                )
            )
    return finish(placed, texts, scene, rng, objects=objects)


def date_stamp(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
    """Print a camera's white or orange date in a corner; the light falls off to the corners."""
    width, height = size = frame(rng, low=480, high=1200, aspect=float(rng.choice([4 / 3, 3 / 4])))
    texts = [random_digits(int(rng.integers(3, 8)), rng) for _ in range(int(rng.integers(1, 3)))]
    area = (0.08 * width, 0.15 * height, 0.92 * width, 0.78 * height)
    max_height = max(size) * rng.uniform(0.05, 0.09)
    placed, digit_height = block(texts, pool, rng, area=area, max_height=max_height)
    paper = np.full(3, rng.uniform(115, 190)) * rng.uniform(0.94, 1.04, 3)
    scene = replace(
        page_scene(rng, size=size, digit_height=digit_height, thin=0.05),
        paper=to_colour(paper),
        ink=to_colour(paper - rng.uniform(35, 75)),
        strength=1.0,
        vignette=rng.uniform(0.4, 0.75),
        gradient=rng.uniform(0, 0.15),
    )
    year, month, day = rng.integers(1998, 2022), rng.integers(1, 13), rng.integers(1, 29)
    clock = f"{rng.integers(0, 24)}:{rng.integers(0, 60):02}"
    if rng.random() < 0.5:
        text, colour = f"{year}-{month}-{day} {clock}", (255, 255, 255)
        segments, advance = False, 0.72
    else:
        text, colour = f"'{year % 100:02} {month:2} {day:2}", (255, 150, 40)
        text = text if rng.random() < 0.5 else f"{text} {clock}"
        segments, advance = True, DATE_ADVANCE
    size_of_date = max(11.0, height * rng.uniform(0.018, 0.035))
    length = size_of_date * advance * len(text)
    left = width - length - 0.04 * width if rng.random() < 0.8 else 0.04 * width
    imprint = printed_date(
        text,
        left=left,
        top=height - size_of_date * rng.uniform(1.8, 2.6),
        height=size_of_date,
        colour=colour,
        segments=segments,
    )
    stamp = "".join(character for character in text if character.isdigit())
    return finish(placed, texts, scene, rng, imprints=[imprint], stamp=stamp)


def number_with_separators(rng: Rng) -> str:
    """Draw a decimal number, fraction, date, time, negative number or a number with spaces."""
    n = rng.integers
    forms = (
        f"{n(1, 100)}/{n(2, 100)}",
        f"{n(0, 1000)}.{n(0, 100):02}",
        f"{n(0, 1000)},{n(0, 100):02}",
        f"-{n(1, 1000)}",
        f"{n(0, 24):02}:{n(0, 60):02}",
        f"{n(1990, 2031)}-{n(1, 13):02}-{n(1, 29):02}",
        f"{n(1, 1000)} {n(0, 1000):03}",
        f"{n(1, 32)}.{n(1, 13)}.{n(1990, 2031)}",
        f"{n(1, 32)}/{n(1, 13)}/{n(0, 30):02}",
        f"-{n(0, 100)}{rng.choice(['.', ','])}{n(0, 10)}",
    )
    return str(forms[n(len(forms))])


def separators(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
    """Write numbers with separators and spaces."""
    width, height = size = frame(rng, aspect=float(rng.choice([4 / 3, 3 / 2, 2.2])))
    texts = [number_with_separators(rng) for _ in range(int(rng.integers(1, 5)))]
    area = (0.08 * width, 0.1 * height, 0.92 * width, 0.9 * height)
    spacing = Spacing(gap=rng.uniform(0.15, 0.3), gap_spread=0.2, space=rng.uniform(1.2, 1.7))
    placed, digit_height = block(
        texts, pool, rng, area=area, max_height=max(size) * rng.uniform(0.06, 0.14), spacing=spacing
    )
    scene = page_scene(rng, size=size, digit_height=digit_height, thin=0.06, thick=0.11)
    printed = []
    if rng.random() < 0.3:
        printed.append(
            lines_of_paper(
                scene,
                rng,
                squared=rng.random() < 0.5,
                pitch=digit_height * rng.uniform(0.6, 1.3),
                y0=placed[0].y + digit_height * 0.6,
                strength=rng.uniform(0.1, 0.25),
            )
        )
    return finish(placed, texts, scene, rng, printed=printed, spaced=True)


def rotated_page(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
    """Turn a page by 90, 180 or 270 degrees."""
    width, height = size = frame(rng)
    texts = [random_digits(int(rng.integers(4, 10)), rng) for _ in range(int(rng.integers(2, 6)))]
    area = (0.06 * width, 0.08 * height, 0.94 * width, 0.92 * height)
    placed, digit_height = block(
        texts, pool, rng, area=area, max_height=max(size) * rng.uniform(0.06, 0.11)
    )
    scene = page_scene(rng, size=size, digit_height=digit_height)
    printed = []
    if rng.random() < 0.3:
        printed.append(
            lines_of_paper(
                scene,
                rng,
                squared=False,
                pitch=digit_height * 1.7,
                y0=placed[0].y + digit_height * 0.55,
                strength=0.2,
            )
        )
    rotation = int(rng.choice([90, 180, 270]))
    return finish(placed, texts, scene, rng, printed=printed, rotation=rotation)


def student_drawing(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
    """Draw digits with a mouse or a finger on a canvas; some touch."""
    count = int(rng.integers(4, 15))
    lines = 1 if count < 8 else int(rng.integers(1, 3))
    digits = random_digits(count, rng)
    texts = [digits[: -(-count // lines)], digits[-(-count // lines) :]][:lines]
    width = int(rng.integers(600, 1301))
    height = round(width * rng.uniform(0.25, 0.6) * (1 if lines == 1 else 1.4))
    spacing = Spacing(gap=rng.uniform(-0.06, 0.2), gap_spread=1.2, size_spread=0.16, wander=0.09)
    area = (0.02 * width, 0.05 * height, 0.98 * width, 0.95 * height)
    placed, digit_height = block(
        texts, pool, rng, area=area, max_height=height * 0.7, spacing=spacing, line_spacing=1.6
    )
    pen = digit_height * rng.uniform(0.11, 0.17) if rng.random() < 0.6 else rng.uniform(1.5, 4)
    tones = (
        ((255, 255, 255), (0, 0, 0)),
        ((0, 0, 0), (255, 255, 255)),
        ((255, 255, 255), (30, 60, 200)),
    )
    paper, ink = tones[rng.integers(len(tones))]
    scene = Scene(
        size=(width, height),
        height=digit_height / min(width, height),
        pen=pen,
        paper=paper,
        ink=ink,
        crisp=bool(rng.random() < 0.5),
        grain=0,
        gradient=0,
        blur=0,
        noise=0,
        quality=None,
    )
    return finish(placed, texts, scene, rng)


def dense_row(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
    """Write 8 to 14 digits close to each other; many touch."""
    width, height = size = frame(rng, aspect=float(rng.choice([4 / 3, 2, 3])))
    texts = [random_digits(int(rng.integers(8, 15)), rng)]
    area = (0.05 * width, 0.1 * height, 0.95 * width, 0.9 * height)
    spacing = Spacing(gap=rng.uniform(-0.08, 0.02), gap_spread=1.0)
    placed, digit_height = block(
        texts, pool, rng, area=area, max_height=height * 0.5, spacing=spacing
    )
    return finish(placed, texts, page_scene(rng, size=size, digit_height=digit_height), rng)


def different_sizes(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
    """Write digits of which the largest are up to 3.6 times as high as the smallest."""
    width, height = size = frame(rng, aspect=float(rng.choice([4 / 3, 3 / 2, 2])))
    texts = [random_digits(int(rng.integers(4, 10)), rng) for _ in range(int(rng.integers(1, 3)))]
    area = (0.06 * width, 0.14 * height, 0.94 * width, 0.86 * height)
    spacing = Spacing(gap=rng.uniform(0.1, 0.3), size_spread=0.6, wander=0.06)
    placed, digit_height = block(
        texts, pool, rng, area=area, max_height=height * 0.3, spacing=spacing, line_spacing=2.4
    )
    scene = page_scene(rng, size=size, digit_height=digit_height)
    scene = replace(scene, pen=max(2.0, digit_height * rng.uniform(0.05, 0.1)))
    return finish(placed, texts, scene, rng, objects=surroundings(scene, rng))


PAGES: dict[str, MakePage] = {
    "shade": shade,
    "holes and hands": holes_and_hands,
    "stamp": date_stamp,
    "squared page": squared_page,
    "page of 20": page_of(20),
    "page of 50": page_of(50),
    "page of 100": page_of(100),
    "table": table,
    "form": form,
    "notepad": notepad,
    "separators": separators,
    "rotated page": rotated_page,
    "student drawing": student_drawing,
    "dense row": dense_row,
    "different sizes": different_sizes,
}
"""The function of each difficulty by its name, in the order of the table."""
