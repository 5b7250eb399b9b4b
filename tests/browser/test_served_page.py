"""The served page in a real browser: it shows, stays on this machine, and ends well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.chromium import strays
from support.kernels import kernel_of
from support.live_server import Server, start_server, wait_until, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

COUNTER = (
    """
import ipywidgets as w
count = w.HTML("<b data-testid='count'>0</b>")
button = w.Button(description="Press")
def press(_):
    press.count += 1
    count.value = f"<b data-testid='count'>{press.count}</b>"
press.count = 0
button.on_click(press)
upload = w.FileUpload(description="Upload")
size = w.HTML("")
upload.observe(
    lambda change: setattr(size, "value", f"<b data-testid='size'>{change.new[0].size}</b>"),
    "value",
)
""",
    """w.VBox([button, count, upload, size, w.HTML("<i data-testid='digitlab-ready'></i>")])""",
)

Start = Callable[..., Server]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("counter")
    server = start_server(folder / "home", dashboard=write_notebook(folder / "a.ipynb", *COUNTER))
    yield server
    server.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server of the test's own with the given cells and options."""
    running: list[Server] = []

    def start(*cells: str, **options: Any) -> Server:
        notebook = write_notebook(tmp_path / "a.ipynb", *cells)
        running.append(start_server(tmp_path / "home", dashboard=notebook, **options))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def open_page(page: Page, server: Server) -> None:
    """Go to the dashboard and wait until a person could use it."""
    page.goto(server.url)
    page.get_by_test_id("digitlab-skeleton").wait_for(state="detached", timeout=60_000)


def test_the_page_shows_widgets_that_answer(server: Server, browser_page: Page) -> None:
    open_page(browser_page, server)
    browser_page.get_by_role("button", name="Press").click()
    browser_page.get_by_test_id("count").get_by_text("1", exact=True).wait_for()
    assert browser_page.title() == "digitlab"


