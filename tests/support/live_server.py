"""A real server in its own process, for tests."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import nbformat
import psutil

from digitlab.settings import Settings
from digitlab.store import FeedbackStore
from support.paths import ROOT

START_TIMEOUT_S = 120
"""Longest wait for a server to listen or for a page; a busy machine may need most of it."""

STOP_TIMEOUT_S = 60

NAVIGATION = {
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}
"""Headers of a browser in which a person has entered the address of the page."""

KERNEL_MODULE = "digitlab.server.page_kernel_main"

SERVE = """
import json, sys
from pathlib import Path
from digitlab.server import ServeOptions, serve
from digitlab.settings import Settings
home, options = json.loads(sys.argv[1])
for name in ("dashboard", "certfile", "keyfile"):
    if options.get(name):
        options[name] = Path(options[name])
serve(ServeOptions(**options), Settings.load(home), announce=lambda line: print(line, flush=True))
"""


@dataclass
class Response:
    """An HTTP response, also one with an error status."""

    status: int
    headers: HTTPMessage
    body: bytes
    url: str

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def kernel_id(self) -> str:
        """Id of the kernel behind the dashboard that the response contains."""
        match = re.search(r'"kernelId": "([0-9a-f-]{36})"', self.text)
        assert match, self.text[:2000]
        return match[1]


@dataclass
class Server:
    """A running server.

    Attributes:
        url: address of its page.
        process: its process.
        home: its home.
        log: file with its standard error.
        announcement: the line that it printed when it listened.
    """

    url: str
    process: subprocess.Popen[str]
    home: Path
    log: Path
    announcement: str = ""

    def get(self, path: str = "", **headers: str) -> Response:
        """Request a path below the server's URL, without cookies; follow redirects."""
        return fetch(self.url + path, headers=headers)

    def visit(self, path: str = "", cookies: CookieJar | None = None, **headers: str) -> Response:
        """Open the page as a browser does; return its response, which names the kernel."""
        return fetch(self.url + path, headers=NAVIGATION | headers, cookies=cookies)

    def health(self) -> dict[str, Any]:
        """Return the server's health report."""
        report: dict[str, Any] = json.loads(self.get("health").body)
        return report

    def kernel_processes(self) -> list[psutil.Process]:
        """Return the processes of all kernels, warm ones included."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if KERNEL_MODULE in _command_line(child)]

    def kernel_process(self, kernel_id: str) -> psutil.Process:
        """Return the process of a kernel."""
        (process,) = [
            kernel for kernel in self.kernel_processes() if kernel_id in _command_line(kernel)
        ]
        return process

    def runs(self, kernel_id: str) -> bool:
        """Return whether the process of a kernel runs."""
        return any(kernel_id in _command_line(kernel) for kernel in self.kernel_processes())

    def wait_for_warm_kernels(self, kernels: int = 1) -> None:
        """Wait until `kernels` kernels besides those of the sessions run."""
        wait_until(
            lambda: (health := self.health())["kernels"] - health["sessions"] == kernels,
            f"{kernels} warm kernel(s)",
        )

    def retract_all_verdicts(self) -> None:
        """Retract the verdicts of all visitors, so that no correction is remembered."""
        with FeedbackStore.open(Settings.load(self.home)) as store:
            if entries := store.entries():
                store.retract([entry.id for entry in entries], by="test")

    def stop(self) -> int:
        """End the server as Ctrl-C does, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(STOP_TIMEOUT_S)
        finally:
            self.process.kill()
        return code


def start_server(home: Path, *, environ: dict[str, str] | None = None, **options: Any) -> Server:
    """Start a server on a free port of 127.0.0.1 and wait until it listens.

    Args:
        home: its home; created if it does not exist.
        environ: environment variables besides those of this process.
        options: fields of ServeOptions. Without `dashboard` the server shows the page that ships
            with digitlab.
    """
    home.mkdir(parents=True, exist_ok=True)
    log = home / "serve.log"
    arguments = json.dumps([str(home), {"port": 0, **options}], default=str)
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, arguments],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=home,  # nothing may depend on the current directory
            env=environment(**(environ or {})),
        )
    watchdog = threading.Timer(START_TIMEOUT_S, process.kill)
    watchdog.start()
    assert process.stdout is not None
    line = process.stdout.readline()
    watchdog.cancel()
    if "digitlab serves on " not in line:
        process.kill()
        raise AssertionError(f"the server did not start: {line}{log.read_text()}")
    url = line.split("digitlab serves on ", 1)[1].split()[0]
    return Server(url=url, process=process, home=home, log=log, announcement=line.strip())


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a digitlab process under test: this checkout, no home, no token."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("DIGITLAB_")}
    env["PYTHONPATH"] = str(ROOT)
    return env | more


def fetch(
    url: str,
    *,
    data: bytes | None = None,
    headers: dict[str, str] | None = None,
    cookies: CookieJar | None = None,
    method: str | None = None,
) -> Response:
    """Send an HTTP request, with the cookies of a jar or without any.

    The method is POST if there is `data`, else GET, unless it is given.
    """
    opener = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(cookies), urllib.request.ProxyHandler({})
    )
    request = urllib.request.Request(  # noqa: S310
        url, data=data, headers=headers or {}, method=method
    )
    try:
        with opener.open(request, timeout=START_TIMEOUT_S) as answer:
            return Response(answer.status, answer.headers, answer.read(), answer.url)
    except urllib.error.HTTPError as error:
        return Response(error.code, error.headers, error.read(), error.url)


def wait_until(condition: Callable[[], Any], what: str, timeout: float = 60) -> None:
    """Poll until `condition()` is true.

    Raises:
        AssertionError: the condition is still false after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:.0f} s: {what}")
        time.sleep(0.05)


def write_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook of code cells."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def _command_line(process: psutil.Process) -> str:
    """Return the command line of a process; empty if the process has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
