"""Difficulties of pen and paper: functions that make a scene harder to read."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from digitlab.synthetic.photographs.ordinary_scene import centre_near_middle, to_colour
from digitlab.synthetic.photographs.scene import Difficulty, Ruling, Scene, Side


def hairline(scene: Scene, rng: np.random.Generator) -> Scene:
    """Write with a pen of one pixel in a thousand."""
    pen = max(1.0, max(scene.size) / 1000) * rng.uniform(1.0, 1.3)
    return replace(scene, pen=pen, strength=1.0, blur=rng.uniform(0.2, 0.5), pressure=0.0)


def fine_pen(scene: Scene, rng: np.random.Generator) -> Scene:
    """Write a large digit with a ballpoint pen."""
    return replace(scene, pen=max(1.3, scene.digit_height * rng.uniform(0.012, 0.03)))


def marker(scene: Scene, rng: np.random.Generator) -> Scene:
    """Write with a thick marker."""
    ink = to_colour(rng.uniform(10, 50) * rng.uniform(0.8, 1.2, 3))
    return replace(scene, pen=scene.digit_height * rng.uniform(0.13, 0.2), ink=ink, strength=1.0)


def pencil(scene: Scene, rng: np.random.Generator) -> Scene:
    """Write with a pencil, 10 to 40 grey levels darker than the paper."""
    tone = np.array(scene.paper, float)
    levels = 10 * 4 ** rng.uniform(0, 1)
    return replace(
        scene,
        ink=to_colour(tone * 0.4),
        strength=levels / float(0.6 * tone.mean()),
        pen=max(2.0, scene.digit_height * rng.uniform(0.025, 0.07)),
        dryness=rng.uniform(0.1, 0.45),
        noise=rng.uniform(0.5, 1.5),
        grain=rng.uniform(0.4, 1.2),
    )


def blue_ink(scene: Scene, rng: np.random.Generator) -> Scene:
    """Write with a blue pen on greyish paper."""
    tone = rng.uniform(150, 195) * (1 + rng.uniform(-0.05, 0.03, 3))
    ink = (rng.uniform(60, 100), rng.uniform(70, 105), rng.uniform(120, 165))
    return replace(
        scene,
        paper=to_colour(tone),
        ink=to_colour(np.array(ink)),
        pen=max(2.0, scene.digit_height * rng.uniform(0.03, 0.06)),
        strength=rng.uniform(0.7, 1.0),
    )


def gaps(scene: Scene, rng: np.random.Generator) -> Scene:
    """Interrupt the stroke once to three times."""
    pen = max(2.0, scene.digit_height * rng.uniform(0.04, 0.09))
    return replace(scene, gaps=int(rng.integers(1, 4)), pen=pen)


def dry_pen(scene: Scene, rng: np.random.Generator) -> Scene:
    """Write with a drying marker or soft pencil, which misses the hollows of the paper."""
    pen = max(4.0, scene.digit_height * rng.uniform(0.06, 0.13))
    return replace(scene, dryness=rng.uniform(0.5, 0.8), pen=pen)


def chalk(scene: Scene, rng: np.random.Generator) -> Scene:
    """Write light on dark: chalk on a board, or a white pen on black paper."""
    return replace(
        scene,
        paper=to_colour(rng.uniform(20, 75) * rng.uniform(0.8, 1.2, 3)),
        ink=to_colour(rng.uniform(170, 245) * rng.uniform(0.94, 1.04, 3)),
        line=to_colour(rng.uniform(90, 130) * np.ones(3)),
        pen=max(2.0, scene.digit_height * rng.uniform(0.04, 0.11)),
        dryness=rng.uniform(0, 0.5),
        strength=rng.uniform(0.6, 1.0),
    )


def grey_paper(scene: Scene, rng: np.random.Generator) -> Scene:
    """Use grey, recycled paper."""
    tone = rng.uniform(115, 165) * (1 + rng.uniform(-0.03, 0.03, 3))
    return replace(scene, paper=to_colour(tone), grain=rng.uniform(1.5, 4))


def beige_paper(scene: Scene, rng: np.random.Generator) -> Scene:
    """Use beige, yellow, pink or bluish paper."""
    tints = ((1, 0.93, 0.8), (1, 0.96, 0.62), (1, 0.84, 0.86), (0.84, 0.93, 1))
    tint = np.array(tints[rng.integers(len(tints))])
    return replace(scene, paper=to_colour(rng.uniform(180, 240) * tint))


def rough_paper(scene: Scene, rng: np.random.Generator) -> Scene:
    """Use paper with a visible grain."""
    return replace(scene, grain=rng.uniform(5, 10), pen=max(3.0, scene.digit_height * 0.06))


def _printed_ruling(kind: Ruling, min_pitch: float, max_pitch: float) -> Difficulty:
    """Return the difficulty that prints a ruling on the paper."""

    def add_ruling(scene: Scene, rng: np.random.Generator) -> Scene:
        tones = ((150, 170, 205), (165, 165, 168), (120, 150, 190), (205, 150, 150))
        share = np.array(scene.paper) / 230 * rng.uniform(0.65, 1.0)
        return replace(
            scene,
            ruling=kind,
            pitch=rng.uniform(min_pitch, max_pitch),
            line=to_colour(np.array(tones[rng.integers(len(tones))]) * share),
            line_width=max(1.0, min(scene.size) * rng.uniform(0.0015, 0.004)),
        )

    return add_ruling


def squared_cell(scene: Scene, rng: np.random.Generator) -> Scene:
    """Write in one cell of squared paper, cropped so that its lines are visible."""
    scene = _printed_ruling("squared", 1.15, 1.45)(scene, rng)
    return replace(scene, height=rng.uniform(0.45, 0.7), centre=centre_near_middle(rng, 0.06))


def table_cell(scene: Scene, rng: np.random.Generator) -> Scene:
    """Write in a printed table, cropped so that lines of the cell are visible at the border."""
    dark = to_colour(rng.uniform(30, 110) * np.ones(3))
    return replace(
        scene,
        ruling="cell",
        pitch=rng.uniform(1.2, 1.6),
        line=dark,
        line_width=max(1.0, min(scene.size) * rng.uniform(0.003, 0.012)),
        height=rng.uniform(0.48, 0.68),
        centre=centre_near_middle(rng, 0.07),
    )


def line_below(scene: Scene, rng: np.random.Generator) -> Scene:
    """Crop a digit on ruled paper whose line runs close below it or through its foot."""
    shorter = min(scene.size)
    scene = _dark_ruling(scene, rng)
    return replace(
        scene,
        size=(round(shorter * rng.uniform(0.6, 1.0)), shorter),
        ruling="ruled" if rng.random() < 0.15 else "underline",
        line_width=(scene.pen or 1.6) * rng.uniform(0.7, 1.2),
        pitch=rng.uniform(1.1, 1.7),
        line_below=rng.uniform(-0.03, 0.05),
        line_length=rng.uniform(0.7, 1.7),
        rotation=rng.normal(0, 2.5),
        height=rng.uniform(0.45, 0.75),
        centre=centre_near_middle(rng, 0.06),
    )


def joined_by_squares(scene: Scene, rng: np.random.Generator) -> Scene:
    """Write with a thin pen on squared paper whose dark lines join the strokes."""
    scene = _dark_ruling(scene, rng)
    return replace(
        scene,
        ruling="squared",
        pitch=rng.uniform(0.95, 1.15) / rng.integers(1, 5),
        rotation=rng.normal(0, 1.5),
    )


def cut_cell(scene: Scene, rng: np.random.Generator) -> Scene:
    """Cut a cell out of squared paper: all around are its lines, and the digit is cut off."""
    sides: tuple[Side, ...] = ("left", "right", "top", "bottom")
    shorter = min(scene.size)
    border = []
    for vertical, far in ((True, False), (True, True), (False, False), (False, True)):
        one, other = rng.uniform(0.0, 0.09) + rng.uniform(-0.05, 0.05, 2)
        one, other = (1 - one, 1 - other) if far else (one, other)
        border.append((one, 0.0, other, 1.0) if vertical else (0.0, one, 1.0, other))
    scene = replace(
        scene,
        size=(round(shorter * rng.uniform(0.8, 1.0)), shorter),
        border=tuple(border),
        edge=sides[rng.integers(4)],
        cut=rng.uniform(0.0, 0.035),
        height=rng.uniform(0.7, 0.92),
        centre=centre_near_middle(rng, 0.05),
        blur=min(scene.blur, 0.3 + shorter / 400),
    )
    scene = _dark_ruling(scene, rng)
    width = (scene.pen or 1.6) * rng.uniform(0.7, 1.2)
    return replace(scene, strength=rng.uniform(0.45, 0.7), line_width=width)


def _dark_ruling(scene: Scene, rng: np.random.Generator) -> Scene:
    """Print lines that are up to as dark and as wide as the strokes of a thin pen."""
    pen = max(1.6, scene.digit_height * rng.uniform(0.02, 0.05))
    paper = np.array(scene.paper, float)
    tint = np.array(((0.75, 0.9, 1.1), (1, 1, 1), (1.1, 0.85, 0.8))[rng.integers(3)])
    return replace(
        scene,
        pen=pen,
        line=to_colour(paper * rng.uniform(0.35, 0.75) * tint),
        line_width=pen * rng.uniform(0.5, 1.0),
        strength=rng.uniform(0.8, 1.0),
    )


def dirt(scene: Scene, rng: np.random.Generator) -> Scene:
    """Add specks and staple holes."""
    return replace(scene, specks=int(rng.integers(5, 30)), staples=int(rng.integers(1, 4)))


PENS: Final[dict[str, Difficulty]] = {
    "hairline": hairline,
    "fine pen": fine_pen,
    "marker": marker,
    "pencil": pencil,
    "blue ink": blue_ink,
    "gaps": gaps,
    "dry pen": dry_pen,
    "chalk": chalk,
}
PAPERS: Final[dict[str, Difficulty]] = {
    "grey paper": grey_paper,
    "beige paper": beige_paper,
    "rough paper": rough_paper,
    "ruled": _printed_ruling("ruled", 0.9, 1.5),
    "squared": _printed_ruling("squared", 0.3, 0.6),
    "dotted": _printed_ruling("dotted", 0.3, 0.6),
    "squared cell": squared_cell,
    "table cell": table_cell,
    "line below": line_below,
    "joined by squares": joined_by_squares,
    "cut cell": cut_cell,
    "dirt": dirt,
}
