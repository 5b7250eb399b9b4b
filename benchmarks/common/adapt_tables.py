"""The tables of the adaptation bench, from its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from common.docs_tables import table

Row = dict[str, Any]


def clean_table(rows: Iterable[Row]) -> str:
    """By style and number of corrections: verdicts, and what changed."""
    return _table([row for row in rows if row["kind"] == "clean"])


def naive_table(rows: Iterable[Row]) -> str:
    """The same of the old app's way."""
    return _table([row for row in rows if row["kind"] == "naive"])


def poison_table(rows: Iterable[Row]) -> str:
    """By case: what was held, and what a promoted version lost."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["kind"] not in {"clean", "naive"}:
            groups[row["kind"]].append(row)
    cells = [
        [
            case,
            str(len(group)),
            f"{_mean(group, 'flips_held'):.0%}" if group[0]["flips_held"] is not None else "–",
            f"{_mean(group, 'held'):.1%}",
            f"{sum(row['promoted'] for row in group)}",
            _points([row for row in group if row["promoted"]], "test", 10_000, np.min),
            f"{_mean(group, 'rest_before'):.1%} → {_served(group):.1%}",
        ]
        for case, group in groups.items()
    ]
    head = ["case", "runs", "flips held", "sound ones held", "promoted"]
    head += ["worst change of MNIST test, points", "rest of the style, as it then serves"]
    return table(head, cells)


def _table(rows: list[Row]) -> str:
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups["each style", row["n"]].append(row)
    for row in rows:
        groups[row["style"], row["n"]].append(row)
    cells = []
    for (style, n), group in sorted(groups.items(), key=_place):
        promoted = [row for row in group if row["promoted"]]
        cells.append(
            [
                style,
                str(n),
                f"{len(promoted)} of {len(group)}",
                f"{_mean(group, 'fixed'):.0%}",
                f"{_mean(group, 'rest_before'):.1%} → {_mean(group, 'rest'):.1%}",
                f"{_gone(group):.0%}",
                _points(promoted, "test", 10_000, np.mean),
                _points(promoted, "test", 10_000, np.min),
                _points(promoted, "photographs", 1_000, np.mean),
                f"{np.median([row['seconds'] for row in group]):.0f}",
            ]
        )
    head = ["style", "n", "promoted", "corrected ones fixed", "rest of the style"]
    head += ["its errors gone", "MNIST test, points", "worst", "photographs, points", "seconds"]
    return table(head, cells)


def _place(group: tuple[tuple[str, int], list[Row]]) -> tuple[bool, int]:
    (style, n), _ = group
    return style != "each style", n


def _mean(rows: list[Row], name: str) -> float:
    values = [row[name] for row in rows if row.get(name) is not None]
    return float(np.mean(values)) if values else float("nan")


def _gone(rows: list[Row]) -> float:
    """Share of the errors on the rest of a style that are no more; the mean over runs."""
    return float(np.mean([(r["rest"] - r["rest_before"]) / (1 - r["rest_before"]) for r in rows]))


def _served(rows: list[Row]) -> float:
    """What serves after the run: the challenger if it was promoted, else the base still."""
    return float(np.mean([row["rest" if row["promoted"] else "rest_before"] for row in rows]))


def _points(rows: list[Row], name: str, of: int, how: Any) -> str:
    if not rows:
        return "–"
    changes = [(row[name] - row[f"{name}_before"]) / of * 100 for row in rows]
    return f"{how(changes):+.3f}" if how is np.mean else f"{how(changes):+.2f}"
