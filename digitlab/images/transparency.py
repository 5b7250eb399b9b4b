"""Transparency and pixel modes: any Pillow image to plain opaque grey or colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_FULL_SCALES: Final = (255, 1023, 4095, 16383, 65535)  # 8, 10, 12, 14 and 16 bits


@dataclass(frozen=True, kw_only=True)
class TransparencyThresholds:
    """The tuned values by which a transparent picture gets its backdrop.

    `benchmarks/photos.py` measures them on drawings with alpha, and
    `tests/images/test_transparency.py` checks them on a cut-out sheet.

    Attributes:
        min_opaque_alpha: alpha, 0-255; from here on it is a rounding error of an opaque picture.
        min_visible_alpha: alpha, 0-255; below it, colours that were restored from premultiplied
            ones are noise.
        rim_reach: pixels; visible pixels so near to invisible ones are a cut-out sheet's rim.
        min_tone_distance: grey levels between the mean tones of ink and paper.
        min_class_share: share of the visible pixels that each of the two tones has.
        min_paper_share: share of a cut-out sheet's rim that has the paper's tone.
    """

    min_opaque_alpha: int = 250
    min_visible_alpha: int = 128
    rim_reach: int = 2
    min_tone_distance: int = 60
    min_class_share: float = 0.002
    min_paper_share: float = 0.8


_THRESHOLDS: Final = TransparencyThresholds()


def flatten(image: Image.Image, factor: int = 1) -> Image.Image:
    """Convert an image of any mode to opaque "L" or "RGB", reduced by area averaging.

    Args:
        image: any mode that Pillow has.
        factor: whole number; each `factor` x `factor` square becomes one pixel.
    """
    plain = _to_plain_mode(image)
    if factor > 1:
        plain = plain.reduce(factor)  # Pillow weighs colours by their alpha
    return _composite(plain) if plain.mode in {"LA", "RGBA"} else plain


def _to_plain_mode(image: Image.Image) -> Image.Image:
    """Return the same picture as "L", "LA", "RGB" or "RGBA"."""
    mode = image.mode
    if mode.startswith("I") or mode == "F":
        return Image.fromarray(_to_bytes(np.asarray(image)))
    if mode == "LAB":
        return image.getchannel(0)  # lightness; Pillow needs a profile to convert the colours
    if mode == "La":
        return image.convert("LA")
    if mode in {"LA", "PA", "RGBa", "RGBA"} or "transparency" in image.info:
        return image.convert("LA" if mode in {"LA", "L", "1"} else "RGBA")
    wanted = "L" if mode in {"L", "1"} else "RGB"
    return image if mode == wanted else image.convert(wanted)


def _to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale deep or floating grey to 0-255.

    Full scale is the smallest usual one (1 for floats, 8, 10, 12, 14, 16 bits) that holds
    the largest value: a scanner's 12 bits in a 16-bit file would otherwise come out black.
    Other values are stretched from the smallest to the largest one.
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
    if np.asarray(alpha).min() >= _THRESHOLDS.min_opaque_alpha:
        return opaque
    tone = backdrop(np.asarray(opaque.convert("L")), np.asarray(alpha))
    colour = tone if opaque.mode == "L" else (tone, tone, tone)
    return Image.composite(opaque, Image.new(opaque.mode, opaque.size, colour), alpha)


def backdrop(grey: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> int:
    """Return the grey tone, 0-255, to lay under a transparent picture.

    Ink of one tone gets the opposite of its luminance. A cut-out sheet with ink on it has two
    tones and a rim of paper: it gets the paper's tone. Only pixels near invisible ones belong
    to the rim; pixels at the border of the picture alone do not.

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
    visible = alpha >= _THRESHOLDS.min_visible_alpha
    if not visible.any():
        return opposite
    threshold = _tone_threshold(np.bincount(grey[visible], minlength=256))
    rim = grey[visible & _near(~visible, _THRESHOLDS.rim_reach)]
    if threshold is None or rim.size == 0:
        return opposite
    light = float((rim > threshold).mean())
    if max(light, 1 - light) < _THRESHOLDS.min_paper_share:
        return opposite
    paper = rim[rim > threshold] if light > 0.5 else rim[rim <= threshold]
    return int(np.median(paper))


def _tone_threshold(histogram: NDArray[np.int64]) -> int | None:
    """Return Otsu's threshold between two tones; None unless they differ and both count.

    Source: Otsu, "A threshold selection method from gray-level histograms" (1979).
    """
    tones = np.arange(256)
    below, weighted = histogram.cumsum(), (histogram * tones).cumsum()
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        low = weighted / below
        high = (weighted[-1] - weighted) / above
        spread = np.nan_to_num(below * above * (high - low) ** 2.0)
    best = int(spread.argmax())
    if min(below[best], above[best]) < _THRESHOLDS.min_class_share * below[-1]:
        return None
    # Written so that a nan, from a class without pixels, also means: no two tones.
    return best if high[best] - low[best] >= _THRESHOLDS.min_tone_distance else None


def _near(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Return the pixels at most `reach` rows or columns from one in `mask`, and the mask."""
    height, width = mask.shape
    # Shifts of a padded copy: np.roll would carry the mask over to the opposite border, and
    # the filters of scipy.ndimage take four times as long.
    padded = np.pad(mask, reach)
    near = np.zeros_like(mask)
    for shift in range(2 * reach + 1):
        near |= padded[shift : shift + height, reach : reach + width]
        near |= padded[reach : reach + height, shift : shift + width]
    return near
