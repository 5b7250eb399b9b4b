"""Pen paths: the strokes of a shape, varied as different people would write them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_SAMPLE_DISTANCE: Final = 2.2  # between two samples of a stroke, in units of the 100 x 100 box
_MAX_OVERSHOOT: Final = 8.0  # that a stroke may run past its ends, in units of the box


@dataclass(frozen=True, kw_only=True, eq=False)
class Strokes:
    """The strokes of one shape as splines over movable control points.

    Attributes:
        points: float32 (K, 2), the control points x, y in a box of 100 x 100.
        matrix: float32 (P, K); `matrix @ points` are the samples along all strokes.
        sample_stroke: int (P,), the index of the stroke of each sample.
        point_stroke: int (K,), the index of the stroke of each control point.
        along: float32 (P,), distance from the start of the stroke; negative before the start.
        lengths: float32 (S,), the length of each stroke.
        before: int (P,), the previous sample on the same stroke.
        after: int (P,), the next sample on the same stroke.
    """

    points: Floats
    matrix: Floats
    sample_stroke: NDArray[np.intp]
    point_stroke: NDArray[np.intp]
    along: Floats
    lengths: Floats
    before: NDArray[np.intp]
    after: NDArray[np.intp]


@cache
def parse_strokes(notation: str) -> Strokes:
    """Return the splines of strokes in the notation of `digit_shapes`."""
    points: list[tuple[float, float]] = []
    matrices: list[Floats] = []
    sample_stroke, point_stroke, along, lengths = [], [], [], []
    point_count = len(notation.replace("|", " ").split())
    extra = _overshoot_samples()
    for number, text in enumerate(notation.split("|")):
        words = text.split()
        first = len(points)
        points += [_parse_point(word) for word in words]
        point_stroke += [number] * len(words)
        weights = _spline_weights(
            np.array(points[first:], np.float32), [word.endswith("!") for word in words]
        )
        padded = np.zeros((len(weights), point_count), np.float32)
        padded[:, first : first + len(words)] = weights
        steps = np.linalg.norm(np.diff(weights @ np.array(points[first:]), axis=0), axis=1)
        distance = np.concatenate([[0.0], np.cumsum(steps)])
        lengths.append(float(distance[-1] - distance[extra] - steps[-extra:].sum()))
        along.append(distance - distance[extra])
        sample_stroke += [number] * len(weights)
        matrices.append(padded)
    stroke = np.array(sample_stroke)
    index = np.arange(len(stroke))
    before, after = np.maximum(index - 1, 0), np.minimum(index + 1, len(index) - 1)
    return Strokes(
        points=np.array(points, np.float32),
        matrix=np.concatenate(matrices),
        sample_stroke=stroke,
        point_stroke=np.array(point_stroke),
        along=np.concatenate(along).astype(np.float32),
        lengths=np.array(lengths, np.float32),
        before=np.where(stroke[before] == stroke, before, index),
        after=np.where(stroke[after] == stroke, after, index),
    )


def sample_pen_paths(
    strokes: Strokes, n: int, *, rng: np.random.Generator, variation: float = 1.0
) -> tuple[Floats, Floats]:
    """Write the same strokes n times, each time with another handwriting.

    Args:
        strokes: the strokes to write.
        n: number of paths.
        rng: draws slant, proportions, warp, jitter, pressure and where strokes end.
        variation: how far the handwritings differ from the shape; 0 writes the shape itself.

    Returns:
        Points float32 (n, P, 2) in units of the 100 x 100 box, and the relative pressure of the
        pen float32 (n, P), about 1; 0 where the pen is lifted.
    """
    normal = rng.standard_normal
    care = variation * np.exp(0.4 * normal((n, 1, 1))).astype(np.float32)
    jitter = 2.0 * care * normal((n, len(strokes.points), 2))
    jitter += (2.2 * care * normal((n, len(strokes.lengths), 2)))[:, strokes.point_stroke]
    control = _warp((strokes.points - 50 + jitter).astype(np.float32), rng, variation)
    points: Floats = strokes.matrix @ (control @ _slant_matrices(n, rng, variation))
    pressure = _pressure(points, strokes, rng, variation)
    pressure *= _inked_samples(strokes, n, rng, variation)
    return points + np.float32(50), pressure


def smooth_stroke(point_count: int) -> Strokes:
    """Return one smooth stroke through `point_count` points that the caller moves."""
    angle = np.linspace(0, 2 * np.pi, point_count, endpoint=False)
    x, y = 50 + 50 * np.cos(angle), 50 + 50 * np.sin(angle)
    return parse_strokes(" ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True)))


def _parse_point(word: str) -> tuple[float, float]:
    x, y = word.rstrip("!").split(",")
    return float(x), float(y)


def _overshoot_samples() -> int:
    """Return the number of samples before the start and after the end of each stroke."""
    return max(1, int(_MAX_OVERSHOOT / _SAMPLE_DISTANCE))


def _spline_weights(points: Floats, corner: list[bool]) -> Floats:
    """Return the weights (P, K) that turn the control points of a stroke into its samples.

    Catmull-Rom splines run between corners; both ends continue as straight lines.
    """
    count = len(points)
    segments = []
    unit = np.eye(count, dtype=np.float32)
    for left in range(count - 1):
        right = left + 1
        a = unit[left - 1] if left and not corner[left] else 2 * unit[left] - unit[right]
        inner = right < count - 1 and not corner[right]
        b = unit[right + 1] if inner else 2 * unit[right] - unit[left]
        distance = np.linalg.norm(points[right] - points[left])
        steps = max(2, int(np.ceil(distance / _SAMPLE_DISTANCE)))
        t = np.linspace(0, 1, steps, endpoint=False)[:, None]
        segments.append(
            0.5
            * (
                (-t + 2 * t**2 - t**3) * a
                + (2 - 5 * t**2 + 3 * t**3) * unit[left]
                + (t + 4 * t**2 - 3 * t**3) * unit[right]
                + (-(t**2) + t**3) * b
            )
        )
    inside = np.concatenate([*segments, unit[-1:]])
    extra = np.arange(1, _overshoot_samples() + 1)[:, None]
    start, end = inside[0] - inside[1], inside[-1] - inside[-2]
    run_in, run_out = inside[:1] + extra[::-1] * start, inside[-1:] + extra * end
    return np.concatenate([run_in, inside, run_out]).astype(np.float32)


def _warp(points: Floats, rng: np.random.Generator, variation: float) -> Floats:
    """Bend the plane with two long waves per axis; the points are centred on 0."""
    n = len(points)
    warped = points.copy()
    for axis in (0, 1):
        for _ in range(2):
            frequency = rng.normal(0, 0.035, (n, 2)).astype(np.float32)
            phase = rng.uniform(0, 2 * np.pi, (n, 1)).astype(np.float32)
            amplitude = (variation * rng.normal(0, 4.0, (n, 1))).astype(np.float32)
            wave = np.sin((points * frequency[:, None]).sum(2) + phase)
            warped[:, :, axis] += amplitude * wave
    return warped


def _slant_matrices(n: int, rng: np.random.Generator, variation: float) -> Floats:
    """Return matrices (n, 2, 2) of the proportions, slant and rotation of each handwriting."""
    aspect = np.exp(rng.normal(-0.08, 0.2 * variation, n))
    slant = np.clip(rng.normal(0.12, 0.2, n), -0.35, 0.6) * min(variation, 1.0)
    angle = np.deg2rad(np.clip(rng.normal(0, 6, n), -15, 15)) * variation
    # Points are row vectors: x' = x * aspect - y * slant, then the rotation.
    shear = np.stack([aspect, 0 * aspect, -slant, 1 + 0 * aspect], 1).reshape(n, 2, 2)
    rotation = np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], 1)
    return np.asarray(shear @ rotation.reshape(n, 2, 2), np.float32)


def _pressure(
    points: Floats, strokes: Strokes, rng: np.random.Generator, variation: float
) -> Floats:
    """Return the relative stroke width: a flat nib varies by direction, a hand by distance."""
    n = len(points)
    along = strokes.along / 100 + strokes.sample_stroke
    wave = rng.uniform(1, 9, (n, 1)) * along + rng.uniform(0, 2 * np.pi, (n, 1))
    pressure = 1 + variation * rng.uniform(0, 0.22, (n, 1)) * np.sin(wave)
    flatness = np.where(rng.random((n, 1)) < 0.3, rng.uniform(0.35, 0.9, (n, 1)), 1.0)
    nib_angle = rng.normal(np.pi / 4, 0.5, (n, 1))
    step = points[:, strokes.after] - points[:, strokes.before]
    across = np.sin(np.arctan2(-step[:, :, 1], step[:, :, 0]) - nib_angle)
    pressure *= np.sqrt(flatness**2 + (1 - flatness**2) * across**2)
    return pressure.astype(np.float32)


def _inked_samples(
    strokes: Strokes, n: int, rng: np.random.Generator, variation: float
) -> NDArray[np.bool_]:
    """Return which samples are inked, (n, P): strokes end before or after their end points."""
    shape = (n, len(strokes.lengths))
    max_shortening = np.minimum(0.12 * strokes.lengths, 7.0)
    start, end = (
        np.clip(variation * rng.normal(0.0, 3.0, shape), -_MAX_OVERSHOOT, max_shortening)
        for _ in range(2)
    )
    dots = strokes.lengths < 15  # keep their length
    start[:, dots], end[:, dots] = 0, 0
    last = strokes.lengths - end
    inked: NDArray[np.bool_] = (strokes.along >= start[:, strokes.sample_stroke]) & (
        strokes.along <= last[:, strokes.sample_stroke]
    )
    return inked
