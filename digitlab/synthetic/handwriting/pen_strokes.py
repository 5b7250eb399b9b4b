"""Pen: the path of a pen that writes a glyph, as a hand of its own would write it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_STEP: Final = 2.2  # of the 100 x 100 box, between two samples of a stroke
_OVERSHOOT: Final = 8.0  # of the box: how far a stroke may run past its ends


@dataclass(frozen=True, kw_only=True, eq=False)
class Skeleton:
    """The strokes of one form, ready to be sampled from moved control points.

    Attributes:
        points: float32 (K, 2), the control points x, y in a box of 100 x 100.
        matrix: float32 (P, K); `matrix @ points` are the samples along all strokes.
        stroke: int (P,), the stroke of each sample; `origin`: int (K,), of each point.
        along: float32 (P,), distance from the stroke's start; negative before it.
        lengths: float32 (S,), length of each stroke.
        before, after: int (P,), neighbours of each sample on its stroke.
    """

    points: Floats
    matrix: Floats
    stroke: NDArray[np.intp]
    origin: NDArray[np.intp]
    along: Floats
    lengths: Floats
    before: NDArray[np.intp]
    after: NDArray[np.intp]


@cache
def skeleton(strokes: str) -> Skeleton:
    """The skeleton of strokes noted as in `digitlab.synthetic.handwriting.digit_shapes`."""
    points: list[tuple[float, float]] = []
    rows: list[Floats] = []
    stroke, origin, along, lengths = [], [], [], []
    total = len(strokes.replace("|", " ").split())
    for number, text in enumerate(strokes.split("|")):
        marks = text.split()
        first = len(points)
        points += [_point(mark) for mark in marks]
        origin += [number] * len(marks)
        part = _stroke_matrix(
            np.array(points[first:], np.float32), [mark.endswith("!") for mark in marks]
        )
        wide = np.zeros((len(part), total), np.float32)
        wide[:, first : first + len(marks)] = part
        steps = np.linalg.norm(np.diff(part @ np.array(points[first:]), axis=0), axis=1)
        extra = max(1, int(_OVERSHOOT / _STEP))
        distance = np.concatenate([[0.0], np.cumsum(steps)])
        lengths.append(float(distance[-1] - distance[extra] - steps[-extra:].sum()))
        along.append(distance - distance[extra])
        stroke += [number] * len(part)
        rows.append(wide)
    number_of = np.array(stroke)
    index = np.arange(len(number_of))
    same_before = number_of[np.maximum(index - 1, 0)] == number_of
    same_after = number_of[np.minimum(index + 1, len(index) - 1)] == number_of
    return Skeleton(
        points=np.array(points, np.float32),
        matrix=np.concatenate(rows),
        stroke=number_of,
        origin=np.array(origin),
        along=np.concatenate(along).astype(np.float32),
        lengths=np.array(lengths, np.float32),
        before=np.where(same_before, np.maximum(index - 1, 0), index),
        after=np.where(same_after, np.minimum(index + 1, len(index) - 1), index),
    )


def trace(
    form: Skeleton, n: int, *, rng: np.random.Generator, wild: float = 1.0
) -> tuple[Floats, Floats]:
    """Write a form n times, each time by another hand.

    Args:
        form: what is written.
        n: how often.
        rng: draws slant, proportions, warp, jitter, pressure and where strokes end.
        wild: how far the hands stray from the form; 0 for the form itself.

    Returns:
        Points float32 (n, P, 2) in units of the form's box, and the pen's relative pressure
        float32 (n, P), about 1; 0 where the pen is lifted.
    """
    normal = rng.standard_normal
    care = wild * np.exp(0.4 * normal((n, 1, 1))).astype(np.float32)
    jitter = 2.0 * care * normal((n, len(form.points), 2))
    jitter += (2.2 * care * normal((n, len(form.lengths), 2)))[:, form.origin]
    control = _warp((form.points - 50 + jitter).astype(np.float32), rng, wild)
    points: Floats = form.matrix @ (control @ _leaning(n, rng, wild))
    pressure = _pressure(points, form, rng, wild)
    pressure *= _ends(form, n, rng, wild)
    return points + np.float32(50), pressure


def smooth_curve(points: int, *, closed: bool = False) -> Skeleton:
    """A skeleton of one smooth stroke through `points` places that the caller fills in."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    x, y = 50 + 50 * np.cos(angle), 50 + 50 * np.sin(angle)
    marks = [f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True)]
    return skeleton(" ".join([*marks, marks[0]] if closed else marks))


def _point(mark: str) -> tuple[float, float]:
    x, y = mark.rstrip("!").split(",")
    return float(x), float(y)


