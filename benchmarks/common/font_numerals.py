"""Draw the numerals of other scripts and of handwriting fonts, in Debian's fonts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import ImageFont

from common.font_glyphs import draw_page, font_files
from digitlab.images import from_array, read_digit


@dataclass(frozen=True, kw_only=True)
class Numerals:
    """The numerals of a script and the fonts that draw them.

    Attributes:
        zero: the code point of the 0; 1-9 follow it.
        digits: the digits to draw. A numeral that looks like another Latin digit is left out: a
            model that learns it would misread MNIST.
        packages: Debian packages with the fonts.
    """

    zero: int
    digits: str
    packages: tuple[str, ...]

    @property
    def characters(self) -> str:
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
"""Scripts whose numerals mostly have their own shapes, and handwriting fonts.

None of the packages is in `font_glyphs.HANDWRITING` or `font_glyphs.PRINTED`, and the training
uses no font.
"""


def draw_numerals(
    numerals: Numerals, n: int, *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw numerals over all characters and packages, and read each page with the front end.

    Args:
        numerals: the script; packages that are not installed are left out.
        n: number of images.
        rng: draws font, size, position, rotation, paper and ink.

    Returns:
        Digit images uint8 (n, 28, 28) and labels uint8 (n,); empty without any font.
    """
    fonts_by_package = [
        fonts_that_draw(package, numerals.characters) for package in numerals.packages
    ]
    installed = [fonts for fonts in fonts_by_package if fonts]
    images = np.zeros((n if installed else 0, 28, 28), np.uint8)
    which = np.arange(len(images)) % len(numerals.characters)
    for index in range(len(images)):
        fonts = installed[index // len(numerals.characters) % len(installed)]
        font = fonts[rng.integers(len(fonts))]
        page = draw_page(font, numerals.characters[which[index]], rng=rng)
        images[index] = read_digit(from_array(page)).digit_image
    return images, np.array([int(digit) for digit in numerals.digits], np.uint8)[which]


@cache
def fonts_that_draw(package: str, characters: str) -> tuple[Path, ...]:
    """Return the fonts of a package that draw all the characters, each in its own shape."""
    return tuple(path for path in font_files(package) if _draws(path, characters))


def _draws(path: Path, characters: Sequence[str]) -> bool:
    try:
        face = ImageFont.truetype(path, 40)
        shapes = {bytes(face.getmask(character)) for character in (*characters, "\uffff")}
    except OSError:
        return False
    return len(shapes) == len(characters) + 1 and b"" not in shapes
