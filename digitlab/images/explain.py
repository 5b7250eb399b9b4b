"""Explaining a reading: the steps from a picture to its digit image, as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digitlab.images.picture import Picture
from digitlab.images.single_digit import DigitCandidate, find_ink_region

_TILE: Final = 84  # pixels a side of a digit image on the sheet of candidates
_CAPTION: Final = 14  # pixels of height
_LARGE: Final = 280  # pixels a side of the chosen digit image
_MAX_COLUMNS: Final = 6
_INK_TONE, _OTHER_TONE, _LINE_TONE = 0, 150, 215  # grey levels in "mask"


def reading_steps(
    picture: Picture,
    candidates: Sequence[DigitCandidate],
    chosen: int,
    *,
    captions: Sequence[str],
) -> dict[str, Image.Image]:
    """Draw the intermediate pictures of one reading, in their order.

    Args:
        picture: from `decode` or `from_array`.
        candidates: from `read_candidates` of the same picture.
        chosen: index of the candidate that was read as the digit.
        captions: a few words on each candidate.

    Returns:
        "grey": the region in which ink was searched for; "contrast": the region without its
        background, ink black; "mask": ink black, other marks grey, lines of the paper light;
        "candidates": the digit images, the chosen one framed; "digit": the model's input.
        A blank picture, and one that is a digit image itself, have no "contrast" and "mask".
    """
    region = find_ink_region(picture)
    steps = {"grey": Image.fromarray(region.grey)}
    if region.polarities and not _skips_ink_search(candidates):
        polarity = region.polarities[0]
        steps["contrast"] = Image.fromarray(_to_bytes(255 - polarity.contrast))
        tones = np.where(polarity.mask, _OTHER_TONE, 255)
        tones[polarity.lines] = _LINE_TONE
        for ink in polarity.candidates[:1]:
            tones[ink.mask] = _INK_TONE
        steps["mask"] = Image.fromarray(_to_bytes(tones))
    steps["candidates"] = _contact_sheet(candidates, chosen, captions)
    steps["digit"] = _tile(candidates[chosen], _LARGE)
    return steps


def _skips_ink_search(candidates: Sequence[DigitCandidate]) -> bool:
    """Return whether the reading needs no ink search: a blank page, or a digit image."""
    return len(candidates) == 1 and (candidates[0].blank or candidates[0].unchanged)


def _contact_sheet(
    candidates: Sequence[DigitCandidate], chosen: int, captions: Sequence[str]
) -> Image.Image:
    columns = min(_MAX_COLUMNS, len(candidates))
    rows = -(-len(candidates) // columns)
    width, height = _TILE + 8, _TILE + 8 + _CAPTION
    sheet = Image.new("L", (columns * width, rows * height), 255)
    draw = ImageDraw.Draw(sheet)
    for i, (candidate, caption) in enumerate(zip(candidates, captions, strict=True)):
        x, y = i % columns * width + 4, i // columns * height + 4
        sheet.paste(_tile(candidate, _TILE), (x, y))
        draw.rectangle(
            (x - 2, y - 2, x + _TILE + 1, y + _TILE + 1),
            outline=0 if i == chosen else 200,
            width=2 if i == chosen else 1,
        )
        draw.text((x, y + _TILE + 2), caption, fill=0)
    return sheet


def _tile(candidate: DigitCandidate, side: int) -> Image.Image:
    tile = Image.fromarray(255 - candidate.digit_image)
    return tile.resize((side, side), Image.Resampling.NEAREST)


def _to_bytes(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    return np.clip(values.astype(np.float32), 0, 255).astype(np.uint8)
