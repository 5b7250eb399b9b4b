"""LabelledPictures: pictures and labels of a table, and the rules by which they were read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets.tables.labels import read_labels
from digitlab.datasets.tables.limits import LIMITS, first_line, table_error
from digitlab.images.pixel_scale import EXPECTED_VALUES, PixelScale, find_scale

EXPECTED_SHAPES: Final = (
    "pictures as (N, 784), (N, H, W), or (N, H, W, C) or (N, C, H, W) with 1, 3 or 4 channels"
)
"""What `from_arrays` accepts, for messages."""

_CHANNELS: Final = frozenset({1, 3, 4})
_MIN_SIDE: Final = 8  # pixels; smaller pictures hold no digit that the front end reads


@dataclass(frozen=True, kw_only=True)
class LabelledPictures:
    """Pictures and labels of a table.

    Attributes:
        pictures: uint8 (N, H, W) or (N, H, W, C), of either polarity.
        labels: uint8 (N,), 0-9.
        rules: the rules by which the table was read, for people.
        source: path or name of the table, for messages.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    rules: tuple[str, ...]
    source: str


def from_arrays(
    pictures: Any, labels: Any, *, source: object = "the arrays", rules: tuple[str, ...] = ()
) -> LabelledPictures:
    """Bring pictures and labels of any usual shape and type into one form.

    Args:
        pictures: (N, 784), (N, H, W), (N, H, W, C) or (N, C, H, W), or with N as the last axis;
            bool, integers or floats in one of the scales of `find_scale`.
        labels: (N,), (N, 1), or one-hot (N, 10).
        source: name in messages.
        rules: rules that found the arrays.

    Raises:
        DataError: a shape, type or value is none of these.
    """
    x, y = _to_array(pictures, source, "pictures"), read_labels(labels, source)
    if x.dtype.kind not in "biuf":
        raise table_error(source, f"the pictures are {x.dtype} {x.shape}", "an array of numbers")
    if len(y) == 0 or x.size == 0:
        raise table_error(source, "holds no digit", "at least one digit")
    if len(y) > LIMITS.max_pictures:
        raise table_error(
            source,
            f"has {len(y):,} pictures",
            f"at most {LIMITS.max_pictures:,}",
            hint="Split it.",
        )
    if np.ndim(labels) == 2 and np.size(labels) > len(y):
        rules = (*rules, "one-hot labels")
    x, shape_rules = _arrange_axes(x, len(y), source)
    scale = scale_of(float(x.min()), float(x.max()), source, dtype=x.dtype)
    if scale.high == 255 and x.dtype.kind == "f":
        _require_one_scale(x, source)
    return LabelledPictures(
        pictures=scale.to_uint8(x),
        labels=y,
        rules=(*rules, *shape_rules, f"values {scale}"),
        source=str(source),
    )


def scale_of(
    low: float, high: float, source: object, *, dtype: np.dtype[Any] | None = None
) -> PixelScale:
    """Return the scale of pixels by their smallest and largest value.

    Raises:
        DataError: no scale fits.
    """
    scale = find_scale(low, high, dtype=dtype)
    if scale is None:
        hint = "Scale the values first." if math.isfinite(low) and math.isfinite(high) else ""
        raise table_error(
            source, f"the pixels run from {low:g} to {high:g}", EXPECTED_VALUES, hint=hint
        )
    return scale


def _to_array(values: Any, source: object, name: str) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except Exception as error:  # an array of another library may raise any error
        raise table_error(
            source, f"the {name} are no array ({first_line(error)})", "an array of numbers"
        ) from error


def _arrange_axes(x: NDArray[Any], n: int, source: object) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return pictures as (N, H, W) or (N, H, W, C), and the rules that arranged them."""
    rules: list[str] = []
    shape = x.shape
    if x.ndim >= 2 and len(x) != n and x.shape[-1] == n:
        x = np.moveaxis(x, -1, 0)
        rules.append("pictures along the last axis")
    if x.ndim < 2 or len(x) != n:
        raise table_error(
            source,
            f"the pictures are {x.dtype} {shape}, the labels are {n:,}",
            f"{EXPECTED_SHAPES}, and one label for each picture",
        )
    per_picture = math.prod(x.shape[1:])
    side = math.isqrt(per_picture)
    if max(x.shape[1:]) == per_picture:  # all in one axis
        if side * side != per_picture or side < _MIN_SIDE:
            raise table_error(source, f"the pictures are {x.dtype} {shape}", EXPECTED_SHAPES)
        x = x.reshape(n, side, side)
        rules.append(f"{per_picture} values as {side}x{side}")
    elif x.ndim == 4 and x.shape[3] not in _CHANNELS and x.shape[1] in _CHANNELS:
        x = np.moveaxis(x, 1, 3)
        rules.append("channels first")
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    if x.ndim not in {3, 4} or (x.ndim == 4 and x.shape[3] not in _CHANNELS):
        raise table_error(source, f"the pictures are {x.dtype} {shape}", EXPECTED_SHAPES)
    height, width = x.shape[1:3]
    if min(height, width) < _MIN_SIDE or height * width > LIMITS.max_pixels:
        raise table_error(
            source,
            f"the pictures have {width} x {height} pixels",
            f"at least {_MIN_SIDE} x {_MIN_SIDE} and at most {LIMITS.max_pixels / 1e6:g} million",
        )
    return x, tuple(rules)


def _require_one_scale(x: NDArray[Any], source: object) -> None:
    """Refuse pictures with values of 0 to 1 among pictures with values of 0 to 255."""
    flat = x.reshape(len(x), -1)
    for row in np.flatnonzero(flat.max(axis=1) <= 1):
        if not np.array_equal(flat[row], np.rint(flat[row])):
            raise table_error(
                source,
                f"the pixels of picture {row + 1} run up to {flat[row].max():g}, those of the "
                f"table up to {x.max():g}",
                "one scale for all pictures",
                row=int(row) + 1,
            )
