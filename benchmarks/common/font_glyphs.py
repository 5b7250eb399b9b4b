"""Fonts: single letters and digits of Debian's fonts, each on a page of its own."""

from __future__ import annotations

import string
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HANDWRITING = (
    "fonts-breip",
    "fonts-bwht",
    "fonts-comic-neue",
    "fonts-dancingscript",
    "fonts-dkg-handwriting",
    "fonts-havana",
    "fonts-humor-sans",
    "fonts-kaushanscript",
    "fonts-kiloji",
    "fonts-klee",
    "fonts-kristi",
    "fonts-rufscript",
    "fonts-tomsontalks",
)
PRINTED = (
    "fonts-comfortaa",
    "fonts-dejavu-core",
    "fonts-ebgaramond",
    "fonts-inconsolata",
    "fonts-lato",
    "fonts-liberation",
    "fonts-linuxlibertine",
    "fonts-lobster",
    "fonts-open-sans",
    "fonts-quicksand",
    "fonts-sil-andika",
)
LETTERS = "".join(sorted(set(string.ascii_letters) - set("IlOoSsgqZzBbD")))
"""Letters that have no digit's shape."""


@cache
def files(package: str) -> tuple[Path, ...]:
    """The font files of a Debian package; none when it is not installed."""
    try:
        found = subprocess.run(
            ["/usr/bin/dpkg", "-L", package], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ()
    paths = (Path(line) for line in found.stdout.splitlines())
    return tuple(sorted(path for path in paths if path.suffix.lower() in {".ttf", ".otf"}))


def missing(packages: Sequence[str]) -> list[str]:
    """The packages without a font here."""
    return [package for package in packages if not files(package)]


def pages(
    packages: Sequence[str], signs: str, n: int, *, rng: np.random.Generator
) -> tuple[list[np.ndarray], list[str]]:
    """Pages of 200-300 pixels with one sign each, in turns of package, font and sign.

    Args:
        packages: Debian packages; those that are not here are left out.
        signs: the letters or digits.
        n: how many pages; a few fewer where fonts draw small letters as capitals.
        rng: draws font, size, place, turn, paper and ink.

    Returns:
        Grey pages, uint8 (side, side), and their signs; none without any font.
    """
    there = [package for package in packages if files(package)]
    if not there:
        return [], []
    turns = [signs[i] for start in range(0, n, len(signs)) for i in rng.permutation(len(signs))]
    drawn, labels = [], []
    for turn, sign in enumerate(turns):
        fonts = files(there[turn % len(there)])
        font = fonts[rng.integers(len(fonts))]
        if sign.islower() and _capitals_only(font):
            continue  # its i is an I
        drawn.append(page(font, sign, rng=rng))
        labels.append(sign)
    return drawn[:n], labels[:n]


@cache
def _capitals_only(font: Path) -> bool:
    """Whether a font draws its small letters as capitals."""
    face = ImageFont.truetype(font, 100)
    heights = [box[3] - box[1] for box in (face.getbbox("x"), face.getbbox("X"))]
    return heights[0] > 0.9 * heights[1]


def page(font: Path, sign: str, *, rng: np.random.Generator) -> np.ndarray:
    """A page of 200-300 pixels with one sign in a font; grey, uint8 (side, side)."""
    side = int(rng.integers(200, 301))
    face = ImageFont.truetype(font, 100)
    left, top, right, bottom = face.getbbox(sign)
    height = rng.uniform(0.4, 0.65) * side / max(bottom - top, right - left)
    face = ImageFont.truetype(font, round(100 * height))
    left, top, right, bottom = face.getbbox(sign)
    paper, ink = int(rng.integers(190, 256)), int(rng.integers(0, 90))
    page = Image.new("L", (side, side), paper)
    x, y = (side / 2 + rng.uniform(-0.08, 0.08, 2) * side).tolist()
    place = (x - (left + right) / 2, y - (top + bottom) / 2)
    ImageDraw.Draw(page).text(place, sign, font=face, fill=ink)
    page = page.rotate(rng.uniform(-5, 5), Image.Resampling.BICUBIC, fillcolor=paper)
    return np.asarray(page.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.0))))
