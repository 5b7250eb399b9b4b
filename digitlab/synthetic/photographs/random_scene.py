"""Mix: random scenes as people photograph digits, with every difficulty now and then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digitlab.synthetic.photographs.difficulties import FRAMES, LENSES, LIGHTS, PAGES, PENS
from digitlab.synthetic.photographs.ordinary import ordinary, stroke
from digitlab.synthetic.photographs.scene import Scene

_CHANCES = ((PENS, 0.55), (PAGES, 0.4), (LIGHTS, 0.5), (LENSES, 0.45), (FRAMES, 0.5))


def random_scene(rng: np.random.Generator, *, sides: tuple[int, int] = (300, 900)) -> Scene:
    """A scene as people photograph digits: any pen, paper, light, camera and crop.

    Args:
        rng: draws it.
        sides: least and most pixels of the longer side; smaller photographs are made
            sooner, and hold all difficulties.
    """
    scene = ordinary(rng, sides=sides)
    for group, chance in _CHANCES:
        if rng.random() < chance:
            name = str(rng.choice(sorted(group)))
            scene = group[name](scene, rng)
    return readable(scene)


def readable(scene: Scene) -> Scene:
    """The scene with as much less blur, noise and JPEG as a person needs to read the digit."""
    width = stroke(scene)
    blur = min(scene.blur, 0.5 + 0.5 * width)
    motion = min(scene.motion, 1 + width)
    grain = min(scene.grain, 1 + width)
    kept = width / (width + 1.5 * blur + 0.5 * motion)
    depth = scene.exposure * float(np.abs(np.subtract(scene.paper, scene.ink)).mean()) * kept
    strength = min(1.0, max(scene.strength, 9 / max(depth, 1e-6)))
    seen = depth * strength
    rough = seen * width**0.5 / 4  # noise over which a line of this width and depth is seen
    quality = scene.quality
    if quality is not None and seen < 45:
        quality = max(quality, 60)
    return replace(
        scene,
        strength=strength,
        blur=blur,
        motion=motion,
        grain=min(grain, rough / 2),
        noise=min(scene.noise, rough),
        quality=quality,
    )
