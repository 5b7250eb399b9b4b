"""The HTTP answers of a real server, and the sessions and processes behind them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest
from support.live_server import (
    NAVIGATION,
    Response,
    Server,
    environment,
    fetch,
    start_server,
    wait_until,
    write_notebook,
)

pytestmark = pytest.mark.server

CELLS = ("import ipywidgets", "ipywidgets.HTML('hello')")
LONG_GRACE_S = 3600  # these visitors never connect; their sessions end only with the server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("plain")
    (folder / "private.png").write_bytes(b"a picture")
    notebook = write_notebook(folder / "a.ipynb", *CELLS)
    server = start_server(folder / "home", dashboard=notebook, grace_s=LONG_GRACE_S)
    yield server
    server.stop()


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    return write_notebook(tmp_path / "a.ipynb", *CELLS)


def close(server: Server, kernel_id: str, cookies: CookieJar) -> int:
    """Send the page's message that it was closed; return the status of the answer."""
    xsrf = next(cookie.value for cookie in cookies if cookie.name == "_xsrf")
    return fetch(
        f"{server.url}voila/api/shutdown/{kernel_id}",
        data=urlencode({"_xsrf": xsrf}).encode(),
        cookies=cookies,
    ).status


def handshake_status(server: Server, kernel_id: str, **headers: str) -> int:
    """Ask for the websocket of a kernel's channels; return the status of the answer."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    address = f"{server.url}api/kernels/{kernel_id}/channels?session_id=x"
    return fetch(address, headers=upgrade | headers).status


def visit(server: Server) -> tuple[str, CookieJar]:
    """Open the dashboard as a browser does; return its kernel and the cookies."""
    cookies = CookieJar()
    return server.visit(cookies=cookies).kernel_id, cookies


def is_running(server: Server, kernel_id: str, cookies: CookieJar | None = None) -> bool:
    """Return whether the server reports a kernel to the browser with these cookies."""
    return fetch(f"{server.url}api/kernels/{kernel_id}", cookies=cookies).status == 200


def test_the_server_announces_its_address_and_home(server: Server) -> None:
    assert server.announcement == f"digitlab serves on {server.url} (home: {server.home})"


def test_the_page_forbids_other_hosts(server: Server) -> None:
    policy = server.visit().headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "connect-src 'self' ws: wss:;" in policy


def test_the_page_ignores_the_query(server: Server) -> None:
    page = server.visit("?theme=%3Cscript%3Eevil&template=classic&evil=%22evil")
    assert page.status == 200
    assert "evil" not in page.text
    assert "classic" not in page.text


def test_the_page_is_english_html_with_the_title_digitlab(server: Server) -> None:
    page = server.visit().text
    assert '<html lang="en">' in page
    assert "<title>digitlab</title>" in page
    assert '<meta name="viewport"' in page


@pytest.mark.parametrize("path", ["voila/files/private.png", "voila/files/a.ipynb"])
def test_no_file_beside_the_notebook_is_served(server: Server, path: str) -> None:
    assert server.get(path).status == 403


@pytest.mark.parametrize(
    "path", ["private.png", "a.ipynb", "favicon.ico", "voila/render/a.ipynb", "api/kernels"]
)
def test_other_addresses_get_404_and_start_no_session(server: Server, path: str) -> None:
    before = server.health()["sessions"]
    answer = server.get(path)
    assert answer.status == 404
    assert "There is no such page here." in answer.text
    assert server.health()["sessions"] == before


def test_health_starts_no_session(server: Server) -> None:
    before = server.health()
    after = server.health()
    assert after["status"] == "ok"
    assert after["sessions"] == before["sessions"]


def test_a_request_under_a_foreign_host_name_is_refused(server: Server) -> None:
    assert server.get(Host="evil.example").status == 403


def test_closing_the_page_ends_its_kernel(server: Server) -> None:
    kernel, cookies = visit(server)
    assert is_running(server, kernel, cookies)
    assert close(server, kernel, cookies) == 204
    assert not is_running(server, kernel, cookies)
    assert close(server, kernel, cookies) == 204  # the page may send it twice


def test_a_foreign_page_cannot_end_a_kernel(server: Server) -> None:
    kernel, cookies = visit(server)
    address = f"{server.url}voila/api/shutdown/{kernel}"
    foreign = {"Origin": "http://evil.example"}
    assert fetch(address, data=b"", headers=foreign).status in {403, 404}
    assert fetch(address, data=b"", headers=foreign, cookies=cookies).status in {403, 404}
    assert is_running(server, kernel, cookies)


def test_another_visitor_can_neither_read_nor_end_a_kernel(server: Server) -> None:
    kernel, cookies = visit(server)
    _, others_cookies = visit(server)
    assert not is_running(server, kernel)
    assert not is_running(server, kernel, others_cookies)
    assert close(server, kernel, others_cookies) == 404
    assert is_running(server, kernel, cookies)


@pytest.mark.parametrize("method", ["DELETE", "POST", "PUT", "PATCH", "HEAD"])
def test_a_kernel_cannot_be_changed_over_http(server: Server, method: str) -> None:
    kernel, cookies = visit(server)
    own = fetch(f"{server.url}api/kernels/{kernel}", cookies=cookies, method=method)
    assert own.status in {403, 404, 405}
    assert is_running(server, kernel, cookies)


@pytest.mark.parametrize(
    "path", ["api/kernels", "api/sessions", "api/terminals", "api/contents", "api/kernelspecs"]
)
@pytest.mark.parametrize("data", [None, b"{}"])
def test_jupyters_other_interfaces_are_closed(
    server: Server, path: str, data: bytes | None
) -> None:
    before = server.health()["sessions"]
    assert fetch(server.url + path, data=data).status in {403, 404, 405}
    assert server.health()["sessions"] == before


def test_two_pages_of_a_browser_have_a_session_each(server: Server) -> None:
    first, cookies = visit(server)
    second = server.visit(cookies=cookies).kernel_id
    assert first != second
    assert is_running(server, first, cookies)
    assert is_running(server, second, cookies)


def test_the_cookies_of_a_session_are_hidden_from_scripts_and_other_sites(server: Server) -> None:
    page = server.visit()
    cookies = [line for line in page.headers.get_all("Set-Cookie", []) if page.kernel_id in line]
    assert len(cookies) == 2
    for cookie in cookies:
        assert "; HttpOnly; " in cookie
        assert cookie.endswith("; SameSite=Strict")


@pytest.mark.parametrize(
    ("site", "mode", "target", "status"),
    [
        ("cross-site", "no-cors", "image", 403),
        ("cross-site", "cors", "empty", 403),
        ("same-site", "no-cors", "script", 403),
        ("same-origin", "cors", "empty", 403),
        ("cross-site", "navigate", "iframe", 200),
        ("cross-site", "navigate", "document", 200),
        ("same-site", "navigate", "document", 200),
        ("same-origin", "navigate", "iframe", 200),
    ],
)
def test_only_a_person_who_opens_the_page_starts_a_session(
    server: Server, site: str, mode: str, target: str, status: int
) -> None:
    before = server.health()["sessions"]
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": target}
    answer = server.get(**headers)
    assert answer.status == status
    assert "kernelId" not in answer.text
    assert server.health()["sessions"] == before


def test_a_page_that_is_loaded_in_advance_starts_no_session(server: Server) -> None:
    before = server.health()["sessions"]
    assert server.visit(**{"Sec-Purpose": "prefetch;prerender"}).status == 503
    assert server.health()["sessions"] == before


def ticket_of(page: Response) -> str:
    """Return the ticket that the script of a start page sends."""
    match = re.search(r'const ticket = "([\w-]+)"', page.text)
    assert match, page.text
    return match[1]


def test_without_fetch_metadata_a_session_starts_after_a_message_of_the_page(
    server: Server,
) -> None:
    before = server.health()["sessions"]
    start_page = server.get()
    assert start_page.headers["Cache-Control"] == "no-store"
    assert "start()" in start_page.text
    assert server.health()["sessions"] == before
    with_ticket = {"Cookie": f"digitlab-start={ticket_of(start_page)}"}
    assert server.get(**with_ticket).kernel_id
    assert server.health()["sessions"] == before + 1
    assert "kernelId" not in server.get(**with_ticket).text  # a ticket is valid once
    assert server.health()["sessions"] == before + 1


def test_a_ticket_starts_no_session_for_an_image(server: Server) -> None:
    ticket = ticket_of(server.get())
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert server.get(**image, Cookie=f"digitlab-start={ticket}").status == 403


def test_a_visitor_over_the_limit_gets_503_and_no_session(tmp_path: Path, notebook: Path) -> None:
    server = start_server(
        tmp_path / "home", dashboard=notebook, max_sessions=2, grace_s=LONG_GRACE_S
    )
    try:
        kernel, cookies = visit(server)
        visit(server)
        server.wait_for_warm_kernels()
        refused = server.visit()
        assert refused.status == 503
        assert "All places are taken." in refused.text
        assert refused.headers["Retry-After"] == "60"
        assert server.health() == {
            "status": "ok",
            "sessions": 2,
            "max_sessions": 2,
            "kernels": 3,  # with the warm one
        }
        assert len(server.kernel_processes()) == 3
        close(server, kernel, cookies)
        assert server.visit().status == 200
    finally:
        server.stop()


def test_the_limit_holds_without_warm_kernels(tmp_path: Path, notebook: Path) -> None:
    server = start_server(
        tmp_path / "home", dashboard=notebook, max_sessions=1, grace_s=LONG_GRACE_S, warm=0
    )
    try:
        visit(server)
        assert server.visit().status == 503
        assert len(server.kernel_processes()) == 1
    finally:
        server.stop()


def test_a_session_whose_page_never_connects_ends(tmp_path: Path, notebook: Path) -> None:
    server = start_server(tmp_path / "home", dashboard=notebook, grace_s=1, warm=0)
    try:
        kernel, _ = visit(server)
        assert kernel
        wait_until(lambda: server.health()["sessions"] == 0, "the end of the session")
        wait_until(lambda: not server.kernel_processes(), "the end of its process")
    finally:
        server.stop()


def test_a_kernel_that_dies_at_its_start_ends_the_answer(tmp_path: Path, notebook: Path) -> None:
    server = start_server(tmp_path / "home", dashboard=notebook, warm=0)
    try:
        with ThreadPoolExecutor() as pool:
            page = pool.submit(server.visit)
            wait_until(server.kernel_processes, "the start of a kernel")
            for process in server.kernel_processes():
                process.kill()
            assert 'id="failed"' in page.result().text
        wait_until(lambda: server.health()["sessions"] == 0, "the end of the session")
    finally:
        server.stop()


def test_a_session_does_not_end_while_its_page_is_rendered(tmp_path: Path) -> None:
    slow = write_notebook(tmp_path / "slow.ipynb", "import time", "time.sleep(4)", *CELLS)
    server = start_server(tmp_path / "home", dashboard=slow, grace_s=1, warm=0)
    try:
        assert "vnd.jupyter.widget-view" in server.visit().text
    finally:
        server.stop()


def test_a_warm_kernel_is_never_culled(tmp_path: Path, notebook: Path) -> None:
    server = start_server(tmp_path / "home", dashboard=notebook, grace_s=1, cull_idle_s=1)
    try:
        server.wait_for_warm_kernels()
        warm = server.kernel_processes()
        abandoned, _ = visit(server)  # its end shows that the server has checked for idle kernels
        wait_until(lambda: not server.runs(abandoned), "the cull")
        server.wait_for_warm_kernels()
        assert len(warm) == 1
        wait_until(lambda: len(server.kernel_processes()) == 1, "the end of the culled process")
    finally:
        server.stop()


def test_a_warm_kernel_that_died_is_replaced(tmp_path: Path, notebook: Path) -> None:
    server = start_server(tmp_path / "home", dashboard=notebook)
    try:
        server.wait_for_warm_kernels()
        (process,) = server.kernel_processes()
        process.kill()
        wait_until(lambda: server.health()["kernels"] == 0, "the server notices its death")
        kernel, cookies = visit(server)
        assert is_running(server, kernel, cookies)
        server.wait_for_warm_kernels()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a token, below a base URL."""
    folder = tmp_path_factory.mktemp("guarded")
    server = start_server(
        folder / "home",
        environ={"DIGITLAB_TOKEN": "s3cret", "JUPYTER_TOKEN": "s3cret"},
        dashboard=write_notebook(folder / "a.ipynb", *CELLS),
        token="s3cret",  # noqa: S106
        base_url="/lab",
        grace_s=LONG_GRACE_S,
    )
    yield server
    server.stop()


