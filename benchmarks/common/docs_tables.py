"""Write the tables of the benchmarks into the pages of `docs/`, between two markers."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def write_to_docs(name: str, text: str) -> None:
    """Replace the text between the markers NAME on the page of `docs/` that has them.

    The markers are `<!-- NAME: begin -->` and `<!-- NAME: end -->`.

    Args:
        name: the name in the markers.
        text: the new text, in Markdown.

    Raises:
        SystemExit: no page or more than one page has the markers.
    """
    page = page_with_markers(name)
    begin, end = _markers(name)
    content = page.read_text(encoding="utf-8")
    before, _, old_text_and_after = content.partition(begin)
    after = old_text_and_after.partition(end)[2]
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def page_with_markers(name: str) -> Path:
    """Return the only page of `docs/` with the markers NAME.

    Raises:
        SystemExit: no page or more than one page has the markers.
    """
    begin, end = _markers(name)
    contents = {page: page.read_text(encoding="utf-8") for page in sorted(DOCS.rglob("*.md"))}
    pages = [page for page, content in contents.items() if begin in content and end in content]
    if len(pages) != 1:
        raise SystemExit(f"expected one page of docs/ with {begin} and {end}, got {len(pages)}")
    return pages[0]


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; the first column is aligned left, the others right."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _markers(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
