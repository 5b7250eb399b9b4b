"""Trace: what a picture looked like, small, to know the same picture again.

The same photograph saved anew, made smaller or turned a little may be cut out differently and
give another digit image. So a picture is known by two small views of it: the whole, and the place
where the digit stood. Views are compared by normalised cross-correlation, the whole picture's
without its slow changes of light.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from digitlab.images.picture import GreyImage

SIDE: Final = 32
"""Side of a view, in pixels."""

TRACE_BYTES: Final = 16 + 2 * SIDE * SIDE

ALIKE: Final = 0.88
"""Correlation of both views from which on two pictures are the same one."""

COARSE: Final = 8
"""Side of the coarse view that is compared first, in pixels."""

COARSE_ALIKE: Final = 0.8
"""Correlation of the coarse views below which the others are not compared."""

_REDUCED: Final = 256  # least longest side of the picture that views are made of
_AROUND: Final = 1.3  # the place of the digit is so much larger than its box
_LIGHT: Final = 6.0  # sigma of what counts as a slow change of light, in pixels of a view
_LEAST: Final = 0.2  # root mean square of a view, in grey levels, below which it shows nothing
_SOFT: Final = 0.7  # sigma by which views are softened before they are compared
_TURNS: Final = (-5.0, 5.0, -2.5, 2.5)  # degrees that a picture may have been turned by
_STEPS: Final = (0.0, -0.06, 0.06)  # how far the place may have moved, in its own sides

Box = tuple[int, int, int, int]
Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """What is kept of a picture.

    Attributes:
        place: left, top, right and bottom of the digit's place, as shares of width and height.
        whole: uint8 (32, 32), the picture.
        digit: uint8 (32, 32), the digit's place.
    """

    place: tuple[float, float, float, float]
    whole: GreyImage = field(repr=False)
    digit: GreyImage = field(repr=False)

    def to_bytes(self) -> bytes:
        """`TRACE_BYTES` bytes, for the store."""
        place = np.array(self.place, "<f4").tobytes()
        return place + self.whole.tobytes() + self.digit.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Trace:
        """The trace that `to_bytes` gave."""
        views = np.frombuffer(data, np.uint8, offset=16).reshape(2, SIDE, SIDE)
        left, top, right, bottom = np.frombuffer(data, "<f4", 4).tolist()
        return cls(place=(left, top, right, bottom), whole=views[0], digit=views[1])

    @cached_property
    def coarse(self) -> Floats:
        """The whole very small, (64,), of length 1."""
        return _coarse(self.whole)

    @cached_property
    def _views(self) -> tuple[Floats, Floats]:
        return _normal(self.whole, light=True), _normal(self.digit)


class Sight:
    """A picture that is looked at, to be compared with traces.

    Args:
        grey: the working image, uint8 (H, W).
    """

    def __init__(self, grey: GreyImage) -> None:
        image = Image.fromarray(grey)
        by = max(image.size) // _REDUCED
        self._image = image.reduce(by) if by > 1 else image

    def trace(self, box: Box, size: tuple[int, int]) -> Trace:
        """The trace of this picture.

        Args:
            box: of the digit, in pixels of the full picture.
            size: width and height of the full picture.
        """
        x, y, width, height = box
        across, down = self._image.width / size[0], self._image.height / size[1]
        half = max(4.0, _AROUND * max(width * across, height * down) / 2)
        middle = ((x + width / 2) * across, (y + height / 2) * down)
        left, right = ((middle[0] + side * half) / self._image.width for side in (-1, 1))
        top, bottom = ((middle[1] + side * half) / self._image.height for side in (-1, 1))
        place = (max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom))
        return Trace(place=place, whole=_whole(self._image), digit=_digit(self._image, place))

    @cached_property
    def coarse(self) -> Floats:
        """As of a trace."""
        return _coarse(_whole(self._image))

    def likeness(self, trace: Trace) -> float:
        """How alike the less alike one of the two views is, -1 to 1, turned as it fits best."""
        whole, digit = trace._views
        best = -1.0
        for image, view in self._turned:
            alike = float(view @ whole)
            if alike < ALIKE:
                continue
            found = max(
                float(_normal(_digit(image, trace.place, right, down)) @ digit)
                for right in _STEPS
                for down in _STEPS
            )
            best = max(best, min(alike, found))
        return best

    @cached_property
    def _turned(self) -> list[tuple[Image.Image, Floats]]:
        """The picture as it is, and turned back; with its view."""
        images, paper = [self._image], int(np.median(np.asarray(self._image)))
        for degrees in _TURNS:
            back = self._image.rotate(-degrees, Image.Resampling.BILINEAR, fillcolor=paper)
            images += [back, *_without_margin(back, degrees)]
        return [(image, _normal(_whole(image), light=True)) for image in images]


def _without_margin(image: Image.Image, degrees: float) -> list[Image.Image]:
    """The middle, where turning had made the picture larger so that its corners stay."""
    turn = math.radians(abs(degrees))
    cos, sin = math.cos(turn), math.sin(turn)
    width, height = (
        (one * cos - other * sin) / (cos**2 - sin**2)
        for one, other in (image.size, image.size[::-1])
    )
    if width < 2 or height < 2:
        return []
    left, top = (image.width - width) / 2, (image.height - height) / 2
    return [image.crop((round(left), round(top), round(left + width), round(top + height)))]


def _whole(image: Image.Image) -> GreyImage:
    way = Image.Resampling.BOX if min(image.size) >= SIDE else Image.Resampling.BILINEAR
    return np.asarray(image.resize((SIDE, SIDE), way))


def _digit(
    image: Image.Image, place: tuple[float, ...], right: float = 0.0, down: float = 0.0
) -> GreyImage:
    """The place of the digit, moved by so many of its own sides as far as the picture goes."""
    left, top, width, height = place[0], place[1], place[2] - place[0], place[3] - place[1]
    left = min(max(0.0, left + right * width), 1 - width) * image.width
    top = min(max(0.0, top + down * height), 1 - height) * image.height
    box = (left, top, left + width * image.width, top + height * image.height)
    box = (*box[:2], min(box[2], image.width), min(box[3], image.height))
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box))


def _coarse(whole: GreyImage) -> Floats:
    step = SIDE // COARSE
    means = whole.reshape(COARSE, step, COARSE, step).mean(axis=(1, 3), dtype=np.float32)
    return _normal(means)


def _normal(view: NDArray[np.generic], *, light: bool = False) -> Floats:
    """A view as a vector of mean 0 and length 1; of zeros where there is nothing to see."""
    seen = ndimage.gaussian_filter(view.astype(np.float32), _SOFT)
    if light:
        seen = seen - ndimage.gaussian_filter(seen, _LIGHT, mode="nearest")
    found: Floats = seen.ravel() - seen.mean()
    if found.size == SIDE * SIDE:
        found = found - _SLOPES @ (_SLOPES.T @ found)
    length = float(np.linalg.norm(found))
    return found / length if length > _LEAST * SIDE else np.zeros_like(found)


def _slopes() -> Floats:
    """Cubic polynomials over a view, orthonormal (1024, 10): light that changes slowly."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j].reshape(2, -1)
    powers = [x**n * y**m for n in range(4) for m in range(4 - n)]
    found: Floats = np.linalg.qr(np.stack(powers, axis=1))[0].astype(np.float32)
    return found


_SLOPES: Final = _slopes()
