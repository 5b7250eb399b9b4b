"""The page as a whole: its views, its ready marker, and what its import loads."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.fake_lab import png
from support.page_messages import send_message, upload

from digitlab.widgets import Page
from digitlab.widgets.page import READY_MARKER
from digitlab.widgets.state.error_guard import UNEXPECTED_ERROR

HOSTILE_NAME = '<img src=x onerror="alert(1)">.png'
VIEWS = ("banner", "header", "verdict_buttons", "fine_tune_panel", "picture_input", "visit_grid")


def test_an_uploaded_picture_is_read_and_shown(page: Page) -> None:
    assert upload(page, png()) == [{"type": "ack", "upload_id": "1", "more": False}]
    assert 'data-testid="prediction-digit">7<' in page.result.html(0)
    assert "sure, 97 %" in page.result.html(0)


def test_a_message_of_an_unknown_type_or_with_a_wrong_value_is_an_error(
    page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    send_message(page.verdict_buttons, {"type": "dance"})
    send_message(page.picture_input, {"type": "example", "number": 99})
    assert page.banner.error == UNEXPECTED_ERROR
    assert "KeyError" in caplog.text


def test_a_hostile_name_is_escaped_in_all_html(page: Page) -> None:
    upload(page, png(), HOSTILE_NAME)
    assert "<img src=x" not in page.result.html(0)
    assert "&lt;img src=x" in page.result.html(0)


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_makes_html_from_text_in_the_browser(page: Page, view: str) -> None:
    """Only the result does; the kernel renders and escapes what it shows."""
    source = str(getattr(page, view)._esm)
    for function in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
        assert function not in source


def test_the_ready_marker_appears_when_every_view_is_ready(page: Page) -> None:
    *views, last_view = (getattr(page, name) for name in (*VIEWS, "result"))
    marker = page.children[-1]
    for view in views:
        send_message(view, {"type": "ready"})
    assert marker.value == ""
    send_message(last_view, {"type": "ready"})
    assert marker.value == READY_MARKER


def test_importing_the_widgets_loads_nothing_heavy() -> None:
    heavy = ["alembic", "keras", "matplotlib", "pandas", "papermill", "scipy", "tensorflow"]
    code = (
        "import sys, digitlab.widgets\n"
        f"print(sorted(set({heavy}) & {{name.split('.')[0] for name in sys.modules}}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