def log_in(server: Server, token: str, cookies: CookieJar) -> tuple[int, str]:
    form = server.visit(cookies=cookies)
    xsrf = next(cookie.value for cookie in cookies if cookie.name == "_xsrf")
    answer = fetch(
        f"{server.url}login?next={server.url}",
        data=urlencode({"_xsrf": xsrf, "password": token}).encode(),
        headers=NAVIGATION | {"Sec-Fetch-Site": "same-origin"},
        cookies=cookies,
    )
    assert "/lab/login" in form.url
    return answer.status, answer.text


def test_before_the_login_no_session_starts(guarded: Server) -> None:
    before = guarded.health()["sessions"]
    page = guarded.get()
    assert page.url.startswith(f"{guarded.url}login")
    assert "Token" in page.text
    assert "kernelId" not in page.text
    assert guarded.health()["sessions"] == before


def test_a_wrong_token_is_refused_with_a_sentence(guarded: Server) -> None:
    before = guarded.health()["sessions"]
    status, page = log_in(guarded, "guess", CookieJar())
    assert (status, "This token is wrong." in page) == (401, True)
    assert guarded.health()["sessions"] == before


def test_the_token_opens_the_page(guarded: Server) -> None:
    status, page = log_in(guarded, "s3cret", CookieJar())
    assert (status, "kernelId" in page) == (200, True)


