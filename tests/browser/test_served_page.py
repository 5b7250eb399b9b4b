"""The page around a notebook: how it starts, its theme, and how its session ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.browser_page import START_TIMEOUT_MS, expect, kernel_id
from support.chromium import foreign_urls
from support.live_server import Server, start_server, wait_until, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

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

BUSY = (
    """
import ipywidgets as w
button = w.Button(description="Compute")
state = w.HTML("")
def compute(_):
    state.value = "computing"
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
button.on_click(compute)
""",
    """w.VBox([button, state, w.HTML("<i data-testid='digitlab-ready'></i>")])""",
)

WAIT_FOR_FILE = """
import time
from pathlib import Path
while not Path({path!r}).exists():
    time.sleep(0.05)
"""

Start = Callable[..., Server]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server whose notebook counts clicks."""
    folder = tmp_path_factory.mktemp("counter")
    server = start_server(folder / "home", dashboard=write_notebook(folder / "a.ipynb", *COUNTER))
    yield server
    server.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a server with the given cells and options."""
    servers: list[Server] = []

    def start(*cells: str, **options: Any) -> Server:
        notebook = write_notebook(tmp_path / "a.ipynb", *cells)
        servers.append(start_server(tmp_path / "home", dashboard=notebook, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def open_dashboard(page: Page, server: Server) -> None:
    """Go to the dashboard and wait until it shows its widgets."""
    page.goto(server.url)
    skeleton = page.get_by_test_id("digitlab-skeleton")
    skeleton.wait_for(state="detached", timeout=START_TIMEOUT_MS)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name)


def test_the_widgets_of_the_page_work(server: Server, browser_page: Page) -> None:
    open_dashboard(browser_page, server)
    button(browser_page, "Press").click()
    expect(browser_page.get_by_test_id("count")).to_have_text("1")
    expect(browser_page).to_have_title("digitlab")


def test_the_page_and_its_scripts_have_less_than_six_megabytes(
    server: Server, browser_page: Page
) -> None:
    received: list[float] = []
    network = browser_page.context.new_cdp_session(browser_page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    open_dashboard(browser_page, server)
    browser_page.wait_for_load_state("networkidle")
    assert 1e6 < sum(received) < 6e6


def test_the_checks_recognise_requests_and_websockets_to_other_machines() -> None:
    own = ["http://127.0.0.1:1/", "ws://127.0.0.1:1/x", "data:,x", "blob:http://127.0.0.1/1"]
    foreign = ["https://cdn.example/x.js", "wss://cdn.example/", "http://localhost.example/"]
    assert foreign_urls(own + foreign) == foreign


def test_a_skeleton_is_visible_while_python_starts(
    start: Start, browser_page: Page, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    server = start(WAIT_FOR_FILE.format(path=str(started)), *COUNTER, warm=0)
    browser_page.goto(server.url, wait_until="commit")
    skeleton = browser_page.get_by_test_id("digitlab-skeleton")
    expect(skeleton.get_by_text("Starting")).to_be_visible()
    expect(browser_page.locator("#rendered_cells")).to_be_hidden()
    started.touch()
    expect(button(browser_page, "Press")).to_be_visible()
    expect(skeleton).to_have_count(0)


def test_a_page_without_the_ready_marker_shows_its_widgets(
    start: Start, browser_page: Page
) -> None:
    server = start("import ipywidgets", "ipywidgets.Button(description='Lone')", warm=0)
    open_dashboard(browser_page, server)
    expect(button(browser_page, "Lone")).to_be_visible()


def test_a_notebook_that_fails_gives_one_sentence_without_details(
    start: Start, browser_page: Page
) -> None:
    server = start("raise RuntimeError('private detail')")
    browser_page.goto(server.url)
    sheet = browser_page.get_by_test_id("digitlab-sheet")
    expect(sheet.get_by_text("The page could not start")).to_be_visible()
    assert "private detail" not in browser_page.content()
    assert "private detail" in server.log.read_text()


def test_the_page_follows_the_systems_colour_scheme(server: Server, browser_page: Page) -> None:
    browser_page.emulate_media(color_scheme="light")
    open_dashboard(browser_page, server)
    body = browser_page.locator("body")
    expect(body).to_have_css("background-color", "rgb(246, 245, 241)")
    expect(body).to_have_css("--jp-layout-color0", "white")
    browser_page.emulate_media(color_scheme="dark")
    expect(body).to_have_css("background-color", "rgb(18, 21, 27)")
    expect(body).to_have_css("--jp-layout-color0", "#111")


def test_an_upload_above_the_default_limit_of_tornado_arrives(
    server: Server, browser_page: Page
) -> None:
    open_dashboard(browser_page, server)
    with browser_page.expect_file_chooser() as chooser:
        button(browser_page, "Upload").click()
    chooser.value.set_files(
        {"name": "x.bin", "mimeType": "application/octet-stream", "buffer": bytes(12_000_000)}
    )
    expect(browser_page.get_by_test_id("size")).to_have_text("12000000")


def test_closing_the_tab_ends_its_kernel(server: Server, browser_page: Page) -> None:
    open_dashboard(browser_page, server)
    kernel = kernel_id(browser_page)
    assert server.runs(kernel)
    browser_page.close(run_before_unload=True)
    wait_until(lambda: not server.runs(kernel), "the kernel ends")


def test_closing_the_tab_ends_its_kernel_although_it_is_busy(
    start: Start, browser_page: Page
) -> None:
    server = start(*BUSY)
    open_dashboard(browser_page, server)
    kernel = kernel_id(browser_page)
    button(browser_page, "Compute").click()
    expect(browser_page.get_by_text("computing")).to_be_visible()
    browser_page.close(run_before_unload=True)
    wait_until(lambda: not server.runs(kernel), "the kernel ends")


def test_a_second_tab_has_a_session_of_its_own(server: Server, browser_page: Page) -> None:
    open_dashboard(browser_page, server)
    second = browser_page.context.new_page()
    open_dashboard(second, server)
    for page in (browser_page, second, browser_page):
        button(page, "Press").click()
    expect(browser_page.get_by_test_id("count")).to_have_text("2")
    expect(second.get_by_test_id("count")).to_have_text("1")
    second.close(run_before_unload=True)
    button(browser_page, "Press").click()
    expect(browser_page.get_by_test_id("count")).to_have_text("3")


def test_leaving_while_the_page_loads_ends_its_kernel(server: Server, browser_page: Page) -> None:
    browser_page.route("**/voila.js", lambda route: route.abort())  # Voilà never starts
    browser_page.goto(server.url)
    kernel = kernel_id(browser_page)
    browser_page.goto("about:blank")
    wait_until(lambda: not server.runs(kernel), "the kernel ends")


def test_the_page_shows_that_its_kernel_died_and_starts_a_new_session(
    server: Server, browser_page: Page
) -> None:
    open_dashboard(browser_page, server)
    first_kernel = kernel_id(browser_page)
    server.kernel_process(first_kernel).kill()
    sheet = browser_page.get_by_test_id("digitlab-sheet")
    expect(sheet.get_by_text("This session has ended")).to_be_visible()
    browser_page.keyboard.press("Escape")
    browser_page.keyboard.press("Escape")
    expect(sheet).to_be_visible()
    with browser_page.expect_navigation():
        sheet.get_by_role("button", name="Start a new session").click()
    button(browser_page, "Press").click()
    expect(browser_page.get_by_test_id("count")).to_have_text("1")
    assert kernel_id(browser_page) != first_kernel


def test_an_idle_page_shows_that_its_session_has_ended(start: Start, browser_page: Page) -> None:
    server = start(*COUNTER, cull_idle_s=10, warm=0)
    open_dashboard(browser_page, server)
    expect(browser_page.get_by_text("This session has ended")).to_be_visible()
    wait_until(lambda: server.health()["sessions"] == 0, "the session ends")


def test_the_page_works_behind_a_login_below_a_base_url(start: Start, browser_page: Page) -> None:
    server = start(*COUNTER, token="s3cret", base_url="/lab", warm=0)  # noqa: S106
    browser_page.goto(server.url)
    browser_page.get_by_label("Token").fill("s3cret")
    button(browser_page, "Open").click()
    button(browser_page, "Press").click()
    expect(browser_page.get_by_test_id("count")).to_have_text("1")
    browser_page.close(run_before_unload=True)
    wait_until(lambda: server.health()["sessions"] == 0, "the session ends")
