"""Paper: its tone and grain, what is printed on it, the dirt, and the desk beside it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digitlab.synthetic.photographs.geometry import Floats, centre, project
from digitlab.synthetic.photographs.scene import Scene
from digitlab.synthetic.photographs.texture import texture, unit

Page = NDArray[np.float32]
"""float32 (height, width, 3), grey levels 0-255."""

_FINER = 2  # lines are printed at this enlargement


def paper(scene: Scene, *, rng: np.random.Generator) -> Page:
    """An empty sheet with its grain."""
    width, height = scene.size
    page = np.empty((height, width, 3), np.float32)
    page[:] = scene.paper
    if scene.grain:
        grain = texture(scene.size, grain=2, rng=rng) * np.float32(0.95)
        grain += texture(scene.size, grain=max(scene.size) / 12, rng=rng) * np.float32(0.3)
        page += (grain * np.float32(scene.grain))[:, :, None]
    return page


def print_lines(page: Page, view: Floats, *, scene: Scene) -> None:
    """Print the ruling on a page, in place.

    Args:
        page: changed.
        view: the homography from the sheet to the photograph.
        scene: ruling, pitch, line and line_width are used.
    """
    if not scene.ruling:
        return
    width, height = scene.size
    sheet = Image.new("L", (width * _FINER, height * _FINER))
    pencil = ImageDraw.Draw(sheet)
    thick = max(1, round(scene.line_width * _FINER))
    x0, y0 = centre(scene)
    pitch = scene.pitch * scene.unit
    reach = 1.2 * max(scene.size)
    if scene.ruling == "cell":
        places: list[float] = [-pitch / 2, pitch / 2]
        marks = [(x0 + a, y0 + b) for a in places for b in places]
        corners = [tuple(p) for p in (project(np.array(marks), view) * _FINER).tolist()]
        a, b, c, d = corners
        for one, other in ((a, b), (b, d), (d, c), (c, a)):
            dx, dy = (other[0] - one[0]) * 3, (other[1] - one[1]) * 3  # on into other cells
            ends = (one[0] - dx, one[1] - dy, other[0] + dx, other[1] + dy)
            pencil.line(ends, fill=255, width=thick)
    else:
        count = min(200, math.ceil(reach / pitch))
        places = [(n + 0.5) * pitch for n in range(-count, count)]
        if scene.ruling == "dotted":
            marks = [(x0 + a, y0 + b) for a in places for b in places]
            for x, y in (project(np.array(marks), view) * _FINER).tolist():
                pencil.ellipse((x - thick, y - thick, x + thick, y + thick), fill=255)
        else:
            lines = [((x0 - reach, y0 + a), (x0 + reach, y0 + a)) for a in places]
            if scene.ruling == "squared":
                lines += [((x0 + a, y0 - reach), (x0 + a, y0 + reach)) for a in places]
            across = project(np.array(lines).reshape(-1, 2), view).reshape(-1, 4) * _FINER
            for end in across.tolist():
                pencil.line(end, fill=255, width=thick)
    cover(page, unit(sheet.reduce(_FINER)), scene.line)


def cover(page: Page, share: NDArray[np.float32], colour: tuple[int, int, int]) -> None:
    """Lay a colour on a page, in place, by the share (height, width) that it covers, 0-1."""
    share = share[:, :, None]
    page += share * (np.array(colour, np.float32) - page)


def soil(page: Page, *, scene: Scene, rng: np.random.Generator) -> None:
    """Specks and staple holes, on a page, in place."""
    if not scene.specks and not scene.staples:
        return
    width, height = scene.size
    side = max(scene.size)
    sheet = Image.new("L", scene.size)
    pencil = ImageDraw.Draw(sheet)
    for _ in range(scene.specks):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        a, b = rng.uniform(0.0012, 0.005, 2) * side
        pencil.ellipse((x - a, y - b, x + a, y + b), fill=int(rng.integers(90, 256)))
    for _ in range(scene.staples):
        x, y = _near_border(rng) * (width, height)
        angle, apart = rng.uniform(0, math.pi), rng.uniform(0.03, 0.06) * side
        radius = rng.uniform(0.002, 0.004) * side
        for end in (-0.5, 0.5):
            u, v = x + end * apart * math.cos(angle), y + end * apart * math.sin(angle)
            pencil.ellipse((u - radius, v - radius, u + radius, v + radius), fill=255)
    cover(page, unit(sheet), (40, 36, 34))


def show_desk(page: Page, *, scene: Scene, rng: np.random.Generator) -> None:
    """Let the desk be seen along one or two sides, on a page, in place."""
    if not scene.desk:
        return
    width, height = scene.size
    sheet = Image.new("L", (width, height), 255)
    turn = np.tan(rng.uniform(-0.12, 0.12, 4))
    first = int(rng.integers(4))
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)
    for side in (first, (first + 1) % 4) if rng.random() < 0.4 else (first,):
        # Two corners of this side move inwards, one farther than the other.
        inwards = ((0, 1), (-1, 0), (0, -1), (1, 0))[side]
        deep = scene.desk * rng.uniform(0.6, 1.0)
        corners[side] += np.multiply(inwards, deep + turn[side] / 2)
        corners[(side + 1) % 4] += np.multiply(inwards, deep - turn[side] / 2)
    outline = [(x * width, y * height) for x, y in corners.tolist()]
    ImageDraw.Draw(sheet).polygon(outline, fill=0)
    dark = rng.uniform(20, 95) * np.array((1, rng.uniform(0.7, 1), rng.uniform(0.5, 1)))
    wood = texture((width, height), grain=max(2, height / 40), rng=rng) * np.float32(4)
    share = unit(sheet)
    red, green, blue = (int(v) for v in dark)
    cover(page, share, (red, green, blue))
    page += (share * wood)[:, :, None]


def _near_border(rng: np.random.Generator) -> NDArray[np.float64]:
    """A point of the unit square not far from its border."""
    point = rng.uniform(0.04, 0.96, 2)
    axis = int(rng.integers(2))
    point[axis] = rng.choice([rng.uniform(0.02, 0.1), rng.uniform(0.9, 0.98)])
    return point
