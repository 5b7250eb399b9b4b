"""The token of a server: the limit on wrong ones, and what the log shows of them."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest
from support.live_server import Response, Server, fetch, start_server, write_notebook

pytestmark = pytest.mark.server

TOKEN = "correct-horse"  # noqa: S105
NOWHERE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server behind a trusted proxy: each test has its own client address."""
    folder = tmp_path_factory.mktemp("login")
    notebook = write_notebook(folder / "a.ipynb", "import ipywidgets", "ipywidgets.HTML('hello')")
    server = start_server(
        folder / "home", dashboard=notebook, token=TOKEN, verbose=True, grace_s=3600
    )
    yield server
    server.stop()


def type_token(server: Server, token: str, address: str) -> Response:
    cookies = CookieJar()
    client = {"X-Forwarded-For": address}
    fetch(f"{server.url}login", headers=client, cookies=cookies)
    xsrf = next(cookie.value for cookie in cookies if cookie.name == "_xsrf")
    form = urlencode({"_xsrf": xsrf, "password": token}).encode()
    return fetch(f"{server.url}login", data=form, headers=client, cookies=cookies)


def ask_with(server: Server, way: str, token: str, address: str) -> Response:
    """Send a token in one of the ways in which a client can send it."""
    client = {"X-Forwarded-For": address}
    match way:
        case "form":
            return type_token(server, token, address)
        case "address":
            return server.get(f"?token={token}", **client)
        case "header":
            return server.get(**client, Authorization=f"token {token}")
        case "kernel":
            return server.get(f"api/kernels/{NOWHERE}?token={token}", **client)
        case "websocket":
            return server.get(f"api/kernels/{NOWHERE}/channels?token={token}", **client)
    raise ValueError(way)


@pytest.mark.parametrize(
    ("way", "address"),
    [
        ("form", "192.0.2.1"),
        ("address", "192.0.2.2"),
        ("header", "192.0.2.3"),
        ("kernel", "192.0.2.4"),
        ("websocket", "192.0.2.5"),
    ],
)
def test_after_ten_wrong_tokens_an_address_must_wait(
    server: Server, way: str, address: str
) -> None:
    statuses = [ask_with(server, way, "guess", address).status for _ in range(10)]
    assert 429 not in statuses
    refused = ask_with(server, way, "guess", address)
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert ask_with(server, way, TOKEN, address).status == 429  # else a guess would be confirmed
    assert "Traceback" not in server.log.read_text()


def test_the_limit_counts_all_ways_together_and_hinders_no_other_address(server: Server) -> None:
    ways = ["form", "address", "header", "kernel", "websocket"]
    for way in ways * 2:
        assert ask_with(server, way, "guess", "192.0.2.10").status != 429
    refused = type_token(server, TOKEN, "192.0.2.10")
    assert refused.status == 429
    assert "Too many wrong tokens came from your address." in refused.text
    assert type_token(server, TOKEN, "192.0.2.11").status == 200


def test_a_visitor_who_is_logged_in_is_not_hindered(server: Server) -> None:
    cookies, client = CookieJar(), {"X-Forwarded-For": "192.0.2.20"}
    assert server.visit(f"?token={TOKEN}", cookies, **client).kernel_id
    for _ in range(11):
        last = server.get("?token=guess", **client)
    assert last.status == 429
    assert server.visit(cookies=cookies, **client).kernel_id
    assert server.visit("?token=old", cookies, **client).kernel_id


def test_another_site_cannot_use_up_the_attempts_of_a_visitor(server: Server) -> None:
    client = {"X-Forwarded-For": "192.0.2.30"}
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    for _ in range(20):
        server.get("?token=guess", **client, **image)
    assert type_token(server, TOKEN, "192.0.2.30").status == 200


def test_the_log_shows_no_token(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "a.ipynb", "1")
    server = start_server(tmp_path / "home", dashboard=notebook, token=TOKEN, warm=0)
    try:
        notebook.unlink()
        notebook.mkdir()  # now each request for the page fails
        failed = server.visit(f"?token={TOKEN}", CookieJar())
        address = f"{server.url}?token={TOKEN}"
        server.visit(Authorization=f"token {TOKEN}", Referer=address)
        server.get(f"?token=nearly-{TOKEN[:-1]}&x=%00")
        server.get(f"api/kernels/{NOWHERE}?token={TOKEN}")
    finally:
        server.stop()
    log = server.log.read_text()
    assert failed.status == 500
    assert "500 GET" in log
    assert TOKEN[:-1] not in log
