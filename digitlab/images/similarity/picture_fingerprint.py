"""Picture fingerprints: small views of a picture, to recognise the same picture again.

The same photograph, saved again, made smaller or turned a little, may be cropped differently and
give another digit image. A fingerprint therefore holds two small views: the whole picture, and
the place of the digit. Views are compared by normalised cross-correlation; slow changes of light
are taken out of the view of the whole picture first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.images.picture import GreyImage
from digitlab.images.resize import mean_blocks

SIDE: Final = 32
"""Side of a view, in pixels."""

COARSE_SIDE: Final = 8
"""Side of the coarse view that is compared first, in pixels."""

FINGERPRINT_BYTES: Final = 16 + 2 * SIDE * SIDE
"""Size of a stored fingerprint: four float32 for the place, and two views."""

Box = tuple[int, int, int, int]
Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class FingerprintThresholds:
    """The tuned values of picture fingerprints; `benchmarks/memory.py` set them.

    Attributes:
        min_similarity: correlation, -1 to 1, of both views from which on two pictures are the
            same one.
        min_coarse_similarity: correlation of the coarse views below which the full views need
            not be compared.
        reduced_side: pixels; the picture is reduced by a whole factor while its longest side
            stays at least this.
        place_scale: side of the digit's place, in longer sides of the digit's box.
        min_half_place: pixels of the reduced picture from the middle of the place to its edge.
        light_sigma: sigma of the blur that leaves slow changes of light, in pixels of a view.
        soft_sigma: sigma of the blur before views are compared, in pixels of a view.
        min_contrast: root mean square of a view, in grey levels; with less a view is empty.
        turns: degrees by which a picture may have been turned.
        shifts: shares of its sides by which the digit's place may have moved.
    """

    min_similarity: float = 0.88
    min_coarse_similarity: float = 0.8
    reduced_side: int = 256
    place_scale: float = 1.3
    min_half_place: float = 4.0
    light_sigma: float = 6.0
    soft_sigma: float = 0.7
    min_contrast: float = 0.2
    turns: tuple[float, ...] = (-5.0, 5.0, -2.5, 2.5)
    shifts: tuple[float, ...] = (0.0, -0.06, 0.06)


FINGERPRINT_THRESHOLDS: Final = FingerprintThresholds()


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureFingerprint:
    """Two small views of a picture, as the store keeps them.

    Attributes:
        place: left, top, right and bottom of the digit's place, as shares of width and height.
        whole: uint8 (32, 32), the whole picture.
        digit: uint8 (32, 32), the digit's place.
    """

    place: tuple[float, float, float, float]
    whole: GreyImage = field(repr=False)
    digit: GreyImage = field(repr=False)

    def to_bytes(self) -> bytes:
        """Return `FINGERPRINT_BYTES` bytes for the store."""
        place = np.array(self.place, "<f4").tobytes()
        return place + self.whole.tobytes() + self.digit.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> PictureFingerprint:
        """Restore a fingerprint from the bytes of `to_bytes`."""
        views = np.frombuffer(data, np.uint8, offset=16).reshape(2, SIDE, SIDE)
        left, top, right, bottom = np.frombuffer(data, "<f4", 4).tolist()
        return cls(place=(left, top, right, bottom), whole=views[0], digit=views[1])

    @cached_property
    def coarse(self) -> Floats:
        """The coarse view of the whole picture: (64,), mean 0, length 1."""
        return _coarse_vector(self.whole)

    @cached_property
    def _vectors(self) -> tuple[Floats, Floats]:
        return _to_vector(self.whole, remove_light=True), _to_vector(self.digit)


class QueryPicture:
    """A picture to compare with stored fingerprints.

    Args:
        grey: the working image, uint8 (H, W).
    """

    def __init__(self, grey: GreyImage) -> None:
        image = Image.fromarray(grey)
        factor = max(image.size) // FINGERPRINT_THRESHOLDS.reduced_side
        self._image = image.reduce(factor) if factor > 1 else image

    def fingerprint(self, box: Box, size: tuple[int, int]) -> PictureFingerprint:
        """Return the fingerprint of this picture.

        Args:
            box: x, y, width, height of the digit, in pixels of the full picture.
            size: width and height of the full picture.
        """
        x, y, width, height = box
        across, down = self._image.width / size[0], self._image.height / size[1]
        longer = max(width * across, height * down)
        half = max(
            FINGERPRINT_THRESHOLDS.min_half_place, FINGERPRINT_THRESHOLDS.place_scale * longer / 2
        )
        middle = ((x + width / 2) * across, (y + height / 2) * down)
        left, right = ((middle[0] + side * half) / self._image.width for side in (-1, 1))
        top, bottom = ((middle[1] + side * half) / self._image.height for side in (-1, 1))
        place = (max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom))
        return PictureFingerprint(
            place=place, whole=_whole_view(self._image), digit=_digit_view(self._image, place)
        )

    @cached_property
    def coarse(self) -> Floats:
        """The coarse view of the whole picture: (64,), mean 0, length 1."""
        return _coarse_vector(_whole_view(self._image))

    def similarity(self, fingerprint: PictureFingerprint) -> float:
        """Return the correlation, -1 to 1, of the less similar of the two views.

        The picture is compared as it is and turned back, and the best result counts; -1 where
        the views of the whole picture correlate by less than `min_similarity`.
        """
        whole, digit = fingerprint._vectors
        shifts = FINGERPRINT_THRESHOLDS.shifts
        best = -1.0
        for image, vector in self._turned:
            whole_similarity = float(vector @ whole)
            if whole_similarity < FINGERPRINT_THRESHOLDS.min_similarity:
                continue
            digit_similarity = max(
                float(_to_vector(_digit_view(image, fingerprint.place, right, down)) @ digit)
                for right in shifts
                for down in shifts
            )
            best = max(best, min(whole_similarity, digit_similarity))
        return best

    @cached_property
    def _turned(self) -> list[tuple[Image.Image, Floats]]:
        """The picture as it is and turned back, each with the vector of its whole view."""
        images, paper = [self._image], int(np.median(np.asarray(self._image)))
        for degrees in FINGERPRINT_THRESHOLDS.turns:
            turned = self._image.rotate(-degrees, Image.Resampling.BILINEAR, fillcolor=paper)
            images += [turned, *_without_corners(turned, degrees)]
        return [(image, _to_vector(_whole_view(image), remove_light=True)) for image in images]


def _without_corners(image: Image.Image, degrees: float) -> list[Image.Image]:
    """Crop to the original, if a program enlarged the picture while it turned it.

    Returns:
        One image; none where no original of a usable size fits.
    """
    radians = math.radians(abs(degrees))
    cos, sin = math.cos(radians), math.sin(radians)
    width, height = (
        (one * cos - other * sin) / (cos**2 - sin**2)
        for one, other in (image.size, image.size[::-1])
    )
    if width < 2 or height < 2:
        return []
    left, top = (image.width - width) / 2, (image.height - height) / 2
    return [image.crop((round(left), round(top), round(left + width), round(top + height)))]


def _whole_view(image: Image.Image) -> GreyImage:
    is_large = min(image.size) >= SIDE
    resampling = Image.Resampling.BOX if is_large else Image.Resampling.BILINEAR
    return np.asarray(image.resize((SIDE, SIDE), resampling))


def _digit_view(
    image: Image.Image, place: tuple[float, ...], right: float = 0.0, down: float = 0.0
) -> GreyImage:
    """Return the view of the digit's place, shifted within the picture by shares of its sides."""
    left, top, width, height = place[0], place[1], place[2] - place[0], place[3] - place[1]
    left = min(max(0.0, left + right * width), 1 - width) * image.width
    top = min(max(0.0, top + down * height), 1 - height) * image.height
    box = (left, top, left + width * image.width, top + height * image.height)
    box = (*box[:2], min(box[2], image.width), min(box[3], image.height))
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box))


