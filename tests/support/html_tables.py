"""HTML tables as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree


@dataclass(frozen=True, kw_only=True)
class Table:
    """One parsed table.

    Attributes:
        caption: the caption.
        columns: texts of the head; empty without one.
        rows: texts of the other cells, by the text of the row's first cell.
    """

    caption: str
    columns: list[str]
    rows: dict[str, list[str]]


def parse_table(html: str) -> Table:
    """Parse HTML that is one table; a text that is not escaped breaks the parser or the result."""
    table = ElementTree.fromstring(html)  # noqa: S314 # the package's own HTML
    rows = [[_text(cell) for cell in row] for row in table.findall("./tbody/tr")]
    return Table(
        caption=_text(table.find("caption")),
        columns=[_text(cell) for cell in table.findall("./thead/tr/th")],
        rows={first: others for first, *others in rows},
    )


def _text(element: ElementTree.Element | None) -> str:
    """Return the text of an element that holds nothing else."""
    assert element is not None
    assert list(element) == []
    return element.text or ""
