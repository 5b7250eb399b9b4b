"""Numerals: digits in Debian's fonts, of other scripts and of hands that are no usual ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import ImageFont

from common.font_glyphs import files, page
from digitlab.images import from_array, read_digit


@dataclass(frozen=True, kw_only=True)
class Numerals:
    """What is drawn, and in which fonts.

    Attributes:
        zero: the code point of the 0; 1-9 follow it.
        digits: those that are drawn: none that has the shape of another Latin digit, for
            nobody could learn that one and still read MNIST.
        packages: Debian packages with the fonts.
    """

    zero: int
    digits: str
    packages: tuple[str, ...]

    @property
    def signs(self) -> str:
        """The characters of the digits."""
        return "".join(chr(self.zero + int(digit)) for digit in self.digits)


NUMERALS = {
    "handwriting": Numerals(
        zero=ord("0"),
        digits="0123456789",
        packages=(
            "fonts-ecolier-court",
            "fonts-femkeklaver",
            "fonts-gfs-gazis",
            "fonts-isabella",
            "fonts-joscelyn",
            "fonts-leckerli-one",
            "fonts-levien-typoscript",
            "fonts-sjfonts",
            "fonts-smc-chilanka",
            "fonts-smc-karumbi",
            "fonts-summersby",
            "fonts-yusei-magic",
        ),
    ),
    "Arabic": Numerals(
        zero=0x660,
        digits="1234789",  # its 5 is a 0, its 6 a 7, its 0 a dot
        packages=(
            "fonts-hosny-amiri",
            "fonts-kacst",
            "fonts-sil-lateef",
            "fonts-sil-scheherazade",
        ),
    ),
    "Bengali": Numerals(
        zero=0x9E6,
        digits="0235689",  # its 4 is an 8, its 1 and its 7 are 9s
        packages=("fonts-beng-extra", "fonts-lohit-beng-assamese", "fonts-lohit-beng-bengali"),
    ),
    "Devanagari": Numerals(
        zero=0x966,
        digits="023456789",  # its 1 is a 9
        packages=(
            "fonts-deva-extra",
            "fonts-gargi",
            "fonts-lohit-deva",
            "fonts-nakula",
            "fonts-sahadeva",
            "fonts-samyak-deva",
            "fonts-sil-annapurna",
        ),
    ),
    "Telugu": Numerals(
        zero=0xC66,
        digits="0123456789",
        packages=("fonts-lohit-telu", "fonts-telu-extra", "fonts-teluguvijayam"),
    ),
    "Thai": Numerals(
        zero=0xE50,
        digits="0123456789",
        packages=(
            "fonts-arundina",
            "fonts-tlwg-garuda-ttf",
            "fonts-tlwg-kinnari-ttf",
            "fonts-tlwg-mono-ttf",
            "fonts-tlwg-norasi-ttf",
            "fonts-tlwg-purisa-ttf",
            "fonts-tlwg-sawasdee-ttf",
            "fonts-tlwg-umpush-ttf",
        ),
    ),
}
"""Scripts whose numerals mostly have shapes of their own, and handwriting fonts.

None of the packages is in `fonts.HANDWRITING` or `fonts.PRINTED`, and the training uses no font.
"""


def drawn(numerals: Numerals, n: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Numerals in turns of sign and package, each on a page that the front end read.

    Args:
        numerals: what to draw; packages that are not here are left out.
        n: how many.
        rng: draws font, size, place, turn, paper and ink.

    Returns:
        Digit images uint8 (n, 28, 28) and labels uint8 (n,); none without any font.
    """
    found = [drawing(package, numerals.signs) for package in numerals.packages]
    there = [fonts for fonts in found if fonts]
    images = np.zeros((n if there else 0, 28, 28), np.uint8)
    which = np.arange(len(images)) % len(numerals.signs)
    for turn in range(len(images)):
        fonts = there[turn // len(numerals.signs) % len(there)]
        sheet = page(fonts[rng.integers(len(fonts))], numerals.signs[which[turn]], rng=rng)
        images[turn] = read_digit(from_array(sheet)).digit_image
    return images, np.array([int(digit) for digit in numerals.digits], np.uint8)[which]


@cache
def drawing(package: str, signs: str) -> tuple[Path, ...]:
    """A package's fonts that draw all the signs, each in a shape of its own."""
    return tuple(path for path in files(package) if _draws(path, signs))


def _draws(path: Path, signs: Sequence[str]) -> bool:
    try:
        face = ImageFont.truetype(path, 40)
        shapes = {bytes(face.getmask(sign)) for sign in (*signs, "\uffff")}
    except OSError:
        return False
    return len(shapes) == len(signs) + 1 and b"" not in shapes