def test_a_token_in_the_address_is_removed_from_it(guarded: Server) -> None:
    page = guarded.visit("?token=s3cret", CookieJar())
    assert page.url == guarded.url
    assert page.kernel_id


def test_the_login_form_escapes_its_target(guarded: Server) -> None:
    page = guarded.get("login?next=%22%3E%3Cscript%3Eevil()")
    assert "<script>evil" not in page.text


def test_a_visitor_without_the_token_cannot_read_a_kernel(guarded: Server) -> None:
    kernel = guarded.visit("?token=s3cret", CookieJar()).kernel_id
    assert guarded.get(f"api/kernels/{kernel}").status == 403


def test_the_token_alone_does_not_open_the_kernel_of_another_visitor(guarded: Server) -> None:
    cookies = CookieJar()
    kernel = guarded.visit("?token=s3cret", cookies).kernel_id
    assert is_running(guarded, kernel, cookies)
    with_token = {"Authorization": "token s3cret"}
    assert guarded.get(f"api/kernels/{kernel}", **with_token).status == 404
    assert guarded.get(f"api/kernels/{kernel}?token=s3cret").status == 404
    assert handshake_status(guarded, kernel, **with_token) == 404


def test_no_kernel_receives_the_token(guarded: Server) -> None:
    guarded.visit("?token=s3cret", CookieJar())
    for process in guarded.kernel_processes():
        env = process.environ()
        assert "s3cret" not in " ".join(env.values())
        assert env["DIGITLAB_HOME"] == str(guarded.home)
        assert env["OMP_NUM_THREADS"] == "1"


