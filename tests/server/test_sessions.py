"""The kernel of a session: who may connect to it, and when it ends although it is busy."""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from support.live_server import NAVIGATION, Server, fetch, start_server, wait_until, write_notebook
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClientConnection, websocket_connect

pytestmark = pytest.mark.server

GRACE_S = 4
END_S = 8.0
"""Longest time that the server gives a kernel to end by itself, and some more for the test."""

FOREVER = """
import time

def forever():
    while True:
        try:
            while True:
                time.sleep(0.01)
        except BaseException:  # neither Ctrl-C nor SystemExit ends it
            pass
"""

BUSY_ON_MESSAGE = (
    FOREVER,
    "import ipywidgets",
    """
manager = get_ipython().kernel.comm_manager
manager.register_target("stall", lambda comm, message: forever())
""",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("busy")
    notebook = write_notebook(folder / "a.ipynb", *BUSY_ON_MESSAGE)
    server = start_server(folder / "home", dashboard=notebook, grace_s=GRACE_S)
    yield server
    server.stop()


class Page:
    """The page of a visitor: its kernel, its cookies and its websocket."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookies = CookieJar()
        self.kernel = server.visit(cookies=self.cookies).kernel_id
        self.loop = IOLoop(make_current=False)
        self.websocket: WebSocketClientConnection | None = None

    def connect(self, **headers: str) -> None:
        """Connect to the kernel's channels; HTTPClientError if the server refuses."""
        key = [each.value for each in self.cookies if each.name == "digitlab-kernel"]
        url = f"{self.server.url}api/kernels/{self.kernel}/channels?session_id={uuid.uuid4()}"
        request = HTTPRequest(
            url.replace("http://", "ws://"),
            headers={"Cookie": f"digitlab-kernel={key[-1]}"} | headers,
        )
        self.websocket = self.loop.run_sync(lambda: websocket_connect(request))

    def send(self, kind: str, **content: object) -> None:
        """Send a message on the shell channel."""
        assert self.websocket is not None
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "x", "version": "5.3"}
        header |= {"username": "", "date": "2026-01-01T00:00:00Z"}
        message = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}}
        self.loop.run_sync(
            lambda: self.websocket.write_message(json.dumps(message | {"content": content}))
        )

    def receive(self) -> dict[str, object]:
        """Return the next message of the kernel."""
        assert self.websocket is not None
        message: dict[str, object] = json.loads(
            self.loop.run_sync(self.websocket.read_message, timeout=60)
        )
        return message

    def make_busy(self) -> None:
        """Send a message whose handler never returns."""
        self.send("comm_open", comm_id=uuid.uuid4().hex, target_name="stall", data={})
        while self.receive().get("content") != {"execution_state": "busy"}:
            pass

    def leave_silently(self) -> None:
        """Disconnect without the message that ends the session, as a killed browser does."""

        async def close() -> None:
            assert self.websocket is not None
            self.websocket.close()
            await self.websocket.read_message()

        self.loop.run_sync(close, timeout=60)
        self.loop.close(all_fds=True)

    def close(self) -> int:
        """Send the message that the page was closed."""
        values = {cookie.name: cookie.value for cookie in self.cookies}
        return fetch(
            f"{self.server.url}voila/api/shutdown/{self.kernel}",
            data=urlencode({"_xsrf": values["_xsrf"]}).encode(),
            cookies=self.cookies,
        ).status


def test_the_page_connects_to_its_kernel(server: Server) -> None:
    page = Page(server)
    page.connect()
    page.connect()  # again, after a lost connection
    page.send("kernel_info_request")
    assert page.receive()
    assert page.close() == 204


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "digitlab-kernel=guess"},
        {"Cookie": "a=b"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_no_other_browser_and_no_other_site_connects_to_a_kernel(
    server: Server, headers: dict[str, str]
) -> None:
    page = Page(server)
    with pytest.raises(HTTPClientError) as refused:
        page.connect(**headers)
    assert refused.value.code in {403, 404}
    assert page.close() == 204


def test_the_key_of_a_kernel_opens_no_other_kernel(server: Server) -> None:
    page, other = Page(server), Page(server)
    page.kernel, other.kernel = other.kernel, page.kernel
    with pytest.raises(HTTPClientError) as refused:
        page.connect()
    assert refused.value.code == 404
    assert fetch(f"{server.url}api/kernels/{page.kernel}", cookies=page.cookies).status == 404


def test_a_busy_kernel_ends_when_its_page_is_closed(server: Server) -> None:
    page = Page(server)
    page.connect()
    page.make_busy()
    assert page.close() == 204
    wait_until(lambda: not server.runs(page.kernel), "the end of the process", END_S)


def test_a_busy_kernel_ends_when_its_page_is_lost(server: Server) -> None:
    page = Page(server)
    page.connect()
    page.make_busy()
    page.leave_silently()
    wait_until(lambda: not server.runs(page.kernel), "the end of the process", GRACE_S + END_S)


def test_a_busy_kernel_survives_a_short_loss_of_its_page(server: Server) -> None:
    page = Page(server)
    page.connect()
    page.make_busy()
    page.leave_silently()
    again = Page.__new__(Page)
    again.__dict__ |= page.__dict__ | {"loop": IOLoop(make_current=False)}
    again.connect()
    time.sleep(GRACE_S + 2)
    assert server.runs(page.kernel)
    assert again.close() == 204


def test_an_idle_kernel_waits_for_a_page_that_lost_its_connection(server: Server) -> None:
    page = Page(server)
    page.connect()
    page.send("kernel_info_request")
    page.receive()
    page.leave_silently()
    time.sleep(GRACE_S + 2)
    assert server.runs(page.kernel)
    assert page.close() == 204


def test_a_kernel_ends_when_the_browser_leaves_while_the_page_is_rendered(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "a.ipynb", FOREVER, "forever()")
    server = start_server(tmp_path / "home", dashboard=notebook, warm=0)
    try:
        target = urlsplit(server.url)
        headers = "".join(f"{name}: {value}\r\n" for name, value in NAVIGATION.items())
        with socket.create_connection((target.hostname, target.port)) as browser:
            browser.sendall(f"GET / HTTP/1.1\r\nHost: {target.netloc}\r\n{headers}\r\n".encode())
            assert browser.recv(100).startswith(b"HTTP/1.1 200")
            assert len(server.kernel_processes()) == 1
        wait_until(lambda: not server.kernel_processes(), "the end of the process", END_S)
        wait_until(lambda: server.health()["sessions"] == 0, "the end of the session")
    finally:
        server.stop()
