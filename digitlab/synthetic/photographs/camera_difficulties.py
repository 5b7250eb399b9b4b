"""Difficulties of light, lens and frame: functions that make a scene harder to read."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from digitlab.synthetic.photographs.ordinary_scene import centre_near_middle, to_colour
from digitlab.synthetic.photographs.scene import Difficulty, Scene, Side


def uneven_light(scene: Scene, rng: np.random.Generator) -> Scene:
    """Light the paper from one side."""
    return replace(scene, gradient=rng.uniform(0.4, 0.75))


def shadow_beside(scene: Scene, rng: np.random.Generator) -> Scene:
    """Put the hard edge of a shadow beside the digit."""
    distance = rng.uniform(0.65, 1.2) * rng.choice([-1, 1])
    return replace(scene, shadow=rng.uniform(0.2, 0.5), shadow_at=distance)


def shadow_across(scene: Scene, rng: np.random.Generator) -> Scene:
    """Put the hard edge of a shadow across the digit."""
    return replace(scene, shadow=rng.uniform(0.15, 0.45), shadow_at=rng.uniform(-0.35, 0.35))


def soft_shadow(scene: Scene, rng: np.random.Generator) -> Scene:
    """Let the shadow of a hand or phone fall over a thin blue digit on plain or dotted paper."""
    digit_height = scene.digit_height
    tone = rng.uniform(180, 225)
    return replace(
        scene,
        pen=max(1.8, digit_height * rng.uniform(0.012, 0.028)),
        ink=to_colour(np.array((rng.uniform(40, 95), rng.uniform(55, 110), rng.uniform(110, 170)))),
        strength=rng.uniform(0.45, 0.75),
        ruling="dotted" if rng.random() < 0.6 else "",
        pitch=rng.uniform(0.1, 0.25),
        line_below=None,
        line=to_colour(np.full(3, tone * rng.uniform(0.75, 0.9))),
        line_width=max(1.0, min(scene.size) * 0.0016),
        paper=to_colour(tone * (1 + rng.uniform(-0.03, 0.03, 3))),
        shadow=rng.uniform(0.35, 0.7),
        shadow_outline="hand" if rng.random() < 0.6 else "phone",
    )


def vignette(scene: Scene, rng: np.random.Generator) -> Scene:
    """Darken the corners."""
    return replace(scene, vignette=rng.uniform(0.4, 0.8))


def coloured_light(scene: Scene, rng: np.random.Generator) -> Scene:
    """Light the paper with a bulb, a screen or a coloured lampshade."""
    tints = ((1.04, 0.82, 0.52), (0.78, 0.92, 1.06), (0.9, 1.02, 0.72), (1.03, 0.72, 0.78))
    red, green, blue = tints[rng.integers(len(tints))]
    return replace(scene, tint=(red, green, blue), gradient=rng.uniform(0.1, 0.45))


def dim_light(scene: Scene, rng: np.random.Generator) -> Scene:
    """Underexpose the photograph."""
    return replace(scene, exposure=rng.uniform(0.2, 0.45), noise=rng.uniform(2, 4))


def defocus(scene: Scene, rng: np.random.Generator) -> Scene:
    """Blur the photograph as if it were out of focus."""
    pen = scene.digit_height * rng.uniform(0.05, 0.1)
    return replace(scene, pen=pen, blur=scene.digit_height * rng.uniform(0.018, 0.04))


def motion_blur(scene: Scene, rng: np.random.Generator) -> Scene:
    """Blur the photograph as if the hand had moved."""
    pen = scene.digit_height * rng.uniform(0.05, 0.1)
    return replace(scene, pen=pen, motion=scene.digit_height * rng.uniform(0.05, 0.11))


def strong_jpeg(scene: Scene, rng: np.random.Generator) -> Scene:
    """Save the photograph as JPEG of quality 20 to 35."""
    return replace(scene, quality=int(rng.integers(20, 36)))


def sensor_noise(scene: Scene, rng: np.random.Generator) -> Scene:
    """Add the noise of a poor sensor."""
    return replace(scene, noise=rng.uniform(7, 14), exposure=rng.uniform(0.6, 1.0))


def rotated_sheet(scene: Scene, rng: np.random.Generator) -> Scene:
    """Rotate the sheet by 10 to 20 degrees."""
    return replace(scene, rotation=rng.uniform(10, 20) * rng.choice([-1, 1]), slant=0.0)


def perspective(scene: Scene, rng: np.random.Generator) -> Scene:
    """Tilt the camera."""
    angle, amount = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 0.6)
    return replace(scene, tilt=(amount * float(np.cos(angle)), amount * float(np.sin(angle))))


def tiny_digit(scene: Scene, rng: np.random.Generator) -> Scene:
    """Make the digit 5 to 8 % of the frame's height and put it in any place."""
    height = max(rng.uniform(0.05, 0.08), 22 / min(scene.size))  # a person needs 22 pixels
    digit_height = height * min(scene.size)
    return replace(
        scene,
        height=height,
        centre=(rng.uniform(0.15, 0.85), rng.uniform(0.15, 0.85)),
        pen=max(1.5, digit_height * rng.uniform(0.06, 0.13)),
        blur=rng.uniform(0.3, 0.6),
    )


