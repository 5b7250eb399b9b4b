"""Line charts as SVG text for notebooks, without a plotting library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from digitlab.html.render import render

_WIDTH, _HEIGHT = 380, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 26, 34  # margins for the titles and the axes


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a chart.

    Attributes:
        name: shown in the line's colour.
        points: x and y of each point, sorted by x. Points with a y that is not finite are left
            out.
        colour: any CSS colour.
        dots: True to mark each point.
    """

    name: str
    points: Sequence[tuple[float, float]]
    colour: str = "#2563eb"
    dots: bool = False


def line_chart(
    lines: Sequence[Line], *, title: str, x: str, y: str, percent: bool = False
) -> Markup:
    """Draw lines as an SVG chart; without any point the chart says so.

    Args:
        lines: the lines.
        title: the text above the chart.
        x: name of the horizontal axis.
        y: name of the vertical axis.
        percent: True to write the values of the vertical axis as percentages.
    """
    points = [point for line in lines for point in line.points if math.isfinite(point[1])]
    values: dict[str, Any] = {"lines": [], "x_ticks": [], "y_ticks": []}
    if points:
        axes = _Axes(points)
        values["y_ticks"] = [axes.y_tick(share, percent=percent) for share in (0.0, 0.5, 1.0)]
        values["x_ticks"] = [axes.x_tick(share) for share in (0.0, 0.5, 1.0)]
        values["lines"] = [
            {
                "name": line.name,
                "name_y": _TOP + 12 + 13 * number,
                "colour": line.colour,
                **axes.place(line),
            }
            for number, line in enumerate(lines)
        ]
    return Markup(  # noqa: S704  # the template escapes every value
        render(
            "line_chart.svg.j2",
            width=_WIDTH,
            height=_HEIGHT,
            left=_LEFT,
            right=_WIDTH - _RIGHT,
            title=title,
            x_name=x,
            y_name=y,
            **values,
        )
    )


class _Axes:
    """The ranges of both axes, and positions in the picture, in pixels with one decimal."""

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        self._x_min, self._x_max = _range([x for x, _ in points])
        self._y_min, self._y_max = _range([y for _, y in points], padding=0.06)

    def y_tick(self, share: float, *, percent: bool) -> dict[str, str]:
        """Return the grid line at a share of the vertical axis, with its value."""
        value = self._y_min + share * (self._y_max - self._y_min)
        text = f"{value:.2%}" if percent else f"{value:.3g}"
        y = self._y(value)
        return {"y": f"{y:.1f}", "text_y": f"{y + 4:.1f}", "text": text}

    def x_tick(self, share: float) -> dict[str, str]:
        """Return the value at a share of the horizontal axis."""
        value = self._x_min + share * (self._x_max - self._x_min)
        anchor = ("start", "middle", "end")[round(share * 2)]
        return {"x": f"{self._x(value):.1f}", "anchor": anchor, "text": f"{value:.3g}"}

    def place(self, line: Line) -> dict[str, Any]:
        """Return the positions of a line's points."""
        points = [
            {"x": f"{self._x(x):.1f}", "y": f"{self._y(y):.1f}"}
            for x, y in line.points
            if math.isfinite(y)
        ]
        return {
            "points": " ".join(f"{point['x']},{point['y']}" for point in points),
            "dots": points if line.dots else [],
        }

    def _x(self, value: float) -> float:
        share = (value - self._x_min) / (self._x_max - self._x_min)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        share = (self._y_max - value) / (self._y_max - self._y_min)
        return _TOP + share * (_HEIGHT - _TOP - _BOTTOM)


def _range(values: Sequence[float], *, padding: float = 0.0) -> tuple[float, float]:
    """Return the range of values, widened by a share of it; never empty."""
    low, high = min(values), max(values)
    if high == low:
        return low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    return low - padding * (high - low), high + padding * (high - low)
