"""Scene: everything that is decided about a synthetic photograph before it is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Colour = tuple[int, int, int]

Ruling = Literal["", "ruled", "squared", "dotted", "cell"]

Side = Literal["", "left", "right", "top", "bottom"]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """How a digit is written and photographed; the defaults are a clean photograph.

    "Digit's height" below is that of MNIST's 20-pixel box on the photograph.

    Attributes:
        size: width and height of the photograph, in pixels.
        height: digit's height, as a share of the photograph's shorter side.
        centre: where its centre stands, as shares of width and height.
        edge: side of the frame that the ink touches; "" to leave it where `centre` says.
        cut: share of the ink's extent, 0-1, that lies beyond that side.
        rotation: degrees by which the sheet is turned, counter-clockwise.
        slant: degrees by which the strokes lean to the right.
        tilt: how much nearer, as a share, the camera is to the right and to the lower end.
        pen: width of the pen in pixels, drawn along the middle of the strokes; None to
            keep the strokes of the digit image.
        widen: pixels of MNIST's box by which every edge of kept strokes moves out (or in,
            if negative).
        pressure: 0-1, how much the width of the pen's stroke varies.
        gaps: how many times the stroke is interrupted.
        dryness: 0-1, how much of the ink the tooth of the paper leaves out.
        crisp: True for strokes without grey edges, as a drawing program may leave them.
        ink: RGB of the ink at full strength.
        strength: 0-1, how much of the paper the ink covers; a pencil covers little.
        paper: RGB of the paper in full light.
        grain: standard deviation of the paper's texture, in grey levels.
        ruling: what is printed on the paper; "cell" are the four lines of a table's cell.
        pitch: distance of the printed lines, in digit's heights.
        line: RGB of the printed lines.
        line_width: their width in pixels.
        neighbours: pieces of other digits and letters at the border.
        specks: small dark spots on the paper.
        staples: pairs of staple holes.
        desk: share of the frame, 0-1, in which the dark desk is seen beside the paper.
        patch: margin in digit's heights around the digit, beyond which the picture is a
            white page that the photograph was pasted on; None for no page.
        exposure: 0-1, how bright the whole photograph is.
        gradient: how much darker, 0-1, the far side of the paper is than the near one.
        vignette: how much darker, 0-1, the corners are than the middle.
        tint: factors of red, green and blue in the light.
        shadow: how much darker, 0-1, the paper is behind a hard edge; 0 for none.
        shadow_at: distance of that edge from the digit's centre, in digit's heights; None
            for anywhere.
        blur: standard deviation of the lens blur, in pixels.
        motion: length of the motion blur, in pixels.
        noise: standard deviation of the sensor's noise, in grey levels.
        quality: JPEG quality, 1-95; None to leave JPEG out.
    """

    size: tuple[int, int] = (480, 360)
    height: float = 0.55
    centre: tuple[float, float] = (0.5, 0.5)
    edge: Side = ""
    cut: float = 0.0
    rotation: float = 0.0
    slant: float = 0.0
    tilt: tuple[float, float] = (0.0, 0.0)
    pen: float | None = None
    widen: float = 0.0
    pressure: float = 0.0
    gaps: int = 0
    dryness: float = 0.0
    crisp: bool = False
    ink: Colour = (44, 46, 78)
    strength: float = 1.0
    paper: Colour = (216, 214, 208)
    grain: float = 1.5
    ruling: Ruling = ""
    pitch: float = 0.5
    line: Colour = (150, 170, 200)
    line_width: float = 1.5
    neighbours: int = 0
    specks: int = 0
    staples: int = 0
    desk: float = 0.0
    patch: float | None = None
    exposure: float = 1.0
    gradient: float = 0.15
    vignette: float = 0.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    shadow: float = 0.0
    shadow_at: float | None = None
    blur: float = 0.8
    motion: float = 0.0
    noise: float = 2.0
    quality: int | None = 88

    @property
    def unit(self) -> float:
        """Digit's height in pixels of the photograph."""
        return self.height * min(self.size)


Difficulty = Callable[[Scene, np.random.Generator], Scene]
"""A change that makes a scene harder to read."""
