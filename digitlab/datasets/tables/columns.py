"""The columns of a table: which hold pixels, in which order, and which holds the label."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets.tables.limits import table_error

LABEL_NAMES: Final = frozenset({"label", "labels", "class", "target", "targets", "y", "digit"})
"""Names of label columns, in lower case."""

OTHER_LABEL_NAMES: Final = frozenset(
    {
        *("digits", "number", "num", "numeral", "value", "character", "char", "symbol", "answer"),
        *("classes", "category", "class_id", "classid", "class_name", "label_id", "labelid"),
        *("true", "truth", "true_label", "true_class", "true_digit", "y_true", "actual"),
        *("ground_truth", "groundtruth", "gt", "t"),
        *("ziffer", "klasse", "chiffre", "classe", "étiquette", "etiqueta", "clase", "dígito"),
    }
)
"""Names of a label column, in lower case, if no other column is beside the pixels."""

INDEX_NAMES: Final = frozenset(
    {"", "id", "index", "idx", "imageid", "image_id", "row", "row_id", "rowid", "unnamed: 0"}
)
"""Names of columns that only number the rows, in lower case."""

EXPECTED_COLUMNS: Final = "a label and 784 pixels (28x28), for example label,pixel0,...,pixel783"
"""What a table of digits has, for messages."""

_SIDES: Final = range(8, 65)  # pixels a side of the pictures in a table
_NUMBERED: Final = re.compile(r"(.*?)(\d{1,6})")
_GRID: Final = re.compile(r"(\D*)(\d{1,4})\D(\d{1,4})")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns of a table by their use.

    Attributes:
        pixels: positions of the pixels, in the order of the picture; empty while first or last
            column may be the label.
        labels: position of the label, or ten positions of one-hot labels; empty while unknown.
        numbers: positions of the columns among which label and pixels are, if their names do not
            tell them apart.
        index: position of a column that must number the rows by its values; None if there is none.
        rules: the rules that chose them.
    """

    pixels: tuple[int, ...] = ()
    labels: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()
    index: int | None = None
    rules: tuple[str, ...] = field(default=())


def side_of(pixels: int) -> int | None:
    """Return the side of a square picture with this many pixels; None if there is none."""
    side = math.isqrt(max(0, pixels))
    return side if side * side == pixels and side in _SIDES else None


def unnamed_columns(count: int, source: object) -> Columns:
    """Choose among the columns of a table without header.

    Raises:
        DataError: the number of columns is not that of a label and pixels, with or without one
            more column before them.
    """
    if side_of(count - 1) is not None:
        return Columns(numbers=tuple(range(count)), rules=("no header",))
    if side_of(count - 2) is not None:
        return Columns(
            numbers=tuple(range(1, count)),
            index=0,
            rules=("no header", "first column as row numbers"),
        )
    if side_of(count) is not None:
        raise _no_label(source, count)
    raise table_error(source, f"has {_columns(count)} and no header", EXPECTED_COLUMNS)


def named_columns(names: Sequence[str], source: object) -> Columns:
    """Choose among the columns of a table by their names.

    Pixels are the columns that share a prefix and have consecutive numbers (`pixel0`, `1`, `1x1`).
    Their numbers give the order. The label is the column of a name in `LABEL_NAMES`, else the only
    other column if its name is in `OTHER_LABEL_NAMES`.

    Raises:
        DataError: the names do not tell label and pixels.
    """
    names = [name.strip().strip("\"'").strip().lower() for name in names]
    pixels, rules = _pixel_columns(names, source)
    others = [place for place in range(len(names)) if place not in set(pixels)]
    labels = [place for place in others if names[place] in LABEL_NAMES]
    index = [place for place in others if names[place] in INDEX_NAMES]
    if not pixels:
        return _without_pixel_names(names, labels, index, source)
    if len(labels) > 1:
        shown = " and ".join(repr(names[place]) for place in labels)
        raise table_error(source, f"has the label columns {shown}", "one label column")
    if not labels:
        unknown = [place for place in others if place not in index]
        one_hot = _one_hot_columns(names, unknown)
        if one_hot:
            return Columns(pixels=pixels, labels=one_hot, rules=("one-hot label columns", *rules))
        if not unknown:
            raise _no_label(source, len(pixels))
        if len(unknown) != 1 or names[unknown[0]] not in OTHER_LABEL_NAMES:
            shown = ", ".join(repr(_short(names[place])) for place in unknown[:4])
            raise table_error(
                source,
                f"has {len(pixels)} pixel columns, no label column, and the "
                f"column{'' if len(unknown) == 1 else 's'} {shown}",
                EXPECTED_COLUMNS,
                hint="Rename the column with the true digits to label.",
            )
        rule = f"label in {_short(names[unknown[0]])!r}, the only column beside the pixels"
        return Columns(pixels=pixels, labels=(unknown[0],), rules=(rule, *rules))
    ignored = [names[place] for place in others if place not in labels]
    all_rules = [f"label in column {names[labels[0]]!r}", *rules]
    if ignored:
        all_rules.append(_not_read(ignored))
    return Columns(pixels=pixels, labels=(labels[0],), rules=tuple(all_rules))


