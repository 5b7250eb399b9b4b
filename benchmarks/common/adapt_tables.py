"""Format the result rows of `benchmarks/adapt.py` as Markdown tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from common.docs_tables import markdown_table

Row = dict[str, Any]


def fine_tune_table(rows: Iterable[Row]) -> str:
    """Return the fine-tunes on sound corrections, by style and number of corrections."""
    return _table_by_style([row for row in rows if row["kind"] == "clean"])


def naive_table(rows: Iterable[Row]) -> str:
    """Return the same table for the naive baseline."""
    return _table_by_style([row for row in rows if row["kind"] == "naive"])


def poison_table(rows: Iterable[Row]) -> str:
    """Return by case how much feedback was held, and the loss of the promoted versions."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["kind"] not in {"clean", "naive"}:
            groups[row["kind"]].append(row)
    cells = [
        [
            case,
            str(len(group)),
            f"{_mean(group, 'flips_held'):.0%}" if group[0]["flips_held"] is not None else "–",
            f"{_mean(group, 'sound_held'):.1%}",
            f"{sum(row['promoted'] for row in group)}",
            _change([row for row in group if row["promoted"]], "test", 10_000, np.min),
            f"{_mean(group, 'others_before'):.1%} → {_champion_accuracy(group):.1%}",
        ]
        for case, group in groups.items()
    ]
    head = ["case", "runs", "flips held", "sound ones held", "promoted"]
    head += [
        "worst change of MNIST test, points",
        "rest of the style, by the champion after the run",
    ]
    return markdown_table(head, cells)


def _table_by_style(rows: list[Row]) -> str:
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups["each style", row["n"]].append(row)
    for row in rows:
        groups[row["style"], row["n"]].append(row)
    cells = []
    for (style, n), group in sorted(groups.items(), key=_table_order):
        promoted = [row for row in group if row["promoted"]]
        cells.append(
            [
                style,
                str(n),
                f"{len(promoted)} of {len(group)}",
                f"{_mean(group, 'fixed'):.0%}",
                f"{_mean(group, 'others_before'):.1%} → {_mean(group, 'others'):.1%}",
                f"{_share_of_errors_fixed(group):.0%}",
                _change(promoted, "test", 10_000, np.mean),
                _change(promoted, "test", 10_000, np.min),
                _change(promoted, "photographs", 1_000, np.mean),
                f"{np.median([row['seconds'] for row in group]):.0f}",
            ]
        )
    head = ["style", "n", "promoted", "corrected ones fixed", "rest of the style"]
    head += ["its errors fixed", "MNIST test, points", "worst", "photographs, points", "seconds"]
    return markdown_table(head, cells)


def _table_order(group: tuple[tuple[str, int], list[Row]]) -> tuple[bool, int]:
    (style, n), _ = group
    return style != "each style", n


def _mean(rows: list[Row], name: str) -> float:
    values = [row[name] for row in rows if row.get(name) is not None]
    return float(np.mean(values)) if values else float("nan")


def _share_of_errors_fixed(rows: list[Row]) -> float:
    """Return the share of the errors on the style's other images that are gone; mean over runs."""
    return float(
        np.mean([(r["others"] - r["others_before"]) / (1 - r["others_before"]) for r in rows])
    )


def _champion_accuracy(rows: list[Row]) -> float:
    """Return the mean accuracy of the champion after the run: the challenger if promoted."""
    return float(np.mean([row["others" if row["promoted"] else "others_before"] for row in rows]))


def _change(rows: list[Row], name: str, n: int, aggregate: Callable[..., Any]) -> str:
    """Return the aggregated change of a count out of `n`, in percentage points."""
    if not rows:
        return "–"
    changes = [(row[name] - row[f"{name}_before"]) / n * 100 for row in rows]
    digits = 3 if aggregate is np.mean else 2
    return f"{aggregate(changes):+.{digits}f}"
