"""Pages: the tables of the benches in `docs/`, between two markers."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def write(name: str, text: str, *, page: str = "") -> None:
    """Put a text between the markers NAME of `docs/PAGE.md`; what stands around them stays.

    Args:
        name: of the markers, and of the page unless that is named.
        text: what to put there.
        page: of another name.
    """
    file = DOCS / f"{page or name}.md"
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = file.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    file.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; the first column to the left, the others to the right."""
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