def find_label(first: NDArray[Any], last: NDArray[Any], source: object) -> bool:
    """Return whether the first column is the label, not the last, by their values.

    A label column holds only whole numbers from 0 to 9. A column that is 0 throughout is the
    corner of the pictures, also where the other column holds higher labels, such as letters.

    Raises:
        DataError: both or none may be the label.
    """
    is_first = _may_be_label(first) and bool(first.any())
    is_last = _may_be_label(last) and bool(last.any())
    if is_first != is_last:
        return is_first
    both = "both may be" if _may_be_label(first) and _may_be_label(last) else "none of them is"
    raise table_error(
        source,
        f"has no header; the first column holds {_values(first)}, the last {_values(last)}, and "
        f"{both} the label of a digit",
        EXPECTED_COLUMNS,
        hint="Add that header.",
    )


def _may_be_label(column: NDArray[Any]) -> bool:
    return bool(((column >= 0) & (column <= 9) & (column == np.floor(column))).all())


def require_row_numbers(column: NDArray[Any], source: object) -> None:
    """Refuse a column that does not number the rows, where no name says what it is."""
    if len(column) > 1 and not bool((np.diff(column) == 1).all()):
        raise table_error(
            source,
            f"has no header, and its first column holds {_values(column)}",
            f"row numbers there, or {EXPECTED_COLUMNS}",
        )


def _pixel_columns(names: list[str], source: object) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the positions of numbered pixel columns in the picture's order, and their rules."""
    groups: dict[tuple[str, bool], dict[int, tuple[int, ...]]] = {}
    for place, name in enumerate(names):
        if name in INDEX_NAMES:
            continue
        if match := _GRID.fullmatch(name):
            key, number = (match[1], True), (int(match[2]), int(match[3]))
            groups.setdefault(key, {})[place] = number
        elif match := _NUMBERED.fullmatch(name):
            groups.setdefault((match[1], False), {})[place] = (int(match[2]),)
    if not groups:
        return (), ()
    (prefix, is_grid), group = max(groups.items(), key=lambda item: len(item[1]))
    if len(group) < min(_SIDES) ** 2:
        return (), ()
    side = side_of(len(group))
    if side is None:
        if side_of(len(group) - 1) is not None and len(group) >= len(names) - 1:
            return (), ()  # all columns are numbered, the label's too
        raise table_error(
            source,
            f"has {len(group)} columns named {_short(names[next(iter(group))])!r} and so on",
            EXPECTED_COLUMNS,
        )
    places = sorted(group, key=lambda place: group[place])
    numbers = [group[place] for place in places]
    start = numbers[0]
    complete = (
        [(start[0] + i // side, start[1] + i % side) for i in range(side * side)]
        if is_grid
        else [(start[0] + i,) for i in range(side * side)]
    )
    if numbers != complete:
        raise table_error(
            source,
            f"its {len(group)} pixel columns {_short(prefix)!r} have gaps or doubles in their "
            "numbers",
            "consecutive numbers",
        )
    rules = [f"{names[places[0]]} to {names[places[-1]]} as {side}x{side}"]
    if places != sorted(places):
        rules.append("columns in the order of their numbers")
    return tuple(places), tuple(rules)


def _without_pixel_names(
    names: list[str], labels: list[int], index: list[int], source: object
) -> Columns:
    """Choose among columns whose names do not say which are pixels."""
    rest = [place for place in range(len(names)) if place not in labels and place not in index]
    ignored = (_not_read([names[place] for place in index]),) if index else ()
    side = side_of(len(rest))
    if len(labels) == 1 and side is not None:
        return Columns(
            pixels=tuple(rest),
            labels=(labels[0],),
            rules=(
                f"label in column {names[labels[0]]!r}",
                f"all others in the order of the file as {side}x{side}",
                *ignored,
            ),
        )
    if not labels and side_of(len(rest) - 1) is not None:
        return Columns(numbers=tuple(rest), rules=("header without a label", *ignored))
    if not labels and side is not None:
        raise _no_label(source, len(rest))
    shown = ",".join(_short(name) for name in names[:3])
    raise table_error(
        source,
        f"has {_columns(len(names))} ({shown}{',...' if len(names) > 3 else ''})",
        EXPECTED_COLUMNS,
    )


def _one_hot_columns(names: list[str], places: list[int]) -> tuple[int, ...]:
    """Return ten columns `label_0` to `label_9`; empty if these are no such columns."""
    matches = [_NUMBERED.fullmatch(names[place]) for place in places]
    if len(places) != 10 or any(match is None for match in matches):
        return ()
    numbers = [int(match[2]) for match in matches if match is not None]
    return tuple(places) if numbers == list(range(10)) else ()


def _no_label(source: object, pixels: int) -> Exception:
    return table_error(
        source,
        f"has {pixels} pixel columns and no label column, so nothing says which answers are right",
        EXPECTED_COLUMNS,
        hint="Kaggle's test.csv has no labels; its train.csv has.",
    )


def _not_read(names: list[str]) -> str:
    shown = ", ".join(repr(_short(name)) if name else "unnamed column" for name in names[:6])
    return f"not read: {shown}" + (", ..." if len(names) > 6 else "")


def _columns(count: int) -> str:
    return f"{count:,} column{'' if count == 1 else 's'}"


def _values(column: NDArray[Any]) -> str:
    return f"{column.min():g} to {column.max():g}"


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:37]}..."
