"""Transparency and pixel modes: any Pillow image to plain opaque grey or colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.images.budget import check_time

_STRIP_PIXELS: Final = 4_000_000  # pixels of a strip that is converted at once
_TURNS: Final = frozenset(
    {
        Image.Transpose.TRANSPOSE,
        Image.Transpose.TRANSVERSE,
        Image.Transpose.ROTATE_90,
        Image.Transpose.ROTATE_270,
    }
)
"""Transposes that exchange rows and columns."""
_REVERSED: Final = frozenset(
    {
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.ROTATE_90,
        Image.Transpose.TRANSVERSE,
    }
)
"""Transposes whose first row is the last stored row or column."""
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


def flatten(
    image: Image.Image, factor: int = 1, *, transpose: Image.Transpose | None = None
) -> Image.Image:
    """Convert an image of any mode to opaque "L" or "RGB", reduced by area averaging.

    Args:
        image: any mode that Pillow has.
        factor: whole number; each `factor` x `factor` square becomes one pixel.
        transpose: how to turn the image upright first.
    """
    plain = reduce_strips(image, factor, transpose=transpose)
    return _composite(plain) if plain.mode in {"LA", "RGBA"} else plain


def reduce_strips(
    image: Image.Image, factor: int, *, transpose: Image.Transpose | None = None
) -> Image.Image:
    """Convert an image of any mode to "L", "LA", "RGB" or "RGBA", turned upright and reduced.

    It is converted in strips, so that a large picture needs no second copy of its pixels.

    Args:
        image: any mode that Pillow has.
        factor: as for `flatten`.
        transpose: as for `flatten`.
    """
    width, height = image.size[:: -1 if transpose in _TURNS else 1]
    rows = max(1, _STRIP_PIXELS // (width * factor)) * factor
    tones = _tone_range(image) if _is_deep(image.mode) else None
    reduced: Image.Image | None = None
    for top in range(0, height, rows):
        check_time()
        bottom = min(height, top + rows)
        part = _crop_upright(image, (top, bottom), transpose)
        part = _to_plain_mode(part, tones)
        if factor > 1:
            part = part.reduce(factor)  # Pillow weighs colours by their alpha
        if rows >= height:
            return part
        if reduced is None:
            reduced = Image.new(part.mode, (part.width, -(-height // factor)))
        reduced.paste(part, (0, top // factor))
    assert reduced is not None, "an image has at least one row"  # noqa: S101
    return reduced


def _crop_upright(
    image: Image.Image, rows: tuple[int, int], transpose: Image.Transpose | None
) -> Image.Image:
    """Return some rows of the upright image."""
    top, bottom = rows
    length = image.width if transpose in _TURNS else image.height
    if transpose in _REVERSED:  # the upright top is the stored right side or bottom
        top, bottom = length - bottom, length - top
    is_whole = bottom - top == length
    if not is_whole:
        turned = transpose in _TURNS
        image = image.crop(
            (top, 0, bottom, image.height) if turned else (0, top, image.width, bottom)
        )
    return image if transpose is None else image.transpose(transpose)


def _is_deep(mode: str) -> bool:
    """Return whether pixels of a mode have more than 8 bits of grey."""
    return mode.startswith("I") or mode == "F"


def _to_plain_mode(image: Image.Image, tones: tuple[float, float] | None) -> Image.Image:
    """Return the same picture as "L", "LA", "RGB" or "RGBA".

    Args:
        image: any mode.
        tones: lowest and highest value of the whole picture, for deep or floating grey.
    """
    mode = image.mode
    if tones is not None:
        return Image.fromarray(_to_bytes(np.asarray(image), *tones))
    if mode == "LAB":
        return image.getchannel(0)  # lightness; Pillow needs a profile to convert the colours
    if mode == "La":
        return image.convert("LA")
    if mode in {"LA", "PA", "RGBa", "RGBA"} or "transparency" in image.info:
        return image.convert("LA" if mode in {"LA", "L", "1"} else "RGBA")
    wanted = "L" if mode in {"L", "1"} else "RGB"
    return image if mode == wanted else image.convert(wanted)


def _tone_range(image: Image.Image) -> tuple[float, float]:
    """Return the lowest and the highest value of deep or floating grey."""
    rows = max(1, _STRIP_PIXELS // image.width)
    ranges = []
    for top in range(0, image.height, rows):
        part = image.crop((0, top, image.width, min(image.height, top + rows)))
        grey = _finite(np.asarray(part))
        ranges.append((float(grey.min()), float(grey.max())))
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _finite(values: NDArray[Any]) -> NDArray[np.float32]:
    finite: NDArray[np.float32] = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    return finite


def _to_bytes(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Scale deep or floating grey to 0-255.

    Full scale is the smallest usual one (1 for floats, 8, 10, 12, 14, 16 bits) that holds
    the largest value: a scanner's 12 bits in a 16-bit file would otherwise come out black.
    Other values are stretched from the smallest to the largest one.

    Args:
        values: (H, W), of the whole picture or a part.
        low: smallest value of the whole picture.
        high: largest value of the whole picture.
    """
    grey = _finite(values)
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