def off_centre(scene: Scene, rng: np.random.Generator) -> Scene:
    """Put a small digit near a corner of the frame."""
    x, y = rng.uniform(0.15, 0.3, 2)
    return replace(
        scene,
        height=rng.uniform(0.12, 0.22),
        centre=(x if rng.random() < 0.5 else 1 - x, y if rng.random() < 0.5 else 1 - y),
        pen=None,
    )


def touching_frame(scene: Scene, rng: np.random.Generator) -> Scene:
    """Let the digit touch one side of the frame."""
    return replace(scene, edge=_random_side(rng), height=rng.uniform(0.4, 0.85))


def cut_off(scene: Scene, rng: np.random.Generator) -> Scene:
    """Let the frame cut off a small part of the digit."""
    return replace(
        scene, edge=_random_side(rng), cut=rng.uniform(0.03, 0.08), height=rng.uniform(0.4, 0.85)
    )


def filling_frame(scene: Scene, rng: np.random.Generator) -> Scene:
    """Fill the frame with the digit from top to bottom."""
    shorter = min(scene.size)
    size = (round(shorter * rng.uniform(0.8, 1.0)), shorter)
    return replace(scene, size=size, height=rng.uniform(0.93, 1.0), centre=(0.5, 0.5))


def cut_neighbours(scene: Scene, rng: np.random.Generator) -> Scene:
    """Show parts of neighbouring digits or letters at the border."""
    return replace(
        scene,
        neighbours=int(rng.integers(1, 4)),
        height=rng.uniform(0.5, 0.72),
        centre=centre_near_middle(rng, 0.05),
    )


def pasted_patch(scene: Scene, rng: np.random.Generator) -> Scene:
    """Paste a grey patch of a photograph on a white page."""
    tone = to_colour(rng.uniform(130, 200) * (1 + rng.uniform(-0.03, 0.03, 3)))
    return replace(scene, patch=rng.uniform(0.1, 0.4), height=rng.uniform(0.2, 0.45), paper=tone)


def dark_desk(scene: Scene, rng: np.random.Generator) -> Scene:
    """Show the dark desk beside the paper."""
    return replace(
        scene, desk=rng.uniform(0.08, 0.2), height=rng.uniform(0.25, 0.42), centre=(0.5, 0.5)
    )


def desk_edge(scene: Scene, rng: np.random.Generator) -> Scene:
    """Show much of a dark desk, so that the edge of the paper runs close to a thin digit."""
    height = rng.uniform(0.2, 0.32)
    return replace(
        scene,
        desk=rng.uniform(0.18, 0.34),
        height=height,
        centre=(0.5, 0.5),
        pen=max(1.8, height * min(scene.size) * rng.uniform(0.02, 0.05)),
        strength=rng.uniform(0.5, 0.9),
    )


def fingers_in_frame(scene: Scene, rng: np.random.Generator) -> Scene:
    """Hold the paper with one to four fingers that nearly reach a thin digit."""
    height = rng.uniform(0.15, 0.35)
    return replace(
        scene,
        fingers=int(rng.integers(1, 5)),
        height=height,
        centre=centre_near_middle(rng, 0.1),
        pen=max(1.8, height * min(scene.size) * rng.uniform(0.02, 0.05)),
        strength=rng.uniform(0.45, 0.8),
    )


def _random_side(rng: np.random.Generator) -> Side:
    sides: tuple[Side, ...] = ("left", "right", "top", "bottom")
    return sides[rng.integers(4)]


LIGHTS: Final[dict[str, Difficulty]] = {
    "uneven light": uneven_light,
    "shadow beside": shadow_beside,
    "shadow across": shadow_across,
    "soft shadow": soft_shadow,
    "vignette": vignette,
    "coloured light": coloured_light,
    "dim light": dim_light,
}
LENSES: Final[dict[str, Difficulty]] = {
    "defocus": defocus,
    "motion blur": motion_blur,
    "strong JPEG": strong_jpeg,
    "sensor noise": sensor_noise,
    "rotated": rotated_sheet,
    "perspective": perspective,
}
FRAMES: Final[dict[str, Difficulty]] = {
    "tiny": tiny_digit,
    "off centre": off_centre,
    "touching": touching_frame,
    "cut off": cut_off,
    "filling": filling_frame,
    "neighbours": cut_neighbours,
    "patch": pasted_patch,
    "desk": dark_desk,
    "desk edge": desk_edge,
    "fingers": fingers_in_frame,
}
