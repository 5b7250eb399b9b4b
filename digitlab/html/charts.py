"""Charts as SVG text: a run's curves, for notebooks and pages alike, without a plotting library."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 380, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 26, 34


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a chart.

    Attributes:
        name: shown in its colour.
        points: x and y, in the order of x.
        colour: any CSS colour.
        dots: whether each point is marked.
    """

    name: str
    points: Sequence[tuple[float, float]]
    colour: str = "#2563eb"
    dots: bool = False


def chart(lines: Sequence[Line], *, title: str, x: str, y: str, percent: bool = False) -> str:
    """An SVG line chart; an empty one when no line has a point.

    Args:
        lines: what is drawn.
        title: above it.
        x: what the horizontal axis shows.
        y: what the vertical axis shows.
        percent: write the values of the vertical axis as percent.
    """
    points = [point for line in lines for point in line.points if math.isfinite(point[1])]
    if not points:
        return _frame(title, '<text x="190" y="100" text-anchor="middle">nothing yet</text>')
    low_x, high_x = _range([point[0] for point in points])
    low_y, high_y = _range([point[1] for point in points], air=0.06)

    def at(point: tuple[float, float]) -> tuple[float, float]:
        across = (point[0] - low_x) / (high_x - low_x) * (_WIDTH - _LEFT - _RIGHT)
        down = (high_y - point[1]) / (high_y - low_y) * (_HEIGHT - _TOP - _BOTTOM)
        return _LEFT + across, _TOP + down

    parts = []
    for share in (0.0, 0.5, 1.0):
        value = low_y + share * (high_y - low_y)
        height = at((low_x, value))[1]
        text = f"{value:.2%}" if percent else f"{value:.3g}"
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{height:.1f}" y2="{height:.1f}" '
            f'stroke="currentColor" stroke-opacity=".18"/><text x="{_LEFT - 5}" '
            f'y="{height + 4:.1f}" text-anchor="end">{text}</text>'
        )
        value = low_x + share * (high_x - low_x)
        anchor = ("start", "middle", "end")[round(share * 2)]
        parts.append(
            f'<text x="{at((value, low_y))[0]:.1f}" y="{_HEIGHT - 18}" '
            f'text-anchor="{anchor}">{value:.3g}</text>'
        )
    for number, line in enumerate(lines):
        placed = [at(point) for point in line.points if math.isfinite(point[1])]
        path = " ".join(f"{across:.1f},{down:.1f}" for across, down in placed)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="1.6"/>'
        )
        if line.dots:
            parts += [
                f'<circle cx="{across:.1f}" cy="{down:.1f}" r="2.6" fill="{line.colour}"/>'
                for across, down in placed
            ]
        parts.append(
            f'<text x="{_WIDTH - _RIGHT}" y="{_TOP + 12 + 13 * number}" text-anchor="end" '
            f'fill="{line.colour}">{html.escape(line.name)}</text>'
        )
    axes = f"{html.escape(x)} (across), {html.escape(y)} (up)"
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 4}" fill-opacity=".7">{axes}</text>')
    return _frame(title, "".join(parts))


def _frame(title: str, inside: str) -> str:
    name = html.escape(title)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{name}" '
        f'style="width:100%;max-width:{_WIDTH}px;font:11px system-ui,sans-serif" '
        f'fill="currentColor"><text x="{_LEFT}" y="14" font-weight="600">{name}</text>'
        f"{inside}</svg>"
    )


def _range(values: Sequence[float], *, air: float = 0.0) -> tuple[float, float]:
    low, high = min(values), max(values)
    if high == low:
        return low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    return low - air * (high - low), high + air * (high - low)