def test_the_page_with_its_scripts_is_below_six_megabytes(
    server: Server, browser_page: Page
) -> None:
    received: list[float] = []
    network = browser_page.context.new_cdp_session(browser_page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    open_page(browser_page, server)
    assert 1e6 < sum(received) < 6e6


def test_requests_and_websockets_elsewhere_would_be_noticed() -> None:
    here = ["http://127.0.0.1:1/", "ws://127.0.0.1:1/x", "data:,x", "blob:http://127.0.0.1/1"]
    away = ["https://cdn.example/x.js", "wss://cdn.example/", "http://localhost.example/"]
    assert strays(here + away) == away


def test_while_python_starts_a_skeleton_says_so(start: Start, browser_page: Page) -> None:
    server = start("import time; time.sleep(2)", *COUNTER, warm=0)
    browser_page.goto(server.url, wait_until="commit")
    skeleton = browser_page.get_by_test_id("digitlab-skeleton")
    skeleton.wait_for()
    assert skeleton.get_by_text("Starting").is_visible()
    assert not browser_page.locator("#rendered_cells").is_visible()
    browser_page.get_by_role("button", name="Press").wait_for(timeout=60_000)
    assert skeleton.count() == 0


def test_a_page_without_the_ready_marker_shows_too(start: Start, browser_page: Page) -> None:
    open_page(browser_page, start("import ipywidgets", "ipywidgets.Button(description='Lone')"))
    assert browser_page.get_by_role("button", name="Lone").is_visible()


def test_a_notebook_that_fails_is_one_sentence(start: Start, browser_page: Page) -> None:
    server = start("raise RuntimeError('private detail')")
    browser_page.goto(server.url)
    sheet = browser_page.get_by_test_id("digitlab-sheet")
    sheet.get_by_text("The page could not start").wait_for(timeout=60_000)
    assert "private detail" not in browser_page.content()
    assert "private detail" in server.log.read_text()


@pytest.mark.parametrize(
    ("scheme", "paper"), [("light", "rgb(246, 245, 241)"), ("dark", "rgb(18, 21, 27)")]
)
def test_the_page_follows_the_systems_light_or_dark(
    server: Server, browser_page: Page, scheme: Any, paper: str
) -> None:
    browser_page.emulate_media(color_scheme=scheme)
    open_page(browser_page, server)
    style = "getComputedStyle(document.body)"
    assert browser_page.evaluate(f"{style}.backgroundColor") == paper
    theme = browser_page.evaluate(f"{style}.getPropertyValue('--jp-layout-color0').trim()")
    assert theme == ("white" if scheme == "light" else "#111")


def test_an_upload_above_tornados_limit_arrives(server: Server, browser_page: Page) -> None:
    open_page(browser_page, server)
    with browser_page.expect_file_chooser() as chooser:
        browser_page.get_by_role("button", name="Upload").click()
    chooser.value.set_files(
        {"name": "x.bin", "mimeType": "application/octet-stream", "buffer": bytes(12_000_000)}
    )
    browser_page.get_by_test_id("size").get_by_text("12000000").wait_for(timeout=60_000)


def test_closing_the_tab_ends_its_kernel(server: Server, browser_page: Page) -> None:
    open_page(browser_page, server)
    kernel = kernel_of(browser_page)
    assert server.get(f"api/kernels/{kernel}").status == 200
    browser_page.close(run_before_unload=True)
    wait_until(lambda: server.get(f"api/kernels/{kernel}").status == 404, "the kernel ends")


def test_leaving_while_the_page_loads_ends_its_kernel(server: Server, browser_page: Page) -> None:
    browser_page.route("**/voila.js", lambda route: route.abort())  # Voilà never starts
    browser_page.goto(server.url)
    kernel = kernel_of(browser_page)
    browser_page.goto("about:blank")
    wait_until(lambda: server.get(f"api/kernels/{kernel}").status == 404, "the kernel ends")


def test_a_kernel_that_died_is_told_and_a_button_starts_anew(
    server: Server, browser_page: Page
) -> None:
    open_page(browser_page, server)
    first = kernel_of(browser_page)
    (process,) = (p for p in server.kernel_processes() if first in " ".join(p.cmdline()))
    process.kill()
    sheet = browser_page.get_by_test_id("digitlab-sheet")
    sheet.get_by_text("This session has ended").wait_for(timeout=30_000)
    browser_page.keyboard.press("Escape")
    browser_page.keyboard.press("Escape")
    assert sheet.is_visible()
    with browser_page.expect_navigation():
        sheet.get_by_role("button", name="Start a new session").click()
    browser_page.get_by_role("button", name="Press").click()
    browser_page.get_by_test_id("count").get_by_text("1", exact=True).wait_for()
    assert kernel_of(browser_page) != first


def test_an_idle_page_is_told_that_its_session_has_ended(start: Start, browser_page: Page) -> None:
    server = start(*COUNTER, cull_idle_s=3)
    open_page(browser_page, server)
    browser_page.get_by_text("This session has ended").wait_for(timeout=30_000)
    assert server.health()["sessions"] == 0


def test_a_server_that_does_not_answer_is_told(start: Start, browser_page: Page) -> None:
    server = start(*COUNTER)
    open_page(browser_page, server)
    server.stop()
    browser_page.get_by_text("No connection to the server").wait_for(timeout=30_000)


def test_two_visitors_do_not_see_each_other(
    server: Server, browser_page: Page, chromium: Browser
) -> None:
    other = chromium.new_page()
    open_page(browser_page, server)
    open_page(other, server)
    browser_page.get_by_role("button", name="Press").click()
    browser_page.get_by_test_id("count").get_by_text("1", exact=True).wait_for()
    assert other.get_by_test_id("count").inner_text() == "0"
    assert kernel_of(other) != kernel_of(browser_page)
    other.close()


@pytest.mark.parametrize("options", [{"base_url": "/lab"}, {"token": "s3cret", "base_url": "/lab"}])
def test_the_page_works_below_a_base_url_and_behind_a_login(
    start: Start, browser_page: Page, options: dict[str, Any]
) -> None:
    server = start(*COUNTER, **options)
    browser_page.goto(server.url)
    if "token" in options:
        browser_page.get_by_label("Token").fill("s3cret")
        browser_page.get_by_role("button", name="Open").click()
    browser_page.get_by_role("button", name="Press").click(timeout=60_000)
    browser_page.get_by_test_id("count").get_by_text("1", exact=True).wait_for()
    kernel = kernel_of(browser_page)
    browser_page.close(run_before_unload=True)
    wait_until(lambda: server.health()["sessions"] == 0, f"kernel {kernel} ends")
