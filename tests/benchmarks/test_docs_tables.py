"""Tables of benchmarks in the pages of `docs/`."""

import pytest


@pytest.fixture
def docs_tables(tmp_path, monkeypatch):
    from common import docs_tables

    monkeypatch.setattr(docs_tables, "DOCS", tmp_path)
    return docs_tables


def test_a_table_replaces_only_the_text_between_its_markers(docs_tables, tmp_path):
    page = tmp_path / "folder" / "page.md"
    page.parent.mkdir()
    page.write_text("before\n<!-- x: begin -->\nold\n<!-- x: end -->\nafter\n")
    docs_tables.write_to_docs("x", docs_tables.markdown_table(["a", "b"], [["1", "2"]]))
    assert page.read_text() == (
        "before\n<!-- x: begin -->\n| a | b |\n| --- | --: |\n| 1 | 2 |\n<!-- x: end -->\nafter\n"
    )


def test_a_table_without_markers_or_with_two_pages_is_an_error(docs_tables, tmp_path):
    (tmp_path / "a.md").write_text("<!-- y: begin -->\n<!-- y: end -->\n")
    with pytest.raises(SystemExit, match="got 0"):
        docs_tables.write_to_docs("x", "text")
    (tmp_path / "b.md").write_text("<!-- y: begin -->\n<!-- y: end -->\n")
    with pytest.raises(SystemExit, match="got 2"):
        docs_tables.write_to_docs("y", "text")
