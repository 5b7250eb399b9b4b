"""Make pictures of several digits among printed or drawn lines, for `benchmarks/rows.py`."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from common.page_parts import (
    DigitPool,
    MakePage,
    PhotographedPage,
    Rng,
    block,
    desk_colour,
    faint_ink,
    finish,
    frame,
    grey,
    lines_of_paper,
    page_scene,
    random_digits,
    rectangle,
    surroundings,
)
from digitlab.synthetic.photographs.camera import Painter
from digitlab.synthetic.photographs.difficulties import LIGHTS
from digitlab.synthetic.photographs.geometry import sheet_to_photo
from digitlab.synthetic.photographs.ordinary_scene import to_colour
from digitlab.synthetic.photographs.page_objects import (
    desk_around,
    fingers,
    holes,
    printed_lines,
)
from digitlab.synthetic.photographs.photograph_page import RowOfText, Spacing
from digitlab.synthetic.photographs.scene import Side


def squared_page(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
    """Write several rows on squared paper, whose lines join digits and rows."""
    width, height = size = frame(rng, low=800)
    count = int(rng.integers(3, 8))
    texts = [random_digits(int(rng.integers(4, 11)), rng) for _ in range(count)]
    area = (0.06 * width, 0.06 * height, 0.94 * width, 0.94 * height)
    placed, digit_height = block(
        texts, pool, rng, area=area, max_height=max(size) * 0.07, line_spacing=rng.uniform(1.3, 1.8)
    )
    scene = page_scene(rng, size=size, digit_height=digit_height)
    pitch = digit_height * rng.uniform(0.45, 0.9)
    lines = lines_of_paper(
        scene,
        rng,
        squared=True,
        pitch=pitch,
        y0=placed[0].y + digit_height / 2,
        x0=rng.uniform(0, pitch),
        strength=rng.uniform(0.2, 0.5),
    )
    return finish(placed, texts, scene, rng, printed=[lines])


def page_of(count: int) -> MakePage:
    """Return a function that photographs a page with `count` digits in rows and columns."""

    def make(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
        columns = int(rng.choice([k for k in (4, 5, 10) if count % k == 0 and k * 10 >= count]))
        rows = count // columns
        texts = grid_texts(rows, columns, rng)
        aspect = float(np.clip(columns / rows, 0.7, 1.5)) * rng.uniform(0.85, 1.15)
        width, height = size = frame(rng, low=900, aspect=aspect)
        pitch_x = width * rng.uniform(0.78, 0.88) / columns
        pitch_y = height * rng.uniform(0.78, 0.88) / rows
        digit_height = min(pitch_x * 1.1, pitch_y) * rng.uniform(0.5, 0.75)
        digit_height = min(digit_height, 0.11 * max(size))
        left, top = (width - pitch_x * columns) / 2, (height - pitch_y * rows) / 2
        scene = page_scene(rng, size=size, digit_height=digit_height)
        strength = rng.uniform(0.2, 0.45)
        condition = str(
            rng.choice(["faint ink", "uneven light", "shadow across", "vignette", "dim light"])
        )
        if condition == "faint ink":
            scene, strength = faint_ink(scene, rng), rng.uniform(0.1, 0.22)
        elif rng.random() < 0.7:
            scene = LIGHTS[condition](scene, rng)
        kind = str(rng.choice(["plain", "ruled", "squared"], p=[0.1, 0.2, 0.7]))
        printed: list[Painter] = []
        if kind == "ruled":
            lines = pitch_y / int(rng.integers(1, 3))
            y0 = top + 0.5 * pitch_y + rng.uniform(0.3, 0.5) * digit_height
            printed.append(
                lines_of_paper(scene, rng, squared=False, pitch=lines, y0=y0, strength=strength)
            )
        elif kind == "squared":
            pitch = pitch_y / max(1, round(pitch_y / digit_height / rng.uniform(0.35, 0.85)))
            printed.append(
                lines_of_paper(
                    scene,
                    rng,
                    squared=True,
                    pitch=pitch,
                    strength=strength,
                    y0=top + rng.uniform(0, pitch),
                    x0=left + rng.uniform(0, pitch),
                )
            )
        placed = []
        for number, text in enumerate(texts):
            for column, character in enumerate(text):
                row = RowOfText(character, pool, rng=rng)
                x = left + pitch_x * (column + 0.5) - digit_height * row.length / 2
                placed += row.place(
                    left=x + pitch_x * rng.normal(0, 0.04),
                    middle=top + pitch_y * (number + 0.5 + rng.normal(0, 0.025)),
                    digit_height=digit_height * rng.uniform(0.85, 1.15),
                )
        return finish(placed, texts, scene, rng, printed=printed, objects=surroundings(scene, rng))

    return make


def grid_texts(rows: int, columns: int, rng: Rng) -> list[str]:
    """Draw the digits of a page on which a person writes each digit many times."""
    kind = rng.integers(3)
    if kind == 0:  # each row has one digit
        return [str(row % 10) * columns for row in range(rows)]
    if kind == 1:  # the digits follow each other
        text = "0123456789" * (rows * columns // 10 + 1)
        return [text[row * columns : (row + 1) * columns] for row in range(rows)]
    return [random_digits(columns, rng) for _ in range(rows)]


def table(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
    """Write numbers into the cells of a printed table or of one drawn with the same pen."""
    rows, columns = int(rng.integers(2, 9)), int(rng.integers(2, 7))
    most = int(rng.integers(1, 4))
    cells = [
        [random_digits(int(rng.integers(1, most + 1)), rng) for _ in range(columns)]
        for _ in range(rows)
    ]
    aspect = float(np.clip(columns * (0.4 + 0.5 * most) / rows, 0.7, 1.6))
    width, height = size = frame(rng, aspect=aspect)
    pitch_y = height * rng.uniform(0.7, 0.9) / rows
    pitch_x = width * rng.uniform(0.7, 0.9) / columns
    digit_height = min(
        pitch_y * rng.uniform(0.55, 0.85), pitch_x / (0.3 + 0.8 * most), 0.12 * max(size)
    )
    left, top = (width - pitch_x * columns) / 2, (height - pitch_y * rows) / 2
    scene = page_scene(rng, size=size, digit_height=digit_height)
    scene = replace(scene, rotation=rng.normal(0, 3), tilt=tuple(rng.normal(0, 0.1, 2)))
    right, bottom = left + pitch_x * columns, top + pitch_y * rows
    inner = [(left, top + pitch_y * k, right, top + pitch_y * k) for k in range(1, rows)]
    inner += [(left + pitch_x * k, top, left + pitch_x * k, bottom) for k in range(1, columns)]
    outer = rectangle(left, top, right, bottom)
    view = sheet_to_photo(scene)
    if rng.random() < 0.5:
        line = max(1.5, scene.pen or 0.09 * digit_height)
        segments = drawn_by_hand(np.concatenate([np.array(inner), outer]), rng, digit_height)
        printed = [printed_lines(segments, view=view, width=line, colour=scene.ink)]
    else:
        line, colour = min(size) * rng.uniform(0.0022, 0.007), grey(rng, 20, 120)
        printed = [
            printed_lines(np.array(inner), view=view, width=line, colour=colour),
            printed_lines(outer, view=view, width=line * rng.uniform(1, 2.2), colour=colour),
        ]
    placed, texts = [], []
    for number, row in enumerate(cells):
        texts.append(" ".join(row))
        for column, text in enumerate(row):
            words = RowOfText(text, pool, spacing=Spacing(gap=0.18), rng=rng)
            free = pitch_x - digit_height * words.length
            placed += words.place(
                left=left + pitch_x * column + free * rng.uniform(0.2, 0.8),
                middle=top + pitch_y * (number + 0.5 + rng.normal(0, 0.05)),
                digit_height=digit_height * rng.uniform(0.85, 1.0),
            )
    return finish(placed, texts, scene, rng, printed=printed)


def drawn_by_hand(segments: np.ndarray, rng: Rng, unit: float) -> np.ndarray:
    """Replace straight lines by wavy ones that reach over their ends; float (M, 4).

    Args:
        segments: float (N, 4), x and y of both ends.
        rng: draws the waves.
        unit: length by which the waves and the ends are measured, in pixels.
    """
    steps = np.linspace(0, 1, 13)
    wavy = []
    for x0, y0, x1, y1 in segments:
        ends = np.array([(x0, y0), (x1, y1)]) + rng.normal(0, 0.06 * unit, (2, 2))
        along = ends[1] - ends[0]
        direction = along / max(float(np.hypot(*along)), 1e-6)
        ends += np.outer(rng.uniform(-0.05, 0.25, 2) * unit * (-1, 1), direction)
        bend = rng.normal(0, 0.08 * unit) * np.sin(steps * rng.uniform(2, 5) + rng.uniform(0, 6))
        across = np.array([-direction[1], direction[0]])
        points = ends[0] + np.outer(steps, ends[1] - ends[0]) + np.outer(bend, across)
        wavy.append(np.concatenate([points[:-1], points[1:]], axis=1))
    return np.concatenate(wavy)


def form(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
    """Write one digit in each box of a form, with its frame, underlines and edges around."""
    rows = int(rng.integers(1, 6))
    texts = [random_digits(int(rng.integers(4, 11)), rng) for _ in range(rows)]
    width, height = size = frame(rng, aspect=float(rng.choice([4 / 3, 3 / 2, 3 / 4])))
    most = max(len(text) for text in texts)
    cell = min(width * rng.uniform(0.6, 0.8) / most, height * 0.75 / rows / 1.5, 0.13 * max(size))
    gap = cell * rng.choice([0.0, rng.uniform(0.1, 0.25)])
    digit_height = cell * rng.uniform(0.62, 0.88)
    scene = page_scene(rng, size=size, digit_height=digit_height)
    view = sheet_to_photo(scene)
    step_y = min(height * 0.78 / rows, cell * rng.uniform(1.4, 2.2))
    left = (width - (cell + gap) * most) / 2 * rng.uniform(0.6, 1.4)
    top = (height - step_y * rows) / 2
    boxes, placed = [], []
    for number, text in enumerate(texts):
        middle = top + step_y * (number + 0.5)
        for column, character in enumerate(text):
            x = left + (cell + gap) * column
            boxes.append(rectangle(x, middle - cell / 2, x + cell, middle + cell / 2))
            digit = RowOfText(character, pool, rng=rng)
            placed += digit.place(
                left=x + (cell - digit_height * digit.length) / 2 + cell * rng.normal(0, 0.06),
                middle=middle + cell * rng.normal(0, 0.04),
                digit_height=digit_height,
            )
    tones = (grey(rng, 20, 130), (70, 110, 180), (190, 90, 60), (60, 130, 90))
    colour = tones[rng.integers(len(tones))]
    line = min(size) * rng.uniform(0.0018, 0.005)
    printed = [printed_lines(np.concatenate(boxes), view=view, width=line, colour=colour)]
    right, bottom = left + (cell + gap) * most, top + step_y * rows
    around = []
    if rng.random() < 0.6:
        margin = cell * rng.uniform(0.25, 0.6)
        around.append(rectangle(left - margin, top - margin, right + margin, bottom + margin))
    if rng.random() < 0.5:
        ys = [top + step_y * (k + 1) - 0.02 * cell for k in range(rows)]
        around.append(np.array([(left - 0.1 * cell, y, right, y) for y in ys]))
    if around:
        segments = np.concatenate(around)
        printed.append(
            printed_lines(segments, view=view, width=line * rng.uniform(0.8, 2.5), colour=colour)
        )
    return finish(placed, texts, scene, rng, printed=printed, objects=surroundings(scene, rng))


def notepad(pool: DigitPool, rng: Rng) -> PhotographedPage | None:
    """Photograph a ruled notepad with a spiral, held by hand or on a desk."""
    width, height = size = frame(
        rng, low=800, aspect=float(rng.choice([4 / 3, 3 / 4, 16 / 9, 9 / 16]))
    )
    pad_height = height * rng.uniform(0.7, 0.92)
    pad_width = min(width * 0.8, pad_height * rng.uniform(0.65, 1.0))
    left, top = (width - pad_width) / 2 + rng.normal(0, 0.02) * width, (height - pad_height) / 2
    texts = [random_digits(int(rng.integers(2, 7)), rng) for _ in range(int(rng.integers(2, 6)))]
    pitch = pad_height / int(rng.integers(10, 17))
    spread = int(rng.integers(1, 3))
    max_height = pitch * spread * rng.uniform(0.75, 1.0)
    area = (
        left + 0.14 * pad_width,
        top + 0.2 * pad_height,
        left + 0.94 * pad_width,
        top + 0.92 * pad_height,
    )
    placed, digit_height = block(
        texts, pool, rng, area=area, max_height=max_height, line_spacing=rng.uniform(1.3, 1.9)
    )
    angle, amount = rng.uniform(0, 2 * math.pi), rng.uniform(0.15, 0.45)
    scene = replace(
        page_scene(rng, size=size, digit_height=digit_height, thin=0.05),
        rotation=rng.normal(0, 5),
        tilt=(amount * math.cos(angle), amount * math.sin(angle)),
        gradient=rng.uniform(0.1, 0.4),
    )
    view = sheet_to_photo(scene)
    printed = [
        lines_of_paper(
            scene,
            rng,
            squared=rng.random() < 0.3,
            pitch=pitch,
            x0=left,
            y0=placed[0].y + digit_height / 2,
            strength=rng.uniform(0.15, 0.4),
        )
    ]
    if rng.random() < 0.4:
        margin = left + pad_width * rng.uniform(0.08, 0.12)
        printed.append(
            printed_lines(
                np.array([(margin, top, margin, top + pad_height)]),
                view=view,
                width=max(1.0, min(size) * 0.002),
                colour=(200, 110, 110),
            )
        )
    corners = np.array(
        [
            (left, top),
            (left + pad_width, top),
            (left + pad_width, top + pad_height),
            (left, top + pad_height),
        ]
    )
    colour = desk_colour(rng) if rng.random() < 0.8 else to_colour(rng.uniform(150, 225, 3))
    objects = [desk_around(corners, view=view, colour=colour, rng=rng)]
    if rng.random() < 0.8:
        count = int(rng.integers(9, 20))
        xs = left + pad_width * (np.arange(count) + 0.5) / count
        centres = np.stack([xs, np.full(count, top + 0.04 * pad_height)], axis=1)
        wire = np.array([0, -0.055 * pad_height]) if rng.random() < 0.7 else None
        objects.append(
            holes(
                centres,
                radius=pad_width / count * rng.uniform(0.14, 0.28),
                view=view,
                colour=grey(rng, 15, 60),
                wire=wire,
            )
        )
    if rng.random() < 0.5:
        side: Side = "bottom" if left > 0.25 * width else ("left", "right")[rng.integers(2)]
        gap = top if side == "bottom" else left
        objects.append(
            fingers(
                side,
                at=rng.uniform(0.4, 0.65),
                reach=gap + rng.uniform(0.03, 0.08) * pad_width,
                width=pad_width * rng.uniform(0.1, 0.16),
                count=int(rng.integers(1, 3)),
                rng=rng,
            )
        )
    if digit_height < 24:
        return None
    return finish(placed, texts, scene, rng, printed=printed, objects=objects)