def test_the_persons_jupyter_files_are_neither_read_nor_written(
    tmp_path: Path, notebook: Path
) -> None:
    person = tmp_path / "person"
    hostile = {
        ".local/share/jupyter/kernels/python3/kernel.json": (
            '{"argv": ["false"], "display_name": "Mine", "language": "python"}'
        ),
        ".jupyter/voila.json": '{"Voila": {"port": 1}, "VoilaConfiguration": {"template": "x"}}',
        ".jupyter/labconfig/page_config.json": (
            '{"disabledExtensions": {"@jupyter-widgets/jupyterlab-manager": true}}'
        ),
        ".ipython/profile_default/startup/00.py": "raise SystemExit(1)",
    }
    for name, text in hostile.items():
        path = person / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "voila.json").write_text(hostile[".jupyter/voila.json"])  # its cwd
    server = start_server(
        tmp_path / "home", environ={"HOME": str(person), "XDG_DATA_HOME": ""}, dashboard=notebook
    )
    try:
        page = server.visit()
        assert page.status == 200
        assert "@jupyter-widgets/jupyterlab-manager/" in page.text or (
            '"name": "@jupyter-widgets/jupyterlab-manager"' in page.text
        )
        assert page.kernel_id
        assert "vnd.jupyter.widget-view" in page.text
    finally:
        server.stop()
    assert sorted(str(path.relative_to(person)) for path in person.rglob("*.*")) == sorted(
        [*hostile, ".ipython", ".jupyter", ".local"]
    )


