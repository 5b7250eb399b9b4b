"""Scene: the description of a synthetic photograph, which the other modules draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Colour = tuple[int, int, int]
"""Red, green and blue, 0-255."""

Line = tuple[float, float, float, float]
"""x and y of both ends."""

Ruling = Literal["", "ruled", "underline", "squared", "dotted", "cell"]

ShadowOutline = Literal["", "hand", "phone"]

Side = Literal["", "left", "right", "top", "bottom"]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """How a digit is written and photographed; the defaults are a clean photograph.

    The digit's height, below, is the height of MNIST's 20-pixel box on the photograph.

    Attributes:
        size: width and height of the photograph, in pixels.
        height: the digit's height, as a share of the photograph's shorter side.
        centre: the centre of the digit, as shares of width and height.
        edge: side of the frame that the ink touches; "" keeps the digit at `centre`.
        cut: share of the ink's extent, 0-1, that lies beyond `edge`.
        rotation: rotation of the sheet in degrees, counter-clockwise.
        slant: degrees by which the strokes lean to the right.
        tilt: how much nearer, as a share, the camera is to the right end and to the lower end.
        pen: width in pixels of a pen that follows the skeleton of the digit image; None keeps
            the strokes of the digit image.
        widen: pixels of MNIST's box by which every edge of kept strokes moves out; negative
            values move the edges in.
        pressure: how much the width of the pen's stroke varies, 0-1.
        gaps: number of gaps in the strokes.
        dryness: share of the ink, 0-1, that the hollows of the paper do not take.
        crisp: True for strokes without grey edges, as some drawing programs leave them.
        ink: colour of the ink at full strength.
        strength: share of the paper, 0-1, that the ink covers; low for a pencil.
        paper: colour of the paper in full light.
        grain: standard deviation of the paper's texture, in grey levels.
        ruling: the pattern that is printed on the paper; "underline" prints one line of
            `line_length` below the digit, "cell" prints the four lines around
            one cell of a table.
        pitch: distance of the printed lines, in digit heights.
        line_below: distance of a printed line below the foot of the digit, in digit heights;
            negative where it runs through the foot. None keeps the digit between two lines.
        line_length: length of an underline, in digit heights.
        border: printed lines along the frame, each x and y of both ends in shares of width and
            height.
        line: colour of the printed lines.
        line_width: width of the printed lines, in pixels.
        neighbours: number of other digits and letters that reach into the frame.
        specks: number of small dark spots on the paper.
        staples: number of pairs of staple holes.
        desk: share of the frame, 0-1, that shows the dark desk beside the paper.
        fingers: number of fingers that reach from one side of the frame towards the digit.
        patch: margin around the digit, in digit heights, beyond which the picture is a white
            page that the photograph was pasted on; None for no page.
        exposure: brightness of the whole photograph, 0-1.
        gradient: how much darker, 0-1, the far side of the paper is than the near one.
        vignette: how much darker, 0-1, the corners are than the middle.
        tint: factors of red, green and blue in the light.
        shadow: how much darker, 0-1, the paper is inside a hard-edged shadow; 0 for no shadow.
        shadow_at: distance of the shadow's edge from the digit's centre, in digit heights;
            None for a random place.
        shadow_outline: whose shadow reaches over the digit from a side of the frame; "" for the
            shadow of `shadow_at`.
        blur: standard deviation of the lens blur, in pixels.
        motion: length of the motion blur, in pixels.
        noise: standard deviation of the sensor's noise, in grey levels.
        quality: JPEG quality, 1-95; None for no JPEG.
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
    line_below: float | None = None
    line_length: float = 1.5
    border: tuple[Line, ...] = ()
    line: Colour = (150, 170, 200)
    line_width: float = 1.5
    neighbours: int = 0
    specks: int = 0
    staples: int = 0
    desk: float = 0.0
    fingers: int = 0
    patch: float | None = None
    exposure: float = 1.0
    gradient: float = 0.15
    vignette: float = 0.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    shadow: float = 0.0
    shadow_at: float | None = None
    shadow_outline: ShadowOutline = ""
    blur: float = 0.8
    motion: float = 0.0
    noise: float = 2.0
    quality: int | None = 88

    @property
    def digit_height(self) -> float:
        """The digit's height in pixels of the photograph."""
        return self.height * min(self.size)


Difficulty = Callable[[Scene, np.random.Generator], Scene]
"""A function that returns a scene which is harder to read."""
