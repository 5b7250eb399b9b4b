"""Tones: any Pillow mode, with or without transparency, to plain opaque grey or colour."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_FULL_SCALES: Final = (255, 1023, 4095, 16383, 65535)
_OPAQUE: Final = 250  # alpha from here on is a rounding error of an opaque picture
_VISIBLE: Final = 128  # below this, colours restored from premultiplied ones are noise
_TWO_TONES: Final = 60  # grey levels between ink and paper, at least
_BORDER_SHARE: Final = 0.8  # of a cut-out sheet's rim is paper, at least


def flatten(image: Image.Image, factor: int = 1) -> Image.Image:
    """Bring an image of any mode to opaque "L" or "RGB", reduced by area averaging.

    Args:
        image: any mode that Pillow has.
        factor: whole number; each `factor` x `factor` square becomes one pixel.
    """
    plain = _plain(image)
    if factor > 1:
        plain = plain.reduce(factor)  # weighs colours by their alpha
    return _composite(plain) if plain.mode in {"LA", "RGBA"} else plain


def _plain(image: Image.Image) -> Image.Image:
    """The same picture as "L", "LA", "RGB" or "RGBA"."""
    mode = image.mode
    if mode.startswith("I") or mode == "F":
        return Image.fromarray(_to_bytes(np.asarray(image)))
    if mode == "LAB":
        return image.getchannel(0)  # lightness; Pillow converts the rest only with a profile
    if mode == "La":
        return image.convert("LA")
    if mode in {"LA", "PA", "RGBa", "RGBA"} or "transparency" in image.info:
        return image.convert("LA" if mode in {"LA", "L", "1"} else "RGBA")
    wanted = "L" if mode in {"L", "1"} else "RGB"
    return image if mode == wanted else image.convert(wanted)


def _to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Deep or floating grey to 0-255.

    Full scale is the smallest usual one (1 for floats, 8, 10, 12, 14, 16 bits) that holds
    the largest value: a scanner's 12 bits in a 16-bit file would otherwise come out black.
    Anything else is stretched from its least to its largest value.
    """
    grey = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = float(grey.min()), float(grey.max())
    if low < 0 or high > _FULL_SCALES[-1]:
        grey -= low
        full = high - low
    elif values.dtype.kind == "f" and high <= 1:
        full = 1.0
    else:
        full = next(float(scale) for scale in _FULL_SCALES if high <= scale)
    if not 0 < full < np.inf:
        return np.zeros(grey.shape, np.uint8)
    grey *= 255 / full
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def _composite(image: Image.Image) -> Image.Image:
    """Lay an image with alpha on a backdrop on which its ink can be read."""
    alpha = image.getchannel("A")
    opaque = image.convert("L" if image.mode == "LA" else "RGB")
    if np.asarray(alpha).min() >= _OPAQUE:
        return opaque
    tone = backdrop(np.asarray(opaque.convert("L")), np.asarray(alpha))
    colour = tone if opaque.mode == "L" else (tone, tone, tone)
    return Image.composite(opaque, Image.new(opaque.mode, opaque.size, colour), alpha)


def backdrop(grey: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> int:
    """The grey tone, 0-255, to lay under a transparent picture.

    Ink of one tone gets the opposite of its luminance. A cut-out sheet with ink on it shows
    two tones and its rim is paper: it gets the paper's tone.

    Args:
        grey: uint8 (H, W), luminance of the visible colours.
        alpha: uint8 (H, W), 255 for opaque.
    """
    weights = np.bincount(grey.ravel(), weights=alpha.ravel(), minlength=256)
    if weights.sum() == 0:
        return 255
    tones = np.arange(256)
    mean = float((weights * tones).sum() / weights.sum())
    opposite = 0 if mean >= 128 else 255
    visible = alpha >= _VISIBLE
    if not visible.any():
        return opposite
    split = _split(np.bincount(grey[visible], minlength=256))
    rim = grey[visible & _beside(~visible)]
    if split is None or rim.size == 0:
        return opposite
    light = float((rim > split).mean())
    if max(light, 1 - light) < _BORDER_SHARE:
        return opposite
    paper = rim[rim > split] if light > 0.5 else rim[rim <= split]
    return int(np.median(paper))


def _split(histogram: NDArray[np.int64]) -> int | None:
    """Otsu's threshold, if the two classes stand well apart and both count; else None."""
    tones = np.arange(256)
    below, weighted = histogram.cumsum(), (histogram * tones).cumsum()
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        low = weighted / below
        high = (weighted[-1] - weighted) / above
        spread = np.nan_to_num(below * above * (high - low) ** 2.0)
    best = int(spread.argmax())
    few = min(below[best], above[best]) < 0.002 * below[-1]
    if few or not high[best] - low[best] >= _TWO_TONES:
        return None
    return best


def _beside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels within two of one in `mask`, by rows and columns."""
    near = mask.copy()
    for axis in (0, 1):
        for step in (1, 2):
            for shifted in (np.roll(mask, step, axis), np.roll(mask, -step, axis)):
                near |= shifted
    return near
