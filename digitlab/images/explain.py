"""Explaining: the steps between a picture and its digit image, as pictures to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digitlab.images.picture import Picture
from digitlab.images.single_digit import DigitView, look

_TILE: Final = 84  # pixels a side of a digit image on the sheet of candidates
_CAPTION: Final = 14
_LARGE: Final = 280


def steps(
    picture: Picture, views: Sequence[DigitView], chosen: int, *, captions: Sequence[str]
) -> dict[str, Image.Image]:
    """The intermediate pictures of one reading, in their order.

    Args:
        picture: as it was read.
        views: the candidates, as `read_candidates` gave them.
        chosen: which of them was read.
        captions: a few words on each of them.

    Returns:
        "grey": the part that was looked at; "contrast": the background taken away, ink
        black; "mask": ink black, other marks grey, lines of the paper light; "candidates":
        the digit images, the chosen one framed; "digit": what the model saw.
        A picture that is a digit image already, or blank, has no "contrast" and "mask".
    """
    seen = look(picture)
    found = {"grey": Image.fromarray(seen.grey)}
    if seen.sights and not _is_plain(views):
        sight = seen.sights[0]
        found["contrast"] = Image.fromarray(_bytes(255 - sight.contrast))
        tones = np.where(sight.mask, 150, 255)
        tones[sight.lines] = 215
        for ink in sight.digits[:1]:
            tones[ink.mask] = 0
        found["mask"] = Image.fromarray(_bytes(tones))
    found["candidates"] = _sheet(views, chosen, captions)
    found["digit"] = _tile(views[chosen], _LARGE)
    return found


def _is_plain(views: Sequence[DigitView]) -> bool:
    """Whether no ink was looked for: a blank page, or a digit image as it is."""
    return len(views) == 1 and (views[0].blank or views[0].as_it_is)


def _sheet(views: Sequence[DigitView], chosen: int, captions: Sequence[str]) -> Image.Image:
    columns = min(6, len(views))
    rows = -(-len(views) // columns)
    width, height = _TILE + 8, _TILE + 8 + _CAPTION
    sheet = Image.new("L", (columns * width, rows * height), 255)
    draw = ImageDraw.Draw(sheet)
    for i, (view, caption) in enumerate(zip(views, captions, strict=True)):
        x, y = i % columns * width + 4, i // columns * height + 4
        sheet.paste(_tile(view, _TILE), (x, y))
        draw.rectangle(
            (x - 2, y - 2, x + _TILE + 1, y + _TILE + 1),
            outline=0 if i == chosen else 200,
            width=2 if i == chosen else 1,
        )
        draw.text((x, y + _TILE + 2), caption, fill=0)
    return sheet


def _tile(view: DigitView, side: int) -> Image.Image:
    tile = Image.fromarray(255 - view.digit_image)
    return tile.resize((side, side), Image.Resampling.NEAREST)


def _bytes(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    return np.clip(values.astype(np.float32), 0, 255).astype(np.uint8)
