"""Draw pages with one letter or digit each, in Debian's fonts."""

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
"""Letters that do not look like a digit."""


@cache
def font_files(package: str) -> tuple[Path, ...]:
    """Return the font files of a Debian package; empty if it is not installed."""
    try:
        listing = subprocess.run(
            ["/usr/bin/dpkg", "-L", package], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ()
    paths = (Path(line) for line in listing.stdout.splitlines())
    return tuple(sorted(path for path in paths if path.suffix.lower() in {".ttf", ".otf"}))


def missing_packages(packages: Sequence[str]) -> list[str]:
    """Return the packages that are not installed or have no font."""
    return [package for package in packages if not font_files(package)]


def draw_pages(
    packages: Sequence[str], characters: str, n: int, *, rng: np.random.Generator
) -> tuple[list[np.ndarray], list[str]]:
    """Draw pages of 200-300 pixels with one character each, over all packages and characters.

    Args:
        packages: Debian packages; those that are not installed are left out.
        characters: the letters or digits.
        n: number of pages; a few less if fonts draw small letters as capitals.
        rng: draws font, size, position, rotation, paper and ink.

    Returns:
        Grey pages, uint8 (side, side), and their characters; empty without any font.
    """
    installed = [package for package in packages if font_files(package)]
    if not installed:
        return [], []
    sequence = [
        characters[i]
        for start in range(0, n, len(characters))
        for i in rng.permutation(len(characters))
    ]
    pages, labels = [], []
    for index, character in enumerate(sequence):
        fonts = font_files(installed[index % len(installed)])
        font = fonts[rng.integers(len(fonts))]
        if character.islower() and _has_only_capitals(font):
            continue  # its i looks like an I
        pages.append(draw_page(font, character, rng=rng))
        labels.append(character)
    return pages[:n], labels[:n]


@cache
def _has_only_capitals(font: Path) -> bool:
    """Return whether a font draws its small letters as capitals."""
    face = ImageFont.truetype(font, 100)
    heights = [box[3] - box[1] for box in (face.getbbox("x"), face.getbbox("X"))]
    return heights[0] > 0.9 * heights[1]


def draw_page(font: Path, character: str, *, rng: np.random.Generator) -> np.ndarray:
    """Draw a page of 200-300 pixels with one character; grey, uint8 (side, side)."""
    side = int(rng.integers(200, 301))
    face = ImageFont.truetype(font, 100)
    left, top, right, bottom = face.getbbox(character)
    height = rng.uniform(0.4, 0.65) * side / max(bottom - top, right - left)
    face = ImageFont.truetype(font, round(100 * height))
    left, top, right, bottom = face.getbbox(character)
    paper, ink = int(rng.integers(190, 256)), int(rng.integers(0, 90))
    page = Image.new("L", (side, side), paper)
    x, y = (side / 2 + rng.uniform(-0.08, 0.08, 2) * side).tolist()
    position = (x - (left + right) / 2, y - (top + bottom) / 2)
    ImageDraw.Draw(page).text(position, character, font=face, fill=ink)
    page = page.rotate(rng.uniform(-5, 5), Image.Resampling.BICUBIC, fillcolor=paper)
    return np.asarray(page.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.0))))
