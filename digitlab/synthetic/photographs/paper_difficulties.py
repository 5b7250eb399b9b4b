"""Hard sheets: pens and paper that are hard to read, each a change of a scene."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from digitlab.synthetic.photographs.ordinary import colour, near_middle
from digitlab.synthetic.photographs.scene import Difficulty, Ruling, Scene


def hairline(scene: Scene, rng: np.random.Generator) -> Scene:
    """A pen of one pixel in a thousand."""
    pen = max(1.0, max(scene.size) / 1000) * rng.uniform(1.0, 1.3)
    return replace(scene, pen=pen, strength=1.0, blur=rng.uniform(0.2, 0.5), pressure=0.0)


def fine_pen(scene: Scene, rng: np.random.Generator) -> Scene:
    """A ballpoint on a large digit."""
    return replace(scene, pen=max(1.3, scene.unit * rng.uniform(0.012, 0.03)))


def marker(scene: Scene, rng: np.random.Generator) -> Scene:
    """A thick marker."""
    ink = colour(rng.uniform(10, 50) * rng.uniform(0.8, 1.2, 3))
    return replace(scene, pen=scene.unit * rng.uniform(0.13, 0.2), ink=ink, strength=1.0)


def pencil(scene: Scene, rng: np.random.Generator) -> Scene:
    """A pencil, 10 to 40 grey levels darker than the paper."""
    tone = np.array(scene.paper, float)
    levels = 10 * 4 ** rng.uniform(0, 1)
    return replace(
        scene,
        ink=colour(tone * 0.4),
        strength=levels / float(0.6 * tone.mean()),
        pen=max(2.0, scene.unit * rng.uniform(0.025, 0.07)),
        dryness=rng.uniform(0.1, 0.45),
        noise=rng.uniform(0.5, 1.5),
        grain=rng.uniform(0.4, 1.2),
    )


def blue_ink(scene: Scene, rng: np.random.Generator) -> Scene:
    """A blue pen on greyish paper."""
    tone = rng.uniform(150, 195) * (1 + rng.uniform(-0.05, 0.03, 3))
    ink = (rng.uniform(60, 100), rng.uniform(70, 105), rng.uniform(120, 165))
    return replace(
        scene,
        paper=colour(tone),
        ink=colour(np.array(ink)),
        pen=max(2.0, scene.unit * rng.uniform(0.03, 0.06)),
        strength=rng.uniform(0.7, 1.0),
    )


def gaps(scene: Scene, rng: np.random.Generator) -> Scene:
    """A pen that fails for a moment, once to three times."""
    pen = max(2.0, scene.unit * rng.uniform(0.04, 0.09))
    return replace(scene, gaps=int(rng.integers(1, 4)), pen=pen)


def dry_pen(scene: Scene, rng: np.random.Generator) -> Scene:
    """A drying marker or soft pencil, whose ink only reaches the tops of the paper."""
    pen = max(4.0, scene.unit * rng.uniform(0.06, 0.13))
    return replace(scene, dryness=rng.uniform(0.5, 0.8), pen=pen)


def chalk(scene: Scene, rng: np.random.Generator) -> Scene:
    """Light on dark: chalk on a board, a white pen on black paper."""
    return replace(
        scene,
        paper=colour(rng.uniform(20, 75) * rng.uniform(0.8, 1.2, 3)),
        ink=colour(rng.uniform(170, 245) * rng.uniform(0.94, 1.04, 3)),
        line=colour(rng.uniform(90, 130) * np.ones(3)),
        pen=max(2.0, scene.unit * rng.uniform(0.04, 0.11)),
        dryness=rng.uniform(0, 0.5),
        strength=rng.uniform(0.6, 1.0),
    )


def grey_paper(scene: Scene, rng: np.random.Generator) -> Scene:
    """Recycled paper."""
    tone = rng.uniform(115, 165) * (1 + rng.uniform(-0.03, 0.03, 3))
    return replace(scene, paper=colour(tone), grain=rng.uniform(1.5, 4))


def beige_paper(scene: Scene, rng: np.random.Generator) -> Scene:
    """Beige, yellow, pink or bluish paper."""
    tints = ((1, 0.93, 0.8), (1, 0.96, 0.62), (1, 0.84, 0.86), (0.84, 0.93, 1))
    tint = np.array(tints[rng.integers(len(tints))])
    return replace(scene, paper=colour(rng.uniform(180, 240) * tint))


def rough_paper(scene: Scene, rng: np.random.Generator) -> Scene:
    """Paper whose grain is seen."""
    return replace(scene, grain=rng.uniform(5, 10), pen=max(3.0, scene.unit * 0.06))


def _ruling(kind: Ruling, low: float, high: float) -> Difficulty:
    def rule(scene: Scene, rng: np.random.Generator) -> Scene:
        tones = ((150, 170, 205), (165, 165, 168), (120, 150, 190), (205, 150, 150))
        share = np.array(scene.paper) / 230 * rng.uniform(0.65, 1.0)
        return replace(
            scene,
            ruling=kind,
            pitch=rng.uniform(low, high),
            line=colour(np.array(tones[rng.integers(len(tones))]) * share),
            line_width=max(1.0, min(scene.size) * rng.uniform(0.0015, 0.004)),
        )

    rule.__doc__ = {
        "ruled": "Ruled paper.",
        "squared": "Squared paper, its lines through the digit.",
        "dotted": "Dotted paper.",
    }[kind]
    return rule


def squared_cell(scene: Scene, rng: np.random.Generator) -> Scene:
    """A digit in one cell of squared paper, cropped so that its lines are seen."""
    scene = _ruling("squared", 1.15, 1.45)(scene, rng)
    return replace(scene, height=rng.uniform(0.45, 0.7), centre=near_middle(rng, 0.06))


def table_cell(scene: Scene, rng: np.random.Generator) -> Scene:
    """A digit in a printed table, cropped so that lines of its cell are seen at the border."""
    dark = colour(rng.uniform(30, 110) * np.ones(3))
    return replace(
        scene,
        ruling="cell",
        pitch=rng.uniform(1.2, 1.6),
        line=dark,
        line_width=max(1.0, min(scene.size) * rng.uniform(0.003, 0.012)),
        height=rng.uniform(0.48, 0.68),
        centre=near_middle(rng, 0.07),
    )


def dirt(scene: Scene, rng: np.random.Generator) -> Scene:
    """Specks and staple holes."""
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
PAGES: Final[dict[str, Difficulty]] = {
    "grey paper": grey_paper,
    "beige paper": beige_paper,
    "rough paper": rough_paper,
    "ruled": _ruling("ruled", 0.9, 1.5),
    "squared": _ruling("squared", 0.3, 0.6),
    "dotted": _ruling("dotted", 0.3, 0.6),
    "squared cell": squared_cell,
    "table cell": table_cell,
    "dirt": dirt,
}
