"""Augmentation of digit images: geometric distortion, and degradation as in photographs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


class Augmentation(Protocol):
    """Strength of the augmentation; `TrainConfig` and `FineTuneConfig` provide it."""

    @property
    def rotation(self) -> float:
        """Largest rotation, in degrees."""

    @property
    def shear(self) -> float:
        """Largest horizontal shear, in pixels per pixel."""

    @property
    def scale(self) -> float:
        """Largest relative change of width and of height."""

    @property
    def shift(self) -> float:
        """Largest shift, in pixels."""

    @property
    def elastic(self) -> float:
        """Standard deviation of the elastic displacement, in pixels."""

    @property
    def worn(self) -> float:
        """Share of the images that are degraded as in photographs, 0-1."""


@dataclass(frozen=True, kw_only=True)
class _Degradation:
    """How strongly degraded images are changed.

    The values imitate what the front end extracts from synthetic photographs. `docs/model.md`
    compares trainings with and without the degradation.

    Attributes:
        max_thinning: largest share of an erosion by one pixel, 0-1.
        max_widening: largest share of a dilation by one pixel, 0-1.
        max_log_gamma: largest absolute logarithm of the exponent that changes the brightness.
        gap_share: share of degraded images with a gap in their strokes.
        gap_half_width: largest half of a gap's width, in pixels.
        gap_distance: largest distance of a gap from the centre, in pixels.
        speck_share: share of degraded images with a speck.
        speck_margin: smallest distance of a speck's centre from the border, in pixels.
        speck_half_length: range of half of a speck's length, in pixels.
        speck_half_width: range of half of a speck's width, in pixels.
        speck_brightness: range of a speck's brightness, 0-255.
        scan_share: share of degraded images that become nearly black and white.
        scan_black: brightness that becomes 0.
        scan_contrast: factor of the brightness above `scan_black`.
        noise_share: share of degraded images with noise on their ink.
        max_noise: largest standard deviation of the noise, in brightness 0-255.
        noise_from: only pixels brighter than this receive noise, 0-255.
    """

    max_thinning: float = 0.7
    max_widening: float = 1.0
    max_log_gamma: float = 0.7
    gap_share: float = 0.15
    gap_half_width: float = 1.0
    gap_distance: float = 8
    speck_share: float = 0.15
    speck_margin: float = 2
    speck_half_length: tuple[float, float] = (0.5, 3.5)
    speck_half_width: tuple[float, float] = (0.4, 0.9)
    speck_brightness: tuple[float, float] = (60, 255)
    scan_share: float = 0.15
    scan_black: float = 96
    scan_contrast: float = 4
    noise_share: float = 0.3
    max_noise: float = 14
    noise_from: float = 8


_DEGRADATION: Final = _Degradation()

_CONTROL_POINTS: Final = 5  # along each side of an elastic field
_SMOOTHING: Final = 1.5  # a control point's weight is exp(-this) at the next control point

_CHUNK_SIZE: Final = 2_000  # images that are augmented at once: bounds the memory
_SIZE: Final = 28  # width and height of a digit image, in pixels
_CENTRE: Final = 13.5  # of the pixel grid


def augment(
    x: NDArray[np.uint8], *, rng: np.random.Generator, config: Augmentation
) -> NDArray[np.uint8]:
    """Return randomly changed copies of digit images.

    Every image is rotated, sheared, scaled, shifted and distorted elastically (Simard,
    Steinkraus and Platt 2003, section 2). The share `config.worn` of the images is also degraded
    as in photographs: strokes become wider or thinner, blurred, paler or darker, or broken, and
    specks and noise appear.

    Args:
        x: digit images, uint8 (N, 28, 28), bright ink on 0.
        rng: random generator; generators in the same state give the same images.
        config: strength of the augmentation.

    Returns:
        uint8 (N, 28, 28).
    """
    out = np.empty_like(x)
    for start in range(0, len(x), _CHUNK_SIZE):
        chunk = _distort(x[start : start + _CHUNK_SIZE].astype(np.float32), rng, config)
        rows = np.flatnonzero(rng.random(len(chunk)) < config.worn)
        chunk[rows] = _degrade(chunk[rows], rng)
        out[start : start + _CHUNK_SIZE] = np.clip(np.rint(chunk), 0, 255)
    return out


def _distort(x: Floats, rng: np.random.Generator, config: Augmentation) -> Floats:
    """Apply the affine and the elastic distortion in one interpolation."""
    n = len(x)
    a, b, c, d, dx, dy = _affine(n, rng, config)
    grid = np.arange(_SIZE, dtype=np.float32) - _CENTRE
    columns = a * grid[None, None, :] + b * grid[None, :, None] + dx
    rows = c * grid[None, None, :] + d * grid[None, :, None] + dy
    if config.elastic:
        shape = (2, n, _CONTROL_POINTS, _CONTROL_POINTS)
        displacements = rng.normal(0, config.elastic, shape).astype(np.float32)
        weights = _control_weights()
        columns = columns + weights @ displacements[0] @ weights.T
        rows = rows + weights @ displacements[1] @ weights.T
    return _interpolate(x, rows + _CENTRE, columns + _CENTRE)


def _affine(n: int, rng: np.random.Generator, config: Augmentation) -> tuple[Floats, ...]:
    """Draw six numbers, each (N, 1, 1), that map output to input pixels about the centre."""
    angle = np.deg2rad(rng.uniform(-config.rotation, config.rotation, n))
    shear = rng.uniform(-config.shear, config.shear, n)
    sx, sy = 1 / (1 + rng.uniform(-config.scale, config.scale, (2, n)))
    dx, dy = rng.uniform(-config.shift, config.shift, (2, n))
    numbers = (
        *(np.cos(angle) * sx, (shear - np.sin(angle)) * sx),
        *(np.sin(angle) * sy, np.cos(angle) * sy),
        *(dx, dy),
    )
    return tuple(v.astype(np.float32)[:, None, None] for v in numbers)


def _control_weights() -> Floats:
    """Return each control point's weight for each row or column; a pixel's weights sum to 1.

    Returns:
        float32 (28, `_CONTROL_POINTS`).
    """
    last = _SIZE - 1
    points = np.linspace(0, last, _CONTROL_POINTS)
    distances = (np.arange(_SIZE)[:, None] - points) / (last / (_CONTROL_POINTS - 1))
    weights = np.exp(-(distances**2) * _SMOOTHING)
    normalised: Floats = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return normalised


def _interpolate(x: Floats, rows: Floats, columns: Floats) -> Floats:
    """Sample images bilinearly at `rows` and `columns`, (N, 28, 28); 0 outside the image."""
    padded = np.pad(x, ((0, 0), (1, 2), (1, 2)))
    rows, columns = np.clip(rows + 1, 0, 29), np.clip(columns + 1, 0, 29)
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    down, right = rows - top, columns - left
    flat = padded.reshape(-1)
    base = np.arange(len(x), dtype=np.intp)[:, None, None] * (31 * 31) + top * 31 + left
    upper = flat[base] * (1 - right) + flat[base + 1] * right
    lower = flat[base + 31] * (1 - right) + flat[base + 32] * right
    sampled: Floats = upper * (1 - down) + lower * down
    return sampled


def _degrade(x: Floats, rng: np.random.Generator) -> Floats:
    """Degrade images as pens, paper, cameras and the normaliser do; see `_Degradation`."""
    n, limits = len(x), _DEGRADATION
    change = rng.uniform(-limits.max_thinning, limits.max_widening, (n, 1, 1)).astype(np.float32)
    wide, thin = _neighbour_extreme(x, np.maximum), _neighbour_extreme(x, np.minimum)
    x = np.where(change > 0, x + change * (wide - x), x + change * (x - thin))
    blur = rng.uniform(0, 1, (n, 1, 1)).astype(np.float32) ** 2
    x = x + blur * (_blur(x) - x)
    log_gamma = rng.uniform(-limits.max_log_gamma, limits.max_log_gamma, (n, 1, 1))
    x = 255 * (x / 255) ** np.exp(log_gamma.astype(np.float32))
    x *= np.where(_choose(rng, n, limits.gap_share), _gap(n, rng), 1)
    x = np.maximum(x, np.where(_choose(rng, n, limits.speck_share), _speck(n, rng), 0))
    scanned = _choose(rng, n, limits.scan_share)
    x = np.where(scanned, np.clip((x - limits.scan_black) * limits.scan_contrast, 0, 255), x)
    unit_noise = rng.normal(0, 1, x.shape).astype(np.float32)
    noise = unit_noise * rng.uniform(0, limits.max_noise, (n, 1, 1))
    noisy = (x > limits.noise_from) & _choose(rng, n, limits.noise_share)
    degraded: Floats = np.where(noisy, x + noise, x).astype(np.float32)
    return degraded


def _choose(rng: np.random.Generator, n: int, share: float) -> NDArray[np.bool_]:
    """Choose each of `n` images with probability `share`; bool (N, 1, 1)."""
    return rng.random((n, 1, 1)) < share


def _neighbour_extreme(x: Floats, extreme: np.ufunc) -> Floats:
    """Dilate (`np.maximum`) or erode (`np.minimum`) images by a plus of five pixels."""
    p = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    horizontal = extreme(p[:, 1:-1, :-2], p[:, 1:-1, 2:])
    vertical = extreme(p[:, :-2, 1:-1], p[:, 2:, 1:-1])
    result: Floats = extreme(extreme(horizontal, x), vertical)
    return result


def _blur(x: Floats) -> Floats:
    """Blur images by the binomial kernel (1, 2, 1) / 4 in both directions."""
    p = np.pad(x, ((0, 0), (1, 1), (0, 0)))
    p = (p[:, :-2] + 2 * p[:, 1:-1] + p[:, 2:]) / 4
    p = np.pad(p, ((0, 0), (0, 0), (1, 1)))
    blurred: Floats = (p[:, :, :-2] + 2 * p[:, :, 1:-1] + p[:, :, 2:]) / 4
    return blurred


def _gap(n: int, rng: np.random.Generator) -> Floats:
    """Draw masks (N, 28, 28): 1, falling to 0 in one straight band of random place and angle."""
    limits = _DEGRADATION
    angle = rng.uniform(0, np.pi, (n, 1, 1)).astype(np.float32)
    at = rng.uniform(-limits.gap_distance, limits.gap_distance, (n, 1, 1)).astype(np.float32)
    grid = np.arange(_SIZE, dtype=np.float32) - _CENTRE
    distance = np.abs(np.cos(angle) * grid[:, None] + np.sin(angle) * grid - at)
    half_width = limits.gap_half_width * rng.uniform(0, 1, (n, 1, 1))
    mask: Floats = np.clip(distance - half_width, 0, 1).astype(np.float32)
    return mask


def _speck(n: int, rng: np.random.Generator) -> Floats:
    """Draw one small blot or short line in each of `n` images, (N, 28, 28), 0-255."""
    limits = _DEGRADATION
    margin = limits.speck_margin
    cy, cx = rng.uniform(margin, _SIZE - margin, (2, n, 1, 1)).astype(np.float32)
    angle = rng.uniform(0, np.pi, (n, 1, 1)).astype(np.float32)
    half_length = rng.uniform(*limits.speck_half_length, (n, 1, 1))
    half_width = rng.uniform(*limits.speck_half_width, (n, 1, 1))
    grid = np.arange(_SIZE, dtype=np.float32)
    y, x = grid[:, None] - cy, grid - cx
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    outside = np.maximum(np.abs(along) - half_length, np.abs(across) - half_width)
    brightness = rng.uniform(*limits.speck_brightness, (n, 1, 1))
    speck: Floats = (np.clip(1 - outside, 0, 1) * brightness).astype(np.float32)
    return speck
