"""A page of another web site that tries to open sessions: none starts."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from support.browser_page import START_TIMEOUT_MS, expect, kernel_id, open_page
from support.chromium import DESKTOP, TIMEOUT_MS
from support.live_server import Server, start_server, wait_until, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

READY = "ipywidgets.HTML('<i data-testid=\"digitlab-ready\">ready</i>')"

WAYS = {
    "img": """async (url) => {
      const load = (n) => new Promise((done) => {
        const image = new Image();
        image.onload = image.onerror = done;
        image.src = `${url}?${n}`;
      });
      await Promise.all(Array.from({ length: 25 }, (_, n) => load(n)));
    }""",
    "iframe": """async (url) => {
      const load = (n) => new Promise((done) => {
        const frame = document.createElement("iframe");
        frame.onload = done;
        frame.src = `${url}?${n}`;
        document.body.append(frame);
      });
      await Promise.all(Array.from({ length: 5 }, (_, n) => load(n)));
    }""",
    "script, style sheet, embed and object": """async (url) => {
      const load = (name, attribute) => new Promise((done) => {
        const element = document.createElement(name);
        element.onload = element.onerror = done;
        setTimeout(done, 3000);
        if (name === "link") element.rel = "stylesheet";
        element[attribute] = url;
        document.body.append(element);
      });
      await Promise.all([
        load("script", "src"), load("link", "href"), load("embed", "src"), load("object", "data"),
      ]);
    }""",
    "fetch": """async (url) => {
      for (const mode of ["no-cors", "cors"])
        for (const credentials of ["omit", "include"])
          for (const method of ["GET", "POST"])
            await fetch(url, { mode, credentials, method }).catch(() => {});
    }""",
    "form in a frame": """async (url) => {
      for (const method of ["GET", "POST"]) {
        const frame = document.createElement("iframe");
        frame.name = `frame-${method}`;
        document.body.append(frame);
        const form = document.createElement("form");
        Object.assign(form, { action: url, method, target: frame.name });
        document.body.append(form);
        const loaded = new Promise((done) => (frame.onload = done));
        form.submit();
        await loaded;
      }
    }""",
    "websocket": """async (url) => {
      const open = (path) => new Promise((done) => {
        const socket = new WebSocket(url.replace("http", "ws") + path);
        socket.onopen = socket.onerror = socket.onclose = done;
      });
      await open("");
      await open("api/kernels/KERNEL/channels?session_id=x");
      await open("api/kernels/00000000-0000-0000-0000-000000000000/channels?session_id=x");
    }""",
    "prefetch": """async (url) => {
      for (const rel of ["prefetch", "prerender", "preload"]) {
        const link = document.createElement("link");
        Object.assign(link, { rel, href: url, as: "fetch" });
        document.head.append(link);
      }
      await new Promise((done) => setTimeout(done, 1000));
    }""",
}

IN_NEW_WINDOW = {
    "window.open": "(url) => window.open(url)",
    "window.open without an opener": "(url) => window.open(url, '_blank', 'noopener,noreferrer')",
    "a link": """(url) => {
      const link = document.createElement("a");
      Object.assign(link, { href: url, target: "_blank" });
      document.body.append(link);
      link.click();
    }""",
    "a form": """(url) => {
      const form = document.createElement("form");
      Object.assign(form, { action: url, method: "GET", target: "_blank" });
      document.body.append(form);
      form.submit();
    }""",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("visited")
    notebook = write_notebook(folder / "a.ipynb", "import ipywidgets", READY)
    server = start_server(folder / "home", dashboard=notebook, grace_s=3600)
    server.wait_for_warm_kernels()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def no_sessions(server: Server) -> None:
    """Wait until the pages of the last test have left."""
    wait_until(lambda: server.health()["sessions"] == 0, "the end of the last sessions")


@contextmanager
def foreign_site() -> Iterator[int]:
    """Serve an empty page on its own port; yield the port."""

    class EmptyPage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html><link rel=icon href=data:,><h1>Foreign</h1>")

        def log_message(self, *_: object) -> None:
            pass

    site = ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    try:
        yield site.server_port
    finally:
        site.shutdown()
        site.server_close()


@pytest.fixture(params=["localhost", "127.0.0.1"])
def foreign_page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    """Yield a page of another site (localhost), or of another port of the same one (127.0.0.1)."""
    context = chromium.new_context(**DESKTOP)
    context.set_default_timeout(TIMEOUT_MS)
    with foreign_site() as port:
        page = context.new_page()
        page.goto(f"http://{request.param}:{port}/")
        yield page
        for each in context.pages:
            each.close(run_before_unload=True)
        context.close()


def kernels(server: Server) -> set[int]:
    """Return the processes of all kernels."""
    return {process.pid for process in server.kernel_processes()}


def test_no_session_starts_behind_the_back_of_the_person(
    server: Server, foreign_page: Page
) -> None:
    visited = open_page(foreign_page.context.new_page(), server)  # its cookies exist now
    own_kernel = kernel_id(visited)
    server.wait_for_warm_kernels()
    before, sessions = kernels(server), server.health()["sessions"]
    for script in WAYS.values():
        foreign_page.evaluate(script.replace("KERNEL", own_kernel), server.url)
        assert server.health()["sessions"] == sessions
    assert kernels(server) == before
    open_page(foreign_page.context.new_page(), server)
    assert server.health()["sessions"] == sessions + 1


@pytest.mark.parametrize("way", IN_NEW_WINDOW)
def test_a_page_that_another_site_opened_waits_for_the_person(
    server: Server, foreign_page: Page, way: str
) -> None:
    server.wait_for_warm_kernels()
    before, sessions = kernels(server), server.health()["sessions"]
    with foreign_page.context.expect_page() as opened:
        foreign_page.evaluate(IN_NEW_WINDOW[way], server.url)
    page = opened.value
    button = page.get_by_role("button", name="Open")
    expect(button).to_be_focused()
    assert server.health()["sessions"] == sessions
    assert kernels(server) == before
    button.click()
    page.get_by_test_id("digitlab-ready").wait_for(timeout=START_TIMEOUT_MS)
    assert page.url == server.url
    assert server.health()["sessions"] == sessions + 1


FETCH_METADATA = re.compile(rb"(?i)\r\nSec-Fetch-[a-z]+:[^\r\n]*")
"""The headers that a browser omits over plain http to another machine."""


@pytest.fixture
def without_fetch_metadata(server: Server) -> Iterator[Server]:
    """Yield the server behind a relay that removes the headers of Fetch Metadata."""

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0)) as target:
                back = threading.Thread(target=pass_on, args=(target, self.request), daemon=True)
                back.start()
                pass_on(self.request, target, without=FETCH_METADATA)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay) as relay:
        relay.daemon_threads = True
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        yield dataclasses.replace(server, url=f"http://127.0.0.1:{relay.server_address[1]}/")
        relay.shutdown()


def pass_on(
    source: socket.socket, target: socket.socket, *, without: re.Pattern[bytes] | None = None
) -> None:
    """Send what one socket receives to another one, until either is closed."""
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(without.sub(b"", data) if without else data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def test_without_fetch_metadata_the_page_opens_without_a_button(
    without_fetch_metadata: Server, browser_page: Page
) -> None:
    server = without_fetch_metadata
    sessions = server.health()["sessions"]
    open_page(browser_page, server)
    assert server.health()["sessions"] == sessions + 1
    first = kernel_id(browser_page)
    browser_page.reload()
    browser_page.get_by_test_id("digitlab-ready").wait_for(timeout=START_TIMEOUT_MS)
    assert kernel_id(browser_page) != first


def test_without_fetch_metadata_another_site_gets_a_button(
    without_fetch_metadata: Server, foreign_page: Page
) -> None:
    server = without_fetch_metadata
    sessions = server.health()["sessions"]
    foreign_page.evaluate(WAYS["img"], server.url)
    foreign_page.evaluate(WAYS["iframe"], server.url)
    foreign_page.evaluate("(url) => { location.href = url; }", server.url)
    button = foreign_page.get_by_role("button", name="Open")
    expect(button).to_be_visible()
    assert server.health()["sessions"] == sessions
    button.click()
    foreign_page.get_by_test_id("digitlab-ready").wait_for(timeout=START_TIMEOUT_MS)


def test_a_browser_without_cookies_is_told_so(
    without_fetch_metadata: Server, browser_page: Page
) -> None:
    browser_page.add_init_script(
        "Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set: () => {} })"
    )
    server = without_fetch_metadata
    sessions = server.health()["sessions"]
    browser_page.goto(server.url)
    expect(browser_page.get_by_text("This page needs cookies.")).to_be_visible()
    assert server.health()["sessions"] == sessions
