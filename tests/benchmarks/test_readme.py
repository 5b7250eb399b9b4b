"""The overview of the benchmarks names all of them, and the pages that have their tables."""

import re

from support.paths import BENCHMARKS

README = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(\w+\.py)`", README))
TABLE = re.compile(r"\[\w+\]\((\.\./docs/[\w/]+\.md)\) `(\w+)` \|$", re.MULTILINE)


def names(folder):
    return {path.name for path in folder.glob("*.py") if path.name != "__init__.py"}


def test_every_benchmark_and_helper_module_is_named():
    programs = {
        path.name for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text("utf-8")
    }
    assert programs == names(BENCHMARKS)
    assert programs | names(BENCHMARKS / "common") <= NAMED
    for program in programs:
        assert f"`python benchmarks/{program}" in README


def test_every_named_file_exists():
    assert names(BENCHMARKS) | names(BENCHMARKS / "common") >= NAMED


def test_each_page_has_the_markers_of_its_table():
    from common.docs_tables import page_with_markers

    tables = TABLE.findall(README)
    assert len(tables) == README.count("`python benchmarks/")
    for page, name in tables:
        assert page_with_markers(name) == (BENCHMARKS / page).resolve()


def test_each_table_that_a_benchmark_writes_is_named():
    code = "".join(path.read_text("utf-8") for path in BENCHMARKS.glob("*.py"))
    written = set(re.findall(r'write_to_docs\(\s*"(\w+)"', code)) | {"adapt", "naive", "poison"}
    assert written == {name for _, name in TABLE.findall(README)}
