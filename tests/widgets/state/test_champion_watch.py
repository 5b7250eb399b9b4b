"""Open pages learn of a promotion or a rollback that another process makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.model_versions import add_version

import digitlab
from digitlab.cli import main
from digitlab.lab import Lab
from digitlab.store import ModelRegistry
from digitlab.widgets import Page


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:  # type: ignore[override]
    with digitlab.open(tmp_path / "home") as lab:
        yield lab


def test_header_and_outcome_follow_a_promotion_and_a_rollback_elsewhere(lab: Lab) -> None:
    version = add_version(ModelRegistry(lab.settings))
    lab.runs.acquire_lease("mine", by="ada", parameters={})
    pages = [Page(lab), Page(lab)]

    def models() -> set[str]:
        for page in pages:
            page.run_follower.poll()
        return {page.header.model_version for page in pages}

    lab.models.promote(version, by="ada", why="a test", force=True, run="mine")
    lab.runs.finish("mine", "promoted", version=version)
    assert models() == {version}
    status = f"the page answers with {version} now."
    assert all(page.fine_tune_panel.status.endswith(status) for page in pages)

    done = CliRunner().invoke(main, ["--home", str(lab.settings.home), "models", "rollback"])
    assert done.exit_code == 0, done.output
    assert models() == {"base"}
    status = f"{version} proved better and took over; by now the page answers with base."
    for page in pages:
        assert page.fine_tune_panel.status == status
        assert page.verdict_buttons.receipt == "The page now reads with base."
