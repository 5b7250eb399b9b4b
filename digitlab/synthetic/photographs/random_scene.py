"""Random scenes: photographs as people take them, some with several difficulties."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digitlab.synthetic.photographs.difficulties import FRAMES, LENSES, LIGHTS, PAPERS, PENS
from digitlab.synthetic.photographs.ordinary_scene import ordinary_scene
from digitlab.synthetic.photographs.scene import Scene

_PROBABILITIES = ((PENS, 0.55), (PAPERS, 0.4), (LIGHTS, 0.5), (LENSES, 0.45), (FRAMES, 0.5))


def random_scene(rng: np.random.Generator, *, sides: tuple[int, int] = (300, 900)) -> Scene:
    """Draw a scene with at most one difficulty of pen, paper, light, lens and frame each.

    Args:
        rng: draws the scene.
        sides: minimum and maximum of the longer side, in pixels. Small photographs take less
            time to make and have the same difficulties.
    """
    scene = ordinary_scene(rng, sides=sides)
    for group, probability in _PROBABILITIES:
        if rng.random() < probability:
            name = str(rng.choice(sorted(group)))
            scene = group[name](scene, rng)
    return make_readable(scene)


def make_readable(scene: Scene) -> Scene:
    """Reduce blur, noise and JPEG loss until a person can read the digit."""
    width = _stroke_width(scene)
    blur = min(scene.blur, 0.5 + 0.5 * width)
    motion = min(scene.motion, 1 + width)
    grain = min(scene.grain, 1 + width)
    kept_contrast = width / (width + 1.5 * blur + 0.5 * motion)
    contrast = float(np.abs(np.subtract(scene.paper, scene.ink)).mean())
    depth = scene.exposure * contrast * kept_contrast
    strength = min(1.0, max(scene.strength, 9 / max(depth, 1e-6)))
    visible_depth = depth * strength
    max_noise = visible_depth * width**0.5 / 4  # through which a line of this width is visible
    quality = scene.quality
    if quality is not None and visible_depth < 45:
        quality = max(quality, 60)
    return replace(
        scene,
        strength=strength,
        blur=blur,
        motion=motion,
        grain=min(grain, max_noise / 2),
        noise=min(scene.noise, max_noise),
        quality=quality,
    )


def _stroke_width(scene: Scene) -> float:
    """Return the width of a scene's strokes in pixels.

    MNIST's own strokes are about 2.3 pixels of its box wide.
    """
    if scene.pen is not None:
        return scene.pen
    return max(0.8, 2.3 + 2 * scene.widen) * scene.digit_height / 20
