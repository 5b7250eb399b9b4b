"""The scripts and style sheets of the views."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from digitlab.widgets.views import (
    assets,
    banner,
    fine_tune_panel,
    header,
    picture_input,
    verdict_buttons,
    visit_grid,
)

VIEWS = {
    "banner": banner.Banner,
    "fine_tune_panel": fine_tune_panel.FineTunePanel,
    "header": header.Header,
    "picture_input": picture_input.PictureInput,
    "verdict_buttons": verdict_buttons.VerdictButtons,
    "visit_grid": visit_grid.VisitGrid,
}
SHEETS = sorted(path.stem for path in assets.FOLDER.glob("*.css") if path.stem != "page")
CLASS = re.compile(r"\.dl-[a-z-]+")
TOP_LEVEL = re.compile(r"^(?:const|let|class|(?:async )?function) (\w+)", re.MULTILINE)


def test_a_script_is_the_shared_file_and_then_its_own_files_in_order() -> None:
    script = assets.script("drawing_pad", "picture_input")
    begins = [script.index(word) for word in ("const pageOf", "class Pad", "export default")]
    assert begins == sorted(begins)


@pytest.mark.parametrize("view", VIEWS)
def test_no_two_files_of_a_view_define_the_same_name(view: str) -> None:
    names = Counter(TOP_LEVEL.findall(str(VIEWS[view]._esm)))
    assert [name for name, count in names.items() if count > 1] == []
    assert names["render"] == 1


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_one_export(view: str) -> None:
    assert str(VIEWS[view]._esm).count("export ") == 1


def test_no_two_views_style_the_same_class() -> None:
    shared, *sheets = (set(CLASS.findall(assets.style(name))) for name in ("page", *SHEETS))
    counts = Counter(name for sheet in sheets for name in sheet - shared)
    assert [name for name, count in counts.items() if count > 1] == []