def _stroke_matrix(points: Floats, corner: list[bool]) -> Floats:
    """Samples of a stroke as weights of its points: Catmull-Rom between corners, ends run on."""
    count = len(points)
    rows = []
    unit = np.eye(count, dtype=np.float32)
    for left in range(count - 1):
        right = left + 1
        a = unit[left - 1] if left and not corner[left] else 2 * unit[left] - unit[right]
        inner = right < count - 1 and not corner[right]
        b = unit[right + 1] if inner else 2 * unit[right] - unit[left]
        steps = max(2, int(np.ceil(np.linalg.norm(points[right] - points[left]) / _STEP)))
        t = np.linspace(0, 1, steps, endpoint=False)[:, None]
        rows.append(
            0.5
            * (
                (-t + 2 * t**2 - t**3) * a
                + (2 - 5 * t**2 + 3 * t**3) * unit[left]
                + (t + 4 * t**2 - 3 * t**3) * unit[right]
                + (-(t**2) + t**3) * b
            )
        )
    inside = np.concatenate([*rows, unit[-1:]])
    extra = np.arange(1, max(1, int(_OVERSHOOT / _STEP)) + 1)[:, None]
    start, end = inside[0] - inside[1], inside[-1] - inside[-2]
    run_in, run_out = inside[:1] + extra[::-1] * start, inside[-1:] + extra * end
    return np.concatenate([run_in, inside, run_out]).astype(np.float32)


def _warp(points: Floats, rng: np.random.Generator, wild: float) -> Floats:
    """Bend the plane by two long waves an axis; points are centred on 0."""
    n = len(points)
    moved = points.copy()
    for axis in (0, 1):
        for _ in range(2):
            wave = rng.normal(0, 0.035, (n, 2)).astype(np.float32)
            phase = rng.uniform(0, 2 * np.pi, (n, 1)).astype(np.float32)
            size = (wild * rng.normal(0, 4.0, (n, 1))).astype(np.float32)
            moved[:, :, axis] += size * np.sin((points * wave[:, None]).sum(2) + phase)
    return moved


def _leaning(n: int, rng: np.random.Generator, wild: float) -> Floats:
    """Matrices (n, 2, 2) of each hand's proportions, slant and rotation."""
    aspect = np.exp(rng.normal(-0.08, 0.2 * wild, n))
    slant = np.clip(rng.normal(0.12, 0.2, n), -0.35, 0.6) * min(wild, 1.0)
    turn = np.deg2rad(np.clip(rng.normal(0, 6, n), -15, 15)) * wild
    # Rows are points: x' = x * aspect - y * slant, then the rotation.
    lean = np.stack([aspect, 0 * aspect, -slant, 1 + 0 * aspect], 1).reshape(n, 2, 2)
    rotation = np.stack([np.cos(turn), np.sin(turn), -np.sin(turn), np.cos(turn)], 1)
    return np.asarray(lean @ rotation.reshape(n, 2, 2), np.float32)


def _pressure(points: Floats, form: Skeleton, rng: np.random.Generator, wild: float) -> Floats:
    """Relative width of the line: a flat nib by direction, and a wavering hand."""
    n = len(points)
    along = form.along / 100 + form.stroke
    wave = rng.uniform(1, 9, (n, 1)) * along + rng.uniform(0, 2 * np.pi, (n, 1))
    pressure = 1 + wild * rng.uniform(0, 0.22, (n, 1)) * np.sin(wave)
    flat = np.where(rng.random((n, 1)) < 0.3, rng.uniform(0.35, 0.9, (n, 1)), 1.0)
    nib = rng.normal(np.pi / 4, 0.5, (n, 1))
    step = points[:, form.after] - points[:, form.before]
    across = np.sin(np.arctan2(-step[:, :, 1], step[:, :, 0]) - nib)
    pressure *= np.sqrt(flat**2 + (1 - flat**2) * across**2)
    return pressure.astype(np.float32)


def _ends(form: Skeleton, n: int, rng: np.random.Generator, wild: float) -> NDArray[np.bool_]:
    """Which samples are inked, (n, P): strokes stop short of their ends or run past them."""
    shape = (n, len(form.lengths))
    most = np.minimum(0.12 * form.lengths, 7.0)
    start, end = (np.clip(wild * rng.normal(0.0, 3.0, shape), -_OVERSHOOT, most) for _ in range(2))
    short = form.lengths < 15  # a dot stays one
    start[:, short], end[:, short] = 0, 0
    last = form.lengths - end
    inked: NDArray[np.bool_] = (form.along >= start[:, form.stroke]) & (
        form.along <= last[:, form.stroke]
    )
    return inked