def test_a_signal_ends_the_server_and_every_kernel(tmp_path: Path, notebook: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    server = start_server(tmp_path / "home", environ={"TMPDIR": str(temporary)}, dashboard=notebook)
    visit(server)
    server.wait_for_warm_kernels()
    kernels = server.kernel_processes()
    assert len(kernels) == 2
    assert server.stop() == 0
    _, running = psutil.wait_procs(kernels, timeout=10)
    assert running == []
    assert list(temporary.iterdir()) == []
    assert server.log.read_text() == ""


def test_a_taken_port_is_reported_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = subprocess.run(
            [sys.executable, "-m", "digitlab", "--home", tmp_path, "serve", "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
            env=environment(),
        )
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.endswith(
        f"Port {port} on 127.0.0.1 is taken; stop the other program or choose another: "
        f"digitlab serve --port {port + 1}"
    )


def test_a_server_open_to_everyone_warns_and_compresses(tmp_path: Path, notebook: Path) -> None:
    server = start_server(tmp_path / "home", dashboard=notebook, ip="0.0.0.0", warm=0)  # noqa: S104
    assert server.process.stdout is not None
    warning = server.process.stdout.readline()
    script = server.get("voila/static/voila.js", **{"Accept-Encoding": "gzip"})
    assert server.stop() == 0
    assert script.headers["Content-Encoding"] == "gzip"  # the network may be slow
    assert warning.startswith("Everyone who can reach 0.0.0.0 can use it. Set --token-file")


def test_a_wrong_certificate_is_reported_in_one_sentence(tmp_path: Path) -> None:
    pem = tmp_path / "x.pem"
    pem.write_text("no certificate")
    with pytest.raises(AssertionError, match="are not a certificate and its key in PEM format"):
        start_server(tmp_path / "home", certfile=pem, keyfile=pem)


@pytest.mark.skipif(os.name == "nt", reason="kernels use TCP on Windows")
def test_only_the_owner_can_open_the_sockets_of_kernels(server: Server) -> None:
    def sockets(kernel: psutil.Process) -> set[str]:
        connections = kernel.net_connections("unix")
        return {str(c.laddr) for c in connections if "-ipc-" in str(c.laddr)}

    server.wait_for_warm_kernels()
    for kernel in server.kernel_processes():
        # Shell, iopub, stdin, control and heartbeat; a kernel that starts opens them one by one.
        wait_until(lambda kernel=kernel: len(sockets(kernel)) == 5, "five sockets")
        assert {Path(path).parent.stat().st_mode & 0o777 for path in sockets(kernel)} == {0o700}
