"""Paper: its tone and grain, the printed ruling, dirt, and the desk beside the sheet."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digitlab.synthetic.photographs.geometry import Floats, digit_centre, project
from digitlab.synthetic.photographs.scene import Colour, Scene
from digitlab.synthetic.photographs.texture import noise_texture, to_unit_range

Page = NDArray[np.float32]
"""float32 (height, width, 3), grey levels 0-255."""

_OVERSAMPLING = 2  # of the printed lines, per axis


def blank_page(scene: Scene, *, rng: np.random.Generator) -> Page:
    """Return an empty sheet with its grain."""
    width, height = scene.size
    page = np.empty((height, width, 3), np.float32)
    page[:] = scene.paper
    if scene.grain:
        grain = noise_texture(scene.size, grain=2, rng=rng) * np.float32(0.95)
        grain += noise_texture(scene.size, grain=max(scene.size) / 12, rng=rng) * np.float32(0.3)
        page += (grain * np.float32(scene.grain))[:, :, None]
    return page


def print_ruling(page: Page, sheet_to_photo: Floats, *, scene: Scene) -> None:
    """Print the ruling on a page, in place.

    Args:
        page: the page to change.
        sheet_to_photo: homography from the sheet to the photograph.
        scene: ruling, pitch, border, line and line_width are used.
    """
    if not scene.ruling and not scene.border:
        return
    width, height = scene.size
    sheet = Image.new("L", (width * _OVERSAMPLING, height * _OVERSAMPLING))
    pencil = ImageDraw.Draw(sheet)
    line_width = max(1, round(scene.line_width * _OVERSAMPLING))
    x0, y0 = digit_centre(scene)
    pitch = scene.pitch * scene.digit_height
    reach = 1.2 * max(scene.size)
    for ends in np.array(scene.border).reshape(-1, 2, 2) * sheet.size:
        pencil.line([tuple(end) for end in ends.tolist()], fill=255, width=line_width)
    if scene.ruling == "cell":
        offsets: list[float] = [-pitch / 2, pitch / 2]
        points = np.array([(x0 + a, y0 + b) for a in offsets for b in offsets])
        corners = (project(points, sheet_to_photo) * _OVERSAMPLING).tolist()
        a, b, c, d = (tuple(corner) for corner in corners)
        for one, other in ((a, b), (b, d), (d, c), (c, a)):
            dx, dy = (other[0] - one[0]) * 3, (other[1] - one[1]) * 3  # on into other cells
            extended = (one[0] - dx, one[1] - dy, other[0] + dx, other[1] + dy)
            pencil.line(extended, fill=255, width=line_width)
    elif scene.ruling == "underline":
        half = scene.line_length * scene.digit_height / 2
        points = np.array([(x0 - half, y0 + pitch / 2), (x0 + half, y0 + pitch / 2)])
        ends = project(points, sheet_to_photo) * _OVERSAMPLING
        pencil.line([tuple(end) for end in ends.tolist()], fill=255, width=line_width)
    elif scene.ruling:
        count = min(200, math.ceil(reach / pitch))
        offsets = [(n + 0.5) * pitch for n in range(-count, count)]
        if scene.ruling == "dotted":
            points = np.array([(x0 + a, y0 + b) for a in offsets for b in offsets])
            radius = line_width
            for x, y in (project(points, sheet_to_photo) * _OVERSAMPLING).tolist():
                pencil.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        else:
            lines = [((x0 - reach, y0 + a), (x0 + reach, y0 + a)) for a in offsets]
            if scene.ruling == "squared":
                lines += [((x0 + a, y0 - reach), (x0 + a, y0 + reach)) for a in offsets]
            points = project(np.array(lines).reshape(-1, 2), sheet_to_photo)
            for ends in (points.reshape(-1, 4) * _OVERSAMPLING).tolist():
                pencil.line(ends, fill=255, width=line_width)
    lay_colour(page, to_unit_range(sheet.reduce(_OVERSAMPLING)), scene.line)


def lay_colour(page: Page, cover: NDArray[np.float32], colour: Colour) -> None:
    """Blend a colour into a page, in place, by its cover (height, width) of 0-1."""
    cover = cover[:, :, None]
    page += cover * (np.array(colour, np.float32) - page)


def add_dirt(page: Page, *, scene: Scene, rng: np.random.Generator) -> None:
    """Draw specks and staple holes on a page, in place."""
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
        x, y = _point_near_border(rng) * (width, height)
        angle, distance = rng.uniform(0, math.pi), rng.uniform(0.03, 0.06) * side
        radius = rng.uniform(0.002, 0.004) * side
        for end in (-0.5, 0.5):
            u, v = x + end * distance * math.cos(angle), y + end * distance * math.sin(angle)
            pencil.ellipse((u - radius, v - radius, u + radius, v + radius), fill=255)
    lay_colour(page, to_unit_range(sheet), (40, 36, 34))


def add_desk(page: Page, *, scene: Scene, rng: np.random.Generator) -> None:
    """Show the desk along one or two sides of a page, in place."""
    if not scene.desk:
        return
    width, height = scene.size
    mask = Image.new("L", (width, height), 255)
    slope = np.tan(rng.uniform(-0.12, 0.12, 4))
    first = int(rng.integers(4))
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)
    for side in (first, (first + 1) % 4) if rng.random() < 0.4 else (first,):
        # The two corners of this side move inwards, one farther than the other.
        inwards = ((0, 1), (-1, 0), (0, -1), (1, 0))[side]
        depth = scene.desk * rng.uniform(0.6, 1.0)
        corners[side] += np.multiply(inwards, depth + slope[side] / 2)
        corners[(side + 1) % 4] += np.multiply(inwards, depth - slope[side] / 2)
    outline = [(x * width, y * height) for x, y in corners.tolist()]
    ImageDraw.Draw(mask).polygon(outline, fill=0)
    tone = rng.uniform(20, 95) * np.array((1, rng.uniform(0.7, 1), rng.uniform(0.5, 1)))
    wood = noise_texture((width, height), grain=max(2, height / 40), rng=rng) * np.float32(4)
    cover = to_unit_range(mask)
    red, green, blue = (int(v) for v in tone)
    lay_colour(page, cover, (red, green, blue))
    page += (cover * wood)[:, :, None]


def _point_near_border(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a point of the unit square near its border."""
    point = rng.uniform(0.04, 0.96, 2)
    axis = int(rng.integers(2))
    point[axis] = rng.choice([rng.uniform(0.02, 0.1), rng.uniform(0.9, 0.98)])
    return point