def _coarse_vector(whole: GreyImage) -> Floats:
    return _to_vector(mean_blocks(whole.astype(np.float32), SIDE // COARSE_SIDE))


def _to_vector(view: NDArray[np.generic], *, remove_light: bool = False) -> Floats:
    """Return a view as a vector of mean 0 and length 1; all zeros for an empty view.

    Args:
        view: (32, 32), or (8, 8) for a coarse one.
        remove_light: whether to take slow changes of light out of it.
    """
    from scipy import ndimage  # takes a third of a second; few pictures are compared

    soft = ndimage.gaussian_filter(view.astype(np.float32), FINGERPRINT_THRESHOLDS.soft_sigma)
    if remove_light:
        soft = soft - ndimage.gaussian_filter(
            soft, FINGERPRINT_THRESHOLDS.light_sigma, mode="nearest"
        )
    vector: Floats = soft.ravel() - soft.mean()
    if vector.size == SIDE * SIDE:
        slopes = _cubic_polynomials()
        vector = vector - slopes @ (slopes.T @ vector)
    length = float(np.linalg.norm(vector))
    has_content = length > FINGERPRINT_THRESHOLDS.min_contrast * SIDE
    return vector / length if has_content else np.zeros_like(vector)


@cache
def _cubic_polynomials() -> Floats:
    """Return cubic polynomials over a view, orthonormal (1024, 10): slow changes of light."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j].reshape(2, -1)
    powers = [x**n * y**m for n in range(4) for m in range(4 - n)]
    basis: Floats = np.linalg.qr(np.stack(powers, axis=1))[0].astype(np.float32)
    return basis
